"""Every pair of stage and step over the API: what the table allows happens and is an event, the rest is a 409 that says why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from api.disposal.model import Action, Stage
from api.disposal.rules import machine
from api.disposal.texts import TEXTS
from tests.support.disposal_world import S2, World, staff
from tests.support.slice_application import SliceApplication

API = "/api/v1/disposal"
WHO = {
    Action.APPROVE: "lead1", Action.REJECT: "lead1", Action.REOPEN: "bureau", Action.ACCEPT: "officer2",
    Action.REFUSE: "officer2",
}  # fmt: skip
GIVEN: dict[Action, dict[str, Any]] = {
    Action.VERIFY: {"finding": "confirmed"},
    Action.ACT: {"note": "约谈负责人"},
    Action.FEEDBACK: {"note": "已补发一半"},
    Action.PROPOSE: {"outcome": "resolved"},
    Action.REJECT: {"note": "请补充照片"},
    Action.REOPEN: {"note": "又有职工反映"},
    Action.OFFER: {"to": S2, "note": "实际经营地在二街道"},
    Action.REFUSE: {"note": "地址不在本街道"},
}
WHY = {
    (Stage.ISSUED, Action.VERIFY): "disposal.not_signed_yet",
    (Stage.ISSUED, Action.ACT): "disposal.not_verified_yet",
    (Stage.ISSUED, Action.FEEDBACK): "disposal.no_action_yet",
    (Stage.ISSUED, Action.PROPOSE): "disposal.not_verified_yet",
    (Stage.ISSUED, Action.APPROVE): "disposal.no_closure_proposed",
    (Stage.ISSUED, Action.REJECT): "disposal.no_closure_proposed",
    (Stage.ISSUED, Action.REOPEN): "disposal.not_closed",
    (Stage.SIGNED, Action.SIGN_IN): "disposal.already_signed",
    (Stage.SIGNED, Action.ACT): "disposal.not_verified_yet",
    (Stage.SIGNED, Action.FEEDBACK): "disposal.no_action_yet",
    (Stage.SIGNED, Action.PROPOSE): "disposal.not_verified_yet",
    (Stage.SIGNED, Action.APPROVE): "disposal.no_closure_proposed",
    (Stage.SIGNED, Action.REJECT): "disposal.no_closure_proposed",
    (Stage.SIGNED, Action.REOPEN): "disposal.not_closed",
    (Stage.VERIFIED, Action.SIGN_IN): "disposal.already_signed",
    (Stage.VERIFIED, Action.VERIFY): "disposal.already_verified",
    (Stage.VERIFIED, Action.FEEDBACK): "disposal.no_action_yet",
    (Stage.VERIFIED, Action.APPROVE): "disposal.no_closure_proposed",
    (Stage.VERIFIED, Action.REJECT): "disposal.no_closure_proposed",
    (Stage.VERIFIED, Action.REOPEN): "disposal.not_closed",
    (Stage.ACTING, Action.SIGN_IN): "disposal.already_signed",
    (Stage.ACTING, Action.VERIFY): "disposal.already_verified",
    (Stage.ACTING, Action.APPROVE): "disposal.no_closure_proposed",
    (Stage.ACTING, Action.REJECT): "disposal.no_closure_proposed",
    (Stage.ACTING, Action.REOPEN): "disposal.not_closed",
    **{
        (Stage.REVIEW, action): "disposal.in_review"
        for action in Action
        if action not in (Action.APPROVE, Action.REJECT, Action.REOPEN, Action.RAISE)
    },
    (Stage.REVIEW, Action.REOPEN): "disposal.not_closed",
    **{
        (Stage.CLOSED, action): "disposal.case_closed"
        for action in Action
        if action not in (Action.REOPEN, Action.RAISE)
    },
}
PEOPLE = [action for action in Action if action is not Action.RAISE]
PAIRS = [(stage, action) for stage in Stage for action in PEOPLE]


def brought(world: World, stage: Stage, finding: str = "confirmed") -> str:
    """A case of the first street in this stage."""
    case_id = world.warn(grade=2)
    steps: list[Callable[[], Any]] = [
        lambda: world.do("officer1", case_id, Action.SIGN_IN),
        lambda: (world.fill("officer1", case_id), world.do("officer1", case_id, Action.VERIFY, finding=finding)),
        lambda: world.do("officer1", case_id, Action.ACT, note="责令整改"),
        lambda: world.do("officer1", case_id, Action.PROPOSE, outcome="resolved"),
        lambda: world.do("lead1", case_id, Action.APPROVE),
    ]  # fmt: skip
    for step in steps[: list(Stage).index(stage)]:
        step()
    return case_id


def test_the_table_names_every_pair_that_is_not_allowed() -> None:
    allowed = {pair for pair in machine.TRANSITIONS if pair[1] is not Action.RAISE}
    assert set(WHY) == set(PAIRS) - allowed


@pytest.mark.parametrize(("stage", "action"), PAIRS, ids=lambda one: str(one))
def test_a_pair_over_the_api(site: SliceApplication, world: World, stage: Stage, action: Action) -> None:
    at_once = (stage, action) == (Stage.VERIFIED, Action.PROPOSE)  # only where there is nothing to act on
    case_id = brought(world, stage, "false_alarm" if at_once else "confirmed")
    if action is Action.VERIFY and stage is Stage.SIGNED:
        world.fill("officer1", case_id)
    pending = action in (Action.ACCEPT, Action.REFUSE)
    if pending and (stage, Action.OFFER) in machine.TRANSITIONS:
        world.do("officer1", case_id, Action.OFFER, **GIVEN[Action.OFFER])
    before = world.actions(case_id)
    who = site.as_(staff(WHO.get(action, "officer1")))
    body = {"action": str(action), **GIVEN.get(action, {})}
    if at_once:
        body["outcome"] = "false_alarm"
    key = hashlib.sha256(f"{stage}{action}".encode()).hexdigest()
    answer = who.post(f"{API}/cases/{case_id}/steps", json=body, headers={"Idempotency-Key": key})
    after = world.actions(case_id)
    if (stage, action) not in WHY:
        assert answer.status_code == 200, answer.text
        assert after[: len(before)] == before
        assert str(action) in after[len(before) :]
        expected = machine.TRANSITIONS[stage, action]
        assert answer.json()["stage"] == (Stage.ISSUED if action is Action.ACCEPT else expected)
        return
    assert after == before
    if pending:  # who is offered nothing doesn't see the case at all
        assert answer.status_code == 404, answer.text
        return
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, WHY[stage, action]), answer.text
    assert problem["facts"]["allowed"] == [str(one) for one in machine.allowed(stage)]
    assert problem["detail"] in TEXTS[problem["code"]]


@pytest.mark.parametrize("action", PEOPLE, ids=lambda one: str(one))
def test_another_streets_officer_finds_no_case(site: SliceApplication, world: World, action: Action) -> None:
    case_id = brought(world, Stage.ACTING)
    body = {"action": str(action), **GIVEN.get(action, {})}
    answer = site.as_(staff("officer2")).post(
        f"{API}/cases/{case_id}/steps", json=body, headers={"Idempotency-Key": str(action)}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
