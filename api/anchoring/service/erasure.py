"""Erasure: destroying salts and payloads, after which entries and proofs hold and tell nothing (PIPL art. 47)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.anchoring.repository import streams
from api.kernel.errors import conflict


class Erasure:
    """Destroys what makes events readable."""

    def destroy(self, session: Session, stream: str) -> int:
        """Destroy salts and payloads of a stream; returns how many. Conflict while an event is not anchored yet."""
        if any(anchor.state != "anchored" for _, _, _, anchor in streams.anchors_of(session, stream)):
            raise conflict("anchoring.not_anchored_yet")
        return streams.destroy_secrets(session, stream)
