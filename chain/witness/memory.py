"""What a witness remembers: for each log the last checkpoint it cosigned. SQLite, on disk before anybody hears of it.

Comparing with the last checkpoint and replacing it is one transaction that holds the write lock from its start, so two
requests, or two processes by accident, can never both advance from the same place. A witness that lost this file must
never sign again (`open` refuses): it could be shown a second history.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chain.checkpoint import Checkpoint
from chain.merkle.hashing import EMPTY_ROOT
from chain.witness.errors import WitnessError

FILE = "witness.db"
KEPT_REFUSALS = 200
"""Signed checkpoints that were refused, kept for each log as evidence against it; the oldest stay."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS witness (vkey TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL, note BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refusal (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, time INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Seen:
    """The last checkpoint cosigned for a log, and the time of its newest cosignature (Unix seconds)."""

    size: int
    root: bytes
    time: int


NOTHING = Seen(0, EMPTY_ROOT, 0)
"""Before the first checkpoint of a log."""


class Memory:
    """The store of one witness. Calls may come from several threads; they run one after another."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path, vkey: str) -> None:
        """Make the store of a new witness; the same witness's existing one is left as it is."""
        connection = _connect(folder / FILE)
        try:
            connection.executescript(_SCHEMA)
            with _transaction(connection):
                if connection.execute("SELECT count(*) FROM witness").fetchone() == (0,):
                    connection.execute("INSERT INTO witness (vkey) VALUES (?)", (vkey,))
            _check_owner(connection, folder, vkey)
        finally:
            connection.close()

    @classmethod
    def open(cls, folder: Path, vkey: str) -> Memory:
        """Open the store; raises WitnessError when it is gone or is another witness's."""
        path = folder / FILE
        if not path.exists():
            raise WitnessError("witness.memory_lost", file=str(path))
        connection = _connect(path)
        try:
            _check_owner(connection, folder, vkey)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def last(self, origin: str) -> Seen:
        """The last checkpoint cosigned for a log; NOTHING before the first."""
        with self._lock:
            return self._last(origin)

    def advance(self, note: bytes, new: Checkpoint, now: int, check: Callable[[Seen], None]) -> int:
        """Replace the last checkpoint by `new` if `check` accepts the last one; returns the cosignature's time.

        `check` raises to refuse, and nothing is changed. On return the new checkpoint is on disk. The time is `now`,
        or that of the last cosignature where the clock was set back since: for one log it never goes backwards.
        """
        with self._lock, _transaction(self._connection):
            last = self._last(new.origin)
            check(last)
            time = max(now, last.time)
            self._connection.execute(
                "INSERT INTO log (origin, size, root, time, note) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) "
                "DO UPDATE SET size = excluded.size, root = excluded.root, time = excluded.time, note = excluded.note",
                (new.origin, new.size, new.root, time, note),
            )
        return time

    def keep_refusal(self, origin: str, now: int, reason: str, body: bytes) -> None:
        """Keep a refused request that bears the log's signature: it may prove that the log shows two histories."""
        with self._lock, _transaction(self._connection):
            self._connection.execute(
                "INSERT INTO refusal (origin, time, reason, body) SELECT ?, ?, ?, ? "
                "WHERE (SELECT count(*) FROM refusal WHERE origin = ?) < ? "
                "AND NOT EXISTS (SELECT 1 FROM refusal WHERE origin = ? AND body = ?)",
                (origin, now, reason, body, origin, KEPT_REFUSALS, origin, body),
            )

    def story(self) -> dict[str, object]:
        """What this witness has seen, for its operator."""
        with self._lock:
            logs = self._connection.execute(
                "SELECT origin, size, root, time FROM log ORDER BY origin"
            ).fetchall()
            refusals = self._connection.execute(
                "SELECT origin, time, reason, body FROM refusal ORDER BY id"
            ).fetchall()
        return {
            "logs": [{"origin": o, "size": s, "root": r.hex(), "time": t} for o, s, r, t in logs],
            "refused": [
                {"origin": o, "time": t, "reason": r, "request": b.decode("utf-8", "replace")}
                for o, t, r, b in refusals
            ],
        }

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _last(self, origin: str) -> Seen:
        row = self._connection.execute(
            "SELECT size, root, time FROM log WHERE origin = ?", (origin,)
        ).fetchone()
        return NOTHING if row is None else Seen(*row)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    # A rollback journal with EXTRA also syncs the folder after the journal is gone: a commit survives losing power.
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=EXTRA")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _check_owner(connection: sqlite3.Connection, folder: Path, vkey: str) -> None:
    try:
        rows = connection.execute("SELECT vkey FROM witness").fetchall()
    except sqlite3.DatabaseError as exc:
        raise WitnessError("witness.memory_lost", file=str(folder / FILE)) from exc
    if rows != [(vkey,)]:
        raise WitnessError("witness.belongs_to_another", file=str(folder / FILE))
