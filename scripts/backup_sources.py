"""Consistent copies of a running installation: what goes into the archive, and in which order it is taken.

The order is what makes it consistent. Database and chain journal are copied while the database's write lock is held: the
relay persists a batch before it broadcasts it, so that the chain's copy never holds an entry that the database's copy does
not know. TEST witnesses of the same machine are copied before both. Blobs are written before the rows that name them and
are copied afterwards, so none is missing.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.backup_archive import BackupError, Entry

SQLITE_MAGIC = b"SQLite format 3\x00"
DUMP_NAME = "postgresql.dump"
_SKIPPED_FOLDERS = frozenset({"logs", "scratch", "screenshots", "demo"})
_SKIPPED_NAMES = frozenset({"up.json", "node.json", "lock", "backup"})
_SKIPPED_ENDINGS = ("-wal", "-shm", "-journal", ".tmp", ".part", ".fresh", ".log", ".bad")
_LOCK_SECONDS = 30
CHAINS = ("node", "court")
"""Folders of chain nodes: their journals are copied in an order that keeps them consistent."""
DERIVED = ("snapshot-", "archive.")
"""In those folders, what a replay of the journal makes again: not kept."""


def database_url(root: Path) -> str:
    """The URL of the installation's PostgreSQL, or an empty text when it keeps SQLite."""
    path = root / "settings.json"
    if not path.exists():
        return ""
    url = str(json.loads(path.read_text("utf-8")).get("CONCORD_DATABASE_URL", ""))
    return "" if url.startswith("sqlite") else url


def collect(root: Path, staging: Path) -> list[Entry]:
    """Copies of everything that a restored installation needs; files that only grow or never change are read in place.

    Raises ``BackupError`` when there is no installation or its database stays locked.
    """
    if not (root / "installation.json").exists():
        raise BackupError(f"there is no installation in {root}")
    if (root / "network" / "network.json").exists():
        # A copy of a running validator is torn, and one that comes back with an old memory signs a height twice.
        raise BackupError(
            "本机验证节点须各自备份：先停止平台，再用 concord network backup；整套备份只适用于内嵌链 / "
            "validators of this machine are backed up one by one: stop the platform and use `concord network backup`; "
            "this backup is for the embedded chain"
        )
    entries: list[Entry] = []
    taken: set[Path] = set()
    # Seals first, then the mempool: what is mined in between stands in the blocks, never in neither, and no copy holds a
    # seal of a block that it does not hold.
    journals = [path for chain in CHAINS for path in sorted(root.glob(f"{chain}/*.journal"), reverse=True)]
    main = root / "data" / "concord.db"
    url = database_url(root)
    # Witnesses first: a copy of one that has seen more than the copied log holds would accuse the restored log.
    for path in sorted(root.glob("witness-*/witness.db")):
        entries.append(Entry(_name(root, path), _copy_sqlite(path, staging), 0o600))
        taken.add(path)
    with _writes_held(main, url, staging) as copy_database:
        for name, copied in copy_database():
            entries.append(Entry(name, copied, 0o600))
        for path in journals:
            entries.append(Entry(_name(root, path), copy_journal(path, staging), 0o600))
            taken.add(path)
    taken.add(main)
    for path in sorted(root.rglob("*")):
        if path in taken or not path.is_file() or path.is_symlink() or _skipped(root, path):
            continue
        source = _copy_sqlite(path, staging) if _is_sqlite(path) else path
        entries.append(Entry(_name(root, path), source, path.stat().st_mode & 0o777))
    return entries


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _skipped(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts
    return (
        any(part in _SKIPPED_FOLDERS for part in parts[:-1])
        or parts[-1] in _SKIPPED_NAMES
        or parts[-1].endswith(_SKIPPED_ENDINGS)
        or (parts[0] in CHAINS and parts[-1].startswith(DERIVED))
    )


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def _copy_sqlite(path: Path, staging: Path) -> Path:
    """A copy by SQLite itself: committed state only, whatever is being written meanwhile."""
    target = staging / f"copy-{len(list(staging.iterdir()))}"
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_LOCK_SECONDS)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise BackupError(f"{path} is damaged: {verdict}")
    except sqlite3.Error as error:
        raise BackupError(f"{path} cannot be copied: {error}") from error
    finally:
        copy.close()
        source.close()
    return target


def copy_journal(path: Path, staging: Path) -> Path:
    """A copy up to the last whole line."""
    target = staging / f"copy-{len(list(staging.iterdir()))}"
    shutil.copyfile(path, target)
    with target.open("r+b") as file:
        content_end = target.stat().st_size
        block = min(content_end, 1 << 16)
        while content_end:
            file.seek(content_end - block)
            cut = file.read(block).rfind(b"\n")
            if cut >= 0:
                content_end = content_end - block + cut + 1
                break
            content_end -= block
            block = min(content_end, 1 << 16)
        file.truncate(content_end)
    return target


Copies = Callable[[], list[tuple[str, Path]]]


@contextmanager
def _writes_held(main: Path, url: str, staging: Path) -> Iterator[Copies]:
    """Hold the database's writers for the block, and give the function that copies it."""
    if url:
        with _postgres_held(url, staging) as copies:
            yield copies
        return
    if not main.exists():
        raise BackupError(f"there is no database at {main}")
    lock = sqlite3.connect(main, timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise BackupError(f"the database stays locked: {error}") from error
        yield lambda: [("data/concord.db", _copy_sqlite(main, staging))]
        lock.execute("ROLLBACK")
    finally:
        lock.close()


@contextmanager
def _postgres_held(url: str, staging: Path) -> Iterator[Copies]:
    """The same with PostgreSQL: readers go on, writers wait, `pg_dump` reads."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.engine import make_url

    engine = create_engine(url)
    parts = make_url(url)

    def dump() -> list[tuple[str, Path]]:
        target = staging / DUMP_NAME
        plain = parts.set(drivername="postgresql").render_as_string(hide_password=False)
        command = [_program("pg_dump"), "--format=custom", "--no-owner", f"--file={target}", plain]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BackupError(f"pg_dump failed: {done.stderr.strip()[-500:]}")
        return [(f"data/{DUMP_NAME}", target)]

    try:
        with engine.connect() as connection, connection.begin():
            names = [f'"{name}"' for name in inspect(connection).get_table_names()]
            if names:
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
                connection.execute(text(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE"))
            yield dump
    finally:
        engine.dispose()


def restore_postgres(dump: Path, url: str) -> None:
    """Load a dump into an empty PostgreSQL database. Raises ``BackupError``."""
    from sqlalchemy.engine import make_url

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [_program("pg_restore"), "--no-owner", "--exit-on-error", "--single-transaction"]
    done = subprocess.run(
        [*command, f"--dbname={plain}", str(dump)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"pg_restore failed: {done.stderr.strip()[-500:]}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
        if not candidates:
            raise BackupError(f"{name} is not installed")
        found = str(candidates[0])
    return found
