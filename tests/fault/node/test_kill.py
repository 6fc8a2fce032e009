"""kill -9 of node or anvil under load, damaged files, a full disk: nothing acknowledged is lost, hashes stay the same."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest

from node.check import check
from node.errors import NodeError
from node.history import read_blocks
from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from tests.support.chain_caller import SENDER, Caller


def _settings(folder: Path, **changes: object) -> NodeSettings:
    return NodeSettings(data_dir=folder, senders=(SENDER.address,), block_interval=0.05, **changes)  # type: ignore[arg-type]


def _anvil_of(node: RunningNode) -> psutil.Process:
    (child,) = [c for c in psutil.Process(node.pid).children() if "anvil" in c.name()]
    return child


class _Load:
    """Sends transactions until told to stop, and remembers exactly which ones were acknowledged."""

    def __init__(self, node: RunningNode, counter: str, first_nonce: int) -> None:
        self.acknowledged: list[str] = []
        self.raws: list[str] = []
        self._stop = threading.Event()
        self._node, self._counter, self._nonce = node, counter, first_nonce
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with Caller(self._node.rpc_url, self._node.token, self._node.chain_id) as caller:
            raw = caller.raw(self._nonce, self._counter, self._nonce.to_bytes(4, "big"))
            while not self._stop.is_set():
                try:
                    answer = caller.answer("eth_sendRawTransaction", raw)
                except (httpx.HTTPError, json.JSONDecodeError):
                    if self._stop.wait(0.02):
                        return
                    continue
                if "result" in answer:
                    self.acknowledged.append(answer["result"])
                    self._nonce += 1
                    raw = caller.raw(self._nonce, self._counter, self._nonce.to_bytes(4, "big"))
                else:
                    assert answer["error"]["code"] == -32005, answer
                    self._stop.wait(0.02)

    def stop(self) -> list[str]:
        self._stop.set()
        self._thread.join(30)
        return self.acknowledged


def _assert_all_mined(caller: Caller, counter: str, acknowledged: list[str]) -> None:
    for transaction in acknowledged:
        assert caller.receipt(transaction)["status"] == "0x1"
    logs = caller("eth_getLogs", {"address": counter, "fromBlock": "0x0", "toBlock": "latest"})
    payloads = [log["data"] for log in logs]
    assert len(set(payloads)) == len(payloads), "a transaction ran twice"
    assert len(payloads) >= len(acknowledged)
    assert int(caller("eth_getStorageAt", counter, "0x0", "latest"), 16) == len(payloads)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killing_the_node_under_load_loses_nothing(tmp_path: Path, seed: int) -> None:
    generator = random.Random(seed)
    acknowledged: list[str] = []
    known_hashes: list[str] = []
    counter, nonce = "", 0
    for round_number in range(3):
        node = start_node(_settings(tmp_path))
        with Caller(node.rpc_url, node.token, node.chain_id) as caller:
            if round_number == 0:
                counter, nonce = caller.deploy_counter(), 1
            assert caller.hashes()[: len(known_hashes)] == known_hashes
            nonce = caller.next_nonce()
        load = _Load(node, counter, nonce)
        time.sleep(0.2 + generator.random() / 2)
        with Caller(node.rpc_url, node.token, node.chain_id) as caller:
            known_hashes = caller.hashes()
        anvil = _anvil_of(node)
        node.kill()
        acknowledged += load.stop()
        psutil.wait_procs([anvil], timeout=5)
        assert not psutil.pid_exists(anvil.pid), "anvil outlived the node"
    assert len(acknowledged) > 10
    with start_node(_settings(tmp_path)) as node, Caller(node.rpc_url, node.token, node.chain_id) as caller:
        assert caller.hashes()[: len(known_hashes)] == known_hashes
        _assert_all_mined(caller, counter, acknowledged)
    checked = asyncio.run(check(_settings(tmp_path)))
    assert checked.archived == checked.blocks


def test_killing_anvil_under_load_loses_nothing_and_the_node_goes_on(tmp_path: Path) -> None:
    with start_node(_settings(tmp_path)) as node, Caller(node.rpc_url, node.token, node.chain_id) as caller:
        counter = caller.deploy_counter()
        load = _Load(node, counter, 1)
        for _ in range(3):
            time.sleep(0.4)
            before = caller.hashes()
            _anvil_of(node).send_signal(signal.SIGKILL)
            deadline = time.monotonic() + 20
            while not caller.http.get("/status").json()["ready"] or not psutil.Process(node.pid).children():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            time.sleep(0.1)
            while caller.answer("eth_blockNumber").get("error"):
                time.sleep(0.02)
            assert caller.hashes()[: len(before)] == before
        acknowledged = load.stop()
        assert len(acknowledged) > 20
        _assert_all_mined(caller, counter, acknowledged)
        assert caller.http.get("/status").json()["restarts"] == 3


def test_history_answers_after_a_start_from_a_snapshot(tmp_path: Path) -> None:
    with (
        start_node(_settings(tmp_path, snapshot_after=0.0)) as node,
        Caller(node.rpc_url, node.token, node.chain_id) as caller,
    ):
        counter = caller.deploy_counter()
        sent = []
        for nonce in range(1, 40):
            sent.append(caller("eth_sendRawTransaction", caller.raw(nonce, counter, bytes([nonce]))))
            caller.receipt(sent[-1])
        hashes = caller.hashes()
        receipts = [caller("eth_getTransactionReceipt", transaction) for transaction in sent]
        logs = caller("eth_getLogs", {"address": counter, "fromBlock": "0x0", "toBlock": "latest"})
    assert list(tmp_path.glob("snapshot-*.bin"))
    with start_node(_settings(tmp_path)) as node, Caller(node.rpc_url, node.token, node.chain_id) as caller:
        assert caller.http.get("/status").json()["snapshot_height"] == len(hashes) - 1
        assert caller.hashes() == hashes
        assert [caller("eth_getTransactionReceipt", transaction) for transaction in sent] == receipts
        assert caller("eth_getLogs", {"address": counter, "fromBlock": "0x0", "toBlock": "latest"}) == logs
        assert caller("eth_getBlockByHash", hashes[3], True)["number"] == "0x3"
        caller.receipt(caller("eth_sendRawTransaction", caller.raw(40, counter, b"on")))


def _mined_folder(folder: Path) -> list[str]:
    with (
        start_node(_settings(folder, snapshot_after=0.0)) as node,
        Caller(node.rpc_url, node.token, node.chain_id) as caller,
    ):
        counter = caller.deploy_counter()
        for nonce in range(1, 30):
            caller.receipt(caller("eth_sendRawTransaction", caller.raw(nonce, counter, bytes([nonce]))))
        return caller.hashes()


def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    hashes = _mined_folder(tmp_path)
    snapshots = list(tmp_path.glob("snapshot-*.bin"))
    assert snapshots
    for snapshot in snapshots:
        content = bytearray(snapshot.read_bytes())
        content[len(content) // 2] ^= 1
        snapshot.write_bytes(content)
    with start_node(_settings(tmp_path)) as node, Caller(node.rpc_url, node.token, node.chain_id) as caller:
        assert caller.hashes() == hashes
        assert caller.http.get("/status").json()["snapshot_height"] == 0


def test_a_journal_that_does_not_replay_is_refused(tmp_path: Path) -> None:
    _mined_folder(tmp_path)
    for snapshot in tmp_path.glob("snapshot-*.bin"):
        snapshot.unlink()
    facts = json.loads((tmp_path / "chain.json").read_bytes())
    facts["genesis_time"] -= 1
    del facts["genesis_hash"]
    (tmp_path / "chain.json").write_text(json.dumps(facts))
    with pytest.raises(NodeError, match="exit code 4"):
        start_node(_settings(tmp_path))


def test_a_damaged_journal_is_refused_with_its_place(tmp_path: Path) -> None:
    _mined_folder(tmp_path)
    journal = tmp_path / "blocks.journal"
    content = bytearray(journal.read_bytes())
    content[300] ^= 1
    journal.write_bytes(content)
    log = tmp_path / "log"
    with pytest.raises(NodeError, match="exit code 3"):
        start_node(_settings(tmp_path), log=log)
    assert "corrupt at line 1" in log.read_text()


def test_any_cut_of_the_journals_tail_starts_with_a_prefix(tmp_path: Path) -> None:
    hashes = _mined_folder(tmp_path)
    for snapshot in tmp_path.glob("snapshot-*.bin"):
        snapshot.unlink()
    journal = tmp_path / "blocks.journal"
    size = journal.stat().st_size
    for cut in (1, 100, 333):
        os.truncate(journal, size - cut)
        with (
            start_node(_settings(tmp_path)) as node,
            Caller(node.rpc_url, node.token, node.chain_id) as caller,
        ):
            # The transactions of a block that was cut off still stand in the mempool journal: they come back.
            deadline = time.monotonic() + 10
            while caller("eth_getTransactionCount", SENDER.address, "latest") != hex(30):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            found = caller.hashes()
            assert found[:-3] == hashes[: len(found) - 3]
        size = journal.stat().st_size


def test_a_second_node_on_the_folder_is_refused(tmp_path: Path) -> None:
    with start_node(_settings(tmp_path)), pytest.raises(NodeError, match="exit code 2"):
        start_node(_settings(tmp_path))


def test_replay_check_runs_beside_the_node_and_finds_identical_hashes(tmp_path: Path) -> None:
    with start_node(_settings(tmp_path)) as node, Caller(node.rpc_url, node.token, node.chain_id) as caller:
        counter = caller.deploy_counter()
        for nonce in range(1, 10):
            caller.receipt(caller("eth_sendRawTransaction", caller.raw(nonce, counter, b"x")))
        result = asyncio.run(check(_settings(tmp_path)))
        assert result.blocks == int(caller("eth_blockNumber"), 16)
        assert result.head_hash == caller.hashes()[-1]
    assert sum(1 for _ in read_blocks(tmp_path / "blocks.journal")) == result.blocks
