"""The anchored tree and its checkpoints in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.anchoring.model import StoredCheckpoint
from api.anchoring.tables import CheckpointRow, JudicialItemRow, LogRow, TileRow
from api.infra.db import Database
from chain.errors import LogIntegrityError
from chain.merkle import EMPTY_ROOT, Growth, TileId

LOG = "log"


class SessionTiles:
    """Tiles as one session sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, ids: Sequence[TileId]) -> Mapping[TileId, bytes]:
        # One lookup by key for each tile: SQLite answers `(level, number) IN (…)` by reading the whole table.
        wanted: dict[int, list[int]] = {}
        for tile in ids:
            wanted.setdefault(tile.level, []).append(tile.number)
        found: dict[TileId, bytes] = {}
        for level, numbers in wanted.items():
            rows = self._session.execute(
                select(TileRow.number, TileRow.data).where(
                    TileRow.level == level, TileRow.number.in_(numbers)
                )
            )
            found.update((TileId(level, row.number), row.data) for row in rows)
        return found


class DatabaseTiles:
    """Tiles, each read in a short transaction of its own: full ones never change, partial ones only get longer."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def read(self, ids: Sequence[TileId]) -> Mapping[TileId, bytes]:
        with self._db.read() as session:
            return SessionTiles(session).read(ids)


def log_state(session: Session) -> tuple[int, bytes]:
    """Size and root of the anchored log."""
    row = session.execute(select(LogRow.size, LogRow.root).where(LogRow.name == LOG)).one_or_none()
    return (0, EMPTY_ROOT) if row is None else (row.size, row.root)


def grow(session: Session, first_index: int, growth: Growth) -> None:
    """Write new tiles and the log's new size and root; raises LogIntegrityError unless the log ended at `first_index`."""
    size, _ = log_state(session)
    if size != first_index:
        raise LogIntegrityError(
            f"the anchored log has {size} entries, a batch was to follow entry {first_index}"
        )
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"level": i.level, "number": i.number, "data": data} for i, data in growth.tiles.items()]
    statement = maker(TileRow)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["level", "number"], set_={"data": statement.excluded.data}
        ),
        rows,
    )
    if size == 0:
        session.execute(insert(LogRow).values(name=LOG, size=growth.size, root=growth.root))
    else:
        session.execute(update(LogRow).where(LogRow.name == LOG).values(size=growth.size, root=growth.root))


def as_checkpoint(row: CheckpointRow) -> StoredCheckpoint:
    """A stored checkpoint as a value; its note bears the log's signature only."""
    return StoredCheckpoint(
        size=row.size,
        root=row.root.hex(),
        note=row.note,
        token=row.token,
        token_tsa=row.tsa,
        token_time=row.token_time,
        created_at=row.created_at,
        witnessed_at=row.witnessed_at,
    )


def add_checkpoint(session: Session, size: int, root: bytes, note: bytes, now: datetime) -> None:
    """Keep a signed checkpoint; making the same one again changes nothing, as its bytes are the same."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        maker(CheckpointRow)
        .values(size=size, root=root, note=note, created_at=now)
        .on_conflict_do_nothing(index_elements=["size"])
    )


def newest_checkpoint(session: Session) -> StoredCheckpoint | None:
    """The checkpoint of the largest size."""
    row = session.scalars(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1)).one_or_none()
    return None if row is None else as_checkpoint(row)


def covering_checkpoint(session: Session, log_index: int) -> StoredCheckpoint | None:
    """The oldest checkpoint that holds the entry at `log_index` and went furthest.

    That is one with a receipt of the judicial chain, else a witnessed one, else one with a token, else any.
    """
    covering = (
        select(CheckpointRow).where(CheckpointRow.size > log_index).order_by(CheckpointRow.size).limit(1)
    )
    receipts = select(JudicialItemRow.checkpoint_size).where(JudicialItemRow.receipt.is_not(None))
    for query in (
        covering.where(CheckpointRow.size.in_(receipts)),
        covering.where(CheckpointRow.witnessed_at.is_not(None)),
        covering.where(CheckpointRow.token.is_not(None)),
        covering,
    ):
        row = session.scalars(query).one_or_none()
        if row is not None:
            return as_checkpoint(row)
    return None


def newest_without_token(session: Session) -> StoredCheckpoint | None:
    """The newest checkpoint whose token is missing: the newest first, as it covers the most."""
    row = session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.token.is_(None))
        .order_by(CheckpointRow.size.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else as_checkpoint(row)


def count_without_token(session: Session) -> int:
    """Checkpoints whose token is missing."""
    found = session.execute(select(func.count()).where(CheckpointRow.token.is_(None))).scalar_one()
    return int(found)


def set_token(session: Session, size: int, token: bytes, tsa: str, time: datetime) -> None:
    """Keep a checkpoint's token; the first one stays."""
    session.execute(
        update(CheckpointRow)
        .where(CheckpointRow.size == size, CheckpointRow.token.is_(None))
        .values(token=token, tsa=tsa, token_time=time)
    )
