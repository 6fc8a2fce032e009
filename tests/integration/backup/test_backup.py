"""A backup taken while everything writes is one state: what the database says is on chain is in the journal's copy."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.public import PrivateKey
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from node.journal import Journal, read_lines
from scripts.backup import make_backup, restore_backup
from scripts.backup_archive import BackupError
from scripts.backup_sources import collect, copy_journal
from scripts.cli import build_app
from tests.support.postgres_server import server

SECRET = PrivateKey(bytes(range(1, 33)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder laid out like an installation."""
    root = tmp_path / "installation"
    for folder in ("keys", "data/blobs", "node", "logs", "identity"):
        (root / folder).mkdir(parents=True)
    (root / "installation.json").write_text(json.dumps({"v": 1, "log_origin": "test/log"}))
    (root / "keys/field").write_text("00" * 32)
    (root / "keys/backup").write_text(bytes(SECRET).hex())
    (root / "logs/api.log").write_text("not kept")
    (root / "node/chain.json").write_text("{}")
    (root / "node/snapshot-3.bin").write_bytes(b"not kept")
    (root / "node/archive.sqlite").write_bytes(b"not kept")
    for path in (root / "data/concord.db", root / "identity/store.db"):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE entries (no INTEGER PRIMARY KEY, blob TEXT)")
        connection.commit()
        connection.close()
    return root


def test_validators_of_this_machine_are_not_copied_while_they_may_run(root: Path, tmp_path: Path) -> None:
    (root / "network").mkdir()
    (root / "network" / "network.json").write_text("{}")
    with pytest.raises(BackupError, match=r"须各自备份.*concord network backup"):
        collect(root, tmp_path)


class _Platform:
    """Writes as the platform does: blob, then row, then (the row being there) the chain's journal."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stop = threading.Event()
        self.written = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        database = sqlite3.connect(self._root / "data/concord.db", timeout=30)
        identity = sqlite3.connect(self._root / "identity/store.db", timeout=30)
        journal, _ = Journal.open(self._root / "node/blocks.journal", "blocks")
        number = 0
        while not self._stop.is_set():
            number += 1
            (self._root / f"data/blobs/{number}").write_text(f"blob {number}")
            with database:
                database.execute("INSERT INTO entries VALUES (?, ?)", (number, str(number)))
            journal.append([{"n": number}])
            with identity:
                identity.execute("INSERT INTO entries VALUES (?, 'i')", (number,))
            self.written = number
        journal.close()
        database.close()
        identity.close()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)


@pytest.fixture
def busy(root: Path) -> Iterator[_Platform]:
    platform = _Platform(root)
    while platform.written < 20:
        threading.Event().wait(0.01)
    yield platform
    platform.stop()


def _numbers(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT no FROM entries ORDER BY no")]
    connection.close()
    return found


def test_database_journal_and_blobs_fit_together(root: Path, busy: _Platform, tmp_path: Path) -> None:
    for number in range(3):
        archive, restored = tmp_path / f"{number}.cbk", tmp_path / f"restored-{number}"
        make_backup(root, archive, SECRET.public_key)
        restore_backup(archive, SECRET, restored)
        rows = _numbers(restored / "data/concord.db")
        chain = [line.record["n"] for line in read_lines(restored / "node/blocks.journal", "blocks")]
        assert rows == list(range(1, len(rows) + 1))
        assert len(rows) >= 20
        # Nothing is on the copied chain that the copied database does not know.
        assert set(chain) <= set(rows)
        assert len(chain) >= len(rows) - 1
        assert all((restored / f"data/blobs/{n}").read_text() == f"blob {n}" for n in rows)
        assert _numbers(restored / "identity/store.db")
    assert busy.written > len(rows)


def test_what_is_left_out(root: Path, tmp_path: Path) -> None:
    make_backup(root, tmp_path / "b.cbk", SECRET.public_key)
    manifest = restore_backup(tmp_path / "b.cbk", SECRET, tmp_path / "restored")
    names = {f["path"] for f in manifest["files"]}
    assert {
        "installation.json",
        "keys/field",
        "data/concord.db",
        "identity/store.db",
        "node/chain.json",
    } <= names
    assert not {
        n
        for n in names
        if n.startswith(("logs/", "node/snapshot-", "node/archive.")) or n.endswith(("-wal", "-shm"))
    }
    assert "keys/backup" not in names, "the key that opens the archive is not in it"
    assert (tmp_path / "restored/keys/field").read_text() == "00" * 32


def test_a_torn_journal_line_stays_out(tmp_path: Path) -> None:
    journal = tmp_path / "blocks.journal"
    opened, _ = Journal.open(journal, "blocks")
    opened.append([{"n": 1, "filler": "x" * 200_000}])
    opened.close()
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[: len(whole) // 2])
    assert copy_journal(journal, tmp_path).read_bytes() == whole
    journal.write_bytes(b"no line at all")
    assert copy_journal(journal, tmp_path).read_bytes() == b""


def test_no_installation_and_a_damaged_database_are_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no installation"):
        make_backup(tmp_path, tmp_path / "b.cbk", SECRET.public_key)
    content = bytearray((root / "data/concord.db").read_bytes())
    content[100:2_000] = bytes(1_900)
    (root / "data/concord.db").write_bytes(content)
    with pytest.raises(BackupError, match=r"cannot be copied|damaged"):
        make_backup(root, tmp_path / "b.cbk", SECRET.public_key)
    assert not (tmp_path / "b.cbk").exists()
    assert not list(tmp_path.glob("*.part"))


def test_command_line(root: Path, tmp_path: Path) -> None:
    run = CliRunner()
    made = run.invoke(build_app("backup"), ["backup", str(tmp_path / "operator"), "--new-key", "--json"])
    pair = json.loads(made.stdout)
    archive = tmp_path / "b.cbk"
    common = ["backup", str(archive), "--data", str(root), "--to", pair["public"], "--json"]
    facts = json.loads(run.invoke(build_app("backup"), common).stdout)
    assert facts["bytes"] == archive.stat().st_size
    assert run.invoke(build_app("backup"), common).exit_code == 1
    into = ["restore", str(archive), "--into", str(tmp_path / "restored"), "--key", pair["private"], "--json"]
    assert run.invoke(build_app("restore"), into).exit_code == 2, "erasures must not be forgotten"
    into.append("--no-erasures")
    restored = json.loads(run.invoke(build_app("restore"), into).stdout)
    assert restored["files"] == facts["files"]
    assert run.invoke(build_app("restore"), into).exit_code == 1


@pytest.mark.postgres
def test_postgresql(root: Path, tmp_path: Path) -> None:
    with server() as admin:
        urls = {}
        for name in ("source", "target"):
            engine = create_engine(admin, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            engine.dispose()
            urls[name] = engine.url.set(database=name).render_as_string(hide_password=False)
        source = create_engine(urls["source"])
        with source.begin() as connection:
            connection.execute(text("CREATE TABLE entries (no INTEGER PRIMARY KEY)"))
            connection.execute(text("INSERT INTO entries SELECT generate_series(1, 50)"))
        source.dispose()
        (root / "data/concord.db").unlink()
        (root / "settings.json").write_text(json.dumps({"CONCORD_DATABASE_URL": urls["source"]}))
        make_backup(root, tmp_path / "b.cbk", SECRET.public_key)
        restore_backup(tmp_path / "b.cbk", SECRET, tmp_path / "restored", urls["target"])
        target = create_engine(urls["target"])
        with target.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM entries")).scalar_one() == 50
        target.dispose()


def test_no_copy_holds_a_seal_of_a_block_that_it_does_not_hold(root: Path, tmp_path: Path) -> None:
    for name in ("node/blocks", "node/mempool", "court/seals", "court/mempool", "court/blocks"):
        path = root / f"{name}.journal"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"line\n")
    (root / "court/snapshot-3.bin").write_bytes(b"not kept")
    staging = tmp_path / "staging"
    staging.mkdir()
    names = [entry.name for entry in collect(root, staging)]
    journals = [name for name in names if name.endswith(".journal")]
    assert journals.index("court/seals.journal") < journals.index("court/blocks.journal")
    assert journals.index("node/mempool.journal") < journals.index("node/blocks.journal")
    assert "court/snapshot-3.bin" not in names


def test_no_copied_witness_is_ahead_of_the_copied_log(root: Path, tmp_path: Path) -> None:
    """A witness that had seen more than the restored log holds would accuse it: witnesses are copied first."""
    for name in ("court", "union"):
        (root / f"witness-{name}").mkdir()
        with sqlite3.connect(root / f"witness-{name}" / "witness.db") as connection:
            connection.execute("CREATE TABLE log (origin TEXT)")
    staging = tmp_path / "staging"
    staging.mkdir()
    names = [entry.name for entry in collect(root, staging)]
    assert names[:3] == ["witness-court/witness.db", "witness-union/witness.db", "data/concord.db"]
    assert len(set(names)) == len(names)
