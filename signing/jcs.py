"""Canonical JSON (RFC 8785) with the stricter input rules of this platform.

Whatever is hashed or signed as JSON goes through here: ASCII keys, integers below 2^53, no floats, text exactly as it
was accepted (never normalised). Reading accepts only bytes that are already canonical, so that equal content has
exactly one encoding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import rfc8785

from signing.errors import InputRefused

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"

LARGEST: Final = 2**53 - 1
DEEPEST: Final = 64
MAX_BYTES: Final = 1_000_000


def canonical(value: JSON) -> bytes:
    """Return the RFC 8785 encoding of `value`.

    Raises InputRefused for floats, integers of 2^53 and more, keys that are not ASCII, unpaired surrogates and
    nesting deeper than 64 levels.
    """
    _check(value, 0)
    return rfc8785.dumps(value)


def digest(value: JSON) -> bytes:
    """Return SHA-256 of the canonical bytes of `value`."""
    return hashlib.sha256(canonical(value)).digest()


def parse(data: bytes, max_bytes: int = MAX_BYTES) -> JSON:
    """Read bytes that must already be canonical.

    Raises InputRefused for anything else: other spacing or key order, duplicate keys, floats, a byte order mark.
    """
    if len(data) > max_bytes:
        raise InputRefused("jcs.too_large", limit=max_bytes)
    value = loads(data)
    if _written(value) != data:
        raise InputRefused("jcs.not_canonical")
    return value


def parse_object(data: bytes, max_bytes: int = MAX_BYTES) -> dict[str, JSON]:
    """Read canonical bytes that must hold one object."""
    value = parse(data, max_bytes)
    if not isinstance(value, dict):
        raise InputRefused("jcs.type_refused", type=type(value).__name__)
    return value


def loads(data: bytes) -> JSON:
    """Read JSON in any spacing under the same rules about keys, numbers and text; duplicate keys are refused."""
    try:
        value: JSON = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise InputRefused("jcs.not_json", reason="UTF-8") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputRefused("jcs.not_json", reason=str(error)) from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise InputRefused("jcs.number_refused", value="…") from error
    _check(value, 0)
    return value


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for key, value in pairs:
        if key in found:
            raise InputRefused("jcs.key_twice", key=key[:80])
        found[key] = value
    return found


def _no_number(text: str) -> JSON:
    raise InputRefused("jcs.number_refused", value=text[:40])


def _written(value: JSON) -> bytes:
    """What RFC 8785 writes for a value that keeps our rules: without floats and with ASCII keys only, the standard
    library's encoder (in C) writes the same; a property test holds the two together."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8")


def _check(value: JSON, depth: int) -> None:
    if depth > DEEPEST:
        raise InputRefused("jcs.too_deep", limit=DEEPEST)
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise InputRefused("jcs.number_refused", value=str(value)[:40])
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise InputRefused("jcs.key_refused", key=str(key)[:80])
            _check(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        if value and depth == DEEPEST:
            raise InputRefused("jcs.too_deep", limit=DEEPEST)
        for item in value:  # a number within the range costs no call: there may be millions
            if type(item) is not int or not -LARGEST <= item <= LARGEST:
                _check(item, depth + 1)
    elif isinstance(value, float):
        raise InputRefused("jcs.number_refused", value=str(value))
    else:
        raise InputRefused("jcs.type_refused", type=type(value).__name__)


def _check_text(value: str) -> None:
    if value.isascii():
        return
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputRefused("jcs.text_refused") from error
