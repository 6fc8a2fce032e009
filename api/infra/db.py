"""Database access: declarative base, column types, engine for SQLite (WAL) and PostgreSQL, unit of work.

One request, one transaction. No transaction stays open while an outside service is called.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import DateTime, LargeBinary, MetaData, Text, create_engine, event, text
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from api.infra.sealing import FieldKey


class Base(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations are the same on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware UTC in Python; naive UTC on SQLite, timestamptz on PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def json_text(value: Any) -> str:
    """JSON as `JsonText` keeps it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, equal bytes on every database (keys sorted; not the canonical form of evidence)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class _Sealed:
    """Holder of the process's field key: set once by `Database`, used by sealed columns."""

    key: ClassVar[FieldKey | None] = None

    @classmethod
    def require(cls) -> FieldKey:
        if cls.key is None:
            raise RuntimeError("no field key: a Database must be built before sealed columns are used")
        return cls.key


class SealedText(TypeDecorator[str]):
    """Text encrypted at rest with the installation's field key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _Sealed.require().seal(value.encode("utf-8"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _Sealed.require().open(bytes(value)).decode("utf-8")


class SealedBytes(TypeDecorator[bytes]):
    """Bytes encrypted at rest with the installation's field key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _Sealed.require().seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _Sealed.require().open(bytes(value))


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin on its own: `_begin_immediate` does
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten, not only unlinked
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    # A read that later writes would fail with SQLITE_BUSY under WAL: writers say so at the start. Straight to the driver:
    # it is said in every transaction, and the library's own way costs as much as a query.
    statement = f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'IMMEDIATE')}"
    try:
        connection.connection.driver_connection.execute(statement)
    except sqlite3.OperationalError as error:
        raise OperationalError(statement, None, error) from error


def build_engine(url: str) -> Engine:
    """An engine with the platform's rules for its database: durable, foreign keys checked, lock waits bounded."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    return create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        connect_args={"options": "-c lock_timeout=30s -c statement_timeout=60s -c timezone=UTC"},
    )


class Traffic(Collector):
    """How many transactions and statements this process has sent; a begin and an end are not statements."""

    def __init__(self, engine: Engine) -> None:
        self.transactions = 0
        self.statements = 0
        self._lock = threading.Lock()
        event.listen(engine, "begin", self._begun)
        event.listen(engine, "before_cursor_execute", self._sent)

    def registry(self) -> CollectorRegistry:
        """The two counts for `/metrics`."""
        made = CollectorRegistry()
        made.register(self)
        return made

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's Collector."""
        yield CounterMetricFamily(
            "concord_database_transactions", "Transactions begun", value=self.transactions
        )
        yield CounterMetricFamily("concord_database_statements", "Statements sent", value=self.statements)

    def _begun(self, _connection: Any) -> None:
        with self._lock:
            self.transactions += 1

    def _sent(self, *_what: Any) -> None:
        with self._lock:
            self.statements += 1


class Database:
    """One database of the installation and the key of its sealed columns."""

    def __init__(self, url: str, field_key: FieldKey) -> None:
        _Sealed.key = field_key
        self.field_key = field_key
        self.engine = build_engine(url)
        self.traffic = Traffic(self.engine)
        self.dialect = self.engine.dialect.name
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        reader = self.engine
        if self.dialect == "sqlite":
            reader = self.engine.execution_options(sqlite_begin="DEFERRED")
        self._readers = sessionmaker(reader, expire_on_commit=False, autoflush=False)  # nothing to flush
        self._open: ContextVar[Session | None] = ContextVar("open session", default=None)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back on any error."""
        with self._sessions() as session, session.begin(), self._entered(session):
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading only: it takes no write lock and is rolled back at the end.

        Inside another block of the same request it is that block's session: one view of the data, one transaction.
        """
        outer = self._open.get()
        if outer is not None:
            yield outer
            return
        with self._readers() as session, self._entered(session):
            yield session  # closing it rolls back; what was read stays readable after the block

    @contextmanager
    def _entered(self, session: Session) -> Iterator[None]:
        before = self._open.set(session)
        try:
            yield
        finally:
            self._open.reset(before)

    def ping(self) -> None:
        """Raise if the database does not answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


class UnitOfWork:
    """Callable context: ``with uow() as session: ...`` is one transaction; `read()` the same without writing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        with self._db.transaction() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Reading transaction without a write lock."""
        with self._db.read() as session:
            yield session
