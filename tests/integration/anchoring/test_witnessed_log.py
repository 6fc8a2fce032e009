"""The worker, its witnesses and who reads the log: cosignatures arrive, delays delay, a contradiction stops the relay."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update

from api.anchoring.repository import witnesses
from api.anchoring.service.proofs import Proofs
from api.anchoring.tables import CheckpointRow, JudicialItemRow
from api.infra.db import Database
from api.kernel.clock import SystemClock
from api.kernel.errors import DomainError
from chain.checkpoint import SignedNote, token_imprint
from chain.cosignature import WitnessVerifier
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.witness import identity
from chain.witness_client import Endpoint, WitnessClient
from tests.support.anchoring_scenes import OPERATOR, record
from tests.support.anchoring_store import KEY, ORIGIN, Slice
from tests.support.relay_world import CHAIN_ID, CONTRACTS
from tests.support.witness_world import BRIDGE, AppTransport, GrowingLog, make_witness

NAMES = ("court", "notary", "union")


class Town:
    """A slice whose log three witnesses watch."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.witnesses = {name: make_witness(folder / name, f"{name}.test/w") for name in NAMES}
        self.away: set[str] = set()
        gateway = MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID)
        self.slice = Slice(database, gateway, witnesses=[self._client(name) for name in NAMES], threshold=2)

    def _client(self, name: str) -> WitnessClient:
        facts = identity.load(self.folder / name).facts
        transport = AppTransport(lambda: self.witnesses[name])

        def handle(request: httpx.Request) -> httpx.Response:
            if name in self.away:
                raise httpx.ConnectError("refused", request=request)
            return transport.handle_request(request)

        http = httpx.Client(transport=httpx.MockTransport(handle))
        return WitnessClient(
            Endpoint(facts.name, "http://w", facts.vkey, facts.address), BRIDGE, http, pause=0
        )

    def key(self, name: str) -> WitnessVerifier:
        return WitnessVerifier.parse(identity.load(self.folder / name).facts.vkey)

    def settle(self, rounds: int = 10) -> None:
        worker = self.slice.service.worker()
        for _ in range(rounds):
            worker.tick()
            self.slice.gateway.mine()  # type: ignore[attr-defined]
            self.slice.monotonic += 6.0  # type: ignore[operator]
            time.sleep(0.05)  # threads of token and witnesses

    def checkpoint(self, **options: Any) -> Any:
        with self.slice.service.uow.read() as session:
            return self.slice.service.proofs.checkpoint(session, **options)

    def status(self) -> Any:
        with self.slice.service.uow.read() as session:
            return self.slice.service.operator.status(session)


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path / "witnesses")


def test_cosignatures_come_into_the_checkpoint(town: Town) -> None:
    record(town.slice, "econtract/a", 3)
    town.settle()
    found = town.checkpoint()
    note = SignedNote.parse(found.note)
    assert note.signatures[0].name == ORIGIN  # the log's line comes first
    for name in NAMES:
        assert town.key(name).cosigned_at(note) > 1_700_000_000
    assert token_imprint(found.note, KEY.verifier) == found.token.removeprefix(
        b"token"
    )  # as it was before they came
    assert [len(pair.bridge) for pair in found.cosignatures] == [65, 65, 65]
    status = town.status()
    assert status.witnessed_size == found.size == 3
    assert [(w.name, w.size) for w in status.witnesses] == [(f"{name}.test/w", 3) for name in NAMES]


def test_one_witness_down_is_a_quorum_still_two_are_a_delay(town: Town) -> None:
    town.away = {"court"}
    record(town.slice, "econtract/a", 3)
    town.settle()
    assert town.status().witnessed_size == 3
    town.away = {"court", "union"}
    record(town.slice, "econtract/a", 2)
    town.settle()
    status = town.status()
    assert (status.witnessed_size, status.checkpoint_size, status.stopped) == (3, 5, False)
    town.away = set()
    town.settle(14)
    assert town.status().witnessed_size == 5


def test_a_contradicting_witness_stops_the_relay_and_no_user(town: Town) -> None:
    fork = GrowingLog(KEY, salt=b"fork").grow(2)
    town.witnesses["union"].add_checkpoint(fork.body(0, 2))
    record(town.slice, "econtract/a", 3)
    with pytest.raises(DomainError, match="integrity"):
        town.settle()
    status = town.status()
    assert status.stopped
    assert [alarm.code for alarm in status.alarms] == ["witness.conflict"]
    assert status.alarms[0].facts["witness"] == "union.test/w"
    record(town.slice, "econtract/a", 1)  # a user's write goes on
    with pytest.raises(DomainError, match="stopped"):
        town.slice.service.worker().tick()
    with town.slice.service.uow() as session:
        town.slice.service.operator.clear_alarm(session, OPERATOR, status.alarms[0].id, "looked into it")
    assert not town.status().stopped


def test_a_package_takes_the_oldest_checkpoint_that_went_furthest(town: Town) -> None:
    town.away = set(NAMES)
    record(town.slice, "econtract/a", 2)
    town.settle()
    assert town.checkpoint(covering=0).size == 2  # only signed: nothing better covers it
    town.away = set()
    town.slice.monotonic += 120.0  # type: ignore[operator]
    for size in (4, 6):
        record(town.slice, "econtract/a", 2)
        town.settle()
        assert town.status().witnessed_size == size
    with town.slice.service.uow() as session:
        session.execute(update(CheckpointRow).where(CheckpointRow.size == 2).values(witnessed_at=None))
    assert town.checkpoint(covering=0).size == 4
    now = SystemClock().now()
    with town.slice.service.uow() as session:
        values = {
            "checkpoint_size": 6,
            "root": bytes(32),
            "state": "anchored",
            "created_at": now,
            "updated_at": now,
        }
        session.execute(insert(JudicialItemRow).values(**values, receipt={"v": 1}))
    assert town.checkpoint(covering=0).size == 6
    assert town.checkpoint(covering=5).size == 6


def test_a_young_checkpoint_is_waited_for_and_then_given_out_as_it_is(town: Town) -> None:
    town.away = set(NAMES)
    record(town.slice, "econtract/a", 2)
    town.settle()

    class Later:
        after = timedelta(0)

        def now(self) -> Any:
            return SystemClock().now() + self.after

    clock = Later()
    proofs = Proofs(ORIGIN, lambda: KEY, clock, timedelta(seconds=60))
    with town.slice.service.uow.read() as session:
        assert proofs.checkpoint(session, covering=0) is None
        clock.after = timedelta(seconds=61)
        assert proofs.checkpoint(session, covering=0).size == 2  # type: ignore[union-attr]
        clock.after = timedelta(days=-1)  # a clock that was set back keeps nobody waiting
        assert proofs.checkpoint(session, covering=0).size == 2  # type: ignore[union-attr]


def _found(town: Town, name: str) -> Any:
    return next(w for w in town.status().witnesses if w.name == f"{name}.test/w")


def test_the_operator_sees_who_is_down_and_since_when(town: Town) -> None:
    assert [w.state for w in town.status().witnesses] == ["unasked"] * 3
    record(town.slice, "econtract/a", 3)
    town.settle()
    assert [w.state for w in town.status().witnesses] == ["up"] * 3
    town.away = {"court"}
    record(town.slice, "econtract/a", 2)
    town.settle()
    court = _found(town, "court")
    assert (court.state, court.size, court.behind, court.origin) == ("down", 3, 2, ORIGIN)
    assert (court.trouble.code, court.trouble.detail) == ("unreachable", "ConnectError: refused")
    assert court.trouble.times > 1
    assert court.trouble.since < court.trouble.last_at
    assert (_found(town, "union").state, _found(town, "union").behind) == ("up", 0)
    town.away = set()
    town.settle(14)
    assert (_found(town, "court").state, _found(town, "court").trouble) == ("up", None)


def test_a_trouble_that_an_earlier_process_left_ends_with_the_next_cosignature(town: Town) -> None:
    with town.slice.service.uow() as session:
        witnesses.keep_trouble(session, "court.test/w", "slow", "ReadTimeout: ", SystemClock().now())
    assert _found(town, "court").state == "down"
    record(town.slice, "econtract/a", 3)
    town.settle()
    assert _found(town, "court").state == "up"


def test_the_operator_sees_who_contradicts(town: Town) -> None:
    fork = GrowingLog(KEY, salt=b"fork").grow(2)
    town.witnesses["union"].add_checkpoint(fork.body(0, 2))
    record(town.slice, "econtract/a", 3)
    with pytest.raises(DomainError, match="integrity"):
        town.settle()
    union = _found(town, "union")
    assert (union.state, union.trouble.code, union.size) == ("conflicting", "conflicts", 0)
    assert "not ours" in union.trouble.detail or "cosigned" in union.trouble.detail
