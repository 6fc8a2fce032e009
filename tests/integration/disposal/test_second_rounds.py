"""Cases that are visited again: reopened, raised, sent back, appealed against. What was said before is no evidence of now."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from api.disposal.model import Action, Reason, Stage, Step
from api.disposal.ports import SupportingRow
from api.kernel.errors import DomainError
from tests.support.disposal_world import DEVICE, JPEG, World, staff

OTHER = b"\xff\xd8\xff\xe0" + b"another" * 50


def refused(world: World, account: str, case_id: str, action: Action, **given: object) -> DomainError:
    with pytest.raises(DomainError) as error:
        world.do(account, case_id, action, **given)
    return error.value


def closed(world: World) -> str:
    case_id = world.warn()
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    world.do("lead1", case_id, Action.APPROVE)
    return case_id


def test_a_reopened_case_is_told_to_its_owner(world: World) -> None:
    case_id = closed(world)
    before = Counter(who for who, text in world.messages() if "待签收" in text)
    world.do("bureau", case_id, Action.REOPEN, note="又有职工反映")
    after = Counter(who for who, text in world.messages() if "待签收" in text)
    assert after - before == Counter(["officer1", "second1", "lead1"])


def test_photos_of_the_first_visit_are_no_evidence_of_the_second(world: World) -> None:
    case_id = closed(world)
    world.do("bureau", case_id, Action.REOPEN, note="又有职工反映")
    world.do("officer1", case_id, Action.SIGN_IN)
    world.fill("officer1", case_id)  # the same photo again
    world.do("officer1", case_id, Action.VERIFY, finding="false_alarm")
    found = refused(world, "officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    assert (found.kind, found.code) == ("conflict", "disposal.evidence_missing")
    assert [photo.cycle for photo in world.disposal.field.photos(staff("officer1"), case_id)] == [1]
    world.fill("officer1", case_id, OTHER)
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")


def test_a_phone_that_still_holds_the_first_form_fills_in_no_second_one(world: World) -> None:
    case_id = closed(world)
    world.do("bureau", case_id, Action.REOPEN, note="又有职工反映")
    world.do("officer1", case_id, Action.SIGN_IN)
    answers = [{"name": "premises", "value": "yes", "counter": 1, "at": world.clock.now()}]
    field = world.disposal.field
    with pytest.raises(DomainError) as error:
        field.sync(staff("officer1"), case_id, DEVICE, answers, [], cycle=1)
    assert (error.value.code, error.value.facts["cycle"]) == ("disposal.form_of_earlier_cycle", 2)
    assert field.read(staff("officer1"), case_id)[0].answers == {}
    field.sync(staff("officer1"), case_id, DEVICE, answers, [], cycle=2)
    assert set(field.read(staff("officer1"), case_id)[0].answers) == {"premises"}


def test_who_is_sent_back_has_the_full_time_to_verify(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    world.clock.advance(timedelta(days=12))  # the reviewer takes his time
    world.disposal.watch.run_due()
    world.do("lead1", case_id, Action.REJECT, note="请再到现场")
    view = world.disposal.cases.get(staff("officer1"), case_id)
    assert (view.stage, view.finding) == (Stage.SIGNED, "")
    assert view.dues[Step.VERIFY].at > world.clock.now() + timedelta(days=4)
    before = world.actions(case_id).count("measure")
    world.disposal.watch.run_due()
    assert world.actions(case_id).count("measure") == before
    report = world.disposal.measures.hit_rate(
        staff("bureau"), world.clock.now().date() - timedelta(days=60), world.clock.now().date()
    )
    assert report.overall.total == 0  # what was not believed was not found


def test_a_case_is_not_closed_over_an_appeal_that_nobody_answered(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "confirmed")
    world.do("officer1", case_id, Action.ACT, note="责令整改")
    said = world.disposal.voices.take(staff("officer1"), case_id, "appeal", "工资已发")
    found = refused(world, "officer1", case_id, Action.PROPOSE, outcome="confirmed")
    assert (found.kind, found.code, found.facts["open"]) == ("conflict", "disposal.appeal_waiting", 1)
    world.disposal.voices.answer(staff("head"), said, "已核对银行流水，仍有拖欠", upheld=False)
    world.do("officer1", case_id, Action.PROPOSE, outcome="confirmed")
    world.disposal.voices.take(staff("officer1"), case_id, "appeal", "再次申诉")
    assert refused(world, "lead1", case_id, Action.APPROVE).code == "disposal.appeal_waiting"


@pytest.mark.parametrize("stage", [Stage.VERIFIED, Stage.ACTING, Stage.REVIEW])
def test_an_upheld_appeal_takes_the_finding_back(world: World, stage: Stage) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "confirmed")
    if stage is not Stage.VERIFIED:
        world.do("officer1", case_id, Action.ACT, note="责令整改")
    if stage is Stage.REVIEW:
        world.do("officer1", case_id, Action.PROPOSE, outcome="confirmed")
    said = world.disposal.voices.take(staff("officer1"), case_id, "appeal", "工资已发")
    world.clock.advance(timedelta(days=3))
    world.disposal.voices.answer(staff("head"), said, "银行流水证明已发放", upheld=True)
    view = world.disposal.cases.get(staff("officer1"), case_id)
    assert (view.stage, view.finding) == (Stage.SIGNED, "")
    assert view.dues[Step.VERIFY].at > world.clock.now()
    last = world.disposal.cases.history(staff("bureau"), case_id)[-1]
    assert (last.action, last.before, last.after) == ("statement_answered", str(stage), "signed")
    assert any("请重新核查" in text for who, text in world.messages() if who == "officer1")
    world.do("officer1", case_id, Action.VERIFY, finding="false_alarm")


def test_a_warnings_verification_is_no_random_inspection(world: World) -> None:
    case_id = world.warn(rows=[SupportingRow("GZ01", "a", 2)])
    world.do("officer1", case_id, Action.SIGN_IN)
    world.fill("officer1", case_id, JPEG)
    found = refused(world, "officer1", case_id, Action.VERIFY, finding="confirmed", reason=str(Reason.RANDOM))
    assert (found.kind, found.code) == ("invalid", "disposal.random_by_sample")
    world.do("officer1", case_id, Action.VERIFY, finding="confirmed", reason=str(Reason.COMPLAINT))
