"""The service's own store: SQLite in WAL mode, every commit on disk before an answer leaves.

Names and ID numbers are never stored, only keyed hashes; phone numbers are sealed because notices go to them.
Raw codes are never stored, only keyed hashes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from signing.sqlite_rewrite import rewrite

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE person (
  ref TEXT PRIMARY KEY, created_at INTEGER NOT NULL, name_hash TEXT NOT NULL, phone_hash TEXT NOT NULL,
  phone_sealed BLOB NOT NULL, level INTEGER NOT NULL, confirmed_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX person_phone ON person(phone_hash);
CREATE TABLE provider_record (
  trace TEXT PRIMARY KEY, check_id TEXT NOT NULL, person_ref TEXT NOT NULL, provider TEXT NOT NULL,
  trace_no TEXT NOT NULL, result TEXT NOT NULL, test INTEGER NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE checking (
  id TEXT PRIMARY KEY, purpose TEXT NOT NULL, session_hash TEXT NOT NULL, commitment TEXT, contract_id TEXT,
  person_ref TEXT NOT NULL, name_hash TEXT NOT NULL, phone_hash TEXT NOT NULL, phone_sealed BLOB NOT NULL,
  phone_masked TEXT NOT NULL, factors INTEGER NOT NULL, matched INTEGER NOT NULL, shared INTEGER NOT NULL,
  trace TEXT, lock_key TEXT NOT NULL, person_lock TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
  created_at INTEGER NOT NULL, confirmed_at INTEGER, confirmed_code TEXT, subject TEXT, level INTEGER,
  phone_usable_from INTEGER, digest TEXT, signature BLOB
) STRICT;
CREATE TABLE code (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, hash TEXT NOT NULL, sent_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, state TEXT NOT NULL, gateway_id TEXT
) STRICT;
CREATE INDEX code_owner ON code(owner);
CREATE TABLE sending (phone_hash TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX sending_phone ON sending(phone_hash, at);
CREATE TABLE failure (lock_key TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX failure_key ON failure(lock_key, at);
CREATE TABLE intent (
  id TEXT PRIMARY KEY, check_id TEXT NOT NULL REFERENCES checking(id), nonce TEXT NOT NULL, version INTEGER NOT NULL,
  prev TEXT NOT NULL, expiry INTEGER NOT NULL, method TEXT NOT NULL, tries INTEGER NOT NULL, state TEXT NOT NULL,
  created_at INTEGER NOT NULL, spki BLOB, factor_hash TEXT, credential_id TEXT, level INTEGER, time INTEGER,
  digest TEXT, signature BLOB
) STRICT;
CREATE TABLE registration (
  id TEXT PRIMARY KEY, check_id TEXT NOT NULL REFERENCES checking(id), challenge BLOB NOT NULL,
  created_at INTEGER NOT NULL, credential_id TEXT
) STRICT;
CREATE TABLE passkey (
  credential_id TEXT PRIMARY KEY, person_ref TEXT NOT NULL, credential TEXT NOT NULL, sign_count INTEGER NOT NULL,
  level INTEGER NOT NULL, check_id TEXT NOT NULL, enrolled_at INTEGER NOT NULL, used_at INTEGER, revoked_at INTEGER
) STRICT;
CREATE INDEX passkey_person ON passkey(person_ref);
CREATE TABLE login (
  id TEXT PRIMARY KEY, challenge BLOB NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER
) STRICT;
CREATE TABLE phone_change (
  id TEXT PRIMARY KEY, person_ref TEXT NOT NULL, old_hash TEXT NOT NULL, new_hash TEXT NOT NULL,
  usable_from INTEGER NOT NULL, state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX phone_change_open ON phone_change(person_ref) WHERE state = 'pending';
CREATE TABLE desk_check (
  id TEXT PRIMARY KEY, person_ref TEXT NOT NULL, name_hash TEXT NOT NULL, phone_hash TEXT NOT NULL,
  officer TEXT NOT NULL, statement TEXT NOT NULL UNIQUE, signature BLOB NOT NULL, at INTEGER NOT NULL,
  valid_until INTEGER NOT NULL
) STRICT;
CREATE INDEX desk_person ON desk_check(person_ref);
CREATE TABLE notice (
  id TEXT PRIMARY KEY, phone_sealed BLOB NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  tries INTEGER NOT NULL, next_at INTEGER NOT NULL
) STRICT;
CREATE TABLE audit (
  no INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
  facts TEXT NOT NULL
) STRICT;
"""

Row = Mapping[str, Any]


class Store:
    """One connection behind a lock: the service is small, SQLite has one writer anyway."""

    def __init__(self, path: Path, schema: str = SCHEMA) -> None:
        self._schema = schema
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")
        for pragma in (*pragmas, "secure_delete=ON"):  # what is erased is overwritten, not only unlinked
            self._db.execute(f"PRAGMA {pragma}")
        self._migrate()

    def _migrate(self) -> None:
        with self.transaction() as tx:
            version = tx.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise RuntimeError(f"the store was written by a newer service (schema {version})")
            if version < 1:
                for statement in self._schema.split(";"):
                    if statement.strip():
                        tx.execute(statement)
                tx.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All of the block or nothing; on disk when the block ends."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rewrite(self) -> bool:
        """Get deleted rows off the disk (`signing.sqlite_rewrite`); False when that can't be done now."""
        with self._lock:
            return rewrite(self._db)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


class Transaction:
    """Few words over SQL: values always as parameters, table and column names from this package only."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement."""
        return self._db.execute(sql, values)

    def one(self, sql: str, *values: Any) -> Row | None:
        """First row or None."""
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def all(self, sql: str, *values: Any) -> list[Row]:
        """All rows."""
        return [dict(row) for row in self._db.execute(sql, values).fetchall()]

    def number(self, sql: str, *values: Any) -> int:
        """A single integer, 0 for none."""
        row = self._db.execute(sql, values).fetchone()
        return int(row[0] or 0) if row else 0

    def insert(self, table: str, **columns: Any) -> None:
        """Add a row."""
        marks = ",".join("?" * len(columns))
        self._db.execute(
            f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})",  # noqa: S608
            tuple(columns.values()),
        )

    def update(self, table: str, key: str, value: str, **columns: Any) -> int:
        """Change the rows whose `key` column is `value`; number of rows."""
        sets = ",".join(f"{name}=?" for name in columns)
        cursor = self._db.execute(
            f"UPDATE {table} SET {sets} WHERE {key}=?",  # noqa: S608
            (*columns.values(), value),
        )
        return cursor.rowcount
