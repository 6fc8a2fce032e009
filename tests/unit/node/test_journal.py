"""The journal file: chained lines, torn tails, damage, and disks that refuse."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from node.errors import JournalBroken, JournalCorrupt, JournalUnavailable
from node.journal import Journal, read_lines


def _write(path: Path, *records: dict[str, object]) -> None:
    journal, _ = Journal.open(path, "test")
    for record in records:
        journal.append([record])
    journal.close()


def _read(path: Path) -> list[dict[str, object]]:
    return [line.record for line in read_lines(path, "test")]


def test_records_come_back_in_order_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "j"
    _write(path, {"n": 1}, {"n": 2, "text": "和谐"})
    journal, lines = Journal.open(path, "test")
    assert [line.record for line in lines] == [{"n": 1}, {"n": 2, "text": "和谐"}]
    (offset,) = journal.append([{"n": 3}])
    assert journal.read_at(offset) == {"n": 3}
    journal.close()
    assert _read(path)[-1] == {"n": 3}


def test_torn_last_line_is_cut_off_and_appending_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j"
    _write(path, {"n": 1}, {"n": 2})
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    journal, lines = Journal.open(path, "test")
    assert [line.record for line in lines] == [{"n": 1}]
    assert journal.torn_bytes > 0
    journal.append([{"n": 22}])
    journal.close()
    assert _read(path) == [{"n": 1}, {"n": 22}]


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_a_changed_byte_in_a_whole_line_is_damage(tmp_path: Path, where: str) -> None:
    path = tmp_path / "j"
    _write(path, {"n": 1}, {"n": 2}, {"n": 3})
    lines = path.read_bytes().splitlines(keepends=True)
    place = {"first": 0, "middle": 1, "last": 2}[where]
    lines[place] = lines[place].replace(b'"n":', b'"m":')
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalCorrupt, match=f"line {place + 1}"):
        Journal.open(path, "test")


def test_a_removed_line_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "j"
    _write(path, {"n": 1}, {"n": 2}, {"n": 3})
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(JournalCorrupt):
        _read(path)


def test_a_line_of_another_journal_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "j"
    _write(path, {"n": 1})
    with pytest.raises(JournalCorrupt):
        list(read_lines(path, "another"))


def test_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j"
    _write(path, {"n": 1})
    journal, _ = Journal.open(path, "test")
    real = os.write

    def half_then_full(handle: int, data: bytes) -> int:
        if len(data) > 20:
            return real(handle, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half_then_full)
        with pytest.raises(JournalUnavailable, match="No space left"):
            journal.append([{"text": "x" * 30}])
    assert _read(path) == [{"n": 1}]
    journal.append([{"n": 2}])
    journal.close()
    assert _read(path) == [{"n": 1}, {"n": 2}]


def test_failed_sync_ends_all_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = Journal.open(tmp_path / "j", "test")

    def refuse(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(JournalBroken):
            journal.append([{"n": 1}])
    with pytest.raises(JournalBroken):
        journal.append([{"n": 2}])


def test_restart_begins_an_empty_chain(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal, _ = Journal.open(path, "test")
    journal.append([{"n": 1}])
    journal.restart()
    journal.append([{"n": 2}])
    journal.close()
    assert _read(path) == [{"n": 2}]
