"""Erasure: destroying salts and payloads, after which entries and proofs hold and tell nothing (PIPL art. 47).

A warning's stream takes its decisions along: with the salt of its id on chain, that id and the steps' digests gone, nothing in
the platform leads from the warning to the registry's entries any more.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.anchoring.repository import calls, streams, warnings
from api.kernel.clock import Clock
from api.kernel.errors import conflict

WARNING = "warning/"


class Erasure:
    """Destroys what makes events readable, and what links a warning to the chain."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def destroy(self, session: Session, stream: str, *, replay: bool = False) -> int:
        """Destroy salts and payloads of a stream; returns how many.

        Conflict while an event is not anchored yet, unless this repeats an erasure in a restored installation: then the
        entry alone goes on its way into the log.
        """
        waiting = any(anchor.state != "anchored" for _, _, _, anchor in streams.anchors_of(session, stream))
        if waiting and not replay:
            raise conflict("anchoring.not_anchored_yet")
        if stream.startswith(WARNING):
            self._unlink(session, stream.removeprefix(WARNING), replay)
        return streams.destroy_secrets(session, stream)

    def _unlink(self, session: Session, warning: str, replay: bool) -> None:
        row = warnings.locked(session, warning)
        if row is None or row.erased_at is not None:
            return
        steps = warnings.steps_of(session, warning)
        settled = calls.settled(session, [step.call for step in steps if step.call is not None])
        if not replay and not all(step.call in settled for step in steps):
            raise conflict("anchoring.not_anchored_yet")
        warnings.forget(session, row, self._clock.now())

    def log_range(self, session: Session, stream: str) -> dict[str, int | None]:
        """`{entries, first_index, last_index}` of a stream: what stays provable."""
        found = [anchor.log_index for _, _, _, anchor in streams.anchors_of(session, stream)]
        known = [index for index in found if index is not None]
        return {
            "entries": len(found),
            "first_index": min(known, default=None),
            "last_index": max(known, default=None),
        }
