"""Getting deleted rows off the disk, for the SQLite files that hold personal data (PIPL art. 47)."""

from __future__ import annotations

import sqlite3


def rewrite(db: sqlite3.Connection) -> bool:
    """Write the file anew from its live rows and empty its write-ahead log; True when both are done.

    `secure_delete` alone is not enough: rows that a tree has moved leave copies between the cells of a page, and the log
    holds pages as they were. False when it can't be done now: another writer, no space, or a reader of an older view for
    more than a second, for which writers wait. The file is whole either way. Not inside a transaction.
    """
    patience = db.execute("PRAGMA busy_timeout").fetchone()[0]
    try:
        db.execute("VACUUM")
        db.execute("PRAGMA busy_timeout=1000")
        busy, _pages, _folded = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout={patience}")
    return not busy
