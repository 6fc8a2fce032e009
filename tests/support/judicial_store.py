"""The SQL judicial outbox with the outside's methods of `judicial_world`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from api.anchoring.repository.judicial import SqlJudicialStore, receipt_of
from api.anchoring.tables import CheckpointRow, CosignatureRow, JudicialItemRow
from api.infra.db import Database
from chain.judicial_port import Cosigned
from chain.merkle import Tree
from tests.support.judicial_world import JudicialWorld


class SqlOutside(SqlJudicialStore):
    """Checkpoints and cosignatures are written as the witnessing part of the slice writes them."""

    def __init__(self, db: Database, world: JudicialWorld) -> None:
        super().__init__(db, 2, world.now)
        self._world = world

    def tree(self) -> Tree:
        return self._world.tree()

    def add_witnessed(self, size: int, root: bytes, cosignatures: Sequence[Cosigned]) -> None:
        now = self._world.now()
        with self._db.transaction() as session:
            session.execute(delete(CosignatureRow).where(CosignatureRow.checkpoint_size == size))
            session.execute(delete(CheckpointRow).where(CheckpointRow.size == size))
            session.execute(
                insert(CheckpointRow).values(
                    size=size, root=root, note=b"note", created_at=now, witnessed_at=now
                )
            )
            for place, cosigned in enumerate(cosignatures):
                session.execute(
                    insert(CosignatureRow).values(
                        checkpoint_size=size,
                        witness=f"witness-{place}",
                        time=cosigned.time,
                        line="line",
                        bridge_signature=cosigned.signature,
                        created_at=now,
                    )
                )

    def states(self) -> dict[int, str]:
        with self._db.read() as session:
            rows = session.execute(
                select(JudicialItemRow.checkpoint_size, JudicialItemRow.state).order_by(
                    JudicialItemRow.checkpoint_size
                )
            )
            return {row.checkpoint_size: row.state for row in rows}

    def receipt(self, size: int) -> Mapping[str, Any] | None:
        with self._db.read() as session:
            return receipt_of(session, size)

    def alarm(self, size: int) -> str:
        with self._db.read() as session:
            found = session.execute(
                select(JudicialItemRow.alarm).where(JudicialItemRow.checkpoint_size == size)
            ).scalar()
        return found or ""
