"""What the chain says about its past: every block, transaction, receipt and log as the engine told it when it was mined.

The engine forgets a block's transactions as soon as the next one is mined, because it would keep them, with a trace of
every inner call, in memory for ever. Before anybody sees a block it is written here, and all questions about mined
blocks are answered from here. The block journal stays the truth: whatever is missing, damaged or of another chain is
made again by replaying it, with the same bytes (``concord chain replay-check`` compares them).
"""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from node.errors import JournalBroken, JournalUnavailable, ReplayMismatch

NAME = "archive.sqlite"
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
"""Root of an empty trie: the transactions root of a block without transactions."""
_VERSION = 1
_PATIENCE_SECONDS = 2.0
_TABLES = """
CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE transactions (number INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL, receipt BLOB NOT NULL, UNIQUE (number, place));
CREATE TABLE logs (number INTEGER NOT NULL, place INTEGER NOT NULL, address BLOB NOT NULL, topic0 BLOB, topic1 BLOB,
    topic2 BLOB, topic3 BLOB, body TEXT NOT NULL, PRIMARY KEY (number, place)) WITHOUT ROWID;
CREATE INDEX logs_of_address ON logs (address, number, place);
"""
_CUTS = (
    "DELETE FROM logs WHERE number >= ?",
    "DELETE FROM transactions WHERE number >= ?",
    "DELETE FROM blocks WHERE number >= ?",
)
_log = structlog.get_logger("node")

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Logs of the blocks ``first`` to ``last``; an empty list of addresses or topics lets everything through.

    ``topics`` holds, for each position, the values of which one must stand there.
    """

    first: int
    last: int
    addresses: Sequence[bytes] = ()
    topics: Sequence[Sequence[bytes]] = ()


def _octets(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _text(value: object) -> str:
    """JSON as the engine writes it: no spaces, members in their order."""
    return json.dumps(value, separators=(",", ":"))


def _packed(value: object) -> bytes:
    return zlib.compress(_text(value).encode("ascii"), 1)


def _unpacked(value: bytes) -> str:
    return zlib.decompress(value).decode("ascii")


class Archive:
    """The open archive of one chain. Calls may come from any thread.

    Writing raises ``JournalUnavailable`` when the disk refuses (nothing was written) and ``JournalBroken`` when the
    file is damaged; reading raises ``JournalBroken``.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._lock = threading.Lock()
        if read_only:
            self._db = self._connect(f"{path.resolve().as_uri()}?mode=ro")
        else:
            self._db = self._open_or_begin_anew()
        with self._errors():
            self._height = int(self._db.execute("SELECT coalesce(max(number), -1) FROM blocks").fetchone()[0])

    def _connect(self, uri: str) -> sqlite3.Connection:
        return sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_PATIENCE_SECONDS
        )

    def _open_or_begin_anew(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.OperationalError as error:
            raise JournalUnavailable(f"archive {self._path} cannot be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            # Nothing in it is the truth: it is put aside for whoever wants to know why, and made again.
            _log.warning("node.archive.was_set_aside", reason=str(error))
            self._path.rename(self._path.with_suffix(".bad"))
            for beside in ("-wal", "-shm"):
                self._path.with_name(self._path.name + beside).unlink(missing_ok=True)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        database = self._connect(self._path.resolve().as_uri())
        try:
            database.execute("PRAGMA journal_mode = WAL")
            # A power cut may take the latest blocks away, never half a block; the journal makes them again.
            database.execute("PRAGMA synchronous = NORMAL")
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version == 0:
                database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {_VERSION};COMMIT;")
            elif version != _VERSION:
                raise sqlite3.DatabaseError(f"version {version}, this is {_VERSION}")
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise JournalUnavailable(f"archive {self._path} cannot be used: {error}") from error
        except (sqlite3.DatabaseError, zlib.error) as error:
            raise JournalBroken(f"archive {self._path} is damaged: {error}; restart the node") from error

    @contextmanager
    def _whole(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        with self._lock, self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _one(self, query: str, *values: object) -> Any:
        with self._lock, self._errors():
            row = self._db.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _texts(self, query: str, *values: object) -> list[str]:
        """The packed texts that a query finds."""
        with self._lock, self._errors():
            return [_unpacked(row[0]) for row in self._db.execute(query, values)]

    def _first(self, query: str, *values: object) -> str | None:
        found = self._texts(query, *values)
        return found[0] if found else None

    # -- writing

    @property
    def height(self) -> int:
        """Number of the last block in it; -1 when it is empty (the genesis block is number 0)."""
        return self._height

    def keep_prefix(self, hashes: Sequence[str | None]) -> None:
        """Drop everything from the first block on whose hash is not the one given for it (block 0 first)."""
        with self._lock, self._errors():
            held = self._db.execute("SELECT number, hash FROM blocks ORDER BY number").fetchall()
        common = 0
        for (number, found), expected in zip(held, hashes, strict=False):
            if number != common or expected is None or found != _octets(expected):
                break
            common += 1
        if common == len(held):
            return
        _log.warning("node.archive.was_cut_back", height=common - 1, reason="the journal says otherwise")
        with self._whole() as database:
            for statement in _CUTS:
                database.execute(statement, (common,))
        self._height = common - 1

    def add(self, block: Body, receipts: Sequence[Body]) -> None:
        """Take the next block, with whole transactions, and its receipts, as the engine gave them."""
        number, transactions = int(block["number"], 16), block["transactions"]
        if number != self._height + 1:
            raise ReplayMismatch(f"block {number} cannot follow block {self._height} in the archive")
        if len(receipts) != len(transactions) or (
            not transactions and block["transactionsRoot"] != EMPTY_ROOT
        ):
            raise ReplayMismatch(f"the engine has forgotten the transactions of block {number}")
        short = {**block, "transactions": [transaction["hash"] for transaction in transactions]}
        logs = [log for receipt in receipts for log in receipt["logs"]]
        with self._whole() as database:
            database.execute(
                "INSERT INTO blocks VALUES (?, ?, ?)", (number, _octets(block["hash"]), _packed(short))
            )
            database.executemany(
                "INSERT INTO transactions VALUES (?, ?, ?, ?, ?)",
                (
                    (number, place, _octets(transaction["hash"]), _packed(transaction), _packed(receipt))
                    for place, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True))
                ),
            )
            database.executemany(
                "INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (_log_row(number, log) for log in logs)
            )
        self._height = number

    def agrees(self, block: Body, receipts: Sequence[Body]) -> bool:
        """Whether the archive tells a block, its transactions, receipts and logs exactly as the engine does."""
        number = int(block["number"], 16)
        logs = [log for receipt in receipts for log in receipt["logs"]]
        return (
            self.block(number, whole=True),
            self.receipts(number),
            self.logs(LogFilter(number, number)),
        ) == (
            _text(block),
            _text(receipts),
            _text(logs),
        )

    def settle(self) -> None:
        """Everything added so far is on the disk on return, power cuts included.

        Raises ``JournalUnavailable`` also when somebody who copies the file does not let go of it within two seconds.
        """
        with self._lock, self._errors():
            (busy, _, _) = self._db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy:
            raise JournalUnavailable(f"archive {self._path} is being read by somebody else")

    @property
    def size(self) -> int:
        """Bytes on disk, without what waits in the write-ahead log."""
        return self._path.stat().st_size

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    # -- reading: JSON texts, None for what is not here

    def number_of(self, block_hash: bytes) -> int | None:
        """Number of the block with this hash."""
        found: int | None = self._one("SELECT number FROM blocks WHERE hash = ?", block_hash)
        return found

    def block(self, number: int, whole: bool) -> str | None:
        """A block, with its transactions whole or as hashes."""
        body = self._first("SELECT body FROM blocks WHERE number = ?", number)
        if body is None or not whole:
            return body
        transactions = self._texts("SELECT body FROM transactions WHERE number = ? ORDER BY place", number)
        return _text({**json.loads(body), "transactions": [json.loads(text) for text in transactions]})

    def count(self, number: int) -> int:
        """How many transactions a block has."""
        return int(self._one("SELECT count(*) FROM transactions WHERE number = ?", number))

    def receipts(self, number: int) -> str:
        """All receipts of a block."""
        found = self._texts("SELECT receipt FROM transactions WHERE number = ? ORDER BY place", number)
        return "[" + ",".join(found) + "]"

    def transaction_at(self, number: int, place: int) -> str | None:
        """A block's transaction at a place, counted from 0."""
        return self._first("SELECT body FROM transactions WHERE number = ? AND place = ?", number, place)

    def transaction(self, transaction_hash: bytes) -> str | None:
        """The mined transaction with this hash."""
        return self._first("SELECT body FROM transactions WHERE hash = ?", transaction_hash)

    def receipt(self, transaction_hash: bytes) -> str | None:
        """The receipt of the mined transaction with this hash."""
        return self._first("SELECT receipt FROM transactions WHERE hash = ?", transaction_hash)

    def logs(self, wanted: LogFilter) -> str:
        """All logs that pass the filter, in the order of the chain."""
        where = ["number BETWEEN ? AND ?"]
        parameters: list[object] = [wanted.first, wanted.last]
        columns = [("address", wanted.addresses)]
        columns += [(f"topic{place}", options) for place, options in enumerate(wanted.topics)]
        for column, options in columns:
            if options:
                where.append(f"{column} IN ({','.join('?' * len(options))})")
                parameters += options
        # Only column names of ours and question marks are put together; values are bound.
        query = f"SELECT body FROM logs WHERE {' AND '.join(where)} ORDER BY number, place"  # noqa: S608
        with self._lock, self._errors():
            return "[" + ",".join(row[0] for row in self._db.execute(query, parameters)) + "]"


def _log_row(number: int, log: Body) -> tuple[object, ...]:
    topics = [_octets(topic) for topic in log["topics"]]
    return (
        number,
        int(log["logIndex"], 16),
        _octets(log["address"]),
        *topics,
        *[None] * (4 - len(topics)),
        _text(log),
    )
