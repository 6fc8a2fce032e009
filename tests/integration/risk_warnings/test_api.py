"""The JSON API: who sees what, paging, signatures, and a number of statements that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from api.infra.db import Database
from api.risk import router
from api.risk.tables import WarningRow
from api.risk.texts import TEXTS
from tests.support.risk_district import START, District
from tests.support.risk_file import risk_of
from tests.support.slice_application import SliceApplication, person, slice_application

FEB, MAR = date(2026, 2, 5), date(2026, 3, 5)
FIRMS = 12
STREET = person("street_officer", attributes={"towns": "500107002"})


@pytest.fixture
def district(database: Database, tmp_path: Path) -> District:
    made = District(database, tmp_path, FIRMS)
    for number, text in ((1, "GZ01 R"), (2, "SB01 Y"), (3, "JY02 O"), (4, "GZ04 O"), (7, "SB01 O, LY01 B")):
        made.departments.say(START, number, text)
    made.month(202601, FEB)
    return made


@pytest.fixture
def site(database: Database, district: District) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, risk=risk_of(district)) as made:
        yield made


def get(client: Any, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/risk{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def post(client: Any, path: str, body: Any = None, status: int = 200, key: str = "k") -> Any:
    answer = client.post(f"/api/v1/risk{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_the_morning_list_puts_what_needs_a_person_first_and_pages(site: SliceApplication) -> None:
    analyst = site.as_("risk_analyst")
    red = get(analyst, "/morning")["rows"][0]
    assert (red["warning"]["enterprise"], red["warning"]["pending"], red["name"]) == (1, "red", "示例企业1号")
    post(analyst, f"/warnings/{red['warning']['id']}/signature", {"grade": "red"})
    seen: list[int] = []
    after = ""
    while True:
        page = get(analyst, f"/morning?limit=2&after={after}")
        seen += [row["warning"]["enterprise"] for row in page["rows"]]
        after = page["next"]
        if not after:
            break
    assert seen == [7, 4, 3, 2, 1]  # waiting for a signature by grade and score, then what is issued


def test_warnings_of_one_moment_are_all_listed_page_by_page(
    site: SliceApplication, database: Database
) -> None:
    """A run writes hundreds of warnings in one transaction, at a moment with microseconds."""
    moment = datetime(2026, 11, 23, 13, 51, 21, 711825, tzinfo=UTC)
    with database.transaction() as session:
        session.execute(update(WarningRow).values(created_at=moment))
    analyst, seen, before = site.as_("risk_analyst"), [], ""
    while True:
        page = get(analyst, f"/warnings?limit=2&before={before}")
        seen += [row["id"] for row in page["rows"]]
        before = page["next"]
        if not before:
            break
    whole = [row["id"] for row in get(analyst, "/warnings?limit=200")["rows"]]
    assert len(whole) > 4
    assert seen == whole


def test_a_street_officer_sees_his_own_street_and_nothing_else(site: SliceApplication) -> None:
    officer = site.as_(STREET)
    rows = get(officer, "/morning")["rows"]
    assert sorted(row["warning"]["enterprise"] for row in rows) == [1, 4, 7]
    assert get(officer, "/enterprises/1")["enterprise"] == 1
    assert get(officer, "/enterprises/2", 404)["code"] == "not_found"
    assert get(officer, "/enterprises/999", 404)["code"] == "not_found"
    other = get(site.as_("risk_analyst"), "/warnings?town=500107101")["rows"][0]
    assert other["enterprise"] == 2
    get(officer, f"/warnings/{other['id']}", 404)
    get(officer, f"/episodes/{other['episode']}/rows", 404)
    assert {row["town"] for row in get(officer, "/warnings")["rows"]} == {"500107002"}
    get(officer, "/runs", 404)
    get(officer, "/index?by=all", 404)
    assert [row["group"] for row in get(officer, "/index?by=town")["rows"]] == ["500107002"]
    post(officer, f"/warnings/{other['id']}/signature", {"grade": "blue"}, 403)


def test_nobody_else_sees_anything(site: SliceApplication) -> None:
    for path in ("/morning", "/enterprises/1", "/warnings", "/runs", "/index"):
        get(site.as_("worker"), path, 403)
        get(site.as_("agent"), path, 403)
        get(site.anonymous, path, 401)
    assert get(site.as_(person("street_officer")), "/morning")["rows"] == []


def test_an_enterprises_file_has_its_reasons(site: SliceApplication, district: District) -> None:
    district.departments.say(START, 1, "GZ01 ?", first=date(2026, 2, 6))
    district.today(date(2026, 2, 6))
    file = get(site.as_("risk_analyst"), "/enterprises/1")
    assert (file["shown"], file["raw"], file["score"], file["tiers"]["GZ01"]) == ("red", "none", 0, 5)
    assert file["unknown_since"] == {"GZ01": "2026-02-06"}
    (point,) = (p for d in file["explanation"]["dimensions"] for p in d["points"] if p["id"] == "GZ01")
    assert (point["tier"], file["as_of"], file["differing"]) == ("unknown", "2026-02-06", [])
    assert [(entry["reason"], entry["shown_after"]) for entry in file["log"]] == [
        ("run", "red"),
        ("run", "red"),
    ]
    assert [episode["grade"] for episode in file["episodes"]] == ["red"]


def test_a_snooze_hides_until_it_expires_but_never_a_missing_signature(
    site: SliceApplication, district: District
) -> None:
    analyst = site.as_("risk_analyst")
    body = {"kind": "snooze", "reason": "旺季用工，已约谈", "expires_on": "2026-02-10"}
    made = post(analyst, "/enterprises/2/judgements", body, 201)
    assert 2 in [row["warning"]["enterprise"] for row in get(analyst, "/morning")["rows"]]
    warning = next(row for row in get(analyst, "/warnings")["rows"] if row["enterprise"] == 2)
    post(analyst, f"/warnings/{warning['id']}/signature", {"grade": "blue"}, key="s")
    assert 2 not in [row["warning"]["enterprise"] for row in get(analyst, "/morning")["rows"]]
    district.at(date(2026, 2, 11))
    assert 2 in [row["warning"]["enterprise"] for row in get(analyst, "/morning")["rows"]]
    post(analyst, f"/judgements/{made['id']}/withdrawal", None, 204, key="w")


def test_an_override_is_displayed_and_the_shown_grade_stays(site: SliceApplication) -> None:
    analyst = site.as_("risk_analyst")
    body = {"kind": "override", "grade": "blue", "reason": "已全额补发", "expires_on": "2026-03-01"}
    post(analyst, "/enterprises/1/judgements", body, 201)
    file = get(analyst, "/enterprises/1")
    assert (file["shown"], file["displayed"]) == ("red", "blue")
    post(site.as_(STREET), "/enterprises/1/judgements", body, 403)
    assert post(analyst, "/enterprises/1/judgements", {**body, "expires_on": "2020-01-01"}, 422, "e")[
        "code"
    ] == ("risk.expiry_malformed")


def test_a_signature_of_another_grade_is_a_conflict(site: SliceApplication) -> None:
    analyst = site.as_("risk_analyst")
    warning = get(analyst, "/warnings?grade=red")["rows"][0]
    answer = post(analyst, f"/warnings/{warning['id']}/signature", {"grade": "orange"}, 409)
    assert answer["code"] == "risk.grade_changed"
    signed = post(analyst, f"/warnings/{warning['id']}/signature", {"grade": "red"}, key="again")
    assert (signed["state"], signed["grade"], signed["auto"]) == ("issued", "red", False)


def test_closure_over_the_api_needs_every_row_and_another_person(site: SliceApplication) -> None:
    analyst = site.as_("risk_analyst")
    episode = get(analyst, "/warnings?grade=red")["rows"][0]["episode"]
    rows = get(analyst, f"/episodes/{episode}/rows")
    assert rows == [{"point": "GZ01", "key": "", "tier": 4}]
    decided = [{"point": "GZ01", "key": "", "outcome": "confirmed"}]
    path = f"/episodes/{episode}/closure"
    assert post(analyst, path, {"proposed_by": "officer", "rows": []}, 409)["code"] == "risk.rows_open"
    own = {"proposed_by": "account-risk_analyst", "rows": decided}
    assert post(analyst, path, own, 403, "own")["code"] == "risk.second_person_required"
    post(analyst, path, {"proposed_by": "officer", "rows": decided}, 204, "good")
    assert get(analyst, "/enterprises/1")["shown"] == "none"
    assert post(analyst, path, {"proposed_by": "officer", "rows": decided}, 409, "twice")["code"] == (
        "risk.episode_closed"
    )


def test_the_index_has_shares_and_a_trend(site: SliceApplication, district: District) -> None:
    director = site.as_("risk_director")
    first = get(director, "/index?by=all")
    (row,) = first["rows"]
    assert (first["month"], row["firms"], row["trend"]) == (202601, 12, None)
    assert (row["counts"]["red"], row["shares_bp"]["red"]) == (1, 833)
    for month, day in ((202602, MAR), (202603, date(2026, 4, 5)), (202604, date(2026, 5, 5))):
        if month == 202604:
            district.departments.say(START, 12, "GZ01 R")
        district.month(month, day)
    (row,) = get(director, "/index?by=all")["rows"]
    assert row["trend"] == row["mean_score"] - first["rows"][0]["mean_score"] > 0


def test_malformed_cursors_are_refused(site: SliceApplication) -> None:
    for path in ("/morning?after=x", "/warnings?before=x", "/runs?before=x"):
        assert get(site.as_("risk_analyst"), path, 422)["code"] == "risk.cursor_malformed"


@pytest.mark.parametrize(
    "path", ["/morning?limit=200", "/enterprises/1", "/warnings?limit=200", "/index", "/runs"]
)
def test_statements_do_not_grow_with_the_district(
    site: SliceApplication, district: District, path: str
) -> None:
    analyst = site.as_("risk_analyst")

    def statements() -> int:
        before = district.database.traffic.statements
        get(analyst, path)
        return int(district.database.traffic.statements - before)

    few = statements()
    for number in range(1, FIRMS + 1):
        district.departments.say(START, number, "GZ01 R, GZ04 O", first=date(2026, 2, 6))
    district.today(date(2026, 2, 6))
    assert len(get(analyst, "/morning?limit=200")["rows"]) == FIRMS
    assert statements() == few <= 9
