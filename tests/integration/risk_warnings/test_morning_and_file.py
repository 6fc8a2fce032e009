"""The morning list's conditions and search; an enterprise's file down to the raw file; as many statements at any size."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from api.infra.db import Database
from api.risk import router
from api.risk.service import desk
from api.risk.tables import WarningRow
from api.risk.texts import TEXTS
from tests.support.report_files import named, sheets
from tests.support.risk_district import START, TOWNS, District
from tests.support.risk_file import risk_of
from tests.support.slice_application import SliceApplication, person, slice_application

FEB = date(2026, 2, 5)
ANALYST = person("risk_analyst", display_name="示例分析员")
STREET = person("street_officer", attributes={"towns": TOWNS[1]})
FIRMS = 12


@pytest.fixture
def district(database: Database, tmp_path: Path) -> District:
    made = District(database, tmp_path, FIRMS)
    for number, text in ((1, "GZ01 R"), (2, "SB01 Y"), (3, "JY02 O"), (4, "GZ04 O"), (7, "SB01 O, LY01 B")):
        made.departments.say(START, number, text)
    made.month(202601, FEB)
    return made


@pytest.fixture
def risk(district: District) -> SimpleNamespace:
    return risk_of(district)


@pytest.fixture
def site(database: Database, risk: SimpleNamespace) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, risk=risk) as made:
        yield made


def get(client: Any, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/risk{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def firms(page: Any) -> list[int]:
    return [row["warning"]["enterprise"] for row in page["rows"]]


def warning_of(district: District, enterprise: int) -> WarningRow:
    with district.database.read() as session:
        return session.scalars(select(WarningRow).where(WarningRow.enterprise == enterprise)).one()


def test_conditions_narrow_the_list_and_the_colours_are_counted(
    site: SliceApplication, risk: SimpleNamespace, district: District
) -> None:
    analyst = site.as_(ANALYST)
    whole = get(analyst, "/morning")
    assert whole["counts"] == {"blue": 1, "yellow": 3, "orange": 0, "red": 1}
    assert whole["waiting"] == 5
    yellow = get(analyst, "/morning?grade=yellow")
    assert sorted(firms(yellow)) == [3, 4, 7]
    assert (
        yellow["counts"] == whole["counts"]
    )  # counts are of every colour, so that the tabs keep their numbers
    town = get(analyst, f"/morning?town={TOWNS[1]}")
    assert (sorted(firms(town)), town["counts"]["red"]) == ([1, 4, 7], 1)
    risk.warnings.sign(ANALYST, warning_of(district, 3).id, 2)
    assert firms(get(analyst, "/morning?state=issued")) == [3]
    assert sorted(firms(get(analyst, "/morning?state=waiting"))) == [1, 2, 4, 7]
    risk.warnings.judge(ANALYST, 3, "snooze", None, "已约谈", FEB + timedelta(days=5))
    assert firms(get(analyst, "/morning?state=issued")) == []
    assert firms(get(analyst, "/morning?state=snoozed")) == [3]
    get(analyst, "/morning?state=other", 422)


def test_what_the_rules_issued_comes_right_after_missing_signatures(
    site: SliceApplication, risk: SimpleNamespace, district: District
) -> None:
    risk.warnings.sign(ANALYST, warning_of(district, 7).id, 2)
    district.later(hours=3)
    assert risk.warnings.issue_due() == 1
    assert firms(get(site.as_(ANALYST), "/morning")) == [4, 3, 2, 1, 7]
    risk.warnings.judge(ANALYST, 1, "snooze", None, "已知", FEB + timedelta(days=5))
    assert 1 in firms(get(site.as_(ANALYST), "/morning"))  # nobody has confirmed it: no snooze hides it


def test_a_search_finds_lines_and_enterprises_beside_the_list(site: SliceApplication) -> None:
    analyst = site.as_(ANALYST)
    found = get(analyst, "/morning?q=企业1")
    assert firms(found) == [1]
    assert [one["enterprise"] for one in found["others"]] == [10, 11, 12]
    by_code = get(analyst, "/morning?q=910000000000000007")
    assert (firms(by_code), by_code["others"]) == ([7], [])
    nothing = get(analyst, "/morning?q=没有")
    assert (nothing["rows"], nothing["others"], nothing["too_many"]) == ([], [], False)


def test_a_search_stays_in_the_officers_street(site: SliceApplication) -> None:
    found = get(site.as_(STREET), "/morning?q=企业")
    assert sorted(firms(found)) == [1, 4, 7]
    assert [one["enterprise"] for one in found["others"]] == [10]


def test_a_search_that_meets_too_many_says_so(
    site: SliceApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST_FOUND", 3)
    assert get(site.as_(ANALYST), "/morning?q=企业")["too_many"] is True
    assert "清单可能不全" in site.as_(ANALYST).get("/risk?q=企业").text


def test_no_name_becomes_a_formula(
    site: SliceApplication, risk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = dict(
        zip(
            (1, 2, 3, 4, 7),
            ('=HYPERLINK("http://x")', "+1", "@SUM(A1)", "{=1}", "https://example.invalid"),
            strict=True,
        )
    )
    monkeypatch.setattr(risk.register, "named", lambda firms: {n: (names[n], "") for n in firms})
    asked = {"format": "xlsx", "purpose": "晨会通报"}
    content = site.as_(ANALYST).post("/api/v1/risk/morning/exports", json=asked).content
    assert {row[1] for row in named(sheets(content), "待办预警")[4:9]} == set(names.values())
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = [book.read(name) for name in book.namelist() if "worksheets/sheet" in name]
    assert len(parts) > 1
    assert not any(b"<f>" in part or b"hyperlink" in part for part in parts)


def test_lines_and_file_carry_the_case(
    site: SliceApplication, risk: SimpleNamespace, district: District
) -> None:
    risk.cases.write(1, warning_of(district, 1).id, START, over=True)
    line = get(site.as_(ANALYST), "/morning")["rows"][0]
    assert (line["case"]["number"], line["case"]["over"]) == ("YJ2026-0001", True)
    file = get(site.as_(ANALYST), "/enterprises/1")
    assert [case["number"] for case in file["cases"]] == ["YJ2026-0001"]
    page = site.as_(ANALYST).get("/risk/enterprises/1").text
    assert 'href="/disposal/cases/' in page
    assert "处置单 YJ2026-0001 建立" in page


def test_a_point_leads_to_the_line_of_the_raw_file(site: SliceApplication, risk: SimpleNamespace) -> None:
    analyst = site.as_(ANALYST)
    point = get(analyst, "/enterprises/1/points/GZ01")
    (group,) = point["behind"]
    (row,) = group["rows"]
    assert (row["file"], row["line"], row["probable"], row["batch_page"], group["more"]) == (
        "代发工资-十月.csv", 7, True, "", 3,
    )  # fmt: skip
    risk.sources.opened = frozenset({"bank_payroll"})
    again = get(analyst, "/enterprises/1/points/GZ01")["behind"][0]["rows"][0]
    assert again["batch_page"] == f"/exchange/batches/{'b' * 26}"
    get(analyst, "/enterprises/1/points/XX01", 404)
    get(analyst, "/enterprises/1/points/gz01", 422)


def test_another_streets_enterprise_is_not_found_on_any_way(site: SliceApplication) -> None:
    officer = site.as_(STREET)
    get(officer, "/enterprises/2", 404)
    get(officer, "/enterprises/2/points/SB01", 404)
    assert officer.get("/risk/enterprises/2").status_code == 404
    assert officer.get("/risk/enterprises/2/points/SB01").status_code == 404
    form = {"kind": "snooze", "reason": "x", "expires_on": "2026-02-20", "csrf_token": "csrf"}
    assert officer.post("/risk/enterprises/2/judgements", data=form).status_code == 404
    get(site.as_(ANALYST), f"/enterprises/{2**63}", 422)


def test_who_answers_for_a_case_reads_why_wherever_the_enterprise_is_registered(
    site: SliceApplication, risk: SimpleNamespace
) -> None:
    """A case goes to the street where an enterprise works; who has it reads the file and decides nothing about it."""
    risk.cases.mine.add(2)
    officer = site.as_(STREET)
    assert get(officer, "/enterprises/2")["enterprise"] == 2
    assert officer.get("/risk/enterprises/2/points/SB01").status_code == 200
    form = {"kind": "snooze", "reason": "x", "expires_on": "2026-02-20", "csrf_token": "csrf"}
    assert officer.post("/risk/enterprises/2/judgements", data=form).status_code == 404
    get(officer, "/enterprises/3", 404)


def test_who_only_reads_neither_overrides_nor_snoozes(site: SliceApplication) -> None:
    auditor = site.as_("auditor")
    page = auditor.get("/risk/enterprises/1").text
    assert "登记人工调整或暂缓提醒" not in page
    form = {"kind": "snooze", "reason": "x", "expires_on": "2026-02-20", "csrf_token": "csrf"}
    assert auditor.post("/risk/enterprises/1/judgements", data=form).status_code == 403


def test_judgements_are_kept_with_author_reason_and_end(site: SliceApplication, district: District) -> None:
    analyst = site.as_(ANALYST)
    form = {
        "kind": "override",
        "grade": "blue",
        "reason": "已全额补发",
        "expires_on": "2026-02-20",
        "csrf_token": "csrf",
    }
    assert analyst.post("/risk/enterprises/1/judgements", data=form).status_code == 303
    (judged,) = get(analyst, "/enterprises/1")["judgements"]
    assert (judged["author"], judged["state"], judged["grade"]) == (
        "account-risk_analyst 的姓名",
        "holds",
        "blue",
    )
    assert get(analyst, "/enterprises/1")["displayed"] == "blue"
    district.at(date(2026, 2, 21))
    file = get(analyst, "/enterprises/1")
    assert (file["judgements"][0]["state"], file["displayed"]) == ("expired", "red")
    page = analyst.get("/risk/enterprises/1").text
    assert "到期：人工调整等级" in page
    bad = analyst.post("/risk/enterprises/1/judgements", data={**form, "expires_on": "soon"})
    assert bad.status_code == 422
    assert "日期的写法不对" in bad.text
    assert "已全额补发" in bad.text  # what was typed is still there


def test_facts_newer_than_the_standing_are_told(
    site: SliceApplication, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get(site.as_(ANALYST), "/enterprises/2")["differing"] == []
    district.departments.say(START, 2, "SB01 R")
    assert get(site.as_(ANALYST), "/enterprises/2")["differing"] == ["SB01"]
    assert "上次评估之后有变化" in site.as_(ANALYST).get("/risk/enterprises/2").text


def test_a_resting_enterprise_speaks_of_the_newest_run(site: SliceApplication, district: District) -> None:
    district.today(date(2026, 2, 6))
    file = get(site.as_(ANALYST), "/enterprises/5")
    assert (file["as_of"], file["shown"]) == ("2026-02-06", "none")


@pytest.mark.parametrize(
    "path",
    [
        "/risk", "/risk?q=企业", f"/risk?grade=red&town={TOWNS[1]}&state=waiting", "/risk/enterprises/1",
        "/risk/enterprises/1/points/GZ01", "/api/v1/risk/morning?limit=200", "/api/v1/risk/enterprises/1",
    ],
)  # fmt: skip
def test_statements_do_not_grow(
    site: SliceApplication, district: District, risk: SimpleNamespace, path: str
) -> None:
    analyst = site.as_(ANALYST)

    def statements() -> int:
        assert analyst.get(path).status_code == 200
        before = district.database.traffic.statements
        assert analyst.get(path).status_code == 200
        return int(district.database.traffic.statements - before)

    few = statements()
    for number in range(1, FIRMS + 1):
        district.departments.say(START, number, "GZ01 R, GZ04 O", first=date(2026, 2, 6))
    district.today(date(2026, 2, 6))
    for day in range(7, 12):
        risk.warnings.judge(ANALYST, 1, "snooze", None, f"第 {day} 次", date(2026, 3, day))
    assert get(analyst, "/morning?limit=200")["counts"]["red"] == FIRMS
    assert statements() == few <= 11
