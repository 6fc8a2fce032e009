"""Packages are complete, verify, and reach exactly those who are entitled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from api.infra.auth import Principal
from api.kernel.errors import DomainError, ErrorKind
from chain.package import contents, read_package
from chain.verifier import Outcome, verify
from tests.integration.evidence.conftest import Desk
from tests.support.signing_authorities import NOW

Who = Callable[..., Principal]
LATER = NOW + dt.timedelta(hours=2)
GROUND = {"case_no": "（2026）测001号", "purpose": "劳动争议审理"}


def test_the_worker_gets_a_package_that_verifies(desk: Desk, who: Who) -> None:
    made = desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    report = verify(made.data, desk.forge.root, now=LATER)
    assert report.verdict is Outcome.PASSED, report.to_json()
    assert made.filename == f"evidence-{desk.forge.contract_id[:16]}-v1.zip"


def test_the_employers_package_is_the_same_evidence(desk: Desk, who: Who) -> None:
    agent = who("employer", "agent", org_id=desk.forge.world.org_id)
    made = desk.service.package(agent, "a" * 26)
    assert verify(made.data, desk.forge.root, now=LATER).verdict is Outcome.PASSED
    draft = desk.notebook.drafts[-1]
    assert (draft.type, draft.role) == ("econtract.E15/1", "employer")
    assert draft.payload["sha256"] == made.sha256


@pytest.mark.parametrize(
    "stranger",
    [
        {"kind": "worker", "roles": ("worker",), "person_id": "p2"},
        {"kind": "employer", "roles": ("agent",), "org_id": "ab" * 32},
        {"kind": "staff", "roles": ("operator",)},
        {"kind": "staff", "roles": ("review_officer",)},
    ],
)
def test_for_a_stranger_the_contract_does_not_exist(
    desk: Desk, who: Who, stranger: dict[str, object]
) -> None:
    known = {name: value for name, value in stranger.items() if name not in ("kind", "roles")}
    principal = who(stranger["kind"], *stranger["roles"], **known)  # type: ignore[misc]
    for ref in (desk.forge.contract_id, "cd" * 32):
        with pytest.raises(DomainError) as caught:
            desk.service.package(principal, ref, **GROUND)
        assert caught.value.kind is ErrorKind.NOT_FOUND
    assert not desk.notebook.drafts


@pytest.mark.parametrize("role", ["court", "regulator"])
def test_an_authority_needs_a_case_and_a_purpose(desk: Desk, who: Who, role: str) -> None:
    for ground in ({}, {"case_no": "1", "purpose": "x"}, {"case_no": "1"}):
        with pytest.raises(DomainError) as caught:
            desk.service.package(who("staff", role), desk.forge.contract_id, **ground)
        assert caught.value.code == "evidence.ground_required"


def test_an_authoritys_reading_is_told_to_the_worker_and_hidden_from_the_employer(
    desk: Desk, who: Who
) -> None:
    made = desk.service.package(who("staff", "regulator"), desk.forge.contract_id, **GROUND)
    assert verify(made.data, desk.forge.root, now=LATER).verdict is Outcome.PASSED
    assert [ground.case_no for _, ground in desk.contracts.told] == [GROUND["case_no"]]
    assert not desk.notebook.drafts
    row = desk.audited()[-1]
    assert (row.action, row.case_no) == ("evidence.evidence_package.read", GROUND["case_no"])


def test_before_both_have_signed_there_is_no_package(desk: Desk, who: Who) -> None:
    desk.contracts.state = "WORKER_SIGNED"
    with pytest.raises(DomainError) as caught:
        desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    assert caught.value.code == "evidence.not_effective"


def test_a_package_waits_for_the_mandatory_events_only(desk: Desk, who: Who) -> None:
    worker = who("worker", "worker", person_id="p1")
    desk.log.waiting = 1  # E14 comes after E11
    made = desk.service.package(worker, desk.forge.contract_id)
    assert verify(made.data, desk.forge.root, now=LATER).verdict is Outcome.PASSED
    desk.log.waiting = 2  # E11 itself
    with pytest.raises(DomainError) as caught:
        desk.service.package(worker, desk.forge.contract_id)
    assert (caught.value.kind, caught.value.code) == (ErrorKind.UNAVAILABLE, "evidence.not_anchored_yet")


def test_an_event_that_is_only_staged_is_left_to_the_next_package(desk: Desk, who: Who) -> None:
    desk.log.staged = True
    made = desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    stream = contents.read_json(contents.STREAM, read_package(made.data)[contents.STREAM])
    assert stream["events"][-1]["event"]["type"] == "econtract.E11/1"
    assert verify(made.data, desk.forge.root, now=LATER).verdict is Outcome.PASSED


def test_no_checkpoint_over_the_mandatory_events_yet(desk: Desk, who: Who) -> None:
    desk.log.covered = 0
    with pytest.raises(DomainError) as caught:
        desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    assert caught.value.code == "evidence.no_checkpoint_yet"


def test_a_package_waits_for_the_checkpoints_token(desk: Desk, who: Who) -> None:
    desk.log.token = False
    with pytest.raises(DomainError) as caught:
        desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    assert caught.value.code == "evidence.no_checkpoint_yet"


def test_after_erasure_no_new_package_is_made(desk: Desk, who: Who) -> None:
    desk.log.erased = True
    with pytest.raises(DomainError) as caught:
        desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    assert caught.value.code in ("evidence.erased", "evidence.not_effective")


def test_the_regulators_export_verifies_and_holds_no_payload(desk: Desk, who: Who) -> None:
    made = desk.service.supervision_package(who("staff", "regulator"), desk.forge.contract_id)
    assert verify(made.data, desk.forge.root, now=LATER).verdict is Outcome.PASSED
    entries = read_package(made.data)
    assert contents.PDF not in entries
    stream = contents.read_json(contents.STREAM, entries[contents.STREAM])
    assert all(item["payload"] is None for item in stream["events"])
    assert "李小龘".encode() not in made.data


def test_the_export_is_for_supervisors(desk: Desk, who: Who) -> None:
    for principal in (who("worker", "worker", person_id="p1"), who("employer", "agent", org_id="x")):
        with pytest.raises(DomainError) as caught:
            desk.service.supervision_package(principal, desk.forge.contract_id)
        assert caught.value.kind is ErrorKind.NOT_FOUND


def test_an_unknown_stream_is_not_found(desk: Desk, who: Who) -> None:
    with pytest.raises(DomainError) as caught:
        desk.service.supervision_package(who("staff", "regulator"), "ef" * 32)
    assert caught.value.code == "evidence.stream_unknown"


def test_the_log_key_signs_manifests_only(desk: Desk, who: Who) -> None:
    desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    assert desk.log.signed[-1].startswith(b"concord-evidence-manifest/v1\n")


def test_the_report_answers_the_courts_questions_and_weighs_every_step_once(desk: Desk, who: Who) -> None:
    worker = who("worker", "worker", person_id="p1")
    report = desk.service.report(worker, desk.forge.contract_id)
    assert [section.article[-4:] for section in report.questions] == [
        "第十六条",
        "第十七条",
        "第十八条",
        "第十九条",
    ]
    numbers = [item.no for section in report.factors for item in section.items]
    assert sorted(numbers) == [*range(1, 21), 23, 24]
    assert report.verdict == "passed"
    assert len(report.not_checked) == 4
    english = desk.service.report(worker, desk.forge.contract_id, lang="en")
    assert english.questions[0].article == "Online litigation rules, art. 16"
    assert english.questions[0].answer.startswith("Consistent: all 13 events")


def test_the_report_is_printed(desk: Desk, who: Who) -> None:
    data = desk.service.report_pdf(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    assert data.startswith(b"%PDF-")
    text = _text(data)
    assert "电子证据核验报告" in text
    assert desk.forge.root.fingerprint[:20] in text.replace("\n", "").replace("\r", "")


def test_paper_copies_are_free_each_time_and_bear_the_documents_digest(desk: Desk, who: Who) -> None:
    import hashlib

    worker = who("worker", "worker", person_id="p1")
    first = desk.service.order_paper_copy(worker, desk.forge.contract_id)
    second = desk.service.order_paper_copy(worker, desk.forge.contract_id)
    assert [(copy.number, copy.free) for copy in (first, second)] == [(1, True), (2, True)]
    digest = hashlib.sha256(desk.forge.finished[0]).hexdigest()
    assert first.document_sha256 == digest
    printed = desk.service.paper_copy_pdf(worker, desk.forge.contract_id, 1)
    text = _text(printed).replace("\n", "").replace("\r", "")
    assert digest[:32] in text
    assert "劳动合同书" in text
    agent = who("employer", "agent", org_id=desk.forge.world.org_id)
    assert desk.service.paper_copies(agent, desk.forge.contract_id) == []
    with pytest.raises(DomainError):
        desk.service.paper_copy_pdf(agent, desk.forge.contract_id, 1)


def _text(data: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
