"""Which characters a document may hold. User text is data; what can deceive the eye is refused, not cleaned.

Refused: control characters, bidirectional overrides and isolates (UAX #9: they reorder what is read), invisible
format characters, line and paragraph separators, private-use, unassigned and surrogate code points. Cleaning text
silently would sign another text than the one typed, so the error names the code point and where it stands.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from signing.rendering.errors import CHARACTER_FORBIDDEN, DATA_INVALID, TEXT_TOO_LONG, RenderingError

MAX_STRING = 20_000
MAX_DOCUMENT = 200_000
MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1

_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON] | None"


def strings(value: JSON, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string inside `value` with its JSON pointer, keys included.

    Raises DATA_INVALID for what canonical JSON of this project doesn't know: floats, integers beyond 2^53,
    keys that aren't ASCII, nesting deeper than MAX_DEPTH.
    """
    if path.count("/") > MAX_DEPTH:
        raise RenderingError(DATA_INVALID, path=path, reason="nested too deep")
    if isinstance(value, str):
        yield path, value
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise RenderingError(DATA_INVALID, path=path, reason="integer beyond 2^53")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise RenderingError(DATA_INVALID, path=path, reason="keys must be ASCII")
            yield from strings(item, f"{path}/{key}")
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        for index, item in enumerate(value):
            yield from strings(item, f"{path}/{index}")
    else:
        raise RenderingError(DATA_INVALID, path=path, reason=f"{type(value).__name__} is not allowed")


def check(value: JSON) -> str:
    """Checks every string of `value`; returns the set of characters used, as a sorted string.

    Raises TEXT_TOO_LONG or CHARACTER_FORBIDDEN with the JSON pointer of the place.
    """
    used: set[str] = set()
    total = 0
    for path, text in strings(value):
        total += len(text)
        if len(text) > MAX_STRING:
            raise RenderingError(TEXT_TOO_LONG, path=path, limit=MAX_STRING, length=len(text))
        if total > MAX_DOCUMENT:
            raise RenderingError(TEXT_TOO_LONG, path="", limit=MAX_DOCUMENT, length=total)
        for character in set(text) - used:
            if character != "\n" and unicodedata.category(character) in _REFUSED:
                raise RenderingError(CHARACTER_FORBIDDEN, path=path, codepoint=f"U+{ord(character):04X}")
            used.add(character)
    return "".join(sorted(used - {"\n"}))


def where(value: JSON, character: str) -> str:
    """The JSON pointer of the first string that holds `character`."""
    return next((path for path, text in strings(value) if character in text), "")
