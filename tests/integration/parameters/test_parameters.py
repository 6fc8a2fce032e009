"""The parameters over HTTP: reading, entering, withdrawing, the calendar, pages, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from api.infra.audit import AuditRow
from api.infra.db import Base, Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.parameters import router
from api.parameters.model import KEYS, Kind
from api.parameters.rules import chinese
from api.parameters.service import ParametersService, delivered
from api.parameters.texts import KEY_NAMES, TEXTS
from tests.support.slice_application import SliceApplication, slice_application

CLOCK = FixedClock(datetime(2026, 11, 22, 4, tzinfo=UTC))


@pytest.fixture
def service(database: Database) -> ParametersService:
    Base.metadata.create_all(database.engine)
    return ParametersService(UnitOfWork(database), FixedClock(CLOCK.now()), "12333")


@pytest.fixture
def site(database: Database, service: ParametersService) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, parameters=service) as made:
        yield made


ROW = {
    "key": "min_wage.monthly.1",
    "place": "500000",
    "value": "2500",
    "valid_from": "2026-12-01",
    "source": "通知第 1 条",
}


def test_minimum_wage_by_place_and_day(service: ParametersService) -> None:
    wage = service.minimum_wage("500107001", date(2026, 1, 1))
    assert (wage.tier, wage.monthly, wage.hourly) == ("1", Decimal("2330.00"), Decimal("23.00"))
    assert service.minimum_wage("500107", date(2024, 12, 31)).monthly == Decimal("2100.00")
    assert service.minimum_wage("110101", date(2026, 1, 1)).monthly is None


def test_average_wage_is_last_years(service: ParametersService) -> None:
    found = service.average_monthly_wage("500107", date(2025, 6, 1))
    assert found is not None
    assert (found.monthly, found.year) == (Decimal("9795.50"), 2024)
    later = service.average_monthly_wage("500107", date(2026, 6, 1))
    assert later is not None
    assert later.year == 2024
    assert service.average_monthly_wage("110101", date(2025, 6, 1)) is None


def test_many_figures_are_one_question_with_the_same_answers(
    service: ParametersService, database: Database
) -> None:
    keys = ["hours.day", "hours.week", "hotline", "no.such.key"]
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, text, *_rest: asked.append(text))
    found = service.held(keys, "500107", date(2026, 11, 20))
    assert sum("FROM" in text for text in asked) == 1
    one_by_one = {key: service.figure(key, "500107", date(2026, 11, 20)) for key in keys}
    assert found == {key: row for key, row in one_by_one.items() if row is not None}
    assert found


def test_working_days_and_deadlines(service: ParametersService) -> None:
    assert service.add_workdays(date(2025, 9, 30), 3) == date(2025, 10, 11)
    assert service.days("econtract.worker_deadline_days", date(2026, 1, 1)) == 7
    assert not service.calendar_known(2099)
    assert service.hotline("500107") == "12333"


def test_an_entered_row_wins_from_its_day_and_the_past_stays(
    site: SliceApplication, service: ParametersService
) -> None:
    operator = site.as_("operator")
    made = operator.post("/api/v1/parameters", json=ROW, headers={"Idempotency-Key": "a"})
    assert made.status_code == 201
    assert made.json()["value"] == "2500.00"
    assert service.minimum_wage("500107", date(2026, 11, 30)).monthly == Decimal("2330.00")
    assert service.minimum_wage("500107", date(2026, 12, 1)).monthly == Decimal("2500.00")
    before = CLOCK.now() - timedelta(seconds=1)
    earlier = service.figure("min_wage.monthly.1", "500000", date(2026, 12, 1), known_at=before)
    assert earlier is not None
    assert earlier.value == "2330.00"
    row_id = made.json()["row_id"]
    key = {"Idempotency-Key": "b"}
    assert operator.post(f"/api/v1/parameters/{row_id}/withdrawal", headers=key).status_code == 204
    assert service.minimum_wage("500107", date(2026, 12, 1)).monthly == Decimal("2330.00")
    again = operator.post(f"/api/v1/parameters/{row_id}/withdrawal", headers={"Idempotency-Key": "c"})
    assert (again.status_code, again.json()["code"]) == (409, "parameters.already_withdrawn")
    with site.database.read() as session:
        actions = [row.action for row in session.scalars(select(AuditRow).order_by(AuditRow.no))]
    assert actions == ["parameters.figure_entered", "parameters.figure_withdrawn"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": "viel"}, "parameters.value_malformed"),
        ({"valid_to": "2026-11-30"}, "parameters.period_reversed"),
        ({"key": "min_wage.unknown"}, "parameters.key_unknown"),
        ({"source": " "}, "parameters.source_missing"),
        ({"place": "5001"}, "malformed"),
    ],
)
def test_bad_rows_are_refused_and_change_nothing(
    site: SliceApplication, change: dict[str, str], code: str
) -> None:
    refused = site.as_("operator").post(
        "/api/v1/parameters", json={**ROW, **change}, headers={"Idempotency-Key": "x"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (
        site.as_("operator")
        .get("/api/v1/parameters?key=min_wage.monthly.1&on=2026-12-01")
        .json()[0]["delivered"]
    )


def test_who_may_read_and_who_may_change(site: SliceApplication) -> None:
    assert site.anonymous.get("/api/v1/parameters").status_code == 401
    agent = site.as_("agent")
    found = agent.get("/api/v1/parameters/value?key=min_wage.monthly.1&place=500107&on=2026-01-01")
    assert found.json()["value"] == "2330.00"
    assert agent.get("/api/v1/parameters/value?key=hotline&place=110101&on=1999-01-01").status_code == 404
    assert agent.post("/api/v1/parameters", json=ROW, headers={"Idempotency-Key": "a"}).status_code == 403
    assert agent.get("/parameters", headers={"Accept": "text/html"}).status_code == 403


def test_calendar(site: SliceApplication, service: ParametersService) -> None:
    operator = site.as_("operator")
    day = {"day": "2099-01-01", "kind": "holiday", "name": "元旦", "source": "通知"}
    assert operator.put("/api/v1/parameters/calendar/2099-01-01", json=day).status_code == 204
    year = operator.get("/api/v1/parameters/calendar/2099").json()
    assert (year["known"], year["days"][0]["name"]) == (True, "元旦")
    assert service.add_workdays(date(2098, 12, 31), 1) == date(2099, 1, 2)
    assert operator.delete("/api/v1/parameters/calendar/2099-01-01").status_code == 204
    assert operator.delete("/api/v1/parameters/calendar/2099-01-01").status_code == 404


def test_pages_in_both_languages(site: SliceApplication) -> None:
    operator = site.as_("operator")
    chinese = operator.get("/parameters").text
    assert "2330.00" in chinese
    assert "月最低工资（一档）" in chinese
    english = operator.get("/parameters?lang=en").text
    assert "Monthly minimum wage" in english
    form = {**ROW, "csrf_token": "csrf", "certainty": "found"}
    assert operator.post("/parameters", data=form).status_code == 303
    bad = operator.post("/parameters", data={**form, "value": "<b>x"})
    assert bad.status_code == 422
    assert "&lt;b&gt;x" in bad.text
    assert operator.get("/parameters?key=min_wage.monthly.1&place=110101").status_code == 200
    assert "2099" in operator.get("/parameters/calendar?year=2099").text
    added = operator.post(
        "/parameters/calendar",
        data={"csrf_token": "csrf", "day": "2099-05-01", "kind": "holiday", "source": "通知"},
    )
    assert added.status_code == 303
    removed = operator.post("/parameters/calendar/2099-05-01/removal", data={"csrf_token": "csrf"})
    assert removed.status_code == 303


def test_the_english_page_has_every_source_in_english_and_marks_the_chinese(
    site: SliceApplication, service: ParametersService
) -> None:
    operator = site.as_("operator")
    assert all(row.source_en and not chinese(row.source_en) for row in delivered())
    operator.post(
        "/api/v1/parameters", json={**ROW, "source": "通知 <第 1 条>"}, headers={"Idempotency-Key": "a"}
    )
    day = {"day": "2026-12-31", "kind": "holiday", "name": "示例假日", "source": "通知第 2 条"}
    operator.put("/api/v1/parameters/calendar/2026-12-31", json=day)
    text = operator.get("/parameters?lang=en").text
    law = "Labor Contract Law of the People&#39;s Republic of China, Article 50"
    assert law in text
    assert '<span lang="zh">通知 &lt;第 1 条&gt;</span>' in text
    assert '<span lang="zh">重庆市</span>' in text
    for page in (text, operator.get("/parameters/calendar?year=2026&lang=en").text):
        table = re.search(r"<table.*?</table>", page, re.S)
        assert table is not None
        unmarked = re.sub(r'<span [^>]*lang="zh">[^<]*</span>', "", table[0])
        assert not chinese(unmarked), [line for line in unmarked.splitlines() if chinese(line)]
    assert "《劳动合同法》第五十条" in text
    chinese_page = operator.get("/parameters?lang=zh").text
    assert "《劳动合同法》第五十条" in chinese_page
    assert "Labor Contract Law" not in chinese_page
    listed = operator.get("/api/v1/parameters?key=econtract.retention_years").json()
    assert listed[0]["source_en"].startswith("Labor Contract Law")


def test_every_parameter_has_a_name_and_the_page_shows_it(site: SliceApplication) -> None:
    operator = site.as_("operator")
    for key, spec in KEYS.items():
        assert key in KEY_NAMES, key
        if spec.kind is Kind.STRUCTURE:
            made = {**ROW, "key": key, "value": {"a": 1}}
            answer = operator.post("/api/v1/parameters", json=made, headers={"Idempotency-Key": key})
            assert answer.status_code == 201, answer.text
    assert operator.get("/parameters").status_code == 200
    assert "Periods of disposal of warnings" in operator.get("/parameters?lang=en").text
