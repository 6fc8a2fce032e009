"""Chains of tokens of the checkpoints that are kept for long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.anchoring.model import StoredCheckpoint
from api.anchoring.repository.tree import as_checkpoint
from api.anchoring.tables import CheckpointRow, RenewalRow


def newest_stamped(session: Session) -> StoredCheckpoint | None:
    """The newest checkpoint with a token."""
    query = select(CheckpointRow).where(CheckpointRow.token.is_not(None))
    row = session.scalars(query.order_by(CheckpointRow.size.desc()).limit(1)).one_or_none()
    return None if row is None else as_checkpoint(row)


def newest_kept(session: Session) -> RenewalRow | None:
    """The chain's first link of the newest checkpoint that is kept."""
    query = select(RenewalRow).where(RenewalRow.number == 0)
    return session.scalars(query.order_by(RenewalRow.checkpoint_size.desc()).limit(1)).one_or_none()


def last_links(session: Session, ending_before: datetime) -> Sequence[RenewalRow]:
    """The last link of each chain whose certificate ends before that moment."""
    last = (
        select(RenewalRow.checkpoint_size, func.max(RenewalRow.number).label("number"))
        .group_by(RenewalRow.checkpoint_size)
        .subquery()
    )
    query = (
        select(RenewalRow)
        .join(
            last,
            (RenewalRow.checkpoint_size == last.c.checkpoint_size) & (RenewalRow.number == last.c.number),
        )
        .where(RenewalRow.until < ending_before)
        .order_by(RenewalRow.checkpoint_size)
    )
    return session.scalars(query).all()


def living_chain(
    session: Session, log_index: int, now: datetime
) -> tuple[StoredCheckpoint, tuple[bytes, ...]] | None:
    """The oldest kept checkpoint that holds the entry and whose chain has not ended, with its renewals."""
    alive = select(RenewalRow.checkpoint_size).where(RenewalRow.until >= now)
    row = session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.size > log_index, CheckpointRow.size.in_(alive))
        .order_by(CheckpointRow.size)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    links = session.scalars(
        select(RenewalRow.token)
        .where(RenewalRow.checkpoint_size == row.size, RenewalRow.number > 0)
        .order_by(RenewalRow.number)
    )
    return as_checkpoint(row), tuple(links)
