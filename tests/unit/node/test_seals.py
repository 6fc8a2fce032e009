"""The seal journal: each block once, in order, by one key; a history that changed under its seals is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chain.checkpoint import LogKey, SignedNote
from chain.judicial_receipt import seal_text
from node.errors import InstallationMismatch, JournalCorrupt, JournalUnavailable, ReplayMismatch, RpcRefused
from node.history import Block
from node.policy import SEAL, admit, block_number
from node.seals import Seals, read_seal_key
from node.settings import Limits

KEY = LogKey.from_seed("court.test/chain", bytes([5] * 32))
CHAIN = 4_711


def _blocks(count: int) -> list[Block]:
    return [Block(n, n, 1, True, 0, "0x" + f"{n:064x}") for n in range(1, count + 1)]


def _open(folder: Path, key: LogKey = KEY) -> Seals:
    return Seals(folder / "seals.journal", key, CHAIN)


def test_a_seal_is_a_note_over_chain_number_and_hash(tmp_path: Path) -> None:
    seals = _open(tmp_path)
    (block,) = _blocks(1)
    seals.seal(block)
    note = SignedNote.parse((seals.read(1) or "").encode())
    assert note.text == seal_text(CHAIN, 1, bytes.fromhex(f"{1:064x}"))
    assert note.text.decode() == f"concord-block-seal/v1\n4711\n1\n{1:064x}\n"
    KEY.verifier.signature_in(note)
    assert seals.read(0) is None
    assert seals.read(2) is None


def test_a_restart_seals_what_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    blocks = _blocks(3)
    seals = _open(tmp_path)
    seals.seal(blocks[0])
    first = seals.read(1)
    seals.close()
    seals = _open(tmp_path)
    unfinished = Block(4, 4, 1, True, 0, None)  # its hash is not journalled yet
    seals.catch_up([*blocks, unfinished])
    assert seals.height == 3
    assert seals.read(1) == first
    seals.catch_up(blocks)
    seals.close()
    assert len((tmp_path / "seals.journal").read_bytes().splitlines()) == 4


def test_a_torn_seal_is_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    blocks = _blocks(2)
    seals = _open(tmp_path)
    seals.catch_up(blocks)
    whole = [seals.read(1), seals.read(2)]
    seals.close()
    path = tmp_path / "seals.journal"
    path.write_bytes(path.read_bytes()[:-40])
    seals = _open(tmp_path)
    assert seals.height == 1
    seals.catch_up(blocks)
    assert [seals.read(1), seals.read(2)] == whole


def test_a_second_seal_for_one_number_is_refused(tmp_path: Path) -> None:
    seals = _open(tmp_path)
    seals.catch_up(_blocks(2))
    with pytest.raises(ReplayMismatch, match="block 2 was sealed"):
        seals.catch_up([_blocks(1)[0], replace(_blocks(2)[1], hash="0x" + "ab" * 32)])
    with pytest.raises(ReplayMismatch, match="restore both"):
        seals.catch_up(_blocks(1))
    with pytest.raises(ReplayMismatch):
        seals.seal(_blocks(2)[1])
    with pytest.raises(ReplayMismatch):
        seals.seal(_blocks(4)[3])


def test_another_key_and_a_damaged_journal_are_refused(tmp_path: Path) -> None:
    seals = _open(tmp_path)
    seals.catch_up(_blocks(2))
    seals.close()
    with pytest.raises(InstallationMismatch, match="one key"):
        _open(tmp_path, LogKey.from_seed("court.test/chain", bytes([6] * 32)))
    path = tmp_path / "seals.journal"
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":7'))
    with pytest.raises(JournalCorrupt):
        _open(tmp_path)


def test_a_full_disk_seals_nothing_and_later_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seals = _open(tmp_path)

    def full(_handle: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("node.journal.os.write", full)
        with pytest.raises(JournalUnavailable):
            seals.catch_up(_blocks(2))
    assert seals.height == 0
    seals.catch_up(_blocks(2))
    assert seals.height == 2


def test_a_key_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstallationMismatch):
        read_seal_key("court.test/chain", tmp_path / "missing")
    (tmp_path / "short").write_text("abcd")
    with pytest.raises(InstallationMismatch):
        read_seal_key("court.test/chain", tmp_path / "short")


@pytest.mark.parametrize(
    "params", [[], [1], ["1"], ["0x01"], ["0x"], ["0x1", "0x2"], ["0x" + "f" * 40], [None]]
)
def test_a_block_number_is_a_hexadecimal_quantity(params: list[object]) -> None:
    call = admit({"jsonrpc": "2.0", "id": 1, "method": SEAL, "params": params}, Limits())
    with pytest.raises(RpcRefused):
        block_number(call)
