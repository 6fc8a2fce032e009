"""The event recorder: an event enters its stream in the transaction of the slice that records it (DESIGN §3, §4)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.anchoring.repository import streams
from api.kernel.clock import Clock, parse_utc
from api.kernel.errors import invalid
from api.kernel.events import EventDraft, EventRef
from signing import jcs
from signing.errors import InputRefused
from signing.events import blinded, build_event


class Recorder:
    """Appends events to streams; four SQL statements each, five for the first of a stream."""

    def __init__(self, log_origin: str, clock: Clock) -> None:
        self._log_origin = log_origin
        self._clock = clock

    def record(self, session: Session, draft: EventDraft) -> EventRef:
        """Append `draft`: number, link and salt it, and leave its entry pending for the log.

        The stream's head row is locked until the caller's transaction ends. Raises DomainError
        `anchoring.event_malformed` when the draft does not fit the format of events.
        """
        seq, prev = streams.lock_next(session, draft.stream)
        try:
            payload = blinded(draft.payload)
            event = build_event(
                log_origin=self._log_origin,
                stream=draft.stream,
                seq=seq,
                type=draft.type,
                actor=draft.actor,
                role=draft.role,
                utc=self._clock.now(),
                payload=payload,
                prev=prev,
            )
            entry = event.entry()
            stored = jcs.canonical(payload)
        except InputRefused as refused:
            raise invalid("anchoring.event_malformed", reason=refused.code) from refused
        streams.insert_event(session, event, entry, stored)
        return EventRef(draft.stream, seq, entry.hex(), parse_utc(event.utc))
