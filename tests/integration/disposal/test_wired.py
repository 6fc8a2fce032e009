"""The slice as the container wires it: real files, a real run, a signed warning, its case, the episode that ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from api.bootstrap.container import Container
from api.disposal import tasks
from api.disposal.model import Action, Capacity, CaseView
from api.disposal.ports import SupportingRow
from api.employers.tables import OrganisationRow
from api.kernel.errors import DomainError
from api.notification.model import DeliveryReceived
from api.risk.tables import SettledRow, StandingRow
from tests.support.disposal_world import OPERATOR, S1, S2, staff
from tests.support.wired_district import NOW, District, code, wired

JAN = date(2026, 1, 1)


@pytest.fixture
def container(database_url: str, tmp_path: Path) -> Iterator[Container]:
    with wired(database_url, tmp_path) as made:
        made.disposal.desk.give_post(OPERATOR, "bureau", "hr", Capacity.LEAD, JAN)
        made.disposal.desk.give_post(OPERATOR, "officer2", S2, Capacity.OFFICER, JAN)
        yield made


@pytest.fixture
def district(container: Container) -> District:
    """Three enterprises, registered in one street and at work in another."""
    made = District(container)
    made.register(1, 2, 3)
    return made


def visit(container: Container, case: CaseView, finding: str) -> None:
    """Sign in, fill in the form with a photo, verify."""
    who, field = staff("officer2"), container.disposal.field
    container.disposal.cases.step(who, case.case_id, Action.SIGN_IN)
    answers = [
        {"name": n, "value": "no", "counter": 1, "at": NOW} for n in ("premises", "operating", "wages_paid")
    ]
    body = b"\x89PNG\r\n\x1a\n" + b"x" * 20
    sha256 = hashlib.sha256(body).hexdigest()
    field.sync(who, case.case_id, "a" * 26, answers, [{"sha256": sha256, "captured_at": NOW}])
    field.put_photo(who, case.case_id, sha256, body)
    container.disposal.cases.step(who, case.case_id, Action.VERIFY, {"finding": finding})


def test_a_signed_warning_opens_a_case_and_a_rise_raises_it(container: Container, district: District) -> None:
    district.clue(1, date(2026, 10, 20), 3)
    district.month(202610)
    warning = district.sign(1)
    case = district.case(warning, staff("bureau"))
    assert (case.colour, case.unit, case.basis, case.registered_unit) == (1, S2, "operating", S1)
    assert case.subject is not None
    assert case.subject.name == "试样企业1有限公司"
    assert tasks.run_due(container) == 0
    container.clock.advance(timedelta(days=1))
    district.clue(1, date(2026, 11, 1), 4, "2")
    district.day()
    assert district.case(warning, staff("bureau")).colour == 1  # nobody has signed the rise yet
    district.sign(1)
    raised = district.case(warning, staff("bureau"))
    assert (raised.case_id, raised.colour, raised.cycle) == (case.case_id, 2, 2)


def test_a_closure_settles_the_rows_and_ends_the_episode(container: Container, district: District) -> None:
    district.clue(2, date(2026, 10, 20), 3)
    district.month(202610)
    warning = district.sign(2)
    case = district.case(warning, staff("bureau"))
    visit(container, case, "false_alarm")
    cases = container.disposal.cases
    cases.step(staff("officer2"), case.case_id, Action.PROPOSE, {"outcome": "false_alarm"})
    assert district.episode(warning).closed_at is None
    cases.step(staff("bureau"), case.case_id, Action.APPROVE)
    ended = district.episode(warning)
    assert (ended.closed_by, ended.second) == ("officer2", "bureau")  # who proposed it, and the second person
    assert district.warning(2).state == "closed"
    with container.uow.read() as session:
        settled = session.scalars(select(SettledRow)).all()
        assert {(row.point, row.outcome) for row in settled} == {("GZ04", "unfounded")}
        assert (
            session.get_one(StandingRow, district.enterprise(2)).shown == 5
        )  # too little is known for a grade
    district.day()
    assert district.warning(2).id == warning.id  # what was settled lights nothing again


def test_a_receipt_serves_a_notice(container: Container, district: District) -> None:
    district.bankrupt(3, date(2026, 10, 10))
    district.month(202610)
    case = district.case(district.sign(3), staff("bureau"))
    assert case.colour == 4
    papers = container.disposal.papers
    papers.contact(staff("bureau"), case.case_id, "前台", "13800000009")
    made = papers.issue(staff("bureau"), case.case_id, "warning", "请核对")
    assert (len(made.sha256), bool(made.message_id)) == (64, True)
    receipt = DeliveryReceived(
        str(made.message_id), "plain.notice", "disposal", case.case_id, "address", None, "sms", NOW
    )
    with container.uow() as session:
        container.bus.publish(session, receipt)
    ((_, served),) = papers.of_case(staff("bureau"), case.case_id)
    assert [one.channel for one in served] == ["sms"]


def test_a_sample_is_drawn_from_what_was_scored_and_not_warned_of(
    container: Container, district: District
) -> None:
    with pytest.raises(DomainError) as refused:
        container.disposal.measures.draw(staff("bureau"), 202611, 2)
    assert (refused.value.kind, refused.value.code) == ("conflict", "disposal.sample_empty")
    district.bankrupt(3, date(2026, 10, 10))
    district.month(202610)
    drawn = container.disposal.measures.draw(staff("bureau"), 202611, 5)
    assert drawn.population == 2
    planned = container.disposal.measures.inspections(staff("bureau"), month=202611).rows
    assert {row.enterprise for row, _ in planned} == {district.enterprise(1), district.enterprise(2)}


def test_wrong_data_goes_back_to_the_officers_of_its_dataset(
    container: Container, district: District
) -> None:
    district.clue(1, date(2026, 10, 20), 3)
    district.month(202610)
    rows = container.disposal.context.rows.open_rows(district.sign(1).episode_id)
    (found,) = container.disposal.context.departments.behind(rows)
    assert (found.dataset, found.zh, found.keys) == ("arrears_clue", "欠薪线索", ["X-1-1"])
    assert found.accounts == ["data"]
    state = SupportingRow("SB01", "*", 3)  # a row that is the point itself: all of its datasets
    assert {one.dataset for one in container.disposal.context.departments.behind([state])} >= {"si_month"}


def test_an_unverified_claim_of_a_code_opens_nothing(container: Container, district: District) -> None:
    org = "ab" * 32
    row = OrganisationRow(
        org_id=org, uscc=code(1), uscc_passed=True, name="试样企业1有限公司", kind="company", region_code=500107001,
        domicile="", legal_representative="", id_kind="", id_number="", contact_phone="",
        representative_account="", state="pending", created_at=NOW,
    )  # fmt: skip
    with container.uow() as session:
        session.add(row)
    register, accounts = container.disposal.context.subjects, container.identity.accounts
    made = accounts.create_employer_account(
        "boss-one", "示例", phone=None, id_number=None, org_id=org, roles=frozenset({"representative"})
    )
    number = district.enterprise(1)
    assert (register.of_organisation(org), register.accounts_of(number)) == (None, [])
    with container.uow() as session:
        session.get_one(OrganisationRow, org).state = "verified"
    assert register.of_organisation(org) == number
    assert register.accounts_of(number) == [made.account_id]
    assert register.accounts_of(district.enterprise(2)) == []


def test_lists_of_posts_name_logins_and_points(container: Container) -> None:
    operator = container.identity.accounts.bootstrap_operator("operator-one", "示例管理员")
    (person,) = container.disposal.desk.people(OPERATOR)
    assert (person.account_id, person.name) == (operator.account_id, "示例管理员")
    names = container.disposal.measures.point_names()
    assert len(names) == 27
    assert all(zh and en for zh, en in names.values())


def test_the_application_serves_api_and_pages(container: Container) -> None:
    with TestClient(
        create_app(container), base_url="http://localhost:8080", follow_redirects=False
    ) as client:
        assert client.get("/api/v1/disposal/cases").status_code == 401
        worker = client.get("/disposal/site-worker.js")
        assert worker.status_code == 200
        assert worker.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
        paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
        assert "/api/v1/disposal/cases/{case_id}/steps" in paths
