"""Unified social credit codes with true check characters (GB 32100-2015, GB 11714) of a plainly synthetic pattern.

Characters 9 and 10, where the registered organisation code begins, are `XT`: issued codes begin there with a digit or with `MA`.
"""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
PREFIXES = {"enterprise": "91", "sole_trader": "92", "cooperative": "93"}
REGION = "500107"
LARGEST_SERIAL = 999_999


def check_character(first: str) -> str:
    """The 18th character for the first 17 (GB 32100-2015: weights 3^i mod 31)."""
    total = sum(_VALUES[character] * pow(3, place, 31) for place, character in enumerate(first))
    return _ALPHABET[-total % 31]


def _body_check(body: str) -> str:
    values = [int(c) if c.isdigit() else ord(c) - 55 for c in body]
    rest = 11 - sum(v * w for v, w in zip(values, _BODY_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def synthetic_uscc(serial: int, kind: str = "enterprise") -> str:
    """The code of the enterprise with this number. Raises ValueError above LARGEST_SERIAL."""
    if not 0 <= serial <= LARGEST_SERIAL:
        raise ValueError(f"no synthetic code for number {serial}")
    body = f"XT{serial:06d}"
    first = PREFIXES[kind] + REGION + body + _body_check(body)
    return first + check_character(first)


def damage(uscc: str, kind: int, place: int) -> str:
    """A code as people mistype it: 0 one wrong character, 1 two neighbours swapped, 2 wrong last character, 3 empty.

    The result of 0–2 never has a fitting check character.
    """
    if kind == 3:
        return ""
    if kind == 2:
        return uscc[:17] + _ALPHABET[(_VALUES[uscc[17]] + 1 + place % 30) % 31]
    at = 10 + place % 6
    if kind == 1 and uscc[at] != uscc[at + 1]:
        return uscc[:at] + uscc[at + 1] + uscc[at] + uscc[at + 2 :]
    wrong = _ALPHABET[(_VALUES[uscc[at]] + 1 + place % 30) % 31]
    return uscc[:at] + wrong + uscc[at + 1 :]
