"""Streams of events: append under the stream's lock, read back with their anchors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Row, Select, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.anchoring.model import Anchor, StoredEvent
from api.anchoring.tables import EventRow, FlightRow, SecretRow, StreamRow
from signing.events import Event

SUITE_VERSION = (1, 4)


_STREAM, _EVENT, _SECRET = (cast(Table, row.__table__) for row in (StreamRow, EventRow, SecretRow))

# Built once: every step of every signature records events, and building a statement costs more than running it.
_ADVANCE = (
    update(_STREAM)
    .where(_STREAM.c.stream == bindparam("b_stream"))
    .values(seq=_STREAM.c.seq + 1)
    .returning(_STREAM.c.seq, _STREAM.c.entry)
)
_FIRST = {
    "postgresql": postgresql.insert(_STREAM).on_conflict_do_nothing().returning(_STREAM.c.seq),
    "sqlite": sqlite.insert(_STREAM).on_conflict_do_nothing().returning(_STREAM.c.seq),
}
_ADD_EVENT = insert(_EVENT).returning(_EVENT.c.id)
_ADD_SECRET = insert(_SECRET)
_SET_HEAD = (
    update(_STREAM).where(_STREAM.c.stream == bindparam("b_stream")).values(entry=bindparam("b_entry"))
)


def lock_next(session: Session, stream: str) -> tuple[int, str | None]:
    """Take the stream's lock; its next sequence number and the entry before (None for the first event)."""
    connection = session.connection()
    row = connection.execute(_ADVANCE, {"b_stream": stream}).one_or_none()
    if row is None:
        first = _FIRST[connection.dialect.name]
        created = connection.execute(first, {"stream": stream, "seq": 1, "entry": ""}).one_or_none()
        if created is not None:
            return 1, None
        # Another writer has created the stream and committed.
        row = connection.execute(_ADVANCE, {"b_stream": stream}).one()
    return row.seq, row.entry


def insert_event(session: Session, event: Event, entry: bytes, payload: bytes) -> None:
    """Store an event as pending, its secrets beside it, and make it the stream's head."""
    connection = session.connection()
    event_id = connection.execute(
        _ADD_EVENT,
        {
            "stream": event.stream,
            "seq": event.seq,
            "entry": entry,
            "type": event.type,
            "actor": event.actor,
            "role": event.role,
            "utc": event.utc,
            "payload_digest": event.payload_digest,
            "prev": event.prev,
            "state": "pending",
        },
    ).scalar_one()
    connection.execute(
        _ADD_SECRET, {"event": event_id, "salt": bytes.fromhex(event.salt), "payload": payload}
    )
    connection.execute(_SET_HEAD, {"b_stream": event.stream, "b_entry": entry.hex()})


def _query() -> Select[Any, Any, Any, Any, Any]:
    return (
        select(EventRow, SecretRow.salt, SecretRow.payload, FlightRow.hash, FlightRow.block_number)
        .outerjoin(SecretRow, SecretRow.event == EventRow.id)
        .outerjoin(FlightRow, FlightRow.nonce == EventRow.flight)
    )


def _stored(row: Row[Any, Any, Any, Any, Any], log_origin: str) -> StoredEvent:
    event, salt, payload, transaction, block = row
    body = None
    if salt is not None:
        version, suite = SUITE_VERSION
        body = Event(
            v=version,
            suite=suite,
            log_origin=log_origin,
            stream=event.stream,
            seq=event.seq,
            type=event.type,
            actor=event.actor,
            role=event.role,
            utc=event.utc,
            payload_schema=f"concord:{event.type}",
            payload_digest=event.payload_digest,
            prev=event.prev,
            salt=salt.hex(),
        ).encode()
    parsed: Mapping[str, Any] | None = None if payload is None else json.loads(payload)
    anchor = Anchor(
        event.state,
        event.log_index,
        transaction.hex() if transaction is not None else None,
        block if event.state == "anchored" else None,
    )
    return StoredEvent(
        event.stream,
        event.seq,
        event.type,
        event.actor,
        event.role,
        event.utc,
        event.entry.hex(),
        event.prev,
        body,
        parsed,
        payload,
        anchor,
    )


def events_of(session: Session, stream: str, log_origin: str) -> list[StoredEvent]:
    """All events of a stream in order."""
    rows = session.execute(_query().where(EventRow.stream == stream).order_by(EventRow.seq))
    return [_stored(row, log_origin) for row in rows]


def event_at(session: Session, stream: str, seq: int, log_origin: str) -> StoredEvent | None:
    """One event of a stream."""
    row = session.execute(_query().where(EventRow.stream == stream, EventRow.seq == seq)).one_or_none()
    return None if row is None else _stored(row, log_origin)


def anchors_of(session: Session, stream: str) -> list[tuple[int, str, str, Anchor]]:
    """(seq, type, entry hex, anchor) of a stream's events; reads no secrets."""
    rows = session.execute(
        select(EventRow.seq, EventRow.type, EventRow.entry, EventRow.state, EventRow.log_index)
        .add_columns(FlightRow.hash, FlightRow.block_number)
        .outerjoin(FlightRow, FlightRow.nonce == EventRow.flight)
        .where(EventRow.stream == stream)
        .order_by(EventRow.seq)
    )
    return [
        (
            row.seq,
            row.type,
            row.entry.hex(),
            Anchor(row.state, row.log_index, row.hash.hex() if row.hash else None, row.block_number),
        )
        for row in rows
    ]


def destroy_secrets(session: Session, stream: str) -> int:
    """Delete salts and payloads of a stream's events, and what the rows still say of them; the number deleted.

    A payload's digest has no salt of its own: it goes as well, with the actor.
    """
    ids = select(EventRow.id).where(EventRow.stream == stream)
    result = session.execute(
        delete(SecretRow).where(SecretRow.event.in_(ids)).execution_options(synchronize_session=False)
    )
    session.execute(
        update(EventRow)
        .where(EventRow.stream == stream)
        .values(payload_digest="", actor="erased")
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def known_entries(session: Session, entries: Sequence[bytes]) -> dict[bytes, int | None]:
    """Log index of those of `entries` that are ours."""
    found: dict[bytes, int | None] = {}
    for start in range(0, len(entries), 500):
        part = entries[start : start + 500]
        rows = session.execute(select(EventRow.entry, EventRow.log_index).where(EventRow.entry.in_(part)))
        found.update({row.entry: row.log_index for row in rows})
    return found
