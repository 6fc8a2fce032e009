"""Erasure: destroying salts and payloads, after which entries and proofs hold and tell nothing (PIPL art. 47)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.anchoring.repository import streams
from api.kernel.errors import conflict


class Erasure:
    """Destroys what makes events readable."""

    def destroy(self, session: Session, stream: str, *, replay: bool = False) -> int:
        """Destroy salts and payloads of a stream; returns how many.

        Conflict while an event is not anchored yet, unless this repeats an erasure in a restored installation: then the
        entry alone goes on its way into the log.
        """
        waiting = any(anchor.state != "anchored" for _, _, _, anchor in streams.anchors_of(session, stream))
        if waiting and not replay:
            raise conflict("anchoring.not_anchored_yet")
        return streams.destroy_secrets(session, stream)

    def log_range(self, session: Session, stream: str) -> dict[str, int | None]:
        """`{entries, first_index, last_index}` of a stream: what stays provable."""
        found = [anchor.log_index for _, _, _, anchor in streams.anchors_of(session, stream)]
        known = [index for index in found if index is not None]
        return {
            "entries": len(found),
            "first_index": min(known, default=None),
            "last_index": max(known, default=None),
        }
