"""Shares in SQL."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.exchange.sharing.model import Asked, Share, State
from api.exchange.sharing.tables import ShareRow

_SAME = (
    "share_id", "version", "requested_by", "requested_at", "decided_by", "decided_at", "decision_reason", "expires_at",
    "revoked_by", "revoked_at", "revocation_reason",
)  # fmt: skip
_ASKED = ("dataset", "clearance", "purpose", "basis", "recipient", "days")


def to_share(row: ShareRow) -> Share:
    """The row as the model has it."""
    asked = Asked(fields=tuple(row.fields), **{name: getattr(row, name) for name in _ASKED})
    return Share(asked=asked, state=State(row.state), **{name: getattr(row, name) for name in _SAME})


def add(session: Session, share: Share) -> None:
    """Keep a new request."""
    own = {name: getattr(share, name) for name in _SAME}
    asked = {name: getattr(share.asked, name) for name in _ASKED}
    session.add(ShareRow(state=share.state.value, fields=list(share.asked.fields), **own, **asked))


def get(session: Session, share_id: str, *, lock: bool = False) -> ShareRow | None:
    """One row, locked for a change or a read through it."""
    wanted = select(ShareRow).where(ShareRow.share_id == share_id)
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def listing(
    session: Session, requested_by: str | None, state: State | None, before: int | None, limit: int
) -> list[ShareRow]:
    """Rows, newest first: of one person, or of all."""
    wanted = select(ShareRow).order_by(ShareRow.no.desc()).limit(limit)
    if requested_by is not None:
        wanted = wanted.where(ShareRow.requested_by == requested_by)
    if state is not None:
        wanted = wanted.where(ShareRow.state == state.value)
    if before is not None:
        wanted = wanted.where(ShareRow.no < before)
    return list(session.scalars(wanted))
