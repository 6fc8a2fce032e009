"""The freshness board over HTTP, with coverage read from a table on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import event, select, text

from api.exchange.freshness import router
from api.exchange.freshness.model import Kind, Promise
from api.exchange.freshness.service import Freshness
from api.exchange.freshness.texts import TEXTS
from api.infra.audit import AuditRow
from api.infra.db import Database, UnitOfWork
from api.infra.reports import Exporter
from api.kernel.clock import FixedClock
from tests.support.board_scene import Paper
from tests.support.slice_application import SliceApplication, slice_application

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""Already the 23rd in China."""


class Catalogue:
    def promises(self) -> Sequence[Promise]:
        return [
            Promise("tax_month", "纳税月汇总", "tax months", "税务", "tax", Kind.EXHAUSTIVE, 31, 20),
            Promise("court_event", "涉诉与执行", "court events", "法院", "courts", Kind.EVENT, 7, 7),
            Promise("attendance", "考勤", "attendance", "人社", "HR", Kind.PARTIAL, 31, 20),
        ]


class Batches:
    """Batches with the period that they state and the day of their upload, as a department would have sent them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as session:
            session.execute(text("CREATE TABLE test_batch (dataset TEXT, period_end TEXT, known_at TEXT)"))

    def send(self, dataset: str, period_end: str, known_at: str) -> None:
        with self.database.transaction() as session:
            session.execute(
                text("INSERT INTO test_batch VALUES (:d, :p, :k)"),
                {"d": dataset, "p": period_end, "k": known_at},
            )

    def covered(self, known_at: datetime | None = None) -> Mapping[str, date]:
        query = text("SELECT dataset, max(period_end) FROM test_batch WHERE known_at <= :at GROUP BY dataset")
        at = (known_at or datetime(9999, 1, 1, tzinfo=UTC)).isoformat()
        with self.database.read() as session:
            return {name: date.fromisoformat(end) for name, end in session.execute(query, {"at": at})}


class Points:
    def points_of(self) -> Mapping[str, Sequence[str]]:
        return {"tax_month": ["SB02", "GZ02"], "court_event": ["JY03"], "attendance": ["LY05"]}


@pytest.fixture
def batches(database: Database) -> Batches:
    made = Batches(database)
    made.send("tax_month", "2026-09-30", "2026-10-08")
    made.send("court_event", "2026-11-15", "2026-11-16")
    return made


@pytest.fixture
def freshness(batches: Batches) -> Freshness:
    exporter = Exporter(UnitOfWork(batches.database), FixedClock(NOW), Paper())
    return Freshness(FixedClock(NOW), Catalogue(), batches, Points(), exporter)


@pytest.fixture
def site(database: Database, freshness: Freshness) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, exchange_freshness=freshness) as made:
        yield made


def get(site: SliceApplication, query: str = "", status: int = 200) -> Any:
    answer = site.as_("regulator").get(f"/api/v1/exchange/freshness{query}")
    assert answer.status_code == status
    return answer.json()


def test_the_board_by_data_period(site: SliceApplication, batches: Batches) -> None:
    found = get(site)
    assert found["as_of"] == "2026-11-23"
    assert [(row["dataset"], row["state"], row["since"], row["points"]) for row in found["rows"]] == [
        ("attendance", "never", None, ["LY05"]),
        ("tax_month", "stale", "2026-11-21", ["GZ02", "SB02"]),
        ("court_event", "due", None, []),
    ]
    assert found["unknown"] == ["GZ02", "LY05", "SB02"]
    batches.send("tax_month", "2026-08-31", "2026-11-22")
    assert get(site, "/tax_month")["state"] == "stale"
    batches.send("tax_month", "2026-10-31", "2026-11-22")
    assert (get(site, "/tax_month")["state"], get(site)["unknown"]) == ("fresh", ["LY05"])


def test_a_past_day_and_what_was_known_then(
    site: SliceApplication, freshness: Freshness, batches: Batches
) -> None:
    assert get(site, "/tax_month?as_of=2026-11-20")["state"] == "due"
    batches.send("tax_month", "2026-10-31", "2026-11-22")
    then = freshness.board(date(2026, 11, 21), datetime(2026, 11, 21, tzinfo=UTC))
    assert {row.promise.dataset: row.state.value for row in then.rows}["tax_month"] == "stale"
    assert get(site, "?as_of=2026-11-24", status=422)["code"] == "exchange.freshness_future"
    assert get(site, "/nothing", status=404)["code"] == "not_found"


def test_pages_of_the_board_and_one_query(
    site: SliceApplication, freshness: Freshness, database: Database
) -> None:
    first = get(site, "?limit=2")
    assert ([row["dataset"] for row in first["rows"]], first["next"], first["total"]) == (
        ["attendance", "tax_month"], "2", 3,
    )  # fmt: skip
    assert [row["dataset"] for row in get(site, "?limit=2&after=2")["rows"]] == ["court_event"]
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, said, *_rest: asked.append(said))
    freshness.board()
    assert len(asked) == 1


def test_who_may_look(site: SliceApplication) -> None:
    assert site.anonymous.get("/api/v1/exchange/freshness").status_code == 401
    assert site.as_("worker").get("/api/v1/exchange/freshness").status_code == 403


@pytest.mark.parametrize(("language", "word"), [("zh", "从未报送"), ("en", "Never delivered")])
def test_the_page_in_both_languages(site: SliceApplication, language: str, word: str) -> None:
    headers = {"Accept": "text/html"}
    found = site.as_("auditor").get(f"/exchange/freshness?lang={language}", headers=headers)
    assert found.status_code == 200
    assert word in found.text
    assert "LY05" in found.text
    if language == "en":
        assert "数据时效" not in found.text


EXPORTS = "/api/v1/exchange/freshness/exports"


def rows_of(body: bytes, place: int) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(place).to_python()


def audited(database: Database) -> list[AuditRow]:
    with database.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.action == "exchange.freshness_exported")))


def test_the_board_as_a_spreadsheet_in_both_languages(site: SliceApplication, database: Database) -> None:
    analyst = site.as_("risk_analyst")
    body = {"format": "xlsx", "purpose": "周例会"}
    answer = analyst.post(EXPORTS, json=body)
    assert answer.headers["content-disposition"].startswith(
        'attachment; filename="concord-freshness-20261123.xlsx"'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert [row[1] for row in rows_of(answer.content, 1)[4:8]] == [0.0, 1.0, 1.0, 1.0]
    listed = rows_of(answer.content, 2)
    assert [row[0] for row in listed[4:7]] == ["考勤", "纳税月汇总", "涉诉与执行"]
    board = get(site)["rows"][1]
    assert (board["dataset"], board["covered_end"], board["promised_until"]) == (
        "tax_month",
        "2026-09-30",
        "2026-11-20",
    )
    assert listed[5][3:5] == ["2026年9月30日", "2026年11月20日"]
    assert listed[5][5:7] == ["已过承诺期 · 自 2026年11月21日 起，3 天", "GZ02 SB02"]
    assert "用途：周例会" in str(listed)
    assert "GZ02、LY05、SB02" in str(rows_of(answer.content, 0))
    then = analyst.post(f"{EXPORTS}?as_of=2026-11-20", json={**body, "lang": "en"})
    assert rows_of(then.content, 2)[5][:2] == ["tax months", "tax"]
    lines = audited(database)
    assert [(line.purpose, line.facts["as_of"]) for line in lines] == [
        ("周例会", "2026-11-23"), ("周例会", "2026-11-20"),
    ]  # fmt: skip


def test_who_may_take_it_and_what_it_needs(site: SliceApplication, database: Database) -> None:
    body = {"format": "pdf", "purpose": "周例会"}
    assert site.as_("street_officer").post(EXPORTS, json=body).status_code == 403
    analyst = site.as_("risk_analyst")
    assert analyst.post(EXPORTS, json={**body, "purpose": " "}).json()["code"] == "purpose_missing"
    assert (
        analyst.post(f"{EXPORTS}?as_of=2026-11-24", json=body).json()["code"] == "exchange.freshness_future"
    )
    assert audited(database) == []
    form = {"csrf_token": "csrf", "format": "pdf", "purpose": "周例会", "as_of": "2026-11-20"}
    assert analyst.post("/exchange/freshness/exports", data=form).headers["content-type"] == "application/pdf"
    assert 'action="/exchange/freshness/exports"' in analyst.get("/exchange/freshness").text
    assert len(audited(database)) == 1
