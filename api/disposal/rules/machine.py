"""The stages of a case and who may move it on. Pure.

    issued ─sign in→ signed ─verify→ verified ─act→ acting ⟲ feedback ─propose→ review ─approve→ closed ─reopen→ issued

A finding that leaves nothing to act on (no such firm, duplicate, referred, false alarm, wrong data) may be proposed for
closure straight from verified. A raise inside the episode puts the case back to issued: its clocks start again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from api.disposal.model import Action, Capacity, Colour, Outcome, Reach, Stage, Subject, UnitKind
from api.disposal.ports import SupportingRow
from api.kernel.errors import DomainError, conflict, forbidden, invalid

REOPEN_DAYS: Final = 90
RESOLVED_MOST_DAYS: Final = 180
"""A written reason for rows that are not lower holds at most this long."""

TRANSITIONS: Final[Mapping[tuple[Stage, Action], Stage]] = {
    (Stage.ISSUED, Action.SIGN_IN): Stage.SIGNED,
    (Stage.SIGNED, Action.VERIFY): Stage.VERIFIED,
    (Stage.VERIFIED, Action.ACT): Stage.ACTING,
    (Stage.VERIFIED, Action.PROPOSE): Stage.REVIEW,
    (Stage.ACTING, Action.ACT): Stage.ACTING,
    (Stage.ACTING, Action.FEEDBACK): Stage.ACTING,
    (Stage.ACTING, Action.PROPOSE): Stage.REVIEW,
    (Stage.REVIEW, Action.APPROVE): Stage.CLOSED,
    (Stage.REVIEW, Action.REJECT): Stage.ACTING,
    (Stage.CLOSED, Action.REOPEN): Stage.ISSUED,
    **{
        (stage, Action.RAISE): Stage.ISSUED
        for stage in (Stage.ISSUED, Stage.SIGNED, Stage.VERIFIED, Stage.ACTING, Stage.REVIEW)
    },
    **{
        (stage, action): stage
        for stage in (Stage.ISSUED, Stage.SIGNED, Stage.VERIFIED, Stage.ACTING)
        for action in (Action.OFFER, Action.ACCEPT, Action.REFUSE)
    },
}
"""Who accepts a transfer signs in anew: see `after`."""

FINDINGS: Final = frozenset(Outcome) - {Outcome.RESOLVED}
"""What a verification may find; 已化解 comes out only at closure."""
NOTHING_TO_ACT_ON: Final = frozenset(
    {
        Outcome.NOT_FOUND,
        Outcome.DUPLICATE,
        Outcome.REFERRED,
        Outcome.FALSE_ALARM,
        Outcome.DATA_ERROR,
    }
)
OWNERS: Final = frozenset({UnitKind.STREET, UnitKind.HR, UnitKind.DEPARTMENT})
"""Kinds of units that can own a case."""
SETTLED_UNTIL_CHANGED: Final = frozenset({Outcome.FALSE_ALARM, Outcome.DATA_ERROR})
_WHY: Final[Mapping[Action, str]] = {
    Action.SIGN_IN: "disposal.already_signed",
    Action.VERIFY: "disposal.not_signed_yet",
    Action.ACT: "disposal.not_verified_yet",
    Action.FEEDBACK: "disposal.no_action_yet",
    Action.PROPOSE: "disposal.not_verified_yet",
    Action.APPROVE: "disposal.no_closure_proposed",
    Action.REJECT: "disposal.no_closure_proposed",
    Action.REOPEN: "disposal.not_closed",
}


def refusal(stage: Stage, action: Action) -> DomainError:
    """The 409 that says why this can't be done now."""
    if stage is Stage.CLOSED:
        code = "disposal.case_closed"
    elif stage is Stage.REVIEW and action not in (Action.REOPEN,):
        code = "disposal.in_review"
    elif action is Action.VERIFY and stage is not Stage.ISSUED:
        code = "disposal.already_verified"
    else:
        code = _WHY.get(action, "disposal.step_not_possible")
    return conflict(code, stage=str(stage), action=str(action), allowed=[str(a) for a in allowed(stage)])


def allowed(stage: Stage) -> list[Action]:
    """What can be done in a stage, in the order of the work; a raise comes from the engine, not from people."""
    return [action for action in Action if action is not Action.RAISE and (stage, action) in TRANSITIONS]


def after(stage: Stage, action: Action, finding: Outcome | None = None) -> Stage:
    """The stage that `action` leads to. Raises conflict with the reason.

    A rejected closure of a case with nothing to act on must be verified again: its finding was not believed.
    """
    found = TRANSITIONS.get((stage, action))
    if found is None:
        raise refusal(stage, action)
    if action is Action.REJECT and finding in NOTHING_TO_ACT_ON:
        return Stage.SIGNED
    return Stage.ISSUED if action is Action.ACCEPT else found


def check_finding(outcome: Outcome) -> None:
    """Raises invalid for an outcome that a verification can't have."""
    if outcome not in FINDINGS:
        raise invalid("disposal.finding_unknown", pointer="/finding", finding=str(outcome))


@dataclass(frozen=True)
class ClosureProposal:
    """What somebody proposes: outcome, number of pieces of evidence, a reason, and until when the reason holds."""

    outcome: Outcome
    evidence: int
    reason: str = ""
    until: date | None = None


def check_proposal(
    proposal: ClosureProposal,
    stage: Stage,
    finding: Outcome,
    rows: Sequence[SupportingRow],
    open_tasks: int,
    today: date,
    appeals: int = 0,
) -> None:
    """Whether a closure may be proposed or approved: evidence, answered appeals, an outcome that the finding bears, every
    row settled.

    不属实 and 数据错误 settle the supporting rows until they change. Every other outcome needs the facts lower (no
    supporting row with a colour left), or a written reason with an expiry of at most 180 days. Raises conflict or invalid.
    """
    if proposal.evidence < 1:
        raise conflict("disposal.evidence_missing")
    if open_tasks:
        raise conflict("disposal.tasks_open", open=open_tasks)
    if appeals:
        raise conflict("disposal.appeal_waiting", open=appeals)
    if stage is Stage.VERIFIED and finding not in NOTHING_TO_ACT_ON:
        raise conflict("disposal.first_action_missing", finding=str(finding))
    idle = NOTHING_TO_ACT_ON
    if proposal.outcome is not finding and (finding in idle or proposal.outcome in idle):
        raise conflict(
            "disposal.outcome_contradicts_finding", finding=str(finding), outcome=str(proposal.outcome)
        )
    rows = [row for row in rows if row.tier > 0]
    if proposal.outcome in SETTLED_UNTIL_CHANGED or not rows:
        return
    if not proposal.reason.strip() or proposal.until is None:
        raise conflict(
            "disposal.rows_not_settled", rows=len(rows), points=sorted({row.point for row in rows})
        )
    if not today < proposal.until <= today + timedelta(days=RESOLVED_MOST_DAYS):
        raise invalid("disposal.expiry_out_of_range", pointer="/until", most=RESOLVED_MOST_DAYS)


def check_second_person(reviewer: str, proposer: str, verifier: str) -> None:
    """Who approves is neither the one who proposed nor the one who verified. Raises conflict."""
    if reviewer in (proposer, verifier):
        raise conflict("disposal.second_person_needed")


def reopened_colour(colour: Colour, closed_at: datetime, now: datetime) -> Colour:
    """One level up within 90 days of closure (red stays red). Raises conflict later: a new warning is needed then."""
    if now - closed_at > timedelta(days=REOPEN_DAYS):
        raise conflict("disposal.reopen_too_late", days=REOPEN_DAYS)
    return Colour(min(Colour.RED, colour + 1))


def check_transfer(unit: str, to: str, pending: str, reason: str, owners: Collection[str]) -> None:
    """Raises conflict or invalid for an offer that goes nowhere. owners: units that can own a case.

    Unions and the employers' federation are parties of tasks, the government hears of what is late: they own no case.
    """
    if pending:
        raise conflict("disposal.transfer_pending", to=pending)
    if to == unit:
        raise conflict("disposal.transfer_to_itself")
    if not reason.strip():
        raise invalid("disposal.reason_missing", pointer="/reason")
    if to not in owners:
        raise invalid("disposal.transfer_unit", pointer="/to")


def visible(reach: Reach, unit: str, pending: str, parties: Sequence[str], colour: Colour) -> bool:
    """Whether a case is there for this account: its owner, who is offered it, parties of its tasks, the district."""
    if reach.district or (reach.command and colour is Colour.RED):
        return True
    return any(reach.holds(code) for code in (unit, *parties, *([pending] if pending else [])))


def check_entitled(reach: Reach, unit: str, pending: str, action: Action, *, district_unit: bool) -> str:
    """The unit for which the account acts. Raises forbidden.

    Street work is done by the owner's people; closing is reviewed by a lead of the owner or of the HR bureau;
    reopening is the HR bureau's; the offered unit accepts or refuses, and the giver or the bureau may take an offer back.
    """
    if action is Action.RAISE:  # the engine's alone
        raise forbidden("disposal.not_entitled", action=str(action))
    if action in (Action.ACCEPT, Action.REFUSE):
        if not pending:
            raise conflict("disposal.no_transfer_pending")
        if reach.holds(pending):
            return pending
        if action is Action.REFUSE and (reach.holds(unit) or reach.district):
            return unit if reach.holds(unit) else ""
    elif action in (Action.APPROVE, Action.REJECT):
        if reach.holds(unit, Capacity.LEAD):
            return unit
        if reach.district and district_unit:
            return ""
    elif action is Action.REOPEN:
        if reach.district:
            return ""
    elif reach.holds(unit):
        return unit
    raise forbidden("disposal.not_entitled", action=str(action))


def street_named(address: str, streets: Mapping[str, str]) -> str:
    """The code of the one street (code → name) whose name stands in an address; empty if none or several do."""
    found = [code for code, name in streets.items() if name and name in address]
    return found[0] if len(found) == 1 else ""


def place_of_work(subject: Subject, streets: Mapping[str, str]) -> str:
    """The street (code → name) of the operating address: by its town, or by the one name in it; empty if unknown."""
    return subject.operating_town or street_named(subject.operating_address, streets)


def owner(
    registered: str, operating: str, warned: str, units: Mapping[str, str]
) -> tuple[str, list[str], str]:
    """Who owns a case: `(unit, cooperating units, basis)`; `units`: the codes that exist, with their kinds.

    The street of the operating address owns it: that is where workers and goods are. The street of registration
    cooperates. Where no operating address is known, or it lies outside the district, the street of registration owns
    it. Nobody's case is the HR bureau's. basis: operating, registered, outside or none.
    """
    streets = {code for code, kind in units.items() if kind == "street"}
    bureau = sorted(code for code, kind in units.items() if kind == "hr")
    registered = registered or warned
    if operating in streets:
        return (
            operating,
            [registered] if registered in streets and registered != operating else [],
            "operating",
        )
    if registered in streets:
        return registered, [], "outside" if operating else "registered"
    if not bureau:
        raise conflict("disposal.no_unit")
    return bureau[0], [], "none"
