"""Numbered notices: the file, the SMS, the record of service, the day by which an answer is asked for."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import select

from api.disposal.model import Action
from api.disposal.tables import NoticeRow
from api.kernel.clock import shanghai_day
from api.kernel.errors import DomainError, unavailable
from tests.support.disposal_world import World, staff


def code(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


def test_a_numbered_notice_with_sms_and_record_of_service(world: World) -> None:
    case_id = world.warn()
    papers, who = world.disposal.papers, staff("officer1")
    papers.contact(who, case_id, "前台", "138 0000-0001")
    first = papers.issue(who, case_id, "warning", "请核对近三个月工资发放情况。\n如有困难请说明。")
    world.clock.advance(timedelta(seconds=1))
    second = papers.issue(who, case_id, "self_correction", "请自查 #set page() <x> 并整改")
    assert (first.number, second.number) == ("劳预〔2026〕1号", "劳预〔2026〕2号")
    number, pdf = papers.pdf(who, first.id)
    assert number == first.number
    assert hashlib.sha256(pdf).hexdigest() == first.sha256
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    for piece in ("劳动关系风险提示书", "示例科技1号有限公司", "不是行政处罚", "第二十四条", "TEST"):
        assert piece in text.replace("\r\n", "")
    day, last = re.findall(r"\d{4}-\d{2}-\d{2}", text)[-1], re.findall(r"请于 ?(\d{4}-\d{2}-\d{2}) ?前", text)
    assert last
    assert last[0] > day  # a time to answer, after the day of the paper
    markup = pypdfium2.PdfDocument(papers.pdf(who, second.id)[1])[0].get_textpage().get_text_range()
    assert "#set page()" in markup
    sms = [text for to, text in world.messages() if to == "13800000001"]
    assert len(sms) == 2
    assert first.message_id is not None
    with world.uow() as session:
        papers.sms_delivered(session, first.message_id, world.clock.now())
        papers.sms_delivered(session, first.message_id, world.clock.now())
        papers.sms_delivered(session, "unknown", world.clock.now())
    world.clock.advance(timedelta(minutes=1))
    papers.serve(who, first.id, "hand", world.clock.now(), "前台收发")
    assert [one.channel for one in papers.of_case(who, case_id)[0][1]] == ["sms", "hand"]
    assert code(papers.serve, who, first.id, "pigeon", world.clock.now()) == "disposal.service_channel"
    late = world.clock.now() + timedelta(hours=1)
    assert code(papers.serve, who, first.id, "hand", late) == "disposal.service_future"
    assert code(papers.pdf, staff("officer2"), first.id) == "not_found"
    assert code(papers.issue, who, case_id, "fine", "x") == "disposal.notice_kind"


def test_a_notice_asks_for_an_answer_on_a_day_that_is_still_to_come(world: World) -> None:
    case_id = world.warn()
    papers, who = world.disposal.papers, staff("officer1")
    asked = re.compile(r"请于 ?(\d{4}-\d{2}-\d{2}) ?前")
    seen = []
    for _ in range(3):
        made = papers.issue(who, case_id, "warning", "请核对")
        text = pypdfium2.PdfDocument(papers.pdf(who, made.id)[1])[0].get_textpage().get_text_range()
        found = asked.search(text)
        assert found or "请尽快自查并反馈" in text
        assert not found or found[1] > shanghai_day(world.clock.now()).isoformat()
        seen.append(found[1] if found else "")
        world.clock.advance(timedelta(days=25))
    assert seen[0]
    assert seen[-1] == "", "every deadline of the case has passed"


def test_a_closed_case_takes_no_notice(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    world.do("lead1", case_id, Action.APPROVE)
    assert (
        code(world.disposal.papers.issue, staff("officer1"), case_id, "warning", "x")
        == "disposal.case_closed"
    )


def test_a_process_that_dies_while_typesetting_loses_no_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = world.warn()
    papers, who = world.disposal.papers, staff("officer1")

    class Dying:
        def render(self, facts: object) -> bytes:
            raise unavailable("disposal.notice_not_ready")

    with monkeypatch.context() as patch:
        patch.setattr(papers, "_c", type(papers._c)(**{**papers._c.__dict__, "printer": Dying()}))
        assert code(papers.issue, who, case_id, "warning", "x") == "disposal.notice_not_ready"
    with world.uow.read() as session:
        (drafted,) = session.scalars(select(NoticeRow.id))
    assert code(papers.pdf, who, drafted) == "disposal.notice_not_ready"
    assert papers.finish_drafted() == 0  # perhaps somebody is still at it
    world.clock.advance(timedelta(minutes=2))
    assert papers.finish_drafted() == 1
    assert papers.finish_drafted() == 0
    assert papers.issue(who, case_id, "warning", "y").number == "劳预〔2026〕2号"
    assert world.actions(case_id).count("notice_issued") == 2


def test_an_enterprise_without_a_number_gets_no_sms(world: World) -> None:
    case_id = world.warn(enterprise=99)
    made = world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    assert made.message_id is None
