"""Checkpoints on their way to the judicial chain: the same duties as in memory (`chain.judicial_port.JudicialStore`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from api.anchoring.model import JudicialState
from api.anchoring.ports import Now
from api.anchoring.repository import tree
from api.anchoring.repository.lease import SqlLease
from api.anchoring.tables import CheckpointRow, CosignatureRow, JudicialItemRow
from api.infra.db import Database
from chain.errors import ChainError
from chain.judicial_port import Carried, Cosigned, Item, ItemState
from chain.judicial_receipt import is_of
from chain.merkle import Tree

LEASE = "judicial"
UNDER_WAY = (ItemState.STAGED.value, ItemState.BROADCAST.value)

_ITEM = (
    JudicialItemRow.checkpoint_size,
    JudicialItemRow.root,
    JudicialItemRow.state,
    JudicialItemRow.raw_tx,
    JudicialItemRow.tx_hash,
)


def _item(row: Any) -> Item:
    return Item(row.checkpoint_size, row.root, ItemState(row.state), row.raw_tx, row.tx_hash)


class SqlJudicialStore:
    """Outbox and lease in the platform's database. `threshold`: EIP-712 signatures that the court's contract wants."""

    def __init__(self, db: Database, threshold: int, now: Now) -> None:
        self._db = db
        self._threshold = threshold
        self._now = now
        self._lease = SqlLease(db, LEASE, now)

    def acquire(self, owner: str, seconds: float) -> int | None:
        return self._lease.acquire(owner, seconds)

    def enrol(self, fence: int) -> int:
        with self._db.read() as session:
            if not self._enrollable(session):
                return 0
        with self._db.transaction() as session:
            self._lease.check(session, fence)
            found = self._enrollable(session)
            for row in found:
                self._add(session, row.size, row.root)
        return len(found)

    def _add(self, session: Session, size: int, root: bytes) -> None:
        now = self._now()
        session.execute(
            insert(JudicialItemRow).values(
                checkpoint_size=size,
                root=root,
                state=ItemState.PENDING.value,
                created_at=now,
                updated_at=now,
            )
        )

    def _enrollable(self, session: Session) -> Sequence[Any]:
        """Witnessed checkpoints with enough EIP-712 signatures, above everything that is enrolled."""
        newest = session.execute(select(func.max(JudicialItemRow.checkpoint_size))).scalar() or 0
        return session.execute(
            select(CheckpointRow.size, CheckpointRow.root)
            .join(CosignatureRow, CosignatureRow.checkpoint_size == CheckpointRow.size)
            .where(
                CheckpointRow.size > newest,
                CheckpointRow.witnessed_at.is_not(None),
                CosignatureRow.bridge_signature.is_not(None),
            )
            .group_by(CheckpointRow.size, CheckpointRow.root)
            .having(func.count() >= self._threshold)
            .order_by(CheckpointRow.size)
        ).all()

    # -- reading

    def under_way(self) -> list[Item]:
        return self._items(JudicialItemRow.state.in_(UNDER_WAY))

    def pending(self, limit: int) -> list[Item]:
        return self._items(JudicialItemRow.state == ItemState.PENDING.value, limit) if limit > 0 else []

    def _items(self, condition: Any, limit: int | None = None) -> list[Item]:
        query = select(*_ITEM).where(condition).order_by(JudicialItemRow.checkpoint_size).limit(limit)
        with self._db.read() as session:
            return [_item(row) for row in session.execute(query)]

    def last_anchored(self, chain_id: int, address: str) -> Item | None:
        query = (
            select(*_ITEM, JudicialItemRow.receipt)
            .where(JudicialItemRow.state == ItemState.ANCHORED.value)
            .order_by(JudicialItemRow.checkpoint_size.desc())
            .limit(1)
        )
        with self._db.read() as session:
            row = session.execute(query).one_or_none()
        return _item(row) if row is not None and is_of(row.receipt, chain_id, address) else None

    def cosignatures(self, size: int) -> list[Cosigned]:
        query = (
            select(CosignatureRow.time, CosignatureRow.bridge_signature)
            .where(CosignatureRow.checkpoint_size == size, CosignatureRow.bridge_signature.is_not(None))
            .order_by(CosignatureRow.witness)
        )
        with self._db.read() as session:
            return [Cosigned(row.time, row.bridge_signature) for row in session.execute(query)]

    def tree(self) -> Tree:
        with self._db.read() as session:
            size, _ = tree.log_state(session)
        return Tree(tree.DatabaseTiles(self._db), size)

    # -- writing

    def stage(self, fence: int, items: Sequence[Item]) -> None:
        with self._db.transaction() as session:
            self._lease.check(session, fence)
            for item in items:
                self._move(
                    session, item, (ItemState.PENDING,), ItemState.STAGED, raw_tx=item.raw, tx_hash=item.hash
                )

    def mark_broadcast(self, fence: int, items: Sequence[Item]) -> None:
        with self._db.transaction() as session:
            self._lease.check(session, fence)
            for item in items:
                self._move(session, item, (ItemState.STAGED, ItemState.BROADCAST), ItemState.BROADCAST)

    def anchor(self, fence: int, carried: Sequence[Carried]) -> None:
        with self._db.transaction() as session:
            self._lease.check(session, fence)
            for done in carried:
                self._move(
                    session,
                    done.item,
                    tuple(ItemState),
                    ItemState.ANCHORED,
                    block_number=done.block_number,
                    receipt=dict(done.receipt),
                    alarm=None,
                )

    def put_back(self, fence: int, items: Sequence[Item]) -> None:
        with self._db.transaction() as session:
            self._lease.check(session, fence)
            for item in items:
                self._move(session, item, tuple(ItemState), ItemState.PENDING, raw_tx=None, tx_hash=None)

    def park(self, fence: int, item: Item, reason: str) -> None:
        with self._db.transaction() as session:
            self._lease.check(session, fence)
            self._move(session, item, tuple(ItemState), ItemState.PARKED, alarm=reason)

    def _move(
        self, session: Session, item: Item, before: Sequence[ItemState], after: ItemState, **values: Any
    ) -> None:
        moved = session.execute(
            update(JudicialItemRow)
            .where(
                JudicialItemRow.checkpoint_size == item.size,
                JudicialItemRow.state.in_([state.value for state in before]),
            )
            .values(state=after.value, updated_at=self._now(), **values)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]
            raise ChainError("stage.stale", what=f"checkpoint {item.size}")


def receipt_of(session: Session, size: int) -> Mapping[str, Any] | None:
    """The court's receipt (E13) of the checkpoint of this size, as `judicial/receipt.json` holds it."""
    receipt: Mapping[str, Any] | None = session.execute(
        select(JudicialItemRow.receipt).where(
            JudicialItemRow.checkpoint_size == size, JudicialItemRow.state == ItemState.ANCHORED.value
        )
    ).scalar_one_or_none()
    return receipt


def state(session: Session) -> JudicialState:
    """How far the judicial outbox is, for the operator."""
    counts = {
        name: int(count)
        for name, count in session.execute(
            select(JudicialItemRow.state, func.count()).group_by(JudicialItemRow.state)
        ).tuples()
    }
    anchored = session.execute(
        select(func.max(JudicialItemRow.checkpoint_size)).where(
            JudicialItemRow.state == ItemState.ANCHORED.value
        )
    ).scalar()
    waiting = session.execute(
        select(func.min(JudicialItemRow.created_at)).where(
            JudicialItemRow.state.in_([ItemState.PENDING.value, *UNDER_WAY])
        )
    ).scalar()
    return JudicialState(counts, int(anchored or 0), waiting)


def retry_parked(session: Session, size: int) -> bool:
    """A person sends a parked checkpoint on its way again; False when there is none of that size."""
    moved = session.execute(
        update(JudicialItemRow)
        .where(JudicialItemRow.checkpoint_size == size, JudicialItemRow.state == ItemState.PARKED.value)
        .values(state=ItemState.PENDING.value, raw_tx=None, tx_hash=None, alarm=None)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]
