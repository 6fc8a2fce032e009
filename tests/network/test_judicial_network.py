"""The court's chain as a network of its own: other members, another chain id; checkpoints arrive, receipts come back."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.anchoring.repository import alarms
from api.anchoring.service.judicial import JudicialWorker
from api.bootstrap import court as court_desk
from api.infra.db import Database, UnitOfWork
from api.infra.settings import Settings, ValidatorSetting
from api.kernel.clock import SystemClock
from chain.gateway_network import NetworkGateway
from chain.judicial import Court, JudicialRelay
from chain.judicial_cli import app
from chain.judicial_deployer import JudicialDeployment, load_judicial_deployment
from chain.judicial_receipt import REFERENCE, evidence_number
from chain.judicial_rpc import AnchorReader, open_court, receipts_of
from chain.transactions import Sender
from node.network.cli import app as network_app
from node.network.local import LocalNetwork
from signing.wallets import address_of
from tests.network.conftest import NAMES, PATIENCE
from tests.support.anchoring_store import create_tables
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import KEYS, ORIGIN, JudicialWorld

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
COURT_NAMES = ("high-court", "north-court", "south-court", "archive")
CHAIN, CHAIN_ID = "court-local", 30_261
DEPLOYER, RELAY = bytes([0x61] * 32), bytes([0x62] * 32)


@dataclass
class CourtNetwork:
    """The court's validators, and the record of the contract on them."""

    local: LocalNetwork
    made: JudicialDeployment
    record: Path

    @property
    def urls(self) -> list[str]:
        return [node.evm_url for node in self.local.nodes()]

    def settings(self) -> Settings:
        validators = tuple(
            ValidatorSetting(name=node.member.name, url=node.evm_url) for node in self.local.nodes()
        )
        return Settings(judicial_validators=validators, judicial_deployment_file=self.record)


def _rpc(urls: list[str]) -> list[str]:
    return [part for url in urls for part in ("--rpc", url)]


@pytest.fixture(scope="module")
def court(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CourtNetwork]:
    """Deployed by the court's own command through all of its validators."""
    data = tmp_path_factory.mktemp("court-network")
    orgs = [part for name in COURT_NAMES for part in ("--org", name)]
    grants = ["--grant", f"{address_of(DEPLOYER)}=3", "--grant", f"{address_of(RELAY)}=1"]
    own = ["--chain", CHAIN, "--evm-chain-id", str(CHAIN_ID), "--block-ms", "400", "--data", str(data)]
    founded = CliRunner().invoke(network_app, ["init", *orgs, *grants, *own, "--json"])
    assert founded.exit_code == 0, founded.output
    local = LocalNetwork(data, program)
    assert (local.record()["chain"], local.record()["evm_chain_id"]) == (CHAIN, CHAIN_ID)
    try:
        for node in local.nodes():
            local.start(node)
        for node in local.nodes():
            local.wait(node, 3, PATIENCE)
        key, record = data / "deployer.key", data / "judicial-deployment.json"
        key.write_text(DEPLOYER.hex(), "ascii")
        witnesses = [part for signer in KEYS for part in ("--witness", address_of(signer))]
        options = [*_rpc([node.evm_url for node in local.nodes()]), *witnesses, "--threshold", "2", "--test"]
        files = ["--key-file", str(key), "--record", str(record), "--domain-out", str(data / "domain.json")]
        done = CliRunner().invoke(app, ["deploy", *options, *files, "--log-origin", ORIGIN])
        assert done.exit_code == 0, done.output
        made = load_judicial_deployment(record)
        assert made is not None
        domain = json.loads((data / "domain.json").read_bytes())
        assert (domain["chainId"], domain["verifyingContract"]) == (CHAIN_ID, made.address)
        yield CourtNetwork(local, made, record)
    finally:
        for node in local.nodes():
            local.stop(node, signal.SIGKILL)
        shutil.rmtree(data, ignore_errors=True)


class Scene:
    """A growing log with witnesses, and the worker's judicial loop towards the court's validators."""

    def __init__(self, court: CourtNetwork, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        create_tables(database)
        made = court.made
        witnesses = frozenset(made.witnesses)
        place = Court(made.chain_id, made.address, ORIGIN, made.domain_name, witnesses, made.threshold)
        monkeypatch.setattr("tests.support.judicial_world.COURT", place)
        self.world = JudicialWorld(make_store=lambda world: SqlOutside(database, world))
        self.world.now = SystemClock().now  # type: ignore[method-assign]
        self.gateway = NetworkGateway(court.urls, timeout=30.0)
        self.world.store = SqlOutside(database, self.world)
        relay = JudicialRelay(
            self.gateway,
            receipts_of(self.gateway, made.chain_id, made.address),
            self.world.store,
            Sender(RELAY, made.chain_id),
            place,
            "test",
        )
        self.uow = UnitOfWork(database)
        self.worker = JudicialWorker(self.uow, SystemClock(), relay, time.monotonic)

    def drain(self) -> None:
        deadline = time.monotonic() + PATIENCE
        self.worker.tick()
        while not set(self.world.store.states().values()) <= {"anchored", "parked"}:
            assert time.monotonic() < deadline, self.world.store.states()
            if not self.worker.tick():
                time.sleep(0.2)

    def alarm_codes(self) -> list[str]:
        with self.uow.read() as session:
            return [alarm.code for alarm in alarms.open_alarms(session)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_checkpoints_reach_the_courts_network_also_while_one_of_its_validators_is_dead(
    court: CourtNetwork, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert court.made.chain_id == CHAIN_ID
    assert not set(COURT_NAMES) & set(NAMES)
    scene = Scene(court, database, monkeypatch)
    sizes = [scene.world.grow(count) for count in (3, 1, 40)]
    scene.drain()
    dead = court.local.nodes()[0]
    court.local.stop(dead, signal.SIGKILL)
    try:
        sizes.append(scene.world.grow(7))
        scene.drain()
        _accepted_with_receipts(court, scene, sizes)
        _the_desk_reads_from_it(court, scene, sizes[-1])
        _the_command_reads_from_it(court, scene, sizes[-1])
    finally:
        court.local.start(dead)
        court.local.wait(dead, 1, PATIENCE)
        scene.gateway.close()


def _accepted_with_receipts(court: CourtNetwork, scene: Scene, sizes: list[int]) -> None:
    assert scene.world.store.states() == dict.fromkeys(sizes, "anchored")
    assert scene.alarm_codes() == []
    reader = AnchorReader(scene.gateway, court.made.address)
    assert (reader.is_anchor(), reader.latest_size(), reader.chain_id()) == (True, sizes[-1], CHAIN_ID)
    for size in sizes:
        assert reader.root_at(size) == scene.world.tree().root(size)
        receipt = scene.world.store.receipt(size)
        assert (receipt["type"], receipt["chain_id"], receipt["address"]) == (
            REFERENCE, CHAIN_ID, court.made.address,
        )  # fmt: skip
        found = scene.gateway.receipts([bytes.fromhex(receipt["transaction"])])[0]
        assert found is not None
        assert (found.block_number, found.block_hash.hex()) == (receipt["block"], receipt["block_hash"])
        assert found.logs[0].topics[1] == size.to_bytes(32, "big")
    path = scene.world.tree().prove_inclusion(5, sizes[-1])
    assert reader.includes((5).to_bytes(32, "big"), 5, sizes[-1], path)


def _the_desk_reads_from_it(court: CourtNetwork, scene: Scene, size: int) -> None:
    root = scene.world.tree().root(size).hex()
    desk = court_desk.build(court.settings())
    answer = desk.by_number(evidence_number(4, size, root))
    assert (answer.answer, answer.chain_id, answer.accepted_root) == ("confirmed", CHAIN_ID, root)
    assert desk.by_number(evidence_number(4, size, "0" * 64)).answer == "differs"


def _the_command_reads_from_it(court: CourtNetwork, scene: Scene, size: int) -> None:
    number = evidence_number(4, size, scene.world.tree().root(size).hex())
    options = ["--address", court.made.address, "--json"]
    done = CliRunner().invoke(app, ["check", number, *_rpc(court.urls), *options])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["chain_id"] == CHAIN_ID
    alive = court.urls[1]
    assert CliRunner().invoke(app, ["check", number, "--rpc", alive, *options]).exit_code == 0
    with open_court([alive]) as gateway:
        assert isinstance(gateway, NetworkGateway), (
            "one validator's address is enough to see that it is a network"
        )
