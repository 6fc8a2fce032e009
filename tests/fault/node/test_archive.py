"""The archive lost, damaged, behind, ahead or refused at any step: the journal makes it again, with the same bytes."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rlp.codec
from eth_hash.auto import keccak

from node.archive import NAME, Archive
from node.chain import Chain
from node.check import check
from node.errors import JournalUnavailable, ReplayMismatch
from node.installation import read_facts
from node.launch import start_node
from node.policy import Call
from node.settings import PROJECT_ROOT, NodeSettings
from node.transactions import decode
from tests.support.chain_caller import SENDER, Caller

BLOCKS = 12


def _settings(folder: Path, **changes: Any) -> NodeSettings:
    return NodeSettings(data_dir=folder, senders=(SENDER.address,), block_interval=0.0, **changes)


def _told(caller: Caller) -> list[Any]:
    """All that can be asked about the past."""
    height = int(caller("eth_blockNumber"), 16)
    numbers = [hex(number) for number in range(height + 1)]
    blocks = [caller("eth_getBlockByNumber", number, True) for number in numbers]
    hashes = [transaction["hash"] for block in blocks for transaction in block["transactions"]]
    return [
        blocks,
        [caller("eth_getBlockReceipts", number) for number in numbers],
        caller("eth_getLogs", {"fromBlock": "0x0"}),
        [caller("eth_getTransactionByHash", found) for found in hashes],
        [caller("eth_getTransactionReceipt", found) for found in hashes],
    ]


@pytest.fixture
def history(tmp_path: Path) -> list[Any]:
    """A stopped node with a snapshot of its head in ``tmp_path``; what it told."""
    with (
        start_node(_settings(tmp_path, snapshot_after=0.0)) as node,
        Caller(node.rpc_url, node.token, node.chain_id) as caller,
    ):
        counter = caller.deploy_counter()
        for nonce in range(1, BLOCKS):
            caller.receipt(caller("eth_sendRawTransaction", caller.raw(nonce, counter, bytes([nonce]))))
        told = _told(caller)
    assert list(tmp_path.glob("snapshot-*.bin"))
    return told


def _told_again(folder: Path) -> tuple[list[Any], int]:
    """What the node tells after a start, and the height of the snapshot that served; the archive is whole again."""
    with (
        start_node(_settings(folder)) as node,
        Caller(node.rpc_url, node.token, node.chain_id) as caller,
    ):
        told = _told(caller)
        served = int(caller.http.get("/status").json()["snapshot_height"])
        checked = asyncio.run(check(_settings(folder)))
        assert (checked.blocks, checked.archived) == (BLOCKS, BLOCKS)
        # And it goes on.
        caller.receipt(caller("eth_sendRawTransaction", caller.raw(BLOCKS, SENDER.address, b"on")))
    return told, served


def test_the_snapshot_serves_where_the_archive_reaches_it(tmp_path: Path, history: list[Any]) -> None:
    assert _told_again(tmp_path) == (history, BLOCKS)


def test_a_lost_archive_is_made_again_from_the_journal(tmp_path: Path, history: list[Any]) -> None:
    (tmp_path / NAME).unlink()
    assert _told_again(tmp_path) == (history, 0)


def test_a_damaged_archive_is_set_aside_and_made_again(tmp_path: Path, history: list[Any]) -> None:
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)
    assert _told_again(tmp_path) == (history, 0)
    assert path.with_suffix(".bad").exists()


@pytest.mark.parametrize("kept", [0, 5, BLOCKS - 1])
def test_an_archive_that_a_power_cut_left_behind_is_caught_up(
    tmp_path: Path, history: list[Any], kept: int
) -> None:
    archive = Archive(tmp_path / NAME)
    hashes = [block["hash"] for block in history[0]]
    archive.keep_prefix(hashes[: kept + 1])
    archive.close()
    told, served = _told_again(tmp_path)
    assert told == history
    assert served <= kept


def test_blocks_that_the_journal_does_not_know_leave_the_archive(tmp_path: Path, history: list[Any]) -> None:
    with sqlite3.connect(tmp_path / NAME) as database:
        database.execute("UPDATE blocks SET hash = ? WHERE number = 7", (b"\x01" * 32,))
    database.close()
    told, served = _told_again(tmp_path)
    assert told == history
    assert served <= 6


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transactions SET receipt = (SELECT receipt FROM transactions WHERE number = 4) WHERE number = 5",
        "UPDATE transactions SET body = (SELECT body FROM transactions WHERE number = 4) WHERE number = 5",
        "UPDATE blocks SET body = (SELECT body FROM blocks WHERE number = 4) WHERE number = 5",
        "UPDATE logs SET body = (SELECT body FROM logs WHERE number = 4) WHERE number = 5",
        "DELETE FROM logs WHERE number = 5",
    ],
)
def test_the_replay_check_finds_what_the_archive_tells_otherwise(
    tmp_path: Path, history: list[Any], change: str
) -> None:
    assert asyncio.run(check(_settings(tmp_path))).archived == BLOCKS
    with sqlite3.connect(tmp_path / NAME) as database:
        assert database.execute(change).rowcount == 1
    database.close()
    with pytest.raises(ReplayMismatch, match="archive tells block 5 otherwise"):
        asyncio.run(check(_settings(tmp_path)))


_DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from node import archive, chain, engine, history
from node.settings import NodeSettings
from tests.fault.node.test_archive import _raw

folder, owner, name, moment = Path(sys.argv[1]), *sys.argv[2:]
place = {"BlockJournal": history.BlockJournal, "Engine": engine.Engine, "Archive": archive.Archive, "archive": archive}[owner]
real = getattr(place, name)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dying(*arguments):
    if moment == "before":
        die()
    found = real(*arguments)
    if asyncio.iscoroutine(found):
        async def finish():
            await found
            die()
        return finish()
    die()

async def run():
    found = chain.Chain(NodeSettings(data_dir=folder, block_interval=0.0))
    asyncio.create_task(found.run())
    await found.ready.wait()
    setattr(place, name, dying)
    await found.send([_raw(folder, int(found.status().height))])
    print("acknowledged", flush=True)
    await asyncio.sleep(30)

asyncio.run(run())
"""


@pytest.mark.parametrize(
    ("owner", "name", "moment"),
    [
        ("BlockJournal", "intend", "after"),
        ("Engine", "mine", "after"),
        ("BlockJournal", "confirm", "before"),
        ("BlockJournal", "confirm", "after"),
        ("archive", "_log_row", "before"),
        ("Archive", "add", "after"),
    ],
)
def test_kill_9_at_any_step_of_a_block_leaves_the_same_history(
    tmp_path: Path, history: list[Any], owner: str, name: str, moment: str
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _DYING, str(tmp_path), owner, name, moment],
        cwd=PROJECT_ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert b"acknowledged" in died.stdout
    with (
        start_node(_settings(tmp_path)) as node,
        Caller(node.rpc_url, node.token, node.chain_id) as caller,
    ):
        receipt = caller.receipt(_raw(tmp_path, BLOCKS).hash)
        assert (receipt["blockNumber"], receipt["status"], len(receipt["logs"])) == (
            hex(BLOCKS + 1),
            "0x1",
            1,
        )
        told = _told(caller)
        assert [part[: len(old)] for part, old in zip(told, history, strict=True)] == history
        assert [log["data"] for log in told[2]].count("0xdead") == 1
        checked = asyncio.run(check(_settings(tmp_path)))
        assert (checked.blocks, checked.archived) == (BLOCKS + 1, BLOCKS + 1)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def _with_chain(folder: Path, body: Any) -> None:
    async def run() -> None:
        chain = Chain(_settings(folder))
        life = asyncio.create_task(chain.run())
        try:
            await _until(chain.ready.is_set)
            await body(chain)
        finally:
            await chain.stop()
            await life
            await chain.close()

    asyncio.run(run())


@pytest.mark.parametrize("persisted", [False, True])
def test_a_block_that_the_archive_refuses_is_shown_only_after_the_restart_that_writes_it(
    tmp_path: Path, history: list[Any], monkeypatch: pytest.MonkeyPatch, persisted: bool
) -> None:
    async def body(chain: Chain) -> None:
        real, shown = chain.archive.add, chain._head_hash
        refusals = iter([True])

        def refuse_once(block: Any, receipts: Any) -> None:
            if next(refusals, False):
                if persisted:
                    real(block, receipts)
                assert chain._head_hash == shown, "readers saw a block that is not archived"
                raise JournalUnavailable("database or disk is full")
            real(block, receipts)

        monkeypatch.setattr(chain.archive, "add", refuse_once)
        raw = _raw(tmp_path, BLOCKS)
        await chain.send([raw])
        await _until(lambda: chain.status().restarts == 1 and chain.ready.is_set())
        assert (chain.status().height, chain.archive.height) == (BLOCKS + 1, BLOCKS + 1)
        told = json.loads(await chain.read(Call(1, "eth_getTransactionReceipt", [raw.hash])))
        assert told["result"]["blockNumber"] == hex(BLOCKS + 1)
        # A transaction whose nonce is used up is known by its receipt, also when the engine has forgotten it.
        await chain.send([_raw(tmp_path, BLOCKS + 1)])
        await _until(lambda: chain.status().height == BLOCKS + 2)
        forgotten = await chain._required().call("eth_getTransactionReceipt", raw.hash)
        assert forgotten is None
        assert await chain.send([raw]) == [raw.hash]

    _with_chain(tmp_path, body)


def _raw(folder: Path, nonce: int) -> Any:
    chain_id = read_facts(folder).chain_id
    with Caller("http://127.0.0.1:1", None, chain_id) as caller:
        # The counter is what the sender's first transaction created; it logs its call data.
        created = rlp.codec.encode([bytes.fromhex(SENDER.address[2:]), 0])  # type: ignore[no-untyped-call]
        counter = "0x" + keccak(created)[12:].hex()
        text = caller.raw(nonce, counter, b"\xde\xad")
    return decode(bytes.fromhex(text[2:]), chain_id)


def test_a_disk_that_refuses_the_archive_before_a_snapshot_puts_the_snapshot_off(
    tmp_path: Path, history: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.name for path in tmp_path.glob("snapshot-*.bin"))

    async def body(chain: Chain) -> None:
        await chain.send([_raw(tmp_path, BLOCKS)])
        await _until(lambda: chain.status().height == BLOCKS + 1)

        def refuse() -> None:
            raise JournalUnavailable("disk I/O error")

        monkeypatch.setattr(chain.archive, "settle", refuse)
        await chain._try_snapshot()

    _with_chain(tmp_path, body)
    assert sorted(path.name for path in tmp_path.glob("snapshot-*.bin")) == before
