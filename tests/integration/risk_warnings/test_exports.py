"""What analysts take out: an enterprise's file and the morning list as PDF and XLSX; rights, marks, audit, limits."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from api.infra.audit import AuditRow
from api.infra.db import Database
from api.risk import router
from api.risk.service import enterprise_record, exports
from api.risk.tables import WarningRow
from api.risk.texts import TEXTS
from tests.support.report_files import named, real_printer, rows_of, sheets, text_of
from tests.support.risk_district import START, TOWNS, District
from tests.support.risk_file import risk_of
from tests.support.slice_application import SliceApplication, person, slice_application

FEB = date(2026, 2, 5)
ANALYST = person("risk_analyst", display_name="示例分析员")
STREET = person("street_officer", attributes={"towns": TOWNS[1]})
EVIL = '=HYPERLINK("http://x")'


@pytest.fixture
def district(database: Database, tmp_path: Path) -> District:
    made = District(database, tmp_path, 12)
    for number, text in ((1, "GZ01 R"), (2, "SB01 Y"), (3, "JY02 O"), (4, "GZ04 O"), (7, "SB01 O, LY01 B")):
        made.departments.say(START, number, text)
    made.month(202601, FEB)
    return made


@pytest.fixture
def risk(district: District) -> SimpleNamespace:
    made = risk_of(district, real_printer())
    with district.database.read() as session:
        warning = session.scalars(select(WarningRow).where(WarningRow.enterprise == 1)).one()
    made.warnings.sign(ANALYST, warning.id, 4)
    made.warnings.judge(ANALYST, 1, "snooze", None, f"{EVIL} 已约谈", FEB + timedelta(days=5))
    made.cases.write(1, warning.id, district.clock.now())
    return made


@pytest.fixture
def site(database: Database, risk: SimpleNamespace) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, risk=risk) as made:
        yield made


def audited(district: District, action: str) -> Sequence[AuditRow]:
    with district.database.read() as session:
        return session.scalars(select(AuditRow).where(AuditRow.action == action)).all()


def take(client: Any, path: str, status: int = 200, **body: str) -> Any:
    answer = client.post(f"/api/v1/risk{path}", json={"format": "xlsx", "purpose": "专题会", **body})
    assert answer.status_code == status, answer.text
    return answer


def test_the_spreadsheet_of_a_file_says_what_the_page_says(
    site: SliceApplication, district: District
) -> None:
    answer = take(site.as_(ANALYST), "/enterprises/1/exports")
    assert answer.headers["content-disposition"].startswith('attachment; filename="concord-enterprise-1-')
    assert answer.headers["cache-control"] == "no-store"
    found = sheets(answer.content)
    head = {row[0]: row[1] for row in found["概要"] if len(row) > 1}
    assert head["统一社会信用代码"] == "910000000000000001"
    assert (head["显示等级"], head["本次计算等级"], head["得分"]) == ("红色", "红色", "1,400 / 10,000")
    with district.database.read() as session:
        warning = session.scalars(select(WarningRow).where(WarningRow.enterprise == 1)).one()
    assert head["规则集摘要"] == warning.ruleset_hash
    assert head["输入数据摘要"] == warning.input_hash
    whole = str(found)
    for said in ("预警是线索，不是处罚", "风险等级：红色。原因：", "导出人 示例分析员", "用途：专题会"):
        assert said in whole
    assert len(named(found, "七个维度")) == 4 + 7 + 2
    rows = named(found, "原始数据行：文件与行号")
    assert rows[4][:3] == ["GZ01", "代发工资 · 按名称匹配，待核实", "202601"]
    assert rows[4][4].startswith("代发工资-十月.csv · 第 7 行 · ")
    assert "另有 3 行没有列出" in rows[1][0]
    assert "√ 拖欠工资天数：12 天，界限 ≥ 8 天" in str(named(found, "各控制点"))
    assert any("YJ2026-0001" in str(row[4]) for row in named(found, "风险事件与处置"))
    assert "预警签发" in str(named(found, "时间线"))
    assert named(found, "什么会改变等级（最近的界限）")[4][:4] == ["拖欠工资天数", "12 天", "7 天", "蓝色"]
    (line,) = audited(district, "risk.enterprise_exported")
    assert (line.object_id, line.purpose, line.facts["format"]) == ("1", "专题会", "xlsx")


def test_no_text_of_a_file_becomes_a_formula_or_a_link(
    site: SliceApplication, risk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(risk.register, "named", lambda firms: dict.fromkeys(firms, (EVIL, "+1+cmd")))
    body = take(site.as_(ANALYST), "/enterprises/1/exports").content
    found = sheets(body)
    assert found["概要"][0][0] == EVIL
    assert any(row[1] == f"{EVIL} 已约谈" for row in named(found, "人工调整与暂缓提醒") if len(row) > 1)
    with zipfile.ZipFile(BytesIO(body)) as packed:
        parts = [packed.read(name).decode() for name in packed.namelist() if "worksheets/sheet" in name]
    assert len(parts) == len(found)
    assert not any("<f>" in part or "hyperlink" in part for part in parts)


@pytest.mark.parametrize(
    ("lang", "lead"), [("zh", "预警是线索，不是处罚"), ("en", "A warning is a lead, not a penalty")]
)
def test_a_file_on_paper_in_both_languages(
    site: SliceApplication, risk: SimpleNamespace, lang: str, lead: str
) -> None:
    body = take(
        site.as_(ANALYST), "/enterprises/1/exports", format="pdf", lang=lang, purpose="会议 #strike[x] $1$"
    ).content
    again = take(
        site.as_(ANALYST), "/enterprises/1/exports", format="pdf", lang=lang, purpose="会议 #strike[x] $1$"
    ).content
    assert body == again
    text = text_of(body)
    assert lead in text.replace("\n", " ")
    assert all("会议 #strike[x] $1$" in page for page in text.rstrip("\f").split("\f"))
    for said in ("910000000000000001", "YJ2026-0001", "GZ01", "代发工资-十月.csv"):
        assert said in text
    assert ("维度GZ" if lang == "zh" else "Dimension GZ") in text


def test_another_streets_file_is_not_found_and_nobody_else_takes_one(
    site: SliceApplication, district: District
) -> None:
    street = site.as_(STREET)
    assert take(street, "/enterprises/1/exports").status_code == 200
    take(street, "/enterprises/2/exports", 404)
    assert site.as_(STREET).post(
        "/risk/enterprises/2/exports", data={"csrf_token": "csrf", "format": "pdf", "purpose": "会议"}
    ).status_code == 404  # fmt: skip
    take(street, "/enterprises/999/exports", 404)
    take(site.as_("worker"), "/enterprises/1/exports", 403)
    assert [line.object_id for line in audited(district, "risk.enterprise_exported")] == ["1"]


def test_an_export_wants_a_purpose_and_a_known_format(site: SliceApplication, district: District) -> None:
    analyst = site.as_(ANALYST)
    for purpose in ("", " 例 ", "长" * 101, "周\n会"):
        assert (
            take(analyst, "/enterprises/1/exports", 422, purpose=purpose).json()["code"] == "purpose_missing"
        )
    take(analyst, "/enterprises/1/exports", 422, format="docx")
    assert audited(district, "risk.enterprise_exported") == []


def test_the_page_gives_the_file_in_its_language_and_wants_the_token(site: SliceApplication) -> None:
    analyst = site.as_(ANALYST)
    page = analyst.get("/risk/enterprises/1").text
    assert 'action="/risk/enterprises/1/exports"' in page
    form = {"csrf_token": "csrf", "format": "xlsx", "purpose": "专题会"}
    answer = analyst.post("/risk/enterprises/1/exports?lang=en", data=form)
    assert "Summary" in sheets(answer.content)
    del analyst.headers["X-CSRF-Token"]
    assert analyst.post("/risk/enterprises/1/exports", data={**form, "csrf_token": "no"}).status_code == 403


def test_long_lists_are_cut_with_a_sentence(
    site: SliceApplication, risk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enterprise_record, "MOST_MOMENTS", 1)
    rows = named(sheets(take(site.as_(ANALYST), "/enterprises/1/exports").content), "时间线")
    assert len(rows) == 4 + 1 + 2
    assert "没有列出" in rows[1][0]


def test_the_morning_list_as_a_spreadsheet(
    site: SliceApplication, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_PRINTED", 2)  # paper's end is not the spreadsheet's
    found = sheets(take(site.as_(ANALYST), "/morning/exports", grade="yellow", purpose="晨会通报").content)
    rows = named(found, "待办预警")
    assert rows[3] == [
        "序号", "企业", "统一社会信用代码", "镇街", "等级", "显示等级", "本次计算等级", "得分", "数据覆盖 %", "等待签发",
        "自动签发期限", "签发时间", "处置单号", "处置阶段", "期限", "数据截至",
    ]  # fmt: skip
    assert [row[:9] for row in rows[4:7]] == [
        [1.0, "示例企业7号", "910000000000000007", "示例街道2", "黄色", "黄色", "黄色", 475.0, 100.0],
        [2.0, "示例企业4号", "910000000000000004", "示例街道2", "黄色", "黄色", "黄色", 375.0, 100.0],
        [3.0, "示例企业3号", "910000000000000003", "示例街道1", "黄色", "黄色", "黄色", 262.0, 100.0],
    ]
    assert rows[4][9:] == ["黄色", "—", "—", "—", "—", "—", "2026-02-05"]
    (red,) = named(sheets(take(site.as_(ANALYST), "/morning/exports", state="snoozed").content), "待办预警")[
        4:5
    ]
    assert (red[1], red[4:7], red[9], red[12]) == ("示例企业1号", ["红色"] * 3, "—", "YJ2026-0001")
    (yellow, snoozed) = audited(district, "risk.list_exported")
    assert (yellow.object_id, yellow.purpose, yellow.facts["rows"], yellow.facts["grade"]) == (
        "morning", "晨会通报", 3 + 5, 2,
    )  # fmt: skip
    assert (snoozed.facts["state"], snoozed.facts["grade"]) == ("snoozed", None)
    assert "条件：" in str(found)
    assert "导出人 示例分析员" in str(found)
    english = sheets(take(site.as_(ANALYST), "/morning/exports", q="企业7", lang="en").content)
    assert named(english, "Open warnings")[4][3:5] == ["Example Street 2", "Yellow"]
    assert len(named(english, "Open warnings")) == 4 + 1 + 2
    monkeypatch.setattr(exports, "MOST_LISTED", 2)
    refused = take(site.as_(ANALYST), "/morning/exports", 422, grade="yellow")
    assert refused.json()["code"] == "risk.export_too_large"


def test_the_morning_list_on_paper(
    site: SliceApplication, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_PRINTED", 2)
    asked = {"format": "pdf", "purpose": "晨会通报"}
    answer = take(site.as_(ANALYST), "/morning/exports", grade="yellow", **asked)
    assert answer.headers["content-type"] == "application/pdf"
    text = text_of(answer.content)
    assert "共 3 条，按轻重缓急列出前 2 条" in text
    assert "示例企业7号" in text
    assert "示例企业3号" not in text
    assert "用途：晨会通报" in text
    assert ["黄色", "3"] in rows_of(text)
    (line,) = audited(district, "risk.list_exported")
    assert (line.purpose, line.facts["format"], line.facts["grade"], line.facts["searched"]) == (
        "晨会通报",
        "pdf",
        2,
        False,
    )
    street = text_of(take(site.as_(STREET), "/morning/exports", lang="en", **asked).content)
    assert "Open warnings" in street
    assert "910000000000000003" not in street


def test_the_lists_form_takes_what_the_page_shows_by_post_alone(site: SliceApplication) -> None:
    analyst = site.as_(ANALYST)
    page = analyst.get("/risk?grade=yellow&q=企业7").text
    form = page.partition('action="/risk/morning/exports"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert sent == {"csrf_token": "csrf", "q": "企业7", "grade": "yellow"}
    asked = {**sent, "format": "xlsx", "purpose": "晨会通报"}
    taken = analyst.post("/risk/morning/exports", data=asked)
    assert len(named(sheets(taken.content), "待办预警")) == 4 + 1 + 2
    for path in ("/risk/morning.xlsx", "/risk/morning.pdf", "/risk/morning/exports"):
        assert analyst.get(path, params={"purpose": "晨会"}).status_code in (404, 405)
        assert analyst.get(f"/api/v1{path}", params={"purpose": "晨会"}).status_code in (404, 405)
    assert analyst.post("/risk/morning/exports", data={**asked, "purpose": " "}).status_code == 422
    assert site.as_("worker").post("/risk/morning/exports", data=asked).status_code == 403
    del analyst.headers["X-CSRF-Token"]
    assert analyst.post("/risk/morning/exports", data={**asked, "csrf_token": "no"}).status_code == 403


def test_shown_and_computed_grade_are_not_mixed_up(site: SliceApplication, district: District) -> None:
    district.departments.say(datetime(2026, 3, 1, tzinfo=UTC), 2, "")
    district.month(202602, date(2026, 3, 5))
    head = {
        row[0]: row[1]
        for row in sheets(take(site.as_(ANALYST), "/enterprises/2/exports").content)["概要"]
        if len(row) > 1
    }
    assert (head["显示等级"], head["本次计算等级"]) == ("蓝色", "无")
    found = sheets(take(site.as_(ANALYST), "/morning/exports", q="企业2").content)
    assert [row[4:7] for row in named(found, "待办预警")[4:5]] == [["蓝色", "蓝色", "无"]]
