"""The bytes of an event, its log entry and its leaf (DESIGN §3 Events; RFC 9162 §2.1.1 leaf hash).

An event says what happened in one stream. Only `entry`, the SHA-256 of its canonical bytes, is ever published; the
32-byte salt inside the event and the 32-byte `blind` inside its payload keep both from being guessed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Final

from signing import jcs
from signing.errors import InputRefused
from signing.jcs import JSON

VERSION: Final = 1
SUITE: Final = 4
"""Suite 0x04: P-256 and SHA-256."""

ZERO_PREV: Final = "0" * 64
ROLES: Final = frozenset(
    {"employer", "worker", "platform", "identity_service", "operator", "regulator", "court"}
)

_HEX32 = re.compile(r"[0-9a-f]{64}")
_ORIGIN = re.compile(r"[a-z0-9]([a-z0-9./:_-]{0,126}[a-z0-9])?")
_STREAM = re.compile(r"[a-z]+/[A-Za-z0-9._/-]{1,120}")
_TYPE = re.compile(r"[a-z_]+\.[A-Za-z0-9_]{1,40}/[1-9][0-9]{0,3}")
_ACTOR = re.compile(r"[A-Za-z0-9:_-]{1,80}")
_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


@dataclass(frozen=True)
class Event:
    """One event of one stream. Digests are lower-case hex, `utc` is text with milliseconds."""

    v: int
    suite: int
    log_origin: str
    stream: str
    seq: int
    type: str
    actor: str
    role: str
    utc: str
    payload_schema: str
    payload_digest: str
    prev: str
    salt: str

    def __post_init__(self) -> None:
        _require("v", self.v, self.v == VERSION and not isinstance(self.v, bool))
        _require("suite", self.suite, self.suite == SUITE)
        _require("log_origin", self.log_origin, _fits(_ORIGIN, self.log_origin))
        _require("stream", self.stream, _fits(_STREAM, self.stream))
        seq_ok = isinstance(self.seq, int) and not isinstance(self.seq, bool) and 1 <= self.seq <= jcs.LARGEST
        _require("seq", self.seq, seq_ok)
        _require("type", self.type, _fits(_TYPE, self.type))
        _require("actor", self.actor, _fits(_ACTOR, self.actor))
        _require("role", self.role, self.role in ROLES)
        _require("utc", self.utc, _fits(_UTC, self.utc) and _real_time(self.utc))
        _require("payload_schema", self.payload_schema, self.payload_schema == f"concord:{self.type}")
        for name in ("payload_digest", "prev", "salt"):
            _require(name, getattr(self, name), _fits(_HEX32, getattr(self, name)))
        _require("prev", self.prev, (self.seq == 1) == (self.prev == ZERO_PREV))

    def encode(self) -> bytes:
        """Return the canonical bytes of the event."""
        return jcs.canonical(asdict(self))

    def entry(self) -> bytes:
        """Return the log entry: SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.encode()).digest()

    @classmethod
    def parse(cls, data: bytes) -> Event:
        """Read canonical bytes; raises InputRefused unless every field is present, known and well formed."""
        value = jcs.parse_object(data, max_bytes=8192)
        names = {field.name for field in fields(cls)}
        if set(value) != names:
            raise InputRefused("event.fields_differ", fields=", ".join(sorted(set(value) ^ names)))
        return cls(**value)  # type: ignore[arg-type]


def build_event(
    *,
    log_origin: str,
    stream: str,
    seq: int,
    type: str,
    actor: str,
    role: str,
    utc: datetime,
    payload: Mapping[str, JSON],
    prev: str | None,
    salt: bytes | None = None,
) -> Event:
    """Make the next event of a stream.

    `payload` must already hold `blind` (see `blinded`); `prev` is the entry of the event before, None for the first.
    Raises InputRefused when a field is malformed.
    """
    chosen = secrets.token_bytes(32) if salt is None else salt
    return Event(
        v=VERSION,
        suite=SUITE,
        log_origin=log_origin,
        stream=stream,
        seq=seq,
        type=type,
        actor=actor,
        role=role,
        utc=utc_text(utc),
        payload_schema=f"concord:{type}",
        payload_digest=payload_digest(payload),
        prev=ZERO_PREV if prev is None else prev,
        salt=chosen.hex(),
    )


def blinded(payload: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the payload with 32 fresh random bytes under `blind`, so that its digest can't be guessed."""
    if "blind" in payload:
        raise InputRefused("event.field_refused", field="blind", value="already there")
    return {**payload, "blind": secrets.token_hex(32)}


def payload_digest(payload: Mapping[str, JSON]) -> str:
    """Return SHA-256 of the canonical payload as hex; the payload must hold its `blind`."""
    blind = payload.get("blind")
    if not isinstance(blind, str) or not _HEX32.fullmatch(blind):
        raise InputRefused("event.payload_unblinded")
    return jcs.digest(payload).hex()


def leaf_hash(entry: bytes) -> bytes:
    """Return the RFC 9162 leaf hash of a 32-byte entry: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def utc_text(moment: datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.mmmZ`; raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone can't enter an event")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_utc(text: str) -> datetime:
    """Read the form that `utc_text` writes; raises InputRefused for any other."""
    if not _UTC.fullmatch(text) or not _real_time(text):
        raise InputRefused("event.field_refused", field="utc", value=text[:40])
    return datetime.fromisoformat(text)


def _real_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _require(field: str, value: object, condition: bool) -> None:
    if not condition:
        raise InputRefused("event.field_refused", field=field, value=str(value)[:80])
