"""A SQLite database that has no room left: its file may not grow and its free pages are used up."""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from api.infra.db import Database


class FullDatabase:
    """Within the block each write that needs a page fails as on a full disk; afterwards there is room again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> FullDatabase:
        engine = self._database.engine
        with self._database.transaction() as session:
            session.execute(text("CREATE TABLE filler (content BLOB)"))
            pages = int(session.execute(text("PRAGMA page_count")).scalar_one()) + 64
        self._limit = pages
        event.listen(engine, "connect", self._bound)
        engine.dispose()
        for size in (20_000, 1_000, 100):
            self._fill(size)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        event.remove(self._database.engine, "connect", self._bound)
        self._database.engine.dispose()
        with self._database.transaction() as session:
            session.execute(text("DROP TABLE filler"))

    def _bound(self, connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {self._limit}")

    def _fill(self, size: int) -> None:
        for _ in range(100_000):
            try:
                with self._database.transaction() as session:
                    session.execute(
                        text("INSERT INTO filler VALUES (:content)"), {"content": secrets.token_bytes(size)}
                    )
            except OperationalError:
                return
        raise AssertionError("the database never filled up")
