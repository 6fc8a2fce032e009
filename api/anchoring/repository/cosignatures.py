"""Witnesses' cosignatures on our checkpoints. The first pair of a witness stays: it is the one that others may hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.anchoring.model import StoredCheckpoint
from api.anchoring.repository.tree import as_checkpoint
from api.anchoring.tables import CheckpointRow, CosignatureRow
from chain.cosignature import Pair


def pairs(session: Session, size: int) -> list[Pair]:
    """The stored pairs of a checkpoint, by ascending names."""
    rows = session.execute(
        select(
            CosignatureRow.witness, CosignatureRow.time, CosignatureRow.line, CosignatureRow.bridge_signature
        ).where(CosignatureRow.checkpoint_size == size)
    )
    return sorted((Pair(*row) for row in rows), key=lambda pair: pair.witness)


def keep(session: Session, size: int, pair: Pair, threshold: int, now: datetime) -> None:
    """Keep a checked pair, and mark the checkpoint as witnessed once `threshold` witnesses have cosigned it."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        maker(CosignatureRow)
        .values(
            checkpoint_size=size,
            witness=pair.witness,
            time=pair.time,
            line=pair.line,
            bridge_signature=pair.bridge,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["checkpoint_size", "witness"])
    )
    count = session.execute(
        select(func.count()).select_from(CosignatureRow).where(CosignatureRow.checkpoint_size == size)
    ).scalar_one()
    if count >= max(threshold, 1):
        session.execute(
            update(CheckpointRow)
            .where(CheckpointRow.size == size, CheckpointRow.witnessed_at.is_(None))
            .values(witnessed_at=now)
        )


def last_size(session: Session, witness: str) -> int:
    """Size of the newest checkpoint that a witness cosigned for us; 0 before the first."""
    found = session.execute(
        select(CosignatureRow.checkpoint_size)
        .where(CosignatureRow.witness == witness)
        .order_by(CosignatureRow.checkpoint_size.desc())
        .limit(1)
    ).scalar()
    return found or 0


def newest_stamped(session: Session) -> StoredCheckpoint | None:
    """The newest checkpoint that has its token: what witnesses are asked about."""
    row = session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.token.is_not(None))
        .order_by(CheckpointRow.size.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else as_checkpoint(row)


def newest_witnessed(session: Session) -> int:
    """Size of the newest checkpoint with a quorum of cosignatures; 0 before the first."""
    found = session.execute(
        select(CheckpointRow.size)
        .where(CheckpointRow.witnessed_at.is_not(None))
        .order_by(CheckpointRow.size.desc())
        .limit(1)
    ).scalar()
    return found or 0
