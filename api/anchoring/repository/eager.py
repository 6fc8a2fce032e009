"""A database whose writer does not starve: for the worker process beside busy requests on SQLite.

SQLite has one writer, and who waits for the lock polls in growing steps up to 100 ms, so that a process that writes
often is always quicker than one that waits. The worker writes rarely and shortly; it asks again every few milliseconds.
PostgreSQL queues its writers fairly and needs none of this.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.infra.db import Database
from api.infra.sealing import FieldKey

POLL_MS = 8
"""SQLite's own first steps: it looks again after 1, 2 and 5 ms, then gives up and is asked anew."""
PATIENCE = 30.0


def _short_wait(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={POLL_MS}")


class EagerDatabase(Database):
    """The platform's database with short waits for the write lock."""

    def __init__(self, url: str, field_key: FieldKey) -> None:
        super().__init__(url, field_key)
        if self.dialect == "sqlite":
            event.listen(self.engine, "connect", _short_wait)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """As `Database.transaction`; the lock is taken at the start."""
        with self._sessions() as session:
            self._lock(session)
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def _lock(self, session: Session) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                session.connection()
            except OperationalError as exc:
                session.rollback()
                if self.dialect != "sqlite" or "locked" not in str(exc.orig) or time.monotonic() > deadline:
                    raise
            else:
                return
