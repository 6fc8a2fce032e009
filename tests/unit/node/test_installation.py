"""The data folder: fixed facts, one node at a time, bearer token, list of senders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.errors import InstallationMismatch, JournalCorrupt
from node.history import BlockJournal, read_blocks
from node.installation import (
    BearerToken,
    FolderLock,
    SenderList,
    is_held,
    open_installation,
    read_facts,
    record_genesis,
)
from node.settings import NodeSettings

ADDRESS = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"


def test_chain_id_is_random_and_stays(tmp_path: Path) -> None:
    first = open_installation(NodeSettings(data_dir=tmp_path / "a"))
    other = open_installation(NodeSettings(data_dir=tmp_path / "b"))
    assert first.chain_id != other.chain_id
    assert first.chain_id >= 1 << 31
    assert open_installation(NodeSettings(data_dir=tmp_path / "a")) == first


def test_another_chain_id_or_genesis_time_is_refused(tmp_path: Path) -> None:
    open_installation(NodeSettings(data_dir=tmp_path, chain_id=77, genesis_time=1_700_000_000))
    with pytest.raises(InstallationMismatch, match="chain id 77, not 78"):
        open_installation(NodeSettings(data_dir=tmp_path, chain_id=78))
    with pytest.raises(InstallationMismatch, match="genesis time"):
        open_installation(NodeSettings(data_dir=tmp_path, genesis_time=5))


def test_a_journal_without_facts_is_not_adopted(tmp_path: Path) -> None:
    (tmp_path / "blocks.journal").touch()
    with pytest.raises(InstallationMismatch, match="backup"):
        open_installation(NodeSettings(data_dir=tmp_path))


def test_unreadable_facts_are_named(tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_text("{}")
    with pytest.raises(InstallationMismatch, match=r"chain\.json"):
        read_facts(tmp_path)


def test_genesis_hash_is_recorded_once(tmp_path: Path) -> None:
    open_installation(NodeSettings(data_dir=tmp_path))
    record_genesis(tmp_path, "0xaa")
    record_genesis(tmp_path, "0xaa")
    assert json.loads((tmp_path / "chain.json").read_bytes())["genesis_hash"] == "0xaa"
    with pytest.raises(InstallationMismatch, match="0xbb"):
        record_genesis(tmp_path, "0xbb")


def test_one_node_a_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    assert is_held(tmp_path)
    with pytest.raises(InstallationMismatch, match="another node"):
        FolderLock(tmp_path)
    lock.release()
    assert not is_held(tmp_path)


def test_token_is_private_and_compared_whole(tmp_path: Path) -> None:
    token = BearerToken(tmp_path)
    path = tmp_path / "rpc-token"
    value = path.read_text().strip()
    assert path.stat().st_mode & 0o077 == 0
    assert token.matches(f"Bearer {value}")
    for wrong in (None, "", value, f"Bearer {value[:-1]}", f"bearer {value}", "Bearer "):
        assert not token.matches(wrong)
    assert BearerToken(tmp_path).matches(f"Bearer {value}")


def test_senders_are_read_again_when_the_file_changes(tmp_path: Path) -> None:
    senders = SenderList(tmp_path)
    assert senders.addresses() == frozenset()
    SenderList(tmp_path).allow([ADDRESS.lower(), ADDRESS])
    assert senders.addresses() == {ADDRESS}
    assert (tmp_path / "senders.txt").read_text().count("0x") == 1
    with pytest.raises(ValueError, match="not an address"):
        senders.allow(["0x12"])


def test_a_line_that_is_no_address_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "senders.txt").write_text("everyone\n")
    with pytest.raises(InstallationMismatch, match="everyone"):
        SenderList(tmp_path).addresses()


def test_block_journal_keeps_order(tmp_path: Path) -> None:
    path = tmp_path / "blocks.journal"
    journal = BlockJournal(path)
    first = journal.intend(10, ["0x01"], one_sender=True)
    journal.confirm(first, "0xaa")
    journal.intend(11, ["0x02", "0x03"], one_sender=False)
    journal.close()
    again = BlockJournal(path)
    assert [(b.number, b.time, b.transactions, b.one_sender, b.hash) for b in again.blocks] == [
        (1, 10, 1, True, "0xaa"),
        (2, 11, 2, False, None),
    ]
    assert again.transactions(again.blocks[1]) == ["0x02", "0x03"]
    again.close()
    assert [(block.number, raws) for block, raws in read_blocks(path)] == [
        (1, ["0x01"]),
        (2, ["0x02", "0x03"]),
    ]


def test_a_block_before_its_predecessors_hash_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "blocks.journal"
    journal = BlockJournal(path)
    journal.intend(10, [], one_sender=True)
    journal.intend(11, [], one_sender=True)
    journal.close()
    with pytest.raises(JournalCorrupt, match="out of order"):
        BlockJournal(path)
