"""Erasures over a real database: order of states, holds, kills between the two steps, the ledger, the replay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap.rights import LEDGER, REPLAY, LedgerFile
from api.infra.auth import Principal
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError, conflict, integrity, unavailable
from api.kernel.events import EventDraft, EventRef
from api.rights.model import Certificate, EndedContract, Leftovers, State
from api.rights.rules import NOTICE, ended_before
from api.rights.service import Erasures

NOW = datetime(2032, 3, 1, 3, 0, tzinfo=UTC)
ENDED = EndedContract(
    "ab" * 32, "econtract/" + "ab" * 32, "c" * 64, "person-1", "劳动合同", date(2029, 11, 30)
)
OPERATOR = Principal(kind="staff", account_id="op", roles=frozenset({"operator"}))


@dataclass
class Holdings:
    """Counts what was destroyed; its outside parts can be away."""

    destroyed: list[tuple[str, bool]] = field(default_factory=list)
    blobs: set[str] = field(default_factory=lambda: {"b1", "b2"})
    persons: set[str] = field(default_factory=lambda: {"ref"})
    away: bool = False
    waiting: bool = False
    settled: bool = True

    def destroy(self, session: Any, contract_id: str, stream: str, *, replay: bool) -> Leftovers:
        if self.waiting and not replay:
            raise conflict("anchoring.not_anchored_yet")
        first = not self.destroyed
        self.destroyed.append((contract_id, replay))
        return Leftovers({"events": 3}, ("b1", "b2") if first else (), ("ref",) if first else ())

    def log_range(self, session: Any, stream: str) -> Mapping[str, Any]:
        return {"entries": 3, "first_index": 1, "last_index": 4}

    def remove_blob(self, cid: str) -> None:
        if self.away:
            raise unavailable("signing.blobs_unavailable")
        self.blobs.discard(cid)

    def forget_person(self, ref: str) -> None:
        self.persons.discard(ref)

    def settle(self) -> None:
        assert not self.persons, "the disk is settled last"
        if not self.settled:
            raise unavailable("rights.disk_busy")


@dataclass
class Contracts:
    found: list[EndedContract] = field(default_factory=lambda: [ENDED])
    told: list[date] = field(default_factory=list)
    asked: list[date] = field(default_factory=list)

    def ended(self, session: Any, before: date, limit: int) -> Sequence[EndedContract]:
        self.asked.append(before)
        return self.found

    def tell(self, session: Any, contract: EndedContract, due: date) -> None:
        self.told.append(due)


class Certifier:
    def certify(self, facts: Mapping[str, Any]) -> Certificate:
        return Certificate(
            json.dumps(facts, sort_keys=True), "concord-erasure/v1\norigin\n" + "d" * 64 + "\n"
        )

    def check(self, certificate: Certificate) -> Mapping[str, Any]:
        if "origin" not in certificate.note:
            raise integrity("rights.certificate_wrong", reason="x")
        facts: Mapping[str, Any] = json.loads(certificate.body)
        return facts


@dataclass
class Recorder:
    events: list[EventDraft] = field(default_factory=list)

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        self.events.append(draft)
        return EventRef(draft.stream, len(self.events), "e" * 64, NOW)


@dataclass
class Scene:
    service: Erasures
    clock: FixedClock
    holdings: Holdings
    contracts: Contracts
    recorder: Recorder
    folder: Path


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    clock, holdings, contracts, recorder = FixedClock(NOW), Holdings(), Contracts(), Recorder()
    service = Erasures(
        UnitOfWork(database),
        clock,
        recorder,
        contracts,
        holdings,
        Certifier(),
        LedgerFile(tmp_path),
        "concord.test/log",
    )
    return Scene(service, clock, holdings, contracts, recorder, tmp_path)


def only(scene: Scene) -> Any:
    (found,) = scene.service.listing(None, "", 10)
    return found


def test_announced_once_then_erased_after_thirty_days(scene: Scene) -> None:
    assert scene.service.run_due() == 1
    assert scene.contracts.asked == [date(2030, 3, 1)]
    assert scene.contracts.told == [date(2032, 3, 31)]
    assert only(scene).state is State.ANNOUNCED
    scene.clock.advance(NOTICE - timedelta(seconds=1))
    assert scene.service.run_due() == 0
    assert not scene.holdings.destroyed
    scene.clock.advance(timedelta(seconds=1))
    assert scene.service.run_due() == 1
    done = only(scene)
    assert done.state is State.ERASED
    assert not scene.holdings.blobs
    assert not scene.holdings.persons
    assert [event.type for event in scene.recorder.events] == ["rights.erased/1"]
    assert scene.recorder.events[0].payload == {"certificate_sha256": "d" * 64}
    assert json.loads(done.certificate.body)["destroyed"] == {"events": 3}
    assert len((scene.folder / LEDGER).read_text("utf-8").splitlines()) == 1
    assert scene.service.run_due() == 0, "nothing is announced or erased twice"


def test_a_hold_stops_it_and_its_end_gives_a_new_notice(scene: Scene) -> None:
    scene.service.run_due()
    key = only(scene).id
    held = scene.service.hold(OPERATOR, key, " 劳动仲裁 ", "渝劳人仲案 1 号")
    assert (held.state, held.hold_reason) == (State.HELD, "劳动仲裁")
    scene.clock.advance(NOTICE * 3)
    assert scene.service.run_due() == 0
    released = scene.service.lift(OPERATOR, key)
    assert released.due_at == scene.clock.now() + NOTICE
    with pytest.raises(DomainError, match=r"rights\.state_differs"):
        scene.service.lift(OPERATOR, key)
    scene.clock.advance(NOTICE)
    assert scene.service.run_due() == 1
    with pytest.raises(DomainError, match=r"rights\.state_differs"):
        scene.service.hold(OPERATOR, key, "太晚了", "")


@pytest.mark.parametrize(("reason", "case"), [(" ", ""), ("短" * 201, ""), ("争议", "x" * 81)])
def test_a_hold_needs_a_reason(scene: Scene, reason: str, case: str) -> None:
    scene.service.run_due()
    with pytest.raises(DomainError, match=r"rights\.hold"):
        scene.service.hold(OPERATOR, only(scene).id, reason, case)


def test_an_event_that_waits_for_the_chain_postpones(scene: Scene) -> None:
    scene.service.run_due()
    scene.clock.advance(NOTICE)
    scene.holdings.waiting = True
    assert scene.service.run_due() == 0
    assert only(scene).state is State.ANNOUNCED
    scene.holdings.waiting = False
    assert scene.service.run_due() == 1


def test_outside_parts_that_are_away_are_removed_later_and_only_then_certified(scene: Scene) -> None:
    scene.service.run_due()
    scene.clock.advance(NOTICE)
    scene.holdings.away = True
    assert scene.service.run_due() == 0
    half = only(scene)
    assert half.state is State.DESTROYING
    assert half.certificate is None
    scene.holdings.away = False
    assert scene.service.run_due() == 1
    assert only(scene).state is State.ERASED
    assert not scene.holdings.blobs
    assert len(scene.holdings.destroyed) == 1


def test_nothing_is_certified_while_deleted_rows_are_still_on_the_disk(scene: Scene) -> None:
    scene.service.run_due()
    scene.clock.advance(NOTICE)
    scene.holdings.settled = False
    assert scene.service.run_due() == 0
    assert only(scene).state is State.DESTROYING
    assert only(scene).certificate is None
    scene.holdings.settled = True
    assert scene.service.run_due() == 1
    assert only(scene).state is State.ERASED
    assert len(scene.holdings.destroyed) == 1


def test_a_restored_installation_repeats_what_was_certified(scene: Scene) -> None:
    facts = {
        "contract_id": ENDED.contract_id,
        "stream": ENDED.stream,
        "ground": "retention_ended",
        "announced": "2032-01-01T00:00:00.000Z",
        "erased": "2032-02-01T00:00:00.000Z",
    }
    kept = Certifier().certify(facts)
    line = json.dumps({"certificate": kept.body, "note": kept.note})
    (scene.folder / REPLAY).write_text(line + "\n", encoding="utf-8")
    scene.holdings.waiting = True  # restored events may wait for the chain: the erasure does not
    scene.holdings.away = True
    with pytest.raises(DomainError):
        scene.service.replay()
    assert (scene.folder / REPLAY).exists(), "not done, so not forgotten"
    scene.holdings.away = False
    assert scene.service.replay() == 1
    assert only(scene).certificate == kept
    assert not scene.holdings.blobs
    assert not (scene.folder / REPLAY).exists()
    assert (scene.folder / LEDGER).read_text("utf-8") == line + "\n"
    assert scene.service.replay() == 0


def test_processes_that_begin_together_repeat_one_after_the_other(scene: Scene) -> None:
    """API and worker both start by replaying; a file that the other one writes to can't be rewritten."""
    facts = {"contract_id": ENDED.contract_id, "stream": ENDED.stream, "ground": "retention_ended"}
    times = {"announced": "2032-01-01T00:00:00.000Z", "erased": "2032-02-01T00:00:00.000Z"}
    kept = Certifier().certify(facts | times)
    line = json.dumps({"certificate": kept.body, "note": kept.note})
    (scene.folder / REPLAY).write_text(line + "\n", encoding="utf-8")
    with ThreadPoolExecutor(1) as worker:
        with LedgerFile(scene.folder).turn():
            second = worker.submit(scene.service.replay)
            with pytest.raises(TimeoutError):
                second.result(0.3)
            assert not scene.holdings.destroyed
            assert (scene.folder / REPLAY).exists()
        assert second.result(30) == 1
    assert scene.service.replay() == 0


def test_a_ledger_of_another_installation_is_refused(scene: Scene) -> None:
    line = json.dumps({"certificate": "{}", "note": "somebody's"})
    (scene.folder / REPLAY).write_text(line + "\n", encoding="utf-8")
    with pytest.raises(DomainError, match=r"rights\.certificate_wrong"):
        scene.service.replay()
    (scene.folder / REPLAY).write_text("{not json\n", encoding="utf-8")
    with pytest.raises(DomainError, match=r"rights\.ledger_unreadable"):
        scene.service.replay()
    assert not scene.holdings.destroyed


def test_a_line_that_a_kill_cut_in_two_does_not_swallow_the_next(tmp_path: Path) -> None:
    ledger = LedgerFile(tmp_path)
    (tmp_path / LEDGER).write_text('{"certificate": "x', encoding="utf-8")
    ledger.append(Certificate("a", "b"))
    ledger.append(Certificate("a", "b"))
    lines = (tmp_path / LEDGER).read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1]) == {"certificate": "a", "note": "b"}


def test_two_years_are_counted_by_the_calendar() -> None:
    assert ended_before(date(2032, 2, 29)) == date(2030, 2, 28)
    assert ended_before(date(2031, 5, 4)) == date(2029, 5, 4)
