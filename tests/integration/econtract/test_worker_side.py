"""The worker's steps, ways out, deadlines, disputes, reading access."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.infra.auth import Principal
from api.kernel.errors import DomainError
from tests.support.econtract_stage import AGENT, ORG, STRANGER, Stage

NOBODY = Principal()
REGULATOR = Principal(
    kind="staff", account_id="officer", roles=frozenset({"regulator"}), display_name="劳动保障监察（测试）"
)


def test_the_link_alone_shows_employer_and_purpose_only(stage: Stage) -> None:
    stage.send()
    landing = stage.econtract.worker.landing(stage.code, NOBODY)
    assert (landing.step, landing.employer, landing.session) == ("identity", "示例单位a", "none")
    assert landing.phone_hint == "140****0001"
    assert landing.round_id is None
    for call in (
        lambda: stage.econtract.worker.document(stage.code, NOBODY),
        lambda: stage.econtract.worker.document_pdf(stage.code, NOBODY),
        lambda: stage.econtract.worker.document(stage.code, AGENT),
        lambda: stage.econtract.worker.reject(stage.code, NOBODY, "x"),
    ):
        with pytest.raises(DomainError, match=r"econtract\.identify_first"):
            call()


def test_the_short_code_leads_to_the_same_place_and_guesses_are_counted(stage: Stage) -> None:
    stage.send()
    short = stage.messages.secret("code")
    typed = f"{short[:4].lower()}-{short[4:]}"
    assert stage.econtract.worker.landing(typed, NOBODY).employer == "示例单位a"
    for _ in range(20):
        with pytest.raises(DomainError, match=r"econtract\.invitation_unknown"):
            stage.econtract.worker.find_short("AAAAAAAA", "visitor")
    with pytest.raises(DomainError, match="too_many_requests"):
        stage.econtract.worker.find_short("AAAAAAAA", "visitor")


def test_short_codes_can_not_be_searched_by_any_route(stage: Stage) -> None:
    stage.send()
    worker = stage.econtract.worker
    short = stage.messages.secret("code")
    for _ in range(worker.misses.LIMIT):
        worker.misses.add(stage.clock.now())
    for call in (
        lambda: worker.landing(short, NOBODY),
        lambda: worker.document(short, NOBODY),
        lambda: worker.start_identity(short, "ack", "李测试", "500107199001010016", None),
    ):
        with pytest.raises(DomainError, match="too_many_requests"):
            call()
    assert worker.landing(stage.code, NOBODY).step == "identity"  # links are not slowed down
    stage.clock.advance(worker.misses.WINDOW)
    assert worker.landing(short, NOBODY).step == "identity"


def test_a_wrong_short_code_is_counted(stage: Stage) -> None:
    stage.send()
    worker = stage.econtract.worker
    worker.misses.LIMIT = 2  # type: ignore[misc]
    for _ in range(2):
        with pytest.raises(DomainError, match=r"econtract\.invitation_unknown"):
            worker.document("AAAAAAAA", NOBODY)
    with pytest.raises(DomainError, match="too_many_requests"):
        worker.landing("AAAAAAAA", NOBODY)


@pytest.mark.parametrize("code", ["", "x", "A" * 8, "no-such-token", "%", "a" * 200])
def test_unknown_codes(stage: Stage, code: str) -> None:
    stage.send()
    with pytest.raises(DomainError, match=r"econtract\.invitation_unknown"):
        stage.econtract.worker.landing(code, NOBODY)


def test_identity_compares_with_the_contract(stage: Stage) -> None:
    pk = stage.send()
    worker = stage.econtract.worker
    check = worker.start_identity(stage.code, "ack", "王某某", "500107199001010032", "14000000009")
    form = stage.identities.forms[check.check_id]
    assert (form.expected_name, form.name, form.phone) == ("李测试", "王某某", "14000000009")
    assert form.commitment == stage.econtract.portal.facts_of(pk).commitment
    with pytest.raises(DomainError, match=r"identity\.not_confirmed"):
        worker.confirm_identity(stage.code, check.check_id, "123456")
    assert stage.econtract.portal.facts_of(pk).worker_person_id is None


def test_steps_in_order_with_their_events(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    assert stage.recorder.types() == [
        "econtract.E06/1",
        "econtract.sent/1",
        "econtract.E03/1",
        "econtract.E04/1",
        "econtract.E07/1",
    ]
    cited = stage.recorder.last("econtract.E03/1").payload["cites"]
    assert cited[0]["stream"] == f"person/{who.person_id}"  # type: ignore[index,call-overload]
    read = stage.recorder.last("econtract.E07/1").payload
    assert (read["seconds"], read["pages"], read["to_the_end"]) == (30, [1, 2], True)
    assert [item.name for item in stage.rounds.admitted[stage.round_of(pk)]] == ["李测试"]
    assert stage.econtract.worker.landing(stage.code, who).step == "sign"


def test_a_second_consent_records_nothing_twice(stage: Stage) -> None:
    stage.send()
    who = stage.consent()
    before = len(stage.recorder.events)
    step = stage.econtract.worker.consent(
        stage.code, who, notice=True, electronic=True, notice_version="econtract-notice/1"
    )
    assert step.step == "sign"
    assert len(stage.recorder.events) == before


def test_both_boxes_and_the_present_notice_are_needed(stage: Stage) -> None:
    stage.send()
    who = stage.identify()
    consent = stage.econtract.worker.consent
    with pytest.raises(DomainError, match=r"econtract\.consents_needed"):
        consent(stage.code, who, notice=True, electronic=False, notice_version="econtract-notice/1")
    with pytest.raises(DomainError, match=r"econtract\.notice_outdated"):
        consent(stage.code, who, notice=True, electronic=True, notice_version="old")
    assert "econtract.E03/1" not in stage.recorder.types()


def test_another_phone_takes_over_at_the_same_step(stage: Stage) -> None:
    pk = stage.send()
    first = stage.consent()
    second = stage.identify()
    assert stage.econtract.worker.landing(stage.code, second).step == "sign"
    assert len(stage.rounds.admitted[stage.round_of(pk)]) == 2
    with pytest.raises(DomainError, match=r"econtract\.session_elsewhere"):
        stage.econtract.worker.document(stage.code, first)
    superseded = Principal(attributes={"session": "superseded"})
    assert stage.econtract.worker.landing(stage.code, superseded).session == "elsewhere"
    with pytest.raises(DomainError, match=r"econtract\.session_elsewhere"):
        stage.econtract.worker.document(stage.code, superseded)


def test_a_session_ends_after_an_hour_and_nothing_is_lost(stage: Stage) -> None:
    stage.send()
    who = stage.consent()
    stage.clock.advance(timedelta(minutes=61))
    with pytest.raises(DomainError, match=r"econtract\.session_expired"):
        stage.econtract.worker.document(stage.code, who)
    assert stage.econtract.worker.landing(stage.code, stage.identify()).step == "sign"


def test_a_session_of_another_contract_opens_nothing(stage: Stage) -> None:
    stage.send()
    who = stage.identify()
    stage.send(start_date="2030-01-01", end_date="2031-12-31", probation_end="")
    with pytest.raises(DomainError, match=r"econtract\.identify_first"):
        stage.econtract.worker.document(stage.code, who)


@pytest.mark.parametrize(
    ("step", "state", "event"),
    [
        ("reject", "REJECTED", "econtract.rejected/1"),
        ("request_change", "CHANGE_REQUESTED", "econtract.change_requested/1"),
    ],
)
def test_refusing_and_asking_for_a_change(stage: Stage, step: str, state: str, event: str) -> None:
    pk = stage.send()
    who = stage.consent()
    with pytest.raises(DomainError, match=r"econtract\.reason_needed"):
        getattr(stage.econtract.worker, step)(stage.code, who, "  ")
    getattr(stage.econtract.worker, step)(stage.code, who, "工资与谈的不一样")
    assert stage.state(pk) == state
    assert stage.recorder.last(event).payload["reason"] == "工资与谈的不一样"
    assert stage.messages.sent[-1].account_id == "agent1"
    with pytest.raises(DomainError, match=r"econtract\.invitation_closed"):
        stage.econtract.worker.reject(stage.code, who, "x")
    assert stage.econtract.drafts.reopen(AGENT, pk).state == "DRAFT"


def test_signing_in_order_makes_it_effective_and_the_receipt_is_recorded(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    stage.worker_signs(pk)
    assert stage.econtract.worker.landing(stage.code, who).step == "waiting"
    assert stage.messages.sent[-1].template == "econtract.worker_signed"
    assert stage.messages.sent[-1].values["worker_label"] == "李某"
    stage.employer_signs(pk)
    assert stage.state(pk) == "EMPLOYER_SIGNED"
    stage.complete(pk)
    assert stage.state(pk) == "EFFECTIVE"
    assert stage.econtract.worker.landing(stage.code, who).step == "done"
    effective = next(m for m in stage.messages.sent if m.template == "econtract.effective")
    assert effective.phone == "14000000077"  # the confirmed number, not the one that the employer typed
    number = next(n for n, m in enumerate(stage.messages.sent, 1) if m.template == "econtract.effective")
    for _ in range(2):
        with stage.uow() as session:
            stage.econtract.progress.delivered(session, f"message-{number}", "sms", stage.clock.now())
            stage.econtract.progress.delivered(session, "message-unknown", "sms", stage.clock.now())
    assert stage.recorder.types().count("econtract.E14/1") == 1


@pytest.mark.parametrize("order", ["employer_first", "complete_first", "twice"])
def test_signatures_out_of_order_are_refused(stage: Stage, order: str) -> None:
    pk = stage.send()
    stage.consent()
    if order == "twice":
        stage.worker_signs(pk)
    step = {
        "employer_first": stage.employer_signs,
        "complete_first": stage.complete,
        "twice": stage.worker_signs,
    }
    with pytest.raises(DomainError, match=r"econtract\.state"):
        step[order](pk)
    assert stage.state(pk) == ("WORKER_SIGNED" if order == "twice" else "SENT")


def test_the_worker_may_withdraw_until_the_employer_signs(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    with pytest.raises(DomainError, match=r"econtract\.state"):
        stage.econtract.portal.my_withdrawal(who, pk)
    stage.worker_signs(pk)
    assert stage.econtract.portal.my_contract(who, pk).contract.may_withdraw
    stage.econtract.portal.my_withdrawal(who, pk, "找到别的工作")
    assert stage.state(pk) == "WITHDRAWN"
    assert stage.rounds.closed[stage.round_of(pk)] == "withdrawn"


def test_withdrawing_too_late_changes_nothing(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    stage.worker_signs(pk)
    stage.rounds.finished.add(stage.round_of(pk))  # the employer's signature is being embedded
    with pytest.raises(DomainError, match=r"signing\.already_signed"):
        stage.econtract.portal.my_withdrawal(who, pk)
    assert stage.state(pk) == "WORKER_SIGNED"


def test_the_worker_has_seven_days(stage: Stage) -> None:
    pk = stage.send()
    stage.clock.advance(timedelta(days=7, hours=13, minutes=59))
    assert stage.econtract.progress.run_due() == 0
    stage.clock.advance(timedelta(minutes=1))
    assert stage.econtract.progress.run_due() == 1
    assert stage.state(pk) == "EXPIRED"
    assert stage.recorder.types()[-1] == "econtract.expired/1"
    assert stage.messages.templates()[-2:] == ["expired", "expired"]
    assert stage.econtract.progress.run_due() == 0


def test_the_employers_alarm_and_expiry_count_working_days(stage: Stage) -> None:
    pk = stage.send()
    stage.consent()
    stage.worker_signs(pk)  # Friday 20 November; Monday 23 is a holiday in this calendar
    stage.clock.advance(timedelta(days=6))  # Thursday 26, ten in the morning
    assert stage.econtract.progress.run_due() == 0
    stage.clock.advance(timedelta(hours=14))  # past midnight: 24, 25, 26 are three working days
    assert stage.econtract.progress.run_due() == 1
    assert stage.state(pk) == "WORKER_SIGNED"
    assert stage.messages.templates()[-3:] == ["employer_alarm", "employer_alarm", "employer_late"]
    assert stage.econtract.progress.run_due() == 0
    stage.clock.advance(timedelta(days=11))  # past 7 December, the tenth working day
    assert stage.econtract.progress.run_due() == 1
    assert stage.state(pk) == "EXPIRED"


def test_not_me_needs_no_login_and_stops_an_open_text(stage: Stage) -> None:
    pk = stage.send()
    stage.econtract.worker.not_me(stage.code, NOBODY)
    assert stage.state(pk) == "DISPUTED"
    assert stage.rounds.closed[stage.round_of(pk)] == "withdrawn"
    assert stage.econtract.worker.landing(stage.code, NOBODY).step == "closed"
    assert stage.recorder.types()[-1] == "econtract.disputed/1"
    stage.send()  # a new contract for the same worker isn't held up by it


def test_not_me_about_an_effective_contract_marks_it(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    stage.worker_signs(pk)
    stage.employer_signs(pk)
    stage.complete(pk)
    stage.econtract.portal.my_dispute(who, pk, "我没有签过")
    assert stage.state(pk) == "DISPUTED"
    assert stage.round_of(pk) not in stage.rounds.closed
    again = stage.draft(probation_end="", start_date="2027-06-01")
    with pytest.raises(DomainError, match=r"econtract\.overlap"):
        stage.econtract.sending.send(AGENT, again)


def test_the_worker_reads_for_ever_and_each_opening_is_recorded(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    stage.worker_signs(pk)
    stage.employer_signs(pk)
    stage.complete(pk)
    portal = stage.econtract.portal
    assert [item.state for item in portal.my_contracts(who)] == ["EFFECTIVE"]
    assert portal.my_pdf(who, pk, "download").startswith(b"%PDF current worker")
    assert stage.recorder.last("econtract.E15/1").payload["how"] == "download"
    assert portal.my_contract(who, pk).reading.clauses
    with pytest.raises(DomainError, match=r"econtract\.how_unknown"):
        portal.my_pdf(who, pk, "sell")
    other = Principal(kind="worker", person_id="someone", session_id="s")
    for call in (lambda: portal.my_contract(other, pk), lambda: portal.my_pdf(other, pk)):
        with pytest.raises(DomainError, match="not_found"):
            call()
    assert portal.my_contracts(other) == []
    assert portal.may_read(who, portal.facts_of(pk).contract_id)
    assert portal.may_read(AGENT, portal.facts_of(pk).contract_id)
    assert not portal.may_read(STRANGER, portal.facts_of(pk).contract_id)


def test_an_agent_is_no_worker(stage: Stage) -> None:
    pk = stage.send()
    impostor = Principal(
        kind="employer",
        account_id="agent1",
        roles=frozenset({"agent"}),
        org_id=ORG,
        person_id=None,
        session_id="s0",
    )
    for call in (
        lambda: stage.econtract.portal.my_contract(impostor, pk),
        lambda: stage.econtract.portal.my_contracts(impostor),
        lambda: stage.econtract.worker.consent(
            stage.code, impostor, notice=True, electronic=True, notice_version="econtract-notice/1"
        ),
    ):
        with pytest.raises(DomainError, match=r"econtract\.identify_first"):
            call()


def test_an_authority_reads_by_case_and_only_the_worker_sees_it(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    contract_id = stage.econtract.portal.facts_of(pk).contract_id
    portal = stage.econtract.portal
    before = list(stage.recorder.types())
    with pytest.raises(DomainError, match="role_required"):
        portal.regulator_text(AGENT, contract_id, "案1", "核查")
    with pytest.raises(DomainError, match=r"econtract\.case_needed"):
        portal.regulator_text(REGULATOR, contract_id, " ", "核查")
    text = portal.regulator_text(REGULATOR, contract_id, "渝劳监〔2026〕1号", "核查投诉")
    assert text.data["facts"]["worker_name"] == "李测试"  # type: ignore[index,call-overload]
    assert [item.authority for item in portal.my_contract(who, pk).accesses] == ["劳动保障监察（测试）"]
    assert stage.recorder.types() == before
    assert stage.identities.accesses == [(who.person_id, "劳动保障监察（测试）", contract_id)]
    row, _, history, _ = portal.employer_detail(AGENT, pk)
    assert "officer" not in str(history)
    assert "officer" not in str(portal.export(AGENT, pk))
    assert row.state == "SENT"


def test_what_the_employer_showed_of_the_contract_stands_in_the_course(stage: Stage) -> None:
    pk = stage.send()
    who = stage.consent()
    portal = stage.econtract.portal
    with stage.econtract.context.uow() as session:
        portal.note_clause_shown(session, portal.facts_of(pk).contract_id, 6)
    line = portal.my_contract(who, pk).history[-1]
    assert (line.what, line.role, line.note) == ("clause_shown", "employer", "§ 6")
    with pytest.raises(DomainError, match="not_found"), stage.econtract.context.uow() as session:
        portal.note_clause_shown(session, "ab" * 32, 6)
