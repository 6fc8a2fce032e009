"""Versions of the rule set on both databases: second person, two publications at once, what held when, and tampering."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api.infra.audit import AuditRow
from api.infra.db import Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError
from api.migrations.run import upgrade
from api.risk.rulesets.model import State, Version
from api.risk.rulesets.ports import FactLabel
from api.risk.rulesets.repository import RuleSetRow
from api.risk.rulesets.service import RuleSetService
from tests.support.slice_application import person
from tests.unit.risk_scoring.rule_sets import checked, plain_document, real, real_document

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ANNA = person("risk_analyst")
BO = replace(person("risk_director"), account_id="account-bo")
CHEN = replace(person("risk_director"), account_id="account-chen")


class Dictionary:
    """Every fact that the test's rule sets read."""

    def names(self) -> frozenset[str]:
        return frozenset(real().facts) | {f"level_{p['id'].lower()}" for p in plain_document()["points"]}

    def flags(self) -> frozenset[str]:
        return frozenset({"boss_fled", "has_union", "wage_frozen", "base_frozen", "has_loan"})

    def label(self, name: str) -> FactLabel | None:
        unit = "flag" if name in self.flags() else "fen" if name.endswith("_fen") else "persons"
        return FactLabel(f"指标{name}", f"Fact {name}", unit) if name in self.names() else None


class Measurements:
    """Every candidate has a passed backtest but those that a test names."""

    def __init__(self, *lacking: str, passes: bool = True) -> None:
        self.lacking, self.passes = set(lacking), passes

    def passed(self, candidate_hash: str) -> bool:
        return self.passes and candidate_hash not in self.lacking


class Staff:
    """Two of the three have a name on record."""

    def names(self, accounts: Collection[str]) -> Mapping[str, str]:
        known = {ANNA.actor: "安娜（虚构）", BO.actor: "薄文（虚构）"}
        return {account: known[account] for account in accounts if account in known}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    upgrade(database_url)
    made = Database(database_url, FieldKey(hashlib.sha256(b"test").digest()))
    yield made
    made.close()


@pytest.fixture
def rule_sets(database: Database, clock: FixedClock) -> RuleSetService:
    return RuleSetService(
        UnitOfWork(database), clock, checked(plain_document()), Dictionary(), Measurements(), Staff()
    )


def document(version: str = "1.1", **changes: Any) -> dict[str, Any]:
    return real_document(version=version, **changes)


def validated(rule_sets: RuleSetService, version: str = "1.1") -> Version:
    made = rule_sets.draft(ANNA, document(version), "tried")
    return rule_sets.validate(ANNA, made.row_id, made.revision)[0]


def publish(rule_sets: RuleSetService, made: Version, who: Any = BO, **period: Any) -> Version:
    period = {"valid_from": TODAY, **period}
    return rule_sets.publish(who, made.row_id, made.revision, rule_sets.newest(), **period)


def refused(code: str, work: Any, *args: Any, **named: Any) -> DomainError:
    with pytest.raises(DomainError) as error:
        work(*args, **named)
    assert error.value.code == code
    return error.value


def test_a_draft_is_validated_and_published_by_a_second_person(
    rule_sets: RuleSetService, database: Database
) -> None:
    made = validated(rule_sets)
    assert (made.state, made.validated_by) == (State.VALIDATED, ANNA.actor)
    assert refused("risk.rule_set_second_person", publish, rule_sets, made, ANNA).kind.value == "forbidden"
    done = publish(rule_sets, made)
    assert (done.state, done.sequence, done.published_by, done.known_from) == (
        State.PUBLISHED,
        1,
        BO.actor,
        NOW,
    )
    assert rule_sets.get(made.row_id) == done
    assert rule_sets.by_hash(done.hash) == done
    with database.read() as session:
        audited = list(session.scalars(select(AuditRow.action).order_by(AuditRow.no)))
    assert audited == ["risk.rule_set_drafted", "risk.rule_set_validated", "risk.rule_set_published"]


def test_whoever_edited_in_between_is_an_author_too(rule_sets: RuleSetService) -> None:
    made = rule_sets.draft(ANNA, document(), "")
    made = rule_sets.change(BO, made.row_id, made.revision, document(coverage_floor_bp=6_500), None)
    made = rule_sets.validate(CHEN, made.row_id, made.revision)[0]
    refused("risk.rule_set_second_person", publish, rule_sets, made, BO)
    assert publish(rule_sets, made, CHEN).state is State.PUBLISHED


def test_a_draft_with_errors_is_not_validated_and_an_unvalidated_one_not_published(
    rule_sets: RuleSetService,
) -> None:
    wrong = document()
    wrong["points"][0]["weight_bp"] += 1
    made = rule_sets.draft(ANNA, wrong, "")
    error = refused("risk.rule_set_has_errors", rule_sets.validate, ANNA, made.row_id, made.revision)
    assert error.facts["errors"] == ["points: weights_sum"]
    refused("risk.rule_set_not_validated", publish, rule_sets, made)
    made = validated(rule_sets)
    changed = rule_sets.change(ANNA, made.row_id, made.revision, document(), None)
    assert changed.state is State.DRAFT
    refused("risk.rule_set_not_validated", publish, rule_sets, changed)


def test_a_fact_that_left_the_dictionary_stops_the_publication(database: Database, clock: FixedClock) -> None:
    class Shrinking(Dictionary):
        gone: frozenset[str] = frozenset()

        def names(self) -> frozenset[str]:
            return super().names() - self.gone

    dictionary = Shrinking()
    rule_sets = RuleSetService(
        UnitOfWork(database), clock, checked(plain_document()), dictionary, Measurements(), Staff()
    )
    made = validated(rule_sets)
    dictionary.gone = frozenset({"unsigned"})
    refused("risk.rule_set_not_validated", publish, rule_sets, made)


def test_without_a_passed_backtest_of_exactly_this_hash_a_reason_must_be_written(
    database: Database, clock: FixedClock
) -> None:
    measured = Measurements(passes=False)
    rule_sets = RuleSetService(
        UnitOfWork(database), clock, checked(plain_document()), Dictionary(), measured, Staff()
    )
    made = validated(rule_sets)
    error = refused("risk.rule_set_not_measured", publish, rule_sets, made)
    assert error.facts["hash"] == made.hash
    refused("risk.rule_set_reason", publish, rule_sets, made, reason=" too short ")
    refused("risk.rule_set_reason", publish, rule_sets, made, reason="x" * 401)
    assert rule_sets.get(made.row_id) == made
    done = publish(rule_sets, made, reason="Typhoon week: the payroll files\n come late.")
    assert done.waiver == "Typhoon week: the payroll files come late."
    last = rule_sets.history(made.row_id)[-1]
    assert (last.action, last.actor, last.purpose) == ("risk.rule_set_published", BO.actor, done.waiver)


def test_a_passed_backtest_of_another_hash_does_not_count(database: Database, clock: FixedClock) -> None:
    measured = Measurements()
    rule_sets = RuleSetService(
        UnitOfWork(database), clock, checked(plain_document()), Dictionary(), measured, Staff()
    )
    made = validated(rule_sets)
    changed = rule_sets.change(ANNA, made.row_id, made.revision, document(coverage_floor_bp=6_500), None)
    changed = rule_sets.validate(ANNA, changed.row_id, changed.revision)[0]
    measured.lacking.add(changed.hash)
    refused("risk.rule_set_not_measured", publish, rule_sets, changed)
    measured.lacking = {made.hash}
    done = publish(rule_sets, changed, reason="not needed, and not kept")
    assert done.waiver is None


def test_two_editors_of_one_revision(rule_sets: RuleSetService) -> None:
    made = rule_sets.draft(ANNA, document(), "")
    rule_sets.change(ANNA, made.row_id, made.revision, document(), None)
    error = refused(
        "risk.rule_set_changed", rule_sets.change, BO, made.row_id, made.revision, document(), None
    )
    assert error.kind.value == "conflict"


def test_the_second_of_two_publications_is_a_conflict_until_it_is_compared(rule_sets: RuleSetService) -> None:
    one, other = validated(rule_sets, "1.1"), validated(rule_sets, "1.2")
    publish(rule_sets, one)
    error = refused("risk.rule_set_overtaken", publish, rule_sets, other)
    assert error.kind.value == "conflict"
    refused("risk.rule_set_overtaken", rule_sets.publish, BO, other.row_id, other.revision, 0, TODAY)
    anew = rule_sets.rebase(ANNA, other.row_id, other.revision)
    refused("risk.rule_set_not_validated", publish, rule_sets, anew)
    anew = rule_sets.validate(ANNA, anew.row_id, anew.revision)[0]
    assert publish(rule_sets, anew).sequence == 2


def test_two_publications_at_once_let_one_through(rule_sets: RuleSetService) -> None:
    versions = [validated(rule_sets, f"1.{i}") for i in range(4)]
    barrier = threading.Barrier(len(versions))
    results: list[object] = []

    def run(made: Version) -> None:
        barrier.wait()
        try:
            results.append(rule_sets.publish(BO, made.row_id, made.revision, 0, TODAY).sequence)
        except DomainError as error:
            results.append((error.code, error.kind.value))

    threads = [threading.Thread(target=run, args=(made,)) for made in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == sorted(map(str, [1] + [("risk.rule_set_overtaken", "conflict")] * 3))


def test_the_database_itself_refuses_a_second_publication_of_one_number(
    rule_sets: RuleSetService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when both have read the same newest number, as two machines can."""
    from api.risk.rulesets import repository

    one, other = validated(rule_sets, "1.1"), validated(rule_sets, "1.2")
    publish(rule_sets, one)
    with monkeypatch.context() as patch:
        patch.setattr(repository, "newest", lambda _session: 0)
        refused("risk.rule_set_overtaken", rule_sets.publish, BO, other.row_id, other.revision, 0, TODAY)
    assert rule_sets.get(other.row_id).state is State.VALIDATED


def test_what_held_when_as_known_when(rule_sets: RuleSetService, clock: FixedClock) -> None:
    first = publish(rule_sets, validated(rule_sets, "1.1"), valid_from=TODAY + timedelta(days=7))
    clock.advance(timedelta(days=1))
    second = publish(
        rule_sets,
        validated(rule_sets, "1.2"),
        valid_from=TODAY + timedelta(days=10),
        valid_to=TODAY + timedelta(days=12),
    )

    def holds(day: int, known: datetime | None = None) -> str:
        return rule_sets.in_force(TODAY + timedelta(days=day), known).document.version

    assert [holds(day) for day in (0, 6, 7, 9, 10, 12, 13)] == [
        "1.0",
        "1.0",
        "1.1",
        "1.1",
        "1.2",
        "1.2",
        "1.1",
    ]
    assert [holds(day, NOW) for day in (6, 7, 11)] == ["1.0", "1.1", "1.1"]
    assert holds(11, NOW - timedelta(seconds=1)) == "1.0"
    assert (first.sequence, second.sequence) == (1, 2)


def test_periods_that_begin_in_the_past_or_are_turned_round(rule_sets: RuleSetService) -> None:
    made = validated(rule_sets)
    refused("risk.rule_set_backdated", publish, rule_sets, made, valid_from=TODAY - timedelta(days=1))
    refused("risk.rule_set_period", publish, rule_sets, made, valid_to=TODAY - timedelta(days=1))


def test_what_is_published_or_withdrawn_is_closed(rule_sets: RuleSetService) -> None:
    done = publish(rule_sets, validated(rule_sets))
    refused("risk.rule_set_closed", rule_sets.change, ANNA, done.row_id, done.revision, document(), None)
    refused("risk.rule_set_closed", rule_sets.withdraw, ANNA, done.row_id, done.revision)
    other = rule_sets.draft(ANNA, document("2.0"), "")
    rule_sets.withdraw(ANNA, other.row_id, other.revision)
    assert rule_sets.get(other.row_id).state is State.WITHDRAWN
    refused("risk.rule_set_closed", rule_sets.validate, ANNA, other.row_id, other.revision + 1)
    refused("not_found", rule_sets.get, "nobody")
    refused("not_found", rule_sets.by_hash, other.hash)


def test_a_document_changed_behind_our_back_is_not_used(
    rule_sets: RuleSetService, database: Database
) -> None:
    done = publish(rule_sets, validated(rule_sets))
    other = copy.deepcopy(done.document.model_dump(mode="json"))
    other["coverage_floor_bp"] = 1
    with database.transaction() as session:
        session.execute(update(RuleSetRow).where(RuleSetRow.row_id == done.row_id).values(document=other))
    assert refused("risk.rule_set_altered", rule_sets.get, done.row_id).kind.value == "integrity"
    refused("risk.rule_set_altered", rule_sets.in_force, TODAY)


def test_differences_are_named_by_point(rule_sets: RuleSetService) -> None:
    before = rule_sets.draft(ANNA, document(), "")
    later = document()
    later["points"].reverse()
    point = next(p for p in later["points"] if p["id"] == "GZ01")
    point["tiers"]["blue"]["value"] = 3
    after = rule_sets.draft(ANNA, later, "")
    found = [(d.where, d.before, d.after) for d in rule_sets.differences(after.row_id, before.row_id)]
    assert found == [("/points/GZ01/tiers/blue/value", 1, 3)]
