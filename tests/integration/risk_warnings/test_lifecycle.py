"""Confirmed, lifted, reopened: what people decide about what the rules issued, and about a closure that was wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from api.infra.audit import AuditRow
from api.infra.db import UnitOfWork
from api.kernel.errors import DomainError
from api.kernel.events import CaseClosed, CaseReopened, CaseVerified
from api.risk.episodes.closure import Decided
from api.risk.episodes.force import Outcome, Row
from api.risk.ports import Step
from api.risk.runs.issuing import Issuing
from api.risk.service.warnings import Warnings
from api.risk.tables import ChangeRow, EpisodeRow, StandingRow, WarningRow
from tests.support.risk_district import START, District
from tests.support.slice_application import person

FEB = date(2026, 2, 5)
DIRECTOR, ANALYST = person("risk_director"), person("risk_analyst")
A, B = (Row("GZ04", f"clue-{name}", 5, name * 2) for name in "ab")


class Chain:
    """Steps as the registry's slice is handed them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def take(self, session: Any, step: Step) -> None:
        self.steps.append(step)

    @property
    def kinds(self) -> list[tuple[str, int, bool]]:
        return [(step.kind, step.grade, step.automatic) for step in self.steps]


@pytest.fixture
def chain(district: District) -> Chain:
    made = Chain()
    district.issuing = Issuing(district.bus, district.record, made, 500107)
    district.runs = district.process()
    return made


@pytest.fixture
def warnings(district: District, chain: Chain) -> Warnings:
    made = Warnings(UnitOfWork(district.database), district.clock, district.departments, district.issuing)
    district.bus.subscribe(CaseVerified, made.case_verified)
    district.bus.subscribe(CaseClosed, made.case_closed)
    district.bus.subscribe(CaseReopened, made.case_reopened)
    return made


def lit(district: District, text: str = "GZ04 R", rows: tuple[Row, ...] = (A,)) -> WarningRow:
    district.departments.say(START, 1, text, rows=rows)
    district.month(202601, FEB)
    return only(district)


def issued_by_the_rules(district: District, warnings: Warnings) -> WarningRow:
    lit(district)
    district.later(hours=2)
    assert warnings.issue_due() == 1
    return only(district)


def only(district: District) -> WarningRow:
    with district.database.read() as session:
        return session.scalars(select(WarningRow)).one()


def types(district: District) -> list[str]:
    return [draft.type for draft in district.record.drafts]


def publish(district: District, event: Any) -> None:
    with UnitOfWork(district.database)() as session:
        district.bus.publish(session, event)


def ended(
    district: District, warnings: Warnings, warning: WarningRow, outcome: Outcome = Outcome.CONFIRMED
) -> None:
    event = CaseClosed(
        "case-1", warning.id, warning.episode_id, 1, str(outcome), district.clock.now(), "officer-1", "lead-1"
    )
    keys = warnings.open_rows(warning.episode_id)
    with UnitOfWork(district.database)() as session:
        decided = [Decided(row.point, row.key, outcome) for row in keys]
        warnings.settle(session, warning.episode_id, decided, "officer-1")
        district.bus.publish(session, event)


def again(district: District, warning: WarningRow) -> None:
    publish(
        district,
        CaseReopened("case-1", warning.id, warning.episode_id, 1, "bureau-1", district.clock.now()),
    )


# -- confirmed


def test_a_person_confirms_what_the_rules_issued_once(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = issued_by_the_rules(district, warnings)
    assert warning.unconfirmed
    with pytest.raises(DomainError, match="role_required"):
        warnings.confirm(person("street_officer"), warning.id)
    with pytest.raises(DomainError, match="not_found"):
        warnings.confirm(ANALYST, "x" * 26)
    warnings.confirm(ANALYST, warning.id)
    confirmed = only(district)
    assert (confirmed.unconfirmed, confirmed.confirmed_by) == (False, ANALYST.actor)
    assert confirmed.confirmed_at == district.clock.now()
    assert chain.kinds == [("issue", 4, True), ("confirm", 4, False)]
    last = district.record.drafts[-1]
    assert (last.type, last.actor, last.payload["basis"]) == ("risk.W03/1", ANALYST.actor, "person")
    with district.database.read() as session:
        assert session.scalars(select(AuditRow.action)).all() == ["risk.warning_confirmed"]
    with pytest.raises(DomainError, match=r"risk\.nothing_to_confirm"):
        warnings.confirm(ANALYST, warning.id)


def test_what_a_person_issued_needs_no_confirmation(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = lit(district)
    with pytest.raises(DomainError, match=r"risk\.nothing_to_confirm"):
        warnings.confirm(ANALYST, warning.id)  # nobody has issued it yet
    warnings.sign(ANALYST, warning.id, 4)
    with pytest.raises(DomainError, match=r"risk\.nothing_to_confirm"):
        warnings.confirm(ANALYST, warning.id)
    publish(district, CaseVerified("c", warning.id, warning.episode_id, 1, "confirmed", "o", START))
    assert chain.kinds == [("issue", 4, False)]


@pytest.mark.parametrize(
    ("finding", "confirmed"),
    [("confirmed", True), ("partly_confirmed", True), ("unfounded", False), ("wrong_data", False)],
)
def test_a_finding_on_site_confirms_where_it_bears_the_warning_out(
    district: District, warnings: Warnings, chain: Chain, finding: str, confirmed: bool
) -> None:
    warning = issued_by_the_rules(district, warnings)
    event = CaseVerified("case-1", warning.id, warning.episode_id, 1, finding, "officer-1", START)
    publish(district, event)
    publish(district, event)
    assert only(district).unconfirmed is not confirmed
    assert [kind for kind, _, _ in chain.kinds] == ["issue", *(["confirm"] if confirmed else [])]
    if confirmed:
        last = district.record.drafts[-1]
        assert (last.actor, last.payload["basis"]) == ("officer-1", "verification")


# -- lifted or closed


@pytest.mark.parametrize(
    ("outcome", "steps"),
    [
        (Outcome.UNFOUNDED, ["lift"]),
        (Outcome.WRONG_DATA, ["lift"]),
        (Outcome.CONFIRMED, ["confirm", "close"]),
        (Outcome.NO_SUCH_ENTERPRISE, ["confirm", "close"]),
    ],
)
def test_what_nobody_confirmed_ends_by_its_outcome(
    district: District, warnings: Warnings, chain: Chain, outcome: Outcome, steps: list[str]
) -> None:
    warning = issued_by_the_rules(district, warnings)
    ended(district, warnings, warning, outcome)
    assert chain.kinds == [("issue", 4, True), *((step, 4, False) for step in steps)]
    codes = {"lift": "risk.W04/1", "confirm": "risk.W03/1", "close": "risk.W05/1"}
    assert types(district) == ["risk.W01/1", *(codes[step] for step in steps)]
    last = district.record.drafts[-1]
    assert (last.actor, last.payload["closed_by"], last.payload["outcome"]) == (
        "lead-1", "officer-1", str(outcome),
    )  # fmt: skip
    assert (only(district).state, only(district).unconfirmed) == ("closed", False)


def test_what_a_person_stands_by_is_closed_even_when_it_proves_unfounded(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = issued_by_the_rules(district, warnings)
    warnings.confirm(ANALYST, warning.id)
    ended(district, warnings, warning, Outcome.UNFOUNDED)
    assert [kind for kind, _, _ in chain.kinds] == ["issue", "confirm", "close"]


def test_a_closure_without_a_case_takes_the_rows_outcome(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = issued_by_the_rules(district, warnings)
    warnings.close(DIRECTOR, warning.episode_id, [Decided("GZ04", "clue-a", Outcome.WRONG_DATA)], "officer-1")
    assert types(district)[-1] == "risk.W04/1"
    assert chain.kinds[-1] == ("lift", 4, False)


def test_rows_that_differ_are_no_false_alarm(district: District, warnings: Warnings, chain: Chain) -> None:
    lit(district, rows=(A, B))
    district.later(hours=2)
    warnings.issue_due()
    decided = [
        Decided("GZ04", "clue-a", Outcome.UNFOUNDED),
        Decided("GZ04", "clue-b", Outcome.CONFIRMED),
    ]
    warnings.close(DIRECTOR, only(district).episode_id, decided, "officer-1")
    assert [kind for kind, _, _ in chain.kinds] == ["issue", "confirm", "close"]


# -- reopened


def test_reopening_takes_the_closure_back_one_grade_up(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = lit(district, "GZ04 O")
    warnings.sign(ANALYST, warning.id, 2)
    ended(district, warnings, warning)
    with district.database.read() as session:
        assert session.get_one(StandingRow, 1).shown == 0
    district.later(days=5)
    again(district, warning)
    found = only(district)
    assert (found.state, found.grade, found.pending, found.closed_at) == ("issued", 3, 0, None)
    with district.database.read() as session:
        episode = session.get_one(EpisodeRow, warning.episode_id)
        standing = session.get_one(StandingRow, 1)
        last = session.scalars(select(ChangeRow).order_by(ChangeRow.no.desc())).first()
    assert (episode.closed_at, episode.grade, episode.lift) == (None, 3, 1)
    assert standing.shown == 2  # what it was before the closure: the rows count again
    assert last is not None
    assert (last.reason, last.shown_before, last.shown_after) == ("reopening", 0, 2)
    assert types(district) == ["risk.W01/1", "risk.W05/1", "risk.W06/1"]
    assert district.record.drafts[-1].actor == "bureau-1"
    assert chain.kinds[-1] == ("reopen", 3, False)
    assert warnings.open_rows(warning.episode_id) == [Row("GZ04", "clue-a", 3, "aa")]
    done = district.today(date(2026, 2, 11))
    assert (done.counts.get("opened", 0), done.counts.get("raised", 0)) == (0, 0)
    ended(district, warnings, warning, Outcome.UNFOUNDED)
    assert [kind for kind, _, _ in chain.kinds] == ["issue", "close", "reopen", "close"]
    with district.database.read() as session:
        assert session.get_one(StandingRow, 1).shown == 0


def test_red_stays_red_and_what_was_lifted_is_reopened_too(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = issued_by_the_rules(district, warnings)
    ended(district, warnings, warning, Outcome.UNFOUNDED)
    again(district, warning)
    assert chain.kinds[1:] == [("lift", 4, False), ("reopen", 4, False)]
    assert not only(district).unconfirmed


def test_what_is_open_or_has_been_followed_cannot_be_reopened(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = lit(district, "GZ04 O")
    warnings.sign(ANALYST, warning.id, 2)
    with pytest.raises(DomainError, match=r"risk\.episode_open"):
        again(district, warning)
    ended(district, warnings, warning)
    district.departments.say(START, 1, "GZ04 O", first=date(2026, 3, 1), rows=(A, B))
    district.today(date(2026, 3, 1))
    assert types(district)[-1] == "risk.W07/1"
    with pytest.raises(DomainError, match=r"risk\.newer_episode"):
        again(district, warning)
    assert [kind for kind, _, _ in chain.kinds] == ["issue", "close"]


def test_a_warning_without_a_town_states_the_district(
    district: District, warnings: Warnings, chain: Chain
) -> None:
    warning = lit(district)
    with UnitOfWork(district.database)() as session:
        session.get_one(WarningRow, warning.id).town = ""
    warnings.sign(ANALYST, warning.id, 4)
    assert [step.town_code for step in chain.steps] == [500107]
