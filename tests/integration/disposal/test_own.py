"""The enterprise's own account: what it sees once disclosed, what it says, with which files, and what it is answered."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from api.disposal.model import Action
from api.disposal.rules.attachments import Given
from api.disposal.service import own as own_service
from api.infra.auth import Principal
from api.kernel.errors import DomainError
from tests.support.disposal_world import JPEG, World, staff
from tests.support.slice_application import SliceApplication

API = "/api/v1/disposal"
ORG = "ab" * 32
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
EMPLOYER = Principal(
    kind="employer", account_id="agent-1", org_id=ORG, roles=frozenset({"agent"}), csrf_token="csrf"
)
OTHER = Principal(
    kind="employer", account_id="agent-2", org_id="cd" * 32, roles=frozenset({"agent"}), csrf_token="csrf"
)


def code(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


@pytest.fixture
def case_id(world: World) -> str:
    """A case of enterprise 1, whose organisation has an account."""
    world.register.organisations = {ORG: 1, "cd" * 32: 2}
    world.register.accounts = {1: ["agent-1", "boss-1"]}
    return world.warn()


def test_nothing_is_there_before_a_notice_disclosed_it(world: World, case_id: str) -> None:
    own = world.disposal.own
    assert own.cases(EMPLOYER) == []
    assert code(own.case, EMPLOYER, case_id) == "not_found"
    made = world.disposal.papers.issue(staff("officer1"), case_id, "warning", "请核对工资发放")
    (case,) = own.cases(EMPLOYER)
    assert (case.case_id, case.over, [n.id for n in case.notices]) == (case_id, False, [made.id])
    assert own.cases(OTHER) == []
    assert code(own.case, OTHER, case_id) == "not_found"
    assert code(own.notice, OTHER, made.id) == "not_found"
    stranger = Principal(kind="employer", account_id="x", org_id=None, roles=frozenset({"agent"}))
    assert own.cases(stranger) == []
    told = [text for who, text in world.messages() if who in ("agent-1", "boss-1")]
    assert len(told) == 2
    assert all(made.number in text and "示例科技" not in text for text in told)


def test_opening_the_notice_serves_it_once(world: World, case_id: str) -> None:
    papers, own = world.disposal.papers, world.disposal.own
    made = papers.issue(staff("officer1"), case_id, "warning", "请核对工资发放")
    for _ in range(2):
        number, pdf = own.notice(EMPLOYER, made.id)
        assert (number, pdf[:5]) == (made.number, b"%PDF-")
    ((_, served),) = papers.of_case(staff("officer1"), case_id)
    assert [(one.channel, one.result, one.by) for one in served] == [("account", "opened", "agent-1")]
    assert world.actions(case_id).count("notice_served") == 1


def test_an_appeal_with_files_is_reviewed_and_answered(world: World, case_id: str) -> None:
    own, voices = world.disposal.own, world.disposal.voices
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "请核对工资发放")
    files = [Given("C:\\工资\\回单.pdf", PDF), Given("照片.exe", JPEG)]
    appeal = own.state(EMPLOYER, case_id, "appeal", "工资当日已补发，见回单。", files)
    (waiting,) = voices.listing(staff("bureau")).rows
    assert (waiting.statement.id, waiting.case.case_id) == (appeal, case_id)
    assert [(f.name, f.media_type, f.sha256) for f in waiting.files] == [
        ("回单.pdf", "application/pdf", hashlib.sha256(PDF).hexdigest()),
        ("照片.exe", "image/jpeg", hashlib.sha256(JPEG).hexdigest()),
    ]
    file = waiting.files[0]
    assert voices.attachment(staff("bureau"), file.id).body == PDF
    assert own.attachment(EMPLOYER, file.id).body == PDF
    assert code(own.attachment, OTHER, file.id) == "not_found"
    assert code(voices.attachment, staff("officer2"), file.id) == "not_found"
    assert code(voices.answer, staff("officer1"), appeal, "收到", True) == "disposal.not_entitled"
    world.clock.advance(timedelta(hours=1))
    voices.answer(staff("bureau"), appeal, "经核对回单，更正认定。", True)
    assert voices.listing(staff("bureau")).rows == []
    (done,) = voices.listing(staff("bureau"), answered=True).rows
    assert done.statement.upheld is True
    case = own.case(EMPLOYER, case_id)
    assert (case.waiting, case.statements[0].statement.answer) == (0, "经核对回单，更正认定。")
    assert sum("已经答复" in text for who, text in world.messages() if who in ("agent-1", "boss-1")) == 2


def test_waiting_statements_are_paged_by_the_day_of_their_answer(world: World, case_id: str) -> None:
    voices = world.disposal.voices
    made = []
    for number in range(3):
        made.append(voices.take(staff("officer1"), case_id, "question", f"为什么 {number}"))
        world.clock.advance(timedelta(days=1))
    first = voices.listing(staff("officer1"), limit=2)
    rest = voices.listing(staff("officer1"), limit=2, cursor=first.next)
    assert [one.statement.id for one in (*first.rows, *rest.rows)] == made
    assert rest.next == ""
    assert voices.listing(staff("officer2")).rows == []
    assert voices.listing(staff("bureau"), kind="appeal").rows == []
    for one in made:
        voices.answer(staff("officer1"), one, "因为数据显示逾期", False)
        world.clock.advance(timedelta(minutes=1))
    back = voices.listing(staff("officer1"), answered=True, limit=2)
    last = voices.listing(staff("officer1"), answered=True, limit=2, cursor=back.next)
    assert [one.statement.id for one in (*back.rows, *last.rows)] == made[::-1]


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        ([Given("a.pdf", b"%PDF-1.7 cut")], "disposal.file_type"),
        ([Given("a.html", b"<script>alert(1)</script>")], "disposal.file_type"),
        ([Given("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")], "disposal.file_type"),
        ([Given("a.pdf", b"")], "disposal.file_type"),
        ([Given("a.jpg", JPEG + b"x" * 4_000_000)], "disposal.file_too_large"),
        ([Given("a.jpg", JPEG)] * 6, "disposal.files_too_many"),
    ],
)
def test_files_are_what_their_bytes_say(world: World, case_id: str, files: list[Given], refused: str) -> None:
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    own = world.disposal.own
    assert code(own.state, EMPLOYER, case_id, "appeal", "见附件", files) == refused
    assert own.case(EMPLOYER, case_id).statements == []


def test_statements_and_their_files_are_sealed(world: World, case_id: str) -> None:
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    world.disposal.own.state(EMPLOYER, case_id, "appeal", "张三的工资已发", [Given("张三.pdf", PDF)])
    with world.database.engine.connect() as plain:
        kept = [
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for table in ("disposal_statement", "disposal_attachment")
            for row in plain.exec_driver_sql(f"SELECT * FROM {table}").all()
            for value in row
        ]
    assert kept
    assert not any("张三".encode() in value or PDF in value for value in kept)


def test_an_enterprise_can_not_flood_a_case(
    world: World, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_service, "STATEMENTS_MOST", 2)
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    own = world.disposal.own
    for number in range(2):
        own.state(EMPLOYER, case_id, "explanation", f"说明 {number}")
    assert code(own.state, EMPLOYER, case_id, "explanation", "再说明") == "disposal.statements_too_many"


def test_a_closed_case_stays_readable_and_says_that_it_is_over(world: World, case_id: str) -> None:
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    world.do("lead1", case_id, Action.APPROVE)
    own = world.disposal.own
    assert own.case(EMPLOYER, case_id).over
    own.state(EMPLOYER, case_id, "question", "结果是什么")
    assert world.actions(case_id)[-1] == "statement"


def test_json_and_pages_of_the_enterprise(site: SliceApplication, world: World, case_id: str) -> None:
    made = world.disposal.papers.issue(staff("officer1"), case_id, "warning", "请核对")
    client = site.as_(EMPLOYER)
    assert [c["case_id"] for c in client.get(f"{API}/own/cases").json()] == [case_id]
    assert client.get(f"{API}/own/notices/{made.id}/pdf").content[:5] == b"%PDF-"
    sent = client.post(
        f"{API}/own/{case_id}/statements/files",
        data={"kind": "appeal", "text": "见附件"},
        files=[("files", ("回单.pdf", PDF, "text/html"))],
        headers={"Idempotency-Key": "appeal-1"},
    )
    assert sent.status_code == 201, sent.text
    (statement,) = client.get(f"{API}/own/{case_id}").json()["statements"]
    (file,) = statement["files"]
    got = client.get(f"{API}/own/attachments/{file['id']}")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"].startswith("attachment;")
    assert client.get(f"{API}/cases/{case_id}").status_code == 403
    assert site.as_(OTHER).get(f"{API}/own/{case_id}").status_code == 404
    assert site.as_(staff("officer1")).get(f"{API}/own/cases").status_code == 403
    page = client.get(f"/employer/warnings/{case_id}")
    assert "见附件" in page.text
    assert "回单.pdf" in page.text
    refused = client.post(
        f"/employer/warnings/{case_id}",
        data={"kind": "appeal", "text": "见附件二", "csrf_token": "csrf"},
        files=[("files", ("x.html", b"<p>", "text/html"))],
    )
    assert refused.status_code == 422
    assert "见附件二" in refused.text  # what was typed is not lost
    parts = [
        *(
            (name, "", value)
            for name, value in (("kind", "explanation"), ("text", "已补发"), ("csrf_token", "csrf"))
        ),
        (
            "files",
            '; filename=""\r\nContent-Type: application/octet-stream',
            "",
        ),  # a browser without a chosen file
    ]
    body = "".join(
        f'--cut\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
        for name, more, value in parts
    )
    done = client.post(
        f"/employer/warnings/{case_id}",
        content=f"{body}--cut--\r\n".encode(),
        headers={"Content-Type": "multipart/form-data; boundary=cut"},
    )
    assert done.status_code == 303, done.text
    assert done.headers["location"] == f"/employer/warnings/{case_id}#statements"
