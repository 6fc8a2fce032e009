"""Stages, entitlement, closure and ownership."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from api.disposal.model import Action, Capacity, Colour, Outcome, Reach, Stage
from api.disposal.ports import SupportingRow
from api.disposal.rules import machine
from api.disposal.rules.machine import ClosureProposal, after, check_proposal
from api.disposal.texts import TEXTS
from api.kernel.errors import DomainError

TODAY = date(2026, 3, 2)
ROW = SupportingRow("GZ01", "act-1", 4)


def code(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


def test_the_way_of_a_case() -> None:
    stage = Stage.ISSUED
    for action in (
        Action.SIGN_IN, Action.VERIFY, Action.ACT, Action.FEEDBACK, Action.FEEDBACK, Action.PROPOSE, Action.APPROVE,
    ):  # fmt: skip
        stage = after(stage, action, Outcome.CONFIRMED)
    assert stage is Stage.CLOSED
    assert after(stage, Action.REOPEN) is Stage.ISSUED


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("action", list(Action))
def test_every_other_step_is_a_conflict_with_a_reason(stage: Stage, action: Action) -> None:
    if (stage, action) in machine.TRANSITIONS:
        after(stage, action)
        return
    with pytest.raises(DomainError) as refused:
        after(stage, action)
    error = refused.value
    assert error.kind == "conflict"
    assert error.code in TEXTS
    assert error.facts["allowed"] == [str(a) for a in machine.allowed(stage)]


def test_a_raise_and_an_accepted_transfer_start_again() -> None:
    assert after(Stage.ACTING, Action.RAISE) is Stage.ISSUED
    assert after(Stage.ACTING, Action.ACCEPT) is Stage.ISSUED
    assert after(Stage.ACTING, Action.OFFER) is Stage.ACTING


def test_a_finding_that_was_not_believed_is_verified_again() -> None:
    assert after(Stage.REVIEW, Action.REJECT, Outcome.FALSE_ALARM) is Stage.SIGNED
    assert after(Stage.REVIEW, Action.REJECT, Outcome.CONFIRMED) is Stage.ACTING


def propose(
    outcome: Outcome,
    finding: Outcome,
    stage: Stage = Stage.ACTING,
    rows: tuple[SupportingRow, ...] = (),
    tasks: int = 0,
    **more: object,
) -> None:
    proposal = ClosureProposal(outcome, **{"evidence": 1, **more})  # type: ignore[arg-type]
    check_proposal(proposal, stage, finding, rows, tasks, TODAY)


def test_closure_needs_evidence_action_and_settled_rows() -> None:
    confirmed = Outcome.CONFIRMED
    propose(Outcome.RESOLVED, confirmed)
    assert code(propose, Outcome.RESOLVED, confirmed, evidence=0) == "disposal.evidence_missing"
    assert code(propose, Outcome.RESOLVED, confirmed, tasks=1) == "disposal.tasks_open"
    assert code(propose, Outcome.RESOLVED, confirmed, Stage.VERIFIED) == "disposal.first_action_missing"
    assert code(propose, Outcome.RESOLVED, confirmed, rows=(ROW,)) == "disposal.rows_not_settled"
    assert (
        code(propose, Outcome.RESOLVED, confirmed, rows=(ROW,), reason="paid") == "disposal.rows_not_settled"
    )
    propose(Outcome.RESOLVED, confirmed, rows=(ROW,), reason="paid", until=TODAY + timedelta(days=180))
    for days in (0, 181):
        until = TODAY + timedelta(days=days)
        found = code(propose, Outcome.RESOLVED, confirmed, rows=(ROW,), reason="paid", until=until)
        assert found == "disposal.expiry_out_of_range"


def test_rows_that_lost_their_colour_need_no_reason() -> None:
    propose(Outcome.RESOLVED, Outcome.CONFIRMED, rows=(SupportingRow("GZ01", "act-1", 0),))


def test_wrong_data_and_false_alarms_settle_their_rows() -> None:
    for outcome in (Outcome.FALSE_ALARM, Outcome.DATA_ERROR):
        propose(outcome, outcome, Stage.VERIFIED, rows=(ROW,))
        assert (
            code(propose, outcome, Outcome.CONFIRMED, rows=(ROW,)) == "disposal.outcome_contradicts_finding"
        )
        assert code(propose, Outcome.RESOLVED, outcome) == "disposal.outcome_contradicts_finding"


def test_a_duplicate_does_not_settle_rows() -> None:
    found = code(propose, Outcome.DUPLICATE, Outcome.DUPLICATE, Stage.VERIFIED, rows=(ROW,))
    assert found == "disposal.rows_not_settled"


def test_a_verification_finds_no_resolution() -> None:
    machine.check_finding(Outcome.PARTLY)
    assert code(machine.check_finding, Outcome.RESOLVED) == "disposal.finding_unknown"


def test_the_second_person_is_neither_proposer_nor_verifier() -> None:
    machine.check_second_person("c", "a", "b")
    for reviewer in ("a", "b"):
        assert code(machine.check_second_person, reviewer, "a", "b") == "disposal.second_person_needed"


def test_reopening_raises_one_level_within_ninety_days() -> None:
    closed = datetime(2026, 3, 2, tzinfo=UTC)
    end = closed + timedelta(days=90)
    assert machine.reopened_colour(Colour.BLUE, closed, end) is Colour.YELLOW
    assert machine.reopened_colour(Colour.RED, closed, end) is Colour.RED
    late = end + timedelta(seconds=1)
    assert code(machine.reopened_colour, Colour.BLUE, closed, late) == "disposal.reopen_too_late"


def test_a_transfer_leads_somewhere_and_says_why() -> None:
    machine.check_transfer("500107001", "500107002", "", "moved", ["500107002"])
    assert code(machine.check_transfer, "u", "u", "", "moved", ["u"]) == "disposal.transfer_to_itself"
    assert code(machine.check_transfer, "u", "v", "w", "moved", ["v"]) == "disposal.transfer_pending"
    assert code(machine.check_transfer, "u", "v", "", " ", ["v"]) == "disposal.reason_missing"
    assert code(machine.check_transfer, "u", "union", "", "moved", ["v"]) == "disposal.transfer_unit"


OFFICER = frozenset({Capacity.OFFICER})
LEAD = frozenset({Capacity.LEAD})


def test_a_case_is_there_for_its_street_its_parties_and_the_district() -> None:
    mine = Reach("a", {"500107001": OFFICER})
    assert machine.visible(mine, "500107001", "", [], Colour.BLUE)
    assert machine.visible(mine, "500107002", "500107001", [], Colour.BLUE)
    assert machine.visible(mine, "500107002", "", ["500107001"], Colour.BLUE)
    assert not machine.visible(mine, "500107002", "", [], Colour.RED)
    assert machine.visible(Reach("b", district=True), "500107002", "", [], Colour.BLUE)
    command = Reach("c", command=True)
    assert machine.visible(command, "500107002", "", [], Colour.RED)
    assert not machine.visible(command, "500107002", "", [], Colour.ORANGE)


def test_who_may_do_what() -> None:
    def may(reach: Reach, action: Action, pending: str = "", district_unit: bool = True) -> str:
        return machine.check_entitled(reach, "s1", pending, action, district_unit=district_unit)

    officer, lead, other = Reach("a", {"s1": OFFICER}), Reach("b", {"s1": LEAD}), Reach("c", {"s2": OFFICER})
    bureau = Reach("d", district=True)
    assert may(officer, Action.VERIFY) == "s1"
    assert code(may, officer, Action.RAISE) == "disposal.not_entitled"
    assert code(may, other, Action.VERIFY) == "disposal.not_entitled"
    assert code(may, bureau, Action.VERIFY) == "disposal.not_entitled"
    assert code(may, officer, Action.APPROVE) == "disposal.not_entitled"
    assert may(lead, Action.APPROVE) == "s1"
    assert may(bureau, Action.APPROVE) == ""
    assert code(may, bureau, Action.APPROVE, "", False) == "disposal.not_entitled"
    assert may(bureau, Action.REOPEN) == ""
    assert code(may, lead, Action.REOPEN) == "disposal.not_entitled"
    assert may(other, Action.ACCEPT, "s2") == "s2"
    assert code(may, other, Action.ACCEPT) == "disposal.no_transfer_pending"
    assert may(officer, Action.REFUSE, "s2") == "s1"  # an offer can be taken back
    assert may(bureau, Action.REFUSE, "s2") == ""
    assert code(may, officer, Action.ACCEPT, "s2") == "disposal.not_entitled"
    assert code(may, Reach("e", {"s3": OFFICER}), Action.REFUSE, "s2") == "disposal.not_entitled"


UNITS = {"s1": "street", "s2": "street", "hr": "hr", "tax": "department"}


@pytest.mark.parametrize(
    ("registered", "operating", "warned", "expected"),
    [
        ("s1", "s2", "", ("s2", ["s1"], "operating")),
        ("s1", "s1", "", ("s1", [], "operating")),
        ("s1", "", "", ("s1", [], "registered")),
        ("s1", "elsewhere", "", ("s1", [], "outside")),
        ("", "", "s2", ("s2", [], "registered")),
        ("", "", "", ("hr", [], "none")),
        ("tax", "", "", ("hr", [], "none")),
    ],
)
def test_the_operating_address_decides(
    registered: str, operating: str, warned: str, expected: tuple[str, list[str], str]
) -> None:
    assert machine.owner(registered, operating, warned, UNITS) == expected


def test_a_street_is_known_by_its_name_in_the_address() -> None:
    streets = {"s1": "示例一街道", "s2": "示例二街道"}
    assert machine.street_named("示例区示例二街道 8 号", streets) == "s2"
    assert machine.street_named("示例区 8 号", streets) == ""
    assert machine.street_named("示例一街道与示例二街道之间", streets) == ""


def test_without_any_unit_nobody_can_own_a_case() -> None:
    assert code(machine.owner, "s1", "", "", {}) == "disposal.no_unit"
