"""Opaque random identifiers. Nothing about a person or an organisation can be read from one."""

from __future__ import annotations

import base64
import re
import secrets

_ID = re.compile(r"[a-z2-7]{26}\Z")
_HEX32 = re.compile(r"[0-9a-f]{64}\Z")
_TYPING = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_id() -> str:
    """26 lower-case base32 characters of 16 random bytes: database and URL identifiers."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def is_id(text: str) -> bool:
    """Whether `text` has the shape of `new_id`."""
    return _ID.match(text) is not None


def random32() -> bytes:
    """32 random bytes: salts, nonces and chain-side identifiers."""
    return secrets.token_bytes(32)


def is_hex32(text: str) -> bool:
    """Whether `text` is 64 lower-case hex characters."""
    return _HEX32.match(text) is not None


def short_code(length: int = 8) -> str:
    """A code a person can type: `length` characters out of 32, without 0, 1, I and O (40 bits for 8)."""
    return "".join(secrets.choice(_TYPING) for _ in range(length))
