"""Drafting, checking, sending, recalling: authority, tenancy, overlap, two agents at once."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from api.econtract.repository import ContractFilter
from api.infra.auth import Principal
from api.kernel.errors import DomainError, ErrorKind
from tests.support.econtract_stage import AGENT, STRANGER, VALUES, Stage


def code_of(caught: pytest.ExceptionInfo[DomainError]) -> tuple[str, str]:
    return caught.value.kind.value, caught.value.code


def test_a_draft_is_kept_as_typed_and_checked(stage: Stage) -> None:
    made = stage.econtract.drafts.create(AGENT, "concord-labour-fixed")
    values = dict(VALUES, start_date="2026-13-01", post="面议")
    draft, result = stage.econtract.drafts.save(AGENT, made.id, values, [{"title": "a", "text": "b"}], 1)
    assert draft.values["start_date"] == "2026-13-01"
    assert draft.state == "DRAFT"
    assert draft.revision == 2
    assert [error.pointer for error in result.errors] == ["/fields/start_date"]
    assert "post" in [finding.facts.get("item") for finding in result.findings]
    assert not result.sendable


def test_a_stale_window_is_told(stage: Stage) -> None:
    pk = stage.draft()
    with pytest.raises(DomainError) as caught:
        stage.econtract.drafts.save(AGENT, pk, VALUES, [], 1)
    assert code_of(caught) == ("conflict", "econtract.draft_changed")


def test_a_window_that_types_quickly_is_not_in_its_own_way(stage: Stage) -> None:
    pk = stage.draft()
    save = stage.econtract.drafts.save
    save(AGENT, pk, VALUES, [], 2, "window-1")
    save(AGENT, pk, VALUES, [], 2, "window-1")  # sent before the answer to the first one came
    with pytest.raises(DomainError, match=r"econtract\.draft_changed"):
        save(AGENT, pk, VALUES, [], 2, "window-2")


def test_unknown_fields_and_templates_are_refused(stage: Stage) -> None:
    pk = stage.draft()
    with pytest.raises(DomainError, match=r"econtract\.field_unknown"):
        stage.econtract.drafts.save(AGENT, pk, {"salary": "1"}, [])
    with pytest.raises(DomainError, match=r"econtract\.template_unknown"):
        stage.econtract.drafts.create(AGENT, "concord-loan")


@pytest.mark.parametrize("name", ["dispatch", "part_time", "over-age", "concord-labour-part-time"])
def test_forms_that_are_not_offered_say_so(stage: Stage, name: str) -> None:
    with pytest.raises(DomainError) as caught:
        stage.econtract.drafts.create(AGENT, name)
    assert code_of(caught) == ("invalid", "econtract.form_not_offered")
    assert stage.econtract.drafts.counts(AGENT) == {}


def test_other_organisations_see_nothing(stage: Stage) -> None:
    pk = stage.send()
    drafts, sending, portal = stage.econtract.drafts, stage.econtract.sending, stage.econtract.portal
    for call in (
        lambda: drafts.get(STRANGER, pk),
        lambda: drafts.check(STRANGER, pk),
        lambda: drafts.save(STRANGER, pk, VALUES, []),
        lambda: drafts.preview(STRANGER, pk),
        lambda: drafts.discard(STRANGER, pk),
        lambda: drafts.create(STRANGER, "concord-labour-fixed", copy_of=pk),
        lambda: sending.send(STRANGER, pk),
        lambda: sending.recall(STRANGER, pk),
        lambda: portal.employer_detail(STRANGER, pk),
        lambda: portal.employer_pdf(STRANGER, pk),
        lambda: portal.export(STRANGER, pk),
    ):
        with pytest.raises(DomainError) as caught:
            call()
        assert caught.value.kind is ErrorKind.NOT_FOUND
    assert drafts.contracts(STRANGER, ContractFilter())[0] == []
    assert drafts.counts(STRANGER) == {}


def test_sending_needs_authority_and_a_verified_organisation(stage: Stage) -> None:
    pk = stage.draft()
    stage.employers.refused = {2}
    with pytest.raises(DomainError, match=r"employers\.not_authorised"):
        stage.econtract.sending.send(AGENT, pk)
    stage.employers.refused, stage.employers.verified = set(), False
    with pytest.raises(DomainError, match=r"employers\.not_verified"):
        stage.econtract.sending.send(AGENT, pk)
    assert stage.state(pk) == "CHECKED"
    assert stage.messages.sent == []


def test_a_blocked_contract_is_not_sent(stage: Stage) -> None:
    pk = stage.draft(monthly_pay="2000", probation_pay="2000")
    with pytest.raises(DomainError) as caught:
        stage.econtract.sending.send(AGENT, pk)
    assert code_of(caught) == ("invalid", "econtract.check_blocked")
    rules = {finding["rule"] for finding in caught.value.facts["findings"]}
    assert {"R04", "R05"} <= rules
    assert stage.rounds.opened == {}


def test_sending_records_checks_and_invites(stage: Stage) -> None:
    pk = stage.send()
    assert stage.state(pk) == "SENT"
    assert stage.recorder.types() == ["econtract.E06/1", "econtract.sent/1"]
    assert stage.recorder.types("template/") == ["econtract.E05/1"]
    check = stage.recorder.last("econtract.E06/1").payload
    assert [cited["stream"].split("/")[0] for cited in check["cites"]] == ["employer", "template"]  # type: ignore[union-attr,index,call-overload]
    assert check["check"]["rule_set"] == "econtract-rules/1.0.0"  # type: ignore[index,call-overload]
    invitation = stage.messages.sent[-1]
    assert invitation.phone == "14000000001"
    assert invitation.account_id is None
    assert invitation.secrets["link"].startswith("http://localhost:8080/s/")
    assert len(invitation.secrets["code"]) == 8
    request = next(iter(stage.rounds.opened.values()))
    assert [clause[0] for clause in request.clauses] == [c["id"] for c in request.data["clauses"]]  # type: ignore[union-attr,index,call-overload]
    assert request.expiry > request.deadline_employer > request.deadline_worker
    second = stage.send(worker_id_number="500107199001010032")
    assert second != pk
    assert stage.recorder.types("template/") == ["econtract.E05/1"]


def test_the_link_is_stored_nowhere(stage: Stage) -> None:
    stage.send()
    secrets = [stage.code, stage.messages.secret("code")]
    with stage.uow.read() as session:
        for table in ("econtract_invitation", "econtract_version", "econtract_contract", "econtract_history"):
            from sqlalchemy import text

            dump = str(session.execute(text(f"SELECT * FROM {table}")).all())
            assert not any(secret in dump for secret in secrets)
            assert "500107199001010016" not in dump
            assert "李测试" not in dump


def test_sending_twice_is_a_conflict(stage: Stage) -> None:
    pk = stage.send()
    with pytest.raises(DomainError) as caught:
        stage.econtract.sending.send(AGENT, pk)
    assert code_of(caught) == ("conflict", "econtract.state")
    assert len(stage.messages.sent) == 1


def test_one_pending_or_effective_contract_per_pair(stage: Stage) -> None:
    first = stage.send()
    again = stage.draft(start_date="2029-11-30", end_date="2030-11-29", probation_end="")
    with pytest.raises(DomainError) as caught:
        stage.econtract.sending.send(AGENT, again)
    assert code_of(caught) == ("conflict", "econtract.overlap")
    assert caught.value.facts["contract"] == first
    stage.send(start_date="2029-12-01", end_date="2030-11-30", probation_end="")
    with_other_employer = stage.draft(STRANGER)
    stage.econtract.sending.send(STRANGER, with_other_employer)


def test_two_agents_send_for_one_worker_at_the_same_moment(stage: Stage) -> None:
    one, two = stage.draft(), stage.draft()
    barrier = threading.Barrier(2)
    stage.rounds.before_open = lambda: barrier.wait(20) and None
    outcomes: list[str] = []

    def send(pk: str) -> None:
        try:
            stage.econtract.sending.send(AGENT, pk)
            outcomes.append("sent")
        except DomainError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=send, args=(pk,)) for pk in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["econtract.overlap", "sent"]
    assert sorted([stage.state(one), stage.state(two)]) == ["CHECKED", "SENT"]
    assert len(stage.messages.sent) == 1


def test_an_edit_during_sending_stops_it(stage: Stage) -> None:
    pk = stage.draft()
    stage.rounds.before_open = lambda: stage.econtract.drafts.save(AGENT, pk, VALUES, []) and None
    with pytest.raises(DomainError, match=r"econtract\.state"):
        stage.econtract.sending.send(AGENT, pk)
    assert stage.rounds.opened == {}


def test_recall_kills_the_link_and_a_new_version_follows(stage: Stage) -> None:
    pk = stage.send()
    old_code, old_round = stage.code, stage.round_of(pk)
    stage.econtract.sending.recall(AGENT, pk, "写错了工资")
    assert stage.state(pk) == "RECALLED"
    assert stage.rounds.closed == {old_round: "recalled"}
    assert stage.recorder.types()[-1] == "econtract.withdrawn/1"
    assert stage.messages.templates() == ["invitation", "recalled"]
    assert stage.econtract.worker.landing(old_code, Principal()).step == "closed"
    with pytest.raises(DomainError, match=r"econtract\.invitation_closed"):
        stage.econtract.worker.start_identity(old_code, "ack", "李测试", "500107199001010016", None)
    draft, _ = stage.econtract.drafts.save(AGENT, pk, VALUES | {"monthly_pay": "8500"}, [])
    assert draft.state == "CHECKED"
    sent = stage.econtract.sending.send(AGENT, pk)
    assert sent.version == 2
    assert stage.econtract.worker.landing(old_code, Principal()).step == "closed"
    assert stage.econtract.worker.landing(stage.code, Principal()).step == "identity"
    assert stage.rounds.opened[stage.round_of(pk)].version == 2


def test_a_signed_text_can_not_be_recalled_or_edited(stage: Stage) -> None:
    pk = stage.send()
    stage.consent()
    stage.worker_signs(pk)
    with pytest.raises(DomainError, match=r"econtract\.state"):
        stage.econtract.sending.recall(AGENT, pk)
    with pytest.raises(DomainError, match=r"econtract\.not_editable"):
        stage.econtract.drafts.save(AGENT, pk, VALUES, [])
    assert stage.state(pk) == "WORKER_SIGNED"


def test_the_employer_may_decline_with_a_reason(stage: Stage) -> None:
    pk = stage.send()
    stage.consent()
    stage.worker_signs(pk)
    with pytest.raises(DomainError, match=r"econtract\.reason_needed"):
        stage.econtract.sending.decline(AGENT, pk, "  ")
    stage.econtract.sending.decline(AGENT, pk, "岗位取消")
    assert stage.state(pk) == "EMPLOYER_DECLINED"
    assert stage.recorder.last("econtract.declined/1").payload["reason"] == "岗位取消"
    assert stage.messages.sent[-1].person_id is not None


def test_a_past_first_day_is_shown_and_not_back_dated(stage: Stage) -> None:
    pk = stage.draft(start_date="2026-11-01", end_date="2029-10-31", probation_end="2026-12-31")
    result = stage.econtract.drafts.check(AGENT, pk)
    assert [finding.rule for finding in result.findings] == ["R10"]
    sent = stage.econtract.sending.send(AGENT, pk)
    assert sent.late_signing
    data = next(iter(stage.rounds.opened.values())).data
    assert data["date"] == "2026-11-20"
    assert "补签" in json.dumps(data["clauses"], ensure_ascii=False)
    assert stage.recorder.last("econtract.sent/1").payload["late_signing"] is True


def test_probation_with_the_same_employer_only_once(stage: Stage) -> None:
    pk = stage.send()
    stage.consent()
    stage.worker_signs(pk)
    stage.employer_signs(pk)
    stage.complete(pk)
    later = stage.draft(start_date="2029-12-01", end_date="2032-11-30", probation_end="2030-01-31")
    assert "R03" in {finding.rule for finding in stage.econtract.drafts.check(AGENT, later).findings}
    third = stage.draft(start_date="2029-12-01", end_date="2032-11-30", probation_end="")
    assert stage.econtract.drafts.check(AGENT, third).sendable


def test_lists_page_and_filter(stage: Stage) -> None:
    for number in range(5):
        stage.clock.advance(timedelta(seconds=1))
        stage.draft(post=f"岗位{number}")
    drafts = stage.econtract.drafts
    rows, more = drafts.contracts(AGENT, ContractFilter(limit=3))
    assert ([row.post for row in rows], more) == (["岗位4", "岗位3", "岗位2"], True)
    last = rows[-1]
    rows, more = drafts.contracts(AGENT, ContractFilter(limit=3, after=(last.updated_at, last.id)))
    assert ([row.post for row in rows], more) == (["岗位1", "岗位0"], False)
    assert [row.post for row in drafts.contracts(AGENT, ContractFilter(text="位3"))[0]] == ["岗位3"]
    assert drafts.contracts(AGENT, ContractFilter(states=("SENT",)))[0] == []
    assert drafts.counts(AGENT) == {"CHECKED": 5}


def test_only_unsent_drafts_can_be_deleted(stage: Stage) -> None:
    pk = stage.draft()
    stage.econtract.drafts.discard(AGENT, pk)
    with pytest.raises(DomainError, match="not_found"):
        stage.econtract.drafts.get(AGENT, pk)
    sent = stage.send()
    with pytest.raises(DomainError, match=r"econtract\.not_editable"):
        stage.econtract.drafts.discard(AGENT, sent)


def test_preview_is_marked(stage: Stage) -> None:
    assert "预览" in stage.econtract.drafts.preview(AGENT, stage.draft()).decode()


def test_export_holds_the_signed_data(stage: Stage) -> None:
    pk = stage.send()
    exported = stage.econtract.portal.export(AGENT, pk)
    assert exported["document"] == json.loads(json.dumps(next(iter(stage.rounds.opened.values())).data))
    assert exported["state"] == "SENT"
    with pytest.raises(DomainError, match=r"econtract\.not_sent"):
        stage.econtract.portal.export(AGENT, stage.draft(worker_id_number="500107199001010032"))
