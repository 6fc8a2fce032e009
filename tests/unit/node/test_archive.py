"""The archive by itself: what it refuses to take, and that a refusal leaves it as it was."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from node.archive import EMPTY_ROOT, NAME, Archive, LogFilter
from node.errors import JournalBroken, JournalUnavailable, ReplayMismatch

ADDRESS = "0x" + "ab" * 20


def _word(number: int) -> str:
    return f"0x{number:064x}"


def _log(number: int, place: int, topics: list[str]) -> dict[str, Any]:
    return {
        "address": ADDRESS,
        "topics": topics,
        "data": "0x",
        "blockNumber": hex(number),
        "logIndex": hex(place),
    }


def _block(
    number: int, *topics: list[str], input_bytes: int = 0
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block with one transaction, which logs once for each list of topics; genesis has none."""
    own = _word(1_000 + number)
    block: dict[str, Any] = {"hash": own, "number": hex(number), "transactionsRoot": EMPTY_ROOT, "uncles": []}
    if number == 0:
        return {**block, "transactions": []}, []
    transaction = {"hash": _word(2_000 + number), "input": "0x" + "00" * input_bytes, "from": ADDRESS}
    receipt = {
        "transactionHash": transaction["hash"],
        "logs": [_log(number, i, t) for i, t in enumerate(topics)],
    }
    return {**block, "transactionsRoot": _word(1), "transactions": [transaction]}, [receipt]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    found = Archive(tmp_path / NAME)
    found.add(*_block(0))
    found.add(*_block(1, [], [_word(1)], [_word(1), _word(2), _word(3), _word(4)]))
    found.add(*_block(2, [_word(9)]))
    return found


def test_it_tells_what_it_was_given_in_the_same_order_of_members(archive: Archive) -> None:
    for number, topics in ((0, []), (2, [[_word(9)]])):
        block, receipts = _block(number, *topics)
        assert archive.block(number, whole=True) == json.dumps(block, separators=(",", ":"))
        assert archive.receipts(number) == json.dumps(receipts, separators=(",", ":"))
        assert archive.agrees(block, receipts)
    assert not archive.agrees(*_block(2, [_word(8)]))
    assert (archive.block(3, whole=False), archive.transaction_at(1, 1), archive.count(1)) == (None, None, 1)


@pytest.mark.parametrize(
    ("topics", "found"),
    [
        ([], [(1, 0), (1, 1), (1, 2), (2, 0)]),
        ([[1]], [(1, 1), (1, 2)]),
        ([[1, 9]], [(1, 1), (1, 2), (2, 0)]),
        ([[], [], [], [4]], [(1, 2)]),
        ([[1], [3]], []),
    ],
)
def test_topics_are_matched_by_place(
    archive: Archive, topics: list[list[int]], found: list[tuple[int, int]]
) -> None:
    wanted = LogFilter(
        0, 2, [bytes.fromhex(ADDRESS[2:])], [[n.to_bytes(32) for n in place] for place in topics]
    )
    logs = json.loads(archive.logs(wanted))
    assert [(int(log["blockNumber"], 16), int(log["logIndex"], 16)) for log in logs] == found


def test_a_block_that_the_engine_has_forgotten_is_not_taken(archive: Archive) -> None:
    block, receipts = _block(3, [_word(9)])
    for forgotten in (
        ({**block, "transactions": []}, []),
        (block, []),
        ({**block, "transactions": []}, receipts),
    ):
        with pytest.raises(ReplayMismatch, match="forgotten the transactions of block 3"):
            archive.add(*forgotten)
    assert archive.height == 2


@pytest.mark.parametrize("number", [1, 2, 4])
def test_blocks_come_in_order(archive: Archive, number: int) -> None:
    with pytest.raises(ReplayMismatch, match="cannot follow block 2"):
        archive.add(*_block(number))


def test_a_full_disk_leaves_the_archive_as_it_was(archive: Archive) -> None:
    archive._db.execute("PRAGMA max_page_count = 8")
    big, receipts = _block(3, *([_word(n)] for n in range(2_000)))
    with pytest.raises(JournalUnavailable, match="full"):
        archive.add(big, receipts)
    assert archive.height == 2
    assert json.loads(archive.logs(LogFilter(3, 9))) == []
    archive._db.execute("PRAGMA max_page_count = 100000")
    archive.add(big, receipts)
    assert archive.agrees(big, receipts)


@pytest.mark.parametrize(
    ("hashes", "height"),
    [
        ([1_000, 1_001, 1_002], 2),
        ([1_000, 1_001, 1_002, 1_003], 2),
        ([1_000, 1_001], 1),
        ([1_000, 7, 1_002], 0),
        ([7, 1_001, 1_002], -1),
        ([1_000, 1_001, None], 1),
    ],
)
def test_only_the_common_beginning_is_kept(
    archive: Archive, tmp_path: Path, hashes: list[int | None], height: int
) -> None:
    archive.keep_prefix([None if number is None else _word(number) for number in hashes])
    assert archive.height == height
    kept = [number for number in range(3) if archive.block(number, whole=False) is not None]
    assert kept == list(range(height + 1))
    assert {log["blockNumber"] for log in json.loads(archive.logs(LogFilter(0, 9)))} == {
        hex(n) for n in kept[1:]
    }
    archive.close()
    again = Archive(tmp_path / NAME)
    assert again.height == height
    again.close()


@pytest.mark.parametrize("content", [b"no database at all" * 500, None])
def test_a_file_of_another_kind_or_version_is_set_aside(
    archive: Archive, tmp_path: Path, content: bytes | None
) -> None:
    archive.close()
    path = tmp_path / NAME
    if content is None:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        path.write_bytes(content)
    fresh = Archive(path)
    assert fresh.height == -1
    fresh.close()
    assert path.with_suffix(".bad").exists()


def test_a_body_that_cannot_be_unpacked_is_damage(archive: Archive) -> None:
    archive._db.execute("UPDATE blocks SET body = x'00' WHERE number = 1")
    with pytest.raises(JournalBroken, match="damaged"):
        archive.block(1, whole=False)


def test_settling_is_refused_while_a_copy_is_under_way(archive: Archive, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / NAME, isolation_level=None) as copier:
        copier.execute("BEGIN")
        copier.execute("SELECT count(*) FROM blocks").fetchone()
        archive.add(*_block(3, [_word(9)]))
        with pytest.raises(JournalUnavailable, match="somebody else"):
            archive.settle()
        copier.execute("ROLLBACK")
        archive.settle()
    copier.close()
    with sqlite3.connect((tmp_path / NAME).as_uri() + "?immutable=1", uri=True) as disk:
        assert disk.execute("SELECT max(number) FROM blocks").fetchone() == (3,)
    disk.close()
