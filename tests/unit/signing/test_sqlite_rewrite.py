"""What was deleted is off the disk, wherever the trees had put copies of it."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from pathlib import Path

from signing.sqlite_rewrite import rewrite


def grown(path: Path, seed: int) -> tuple[sqlite3.Connection, list[bytes]]:
    """A table that has grown and changed, from which five rows were deleted; their words."""
    dice = random.Random(seed)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "secure_delete=ON"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE t (id TEXT PRIMARY KEY, word TEXT, filler TEXT)")
    db.execute("CREATE INDEX t_word ON t(word)")
    rows = []
    for number in range(400):
        key, word = (
            hashlib.sha256(f"{what} {seed} {number}".encode()).hexdigest() for what in ("key", "word")
        )
        rows.append((key, word))
        db.execute("INSERT INTO t VALUES (?, ?, ?)", (key, word, "x" * dice.randrange(400)))
        if dice.random() < 0.5:
            db.execute("UPDATE t SET filler=? WHERE id=?", ("y" * dice.randrange(1500), dice.choice(rows)[0]))
    gone = dice.sample(rows, 5)
    for key, _word in gone:
        db.execute("DELETE FROM t WHERE id=?", (key,))
    return db, [word.encode() for _key, word in gone]


def test_no_page_remembers_a_deleted_row(tmp_path: Path) -> None:
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        db, words = grown(folder / "one.db", seed)
        assert rewrite(db)
        found = b"".join(path.read_bytes() for path in folder.iterdir())
        assert not [word for word in words if word in found]
        assert db.execute("SELECT count(*) FROM t").fetchone() == (395,)
        assert db.execute("PRAGMA busy_timeout").fetchone() == (5000,)
        db.close()


def test_another_writer_or_reader_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    db, words = grown(tmp_path / "one.db", 1)
    db.execute("PRAGMA busy_timeout=10")
    other = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not rewrite(db)
    other.execute("ROLLBACK")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM t").fetchone()
    assert not rewrite(db)
    other.close()
    assert rewrite(db)
    assert db.execute("PRAGMA busy_timeout").fetchone() == (10,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not [word for word in words if word in (tmp_path / "one.db").read_bytes()]
    db.close()
