"""The loop that makes light records: resumable, beside everything else, and never from an answer that does not hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.anchoring.repository import alarms, conclusions
from api.anchoring.repository.eager import EagerDatabase
from api.anchoring.repository.lease import SqlLease
from api.anchoring.service.light import LEASE, LightProver
from api.anchoring.tables import FlightRow
from api.infra.db import UnitOfWork
from api.kernel.clock import FixedClock, SystemClock
from api.kernel.errors import DomainError
from chain.light.encoding import trail_imprint
from chain.light.network import LightNetwork
from chain.light.shape import check_record
from chain.light.state import commitment_slot
from chain.trust_root import ValidatorNetwork
from tests.factories.light_network import CHAIN, Iavl, b64, evm_store, sha256
from tests.factories.light_nodes import LightNode
from tests.factories.light_proofs import concluded
from tests.support.anchoring_scenes import conclude, grant, record, register, settle
from tests.support.anchoring_store import Slice, hex32
from tests.support.relay_world import CONTRACTS

CODE = sha256(b"code of the registry")
NAMES = ("one", "two", "three")
PERIOD = 180 * 86_400
DAY = timedelta(days=1)


def store_of(**changed: bytes) -> Iavl:
    """The registry's state once all contracts are concluded; `changed` replaces commitments."""
    held = {name: changed.get(name, bytes.fromhex(hex32(f"{name}/1"))) for name in NAMES}
    slots = {commitment_slot(bytes.fromhex(hex32(name)), 1): value for name, value in held.items()}
    return evm_store(CONTRACTS.labour, CODE, slots, crowd=20)


@dataclass
class Scene:
    """An anchored contract or more, and a network that took them."""

    slice_: Slice
    clock: FixedClock
    validators: dict[str, LightNode] = field(default_factory=dict)
    trust: ValidatorNetwork | None = None

    def prover(self, owner: str = "one") -> LightProver:
        db = EagerDatabase(self.slice_.db.engine.url.render_as_string(False), self.slice_.db.field_key)
        return LightProver(
            UnitOfWork(db), self.clock, SqlLease(db, LEASE, self.clock.now), owner,
            LightNetwork(self.validators, 4), (CONTRACTS.labour, CODE), lambda: self.trust, self.slice_.timestamps,
        )  # fmt: skip

    def flights(self) -> list[Any]:
        with self.slice_.service.uow.read() as session:
            query = select(
                FlightRow.kind, FlightRow.call, FlightRow.block_number, FlightRow.hash, FlightRow.proof
            )
            return list(session.execute(query.order_by(FlightRow.nonce)))

    def records(self, *names: str) -> list[Any]:
        """Stored proof of each contract's conclusion."""
        with self.slice_.service.uow.read() as session:
            found = [self.slice_.service.proofs.conclusion(session, hex32(name)) for name in names]
        return [None if item is None else item.receipt_proof for item in found]

    def alarms(self) -> list[str]:
        with self.slice_.service.uow.read() as session:
            return [item.code for item in alarms.open_alarms(session)]

    def results(self) -> dict[int, list[bytes]]:
        """Every transaction's result by block, in the order of the nonces."""
        found: dict[int, list[bytes]] = {}
        for row in self.flights():
            data = concluded(CONTRACTS.labour, hex32("contract"), 1, sha256(b"stated elsewhere"))
            data = data.replace(b"ab" * 32, row.hash.hex().encode())
            found.setdefault(row.block_number, []).append(data)
        return found

    def newest(self) -> int:
        return max(row.block_number for row in self.flights())


@pytest.fixture
def scene(slice_: Slice) -> Scene:
    register(slice_)
    grant(slice_)
    record(slice_, "econtract/x", 2)
    settle(slice_)
    for name in NAMES[:2]:
        conclude(slice_, name, hold=False)
    settle(slice_)
    made = Scene(slice_, FixedClock(SystemClock().now()))
    node = LightNode(store_of(), made.results())
    made.validators = {"hr": node, "court": LightNode(store_of(), made.results())}
    made.trust = ValidatorNetwork(CHAIN, PERIOD, {1: node.hash(1)})
    return made


def test_every_conclusion_gets_its_record_and_nothing_else_does(scene: Scene) -> None:
    prover = scene.prover()
    assert prover.run_due() == 2
    for name, made in zip(NAMES, scene.records(*NAMES[:2]), strict=False):
        check_record(made)
        assert made["conclusion"] == {
            "contract_id": hex32(name), "version": 1, "commitment": hex32(f"{name}/1"),
        }  # fmt: skip
        assert made["light"]["trail"][0]["header"]["height"] == 1
        assert made["light"]["token"] == b64(b"token" + trail_imprint(made["light"]))
    proven = [row for row in scene.flights() if row.proof is not None]
    assert len(proven) == 2
    assert all(row.call is not None for row in proven)
    assert (prover.run_due(), scene.alarms()) == (0, [])
    assert scene.prover("another").run_due() == 0


def test_conclusions_of_one_block_need_one_token(scene: Scene) -> None:
    assert len({row.block_number for row in scene.flights()[-2:]}) == 1
    scene.slice_.timestamps.asked.clear()
    scene.prover().run_due()
    one, two = scene.records(*NAMES[:2])
    assert one["light"] == two["light"]
    assert len(scene.slice_.timestamps.asked) == 1


def test_it_waits_for_the_block_behind_and_is_never_late_in_a_rush(scene: Scene) -> None:
    for node in scene.validators.values():
        node.newest = scene.newest()
    prover = scene.prover()
    assert prover.run_due() == 0
    for node in scene.validators.values():
        node.newest += 1
    assert prover.run_due() == 0, "not asked again at once"
    scene.clock.advance(timedelta(seconds=3))
    assert prover.run_due() == 2
    assert scene.alarms() == []


def test_a_killed_process_goes_on_and_one_at_a_time_works(scene: Scene) -> None:
    scene.slice_.timestamps.down = True
    first, second = scene.prover("first"), scene.prover("second")
    assert first.run_due() == 0
    scene.slice_.timestamps.down = False
    assert second.run_due() == 0, "the lease is the first one's"
    scene.clock.advance(timedelta(minutes=3))
    assert second.run_due() == 2
    assert first.run_due() == 0


def test_without_a_token_what_the_nodes_said_is_kept_and_somebody_is_told_in_the_end(scene: Scene) -> None:
    scene.slice_.timestamps.down = True
    prover = scene.prover()
    prover.run_due()
    asked = sum(len(node.asked) for node in scene.validators.values())
    scene.clock.advance(timedelta(minutes=5))
    prover.run_due()
    assert scene.alarms() == []
    scene.clock.advance(timedelta(minutes=10))
    assert prover.run_due() == 0
    assert scene.alarms() == ["light.record_late"] * 2
    scene.slice_.timestamps.down = False
    scene.clock.advance(timedelta(minutes=1))
    assert prover.run_due() == 2
    assert sum(len(node.asked) for node in scene.validators.values()) == asked


def test_validators_that_are_away_hold_up_nothing_and_are_told(scene: Scene) -> None:
    for node in scene.validators.values():
        node.down = True
    prover = scene.prover()
    prover.run_due()
    conclude(scene.slice_, NAMES[2], hold=False)
    settle(scene.slice_)
    assert len([row for row in scene.flights() if row.call]) == 5, "the relay has gone on"
    scene.clock.advance(timedelta(minutes=20))
    assert prover.run_due() == 0
    assert set(scene.alarms()) == {"light.record_late"}
    for node in scene.validators.values():
        node.down, node.results = False, scene.results()
    scene.clock.advance(timedelta(minutes=1))
    assert prover.run_due() == 3


def test_one_lying_validator_is_an_alarm_and_another_makes_the_record(scene: Scene) -> None:
    scene.validators["hr"] = LightNode(store_of(one=sha256(b"another")), scene.results())
    assert scene.prover().run_due() == 2
    assert scene.alarms() == ["light.contradiction"]
    with scene.slice_.service.uow.read() as session:
        (alarm,) = alarms.open_alarms(session)
    assert alarm.facts["validator"] == "hr"
    assert scene.records("one")[0]["conclusion"]["commitment"] == hex32("one/1")


def test_a_registry_that_holds_something_else_everywhere_stops_the_work(scene: Scene) -> None:
    for name in scene.validators:
        scene.validators[name] = LightNode(store_of(one=sha256(b"another")), scene.results())
    scene.trust = ValidatorNetwork(CHAIN, PERIOD, {1: scene.validators["hr"].hash(1)})
    with pytest.raises(DomainError, match=r"anchoring\.integrity"):
        scene.prover().run_due()
    assert scene.alarms() == ["log.integrity"]
    with pytest.raises(DomainError, match=r"anchoring\.stopped"):
        scene.prover().run_due()
    scene.slice_.monotonic += 6.0  # type: ignore[operator]
    with pytest.raises(DomainError, match=r"anchoring\.stopped"):
        scene.slice_.service.worker().tick()
    assert scene.records("one", "two") == [None, None]


def test_another_history_than_the_trust_roots_stops_the_work(scene: Scene) -> None:
    scene.trust = ValidatorNetwork(CHAIN, PERIOD, {1: "ab" * 32})
    with pytest.raises(DomainError, match=r"anchoring\.integrity"):
        scene.prover().run_due()


def test_without_a_trusted_header_nothing_is_made_and_after_a_while_somebody_is_told(scene: Scene) -> None:
    trust, scene.trust = scene.trust, None
    prover = scene.prover()
    assert (prover.run_due(), scene.alarms()) == (0, [])
    scene.clock.advance(timedelta(minutes=11))
    assert (prover.run_due(), scene.alarms()) == (0, ["light.no_trusted_header"])
    scene.trust = trust
    assert prover.run_due() == 2


def test_what_is_older_than_all_trusted_headers_is_left_alone(scene: Scene) -> None:
    above = scene.newest() + 1
    scene.trust = ValidatorNetwork(CHAIN, PERIOD, {above: scene.validators["hr"].hash(above)})
    prover = scene.prover()
    assert (prover.run_due(), prover.run_due(), scene.alarms()) == (0, 0, [])
    assert scene.records("one", "two") == [None, None]


def test_a_trusted_header_that_grows_old_is_told_and_an_ended_one_not_used(scene: Scene) -> None:
    ages = (scene.clock.now().timestamp() - scene.validators["hr"].start) * 0.9
    scene.trust = ValidatorNetwork(CHAIN, int(ages), dict(scene.trust.headers if scene.trust else {}))
    assert scene.prover().run_due() == 0
    assert "light.header_old" in scene.alarms()
    assert scene.records("one", "two") == [None, None]
    scene.trust = ValidatorNetwork(CHAIN, int(ages / 0.9 / 0.8), scene.trust.headers)
    scene.clock.advance(timedelta(seconds=20))
    assert scene.prover().run_due() == 2
    assert "light.header_old" in scene.alarms()


def test_a_block_from_the_future_is_not_stamped_in_advance(scene: Scene) -> None:
    ahead = int(scene.clock.now().timestamp()) + 3_600
    for name in scene.validators:
        scene.validators[name] = LightNode(store_of(), scene.results(), start=ahead)
    scene.trust = ValidatorNetwork(CHAIN, PERIOD, {1: scene.validators["hr"].hash(1)})
    assert scene.prover().run_due() == 0
    assert scene.records("one", "two") == [None, None]


def test_conclusions_that_nothing_vouches_for_are_in_nobodys_way(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.anchoring.service.light.AT_ONCE", 1)
    first = scene.newest() + 1
    conclude(scene.slice_, NAMES[2], hold=False)
    settle(scene.slice_)
    assert scene.newest() >= first
    for name in scene.validators:
        scene.validators[name] = LightNode(store_of(), scene.results())
    scene.trust = ValidatorNetwork(CHAIN, PERIOD, {first: scene.validators["hr"].hash(first)})
    prover = scene.prover()
    assert [prover.run_due() for _ in range(4)] == [0, 0, 1, 0]
    assert scene.records("one", "two") == [None, None]


def test_a_record_that_was_stored_stays(scene: Scene) -> None:
    scene.prover().run_due()
    before = scene.records("one")
    nonce = next(n for n, row in enumerate(scene.flights()) if row.proof == before[0])
    with scene.slice_.service.uow() as session:
        conclusions.keep(session, nonce, {"another": 1})
    assert scene.records("one") == before
