"""The judicial relay against a real, sealed court node: receipts that verify, kill -9 in between, a fork that is refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.anchoring.repository import alarms
from api.anchoring.service.judicial import JudicialWorker
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import SystemClock
from chain.checkpoint import LogKey, SignedNote
from chain.gateway_rpc import RpcGateway
from chain.judicial import Court, JudicialRelay
from chain.judicial_cli import app
from chain.judicial_deployer import JudicialConfig, JudicialDeployment, deploy_judicial_anchor
from chain.judicial_receipt import ACCEPTED_TOPIC, evidence_number, seal_text
from chain.judicial_rpc import AnchorReader, RpcReceipts
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.state_proofs import verify_receipt_proof
from chain.transactions import Sender
from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from signing.wallets import address_of
from tests.support.anchoring_store import create_tables
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import KEYS, ORIGIN, JudicialWorld, cosigned

DEPLOYER, RELAY = bytes([0x61] * 32), bytes([0x62] * 32)
SEAL_NAME, SEED = "court.test/chain", bytes([0x63] * 32)


@dataclass
class RealCourt:
    """A court's node that can be killed and started again on its folder and port."""

    settings: NodeSettings
    node: RunningNode
    made: JudicialDeployment
    gateway: RpcGateway

    def kill(self) -> None:
        self.node.kill()

    def start(self) -> None:
        self.node = start_node(self.settings)


@pytest.fixture
def court(tmp_path: Path) -> Iterator[RealCourt]:
    from scripts.installation import free_ports

    seed = tmp_path / "seed"
    seed.write_text(SEED.hex())
    settings = NodeSettings(
        data_dir=tmp_path / "court",
        port=free_ports(1)[0],
        senders=(address_of(DEPLOYER), address_of(RELAY)),
        block_interval=0.05,
        seal_key=seed,
        seal_name=SEAL_NAME,
    )
    node = start_node(settings)
    gateway = RpcGateway(node.rpc_url, token=node.token, timeout=5.0)
    config = JudicialConfig(ORIGIN, True, tuple(address_of(key) for key in KEYS), 2)
    made = deploy_judicial_anchor(gateway, DEPLOYER, config, tmp_path / "judicial-deployment.json")
    court = RealCourt(settings, node, made, gateway)
    yield court
    gateway.close()
    court.node.stop()


class Scene:
    """A growing log whose checkpoints get witnessed, and the worker's judicial loop over a database."""

    def __init__(self, court: RealCourt, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        create_tables(database)
        made = court.made
        self.court = Court(
            made.chain_id, made.address, ORIGIN, made.domain_name, frozenset(made.witnesses), made.threshold
        )
        monkeypatch.setattr("tests.support.judicial_world.COURT", self.court)
        self.world = JudicialWorld(make_store=lambda world: SqlOutside(database, world))
        self.world.now = SystemClock().now  # type: ignore[method-assign]
        self.world.store = SqlOutside(database, self.world)
        relay = JudicialRelay(
            court.gateway,
            RpcReceipts(court.gateway, made.chain_id, made.address),
            self.world.store,
            Sender(RELAY, made.chain_id),
            self.court,
            "test",
        )
        self.uow = UnitOfWork(database)
        self.worker = JudicialWorker(self.uow, SystemClock(), relay, time.monotonic)

    def drain(self, seconds: float = 40.0) -> None:
        deadline = time.monotonic() + seconds
        self.worker.tick()
        while not set(self.world.store.states().values()) <= {"anchored", "parked"}:
            assert time.monotonic() < deadline, self.world.store.states()
            if not self.worker.tick():
                time.sleep(0.05)

    def alarm_codes(self) -> list[str]:
        with self.uow.read() as session:
            return [alarm.code for alarm in alarms.open_alarms(session)]


@pytest.fixture
def scene(court: RealCourt, database: Database, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(court, database, monkeypatch)


def _check_receipt(receipt: Any, scene: Scene, size: int) -> None:
    proof = {
        "v": 1,
        "type": receipt["type"],
        "kind": "receipt",
        "header": receipt["header"],
        "index": receipt["receipt_index"],
        "nodes": receipt["receipt_proof"],
    }
    facts = verify_receipt_proof(proof)
    (log,) = facts.logs
    assert facts.ok
    assert log.address == scene.court.address
    assert log.topics == (ACCEPTED_TOPIC, size.to_bytes(32, "big"))
    assert log.data[:32] == scene.world.tree().root(size)
    note = SignedNote.parse(receipt["seal"].encode())
    assert note.text == seal_text(scene.court.chain_id, facts.block_number, facts.block_hash)
    LogKey.from_seed(SEAL_NAME, SEED).verifier.signature_in(note)


def test_checkpoints_arrive_in_order_with_sealed_receipts(scene: Scene, court: RealCourt) -> None:
    sizes = [scene.world.grow(count) for count in (3, 1, 300, 7, 2)]
    scene.drain()
    reader = AnchorReader(court.gateway, court.made.address)
    assert reader.latest_size() == sizes[-1]
    for size in sizes:
        _check_receipt(scene.world.store.receipt(size), scene, size)
        assert reader.root_at(size) == scene.world.tree().root(size)
    assert reader.origin() == ORIGIN
    assert reader.is_anchor()
    entry = (5).to_bytes(32, "big")
    path = scene.world.tree().prove_inclusion(5, sizes[-1])
    assert reader.includes(entry, 5, sizes[-1], path)
    assert not reader.includes(entry, 6, sizes[-1], path)
    assert scene.alarm_codes() == []


def test_the_command_asks_the_court_and_nobody_else(scene: Scene, court: RealCourt) -> None:
    size = scene.world.grow(9)
    scene.drain()
    root = scene.world.tree().root(size).hex()

    def ask(number: str, address: str = court.made.address) -> tuple[int, str]:
        options = ["--rpc", court.node.rpc_url, "--address", address, "--json"]
        done = CliRunner().invoke(app, ["check", number, *options])
        return done.exit_code, json.loads(done.stdout)["answer"] if done.exit_code < 3 else done.output

    assert ask(evidence_number(4, size, root)) == (0, "confirmed")
    assert ask(evidence_number(4, size, "0" * 64)) == (1, "differs")
    assert ask(evidence_number(4, size + 1, root)) == (2, "not_accepted")
    assert ask("no number")[0] == 3
    code, text = ask(evidence_number(4, size, root), "0x" + "11" * 20)
    assert code == 3
    assert "JudicialAnchor" in text


def test_a_court_killed_under_load_gets_each_checkpoint_once(scene: Scene, court: RealCourt) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            if not scene.worker.tick():
                time.sleep(0.02)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(3):
            for _ in range(4):
                scene.world.grow(2)
                time.sleep(0.05)
            court.kill()
            scene.world.grow(3)
            time.sleep(0.3)
            court.start()
    finally:
        stop.set()
        thread.join(30)
    scene.drain()
    states = scene.world.store.states()
    assert set(states.values()) == {"anchored"}
    logs = court.gateway.logs(0, court.gateway.head().number, [court.made.address])
    assert [int.from_bytes(log.topics[1], "big") for log in logs] == sorted(states)
    for size in states:
        _check_receipt(scene.world.store.receipt(size), scene, size)
    assert scene.alarm_codes() == []


def test_the_courts_contract_refuses_a_fork_that_every_witness_signed(scene: Scene, court: RealCourt) -> None:
    first = scene.world.grow(5)
    scene.drain()
    forked = bytes([9] * 32)
    second = scene.world.grow(4)
    scene.world.store.add_witnessed(second, forked, cosigned(second, forked, KEYS))
    third = scene.world.grow(4)
    scene.drain()
    assert scene.world.store.states() == {first: "anchored", second: "parked", third: "anchored"}
    assert "HistoryRewritten" in scene.world.store.alarm(second)
    assert scene.alarm_codes() == ["judicial.checkpoint_parked"]


def test_a_court_with_another_history_raises_an_integrity_alarm(scene: Scene, court: RealCourt) -> None:
    scene.world.grow(5)
    scene.drain()
    tiles = MemoryTiles()  # our own records are another log's now
    growth = Tree(tiles, 0).append([leaf_hash(bytes([7] * 32))] * 9)
    tiles.write(growth.tiles)
    scene.world.tiles, scene.world.size = tiles, growth.size
    scene.world.store.add_witnessed(growth.size, growth.root, cosigned(growth.size, growth.root))
    scene.worker.tick()
    assert "judicial.history_differs" in scene.alarm_codes()
    assert not scene.worker.tick()
