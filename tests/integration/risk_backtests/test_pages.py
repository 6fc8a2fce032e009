"""JSON API and pages of runs, corrections, backtests and shadow runs: who sees what, what they say, what they do."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from api.infra.audit import AuditRow
from api.risk import repository
from api.risk.service import exports
from api.risk.tables import ReplayRow, RunRow
from tests.integration.risk_backtests.conftest import STRICT
from tests.support.report_files import pages_of, rows_of, text_of
from tests.support.risk_district import District
from tests.support.slice_application import SliceApplication, person

PAGES = (
    "/risk/runs", "/risk/corrections", "/risk/backtests", "/risk/backtests/new", "/risk/shadows",
    "/risk/shadows/new",
)  # fmt: skip


def post(client: Any, path: str, body: Any = None, status: int = 200, key: str = "k") -> Any:
    answer = client.post(f"/api/v1/risk{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == status, answer.text
    return answer.json()


def get(client: Any, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/risk{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def form(client: Any, path: str, **fields: str) -> Any:
    return client.post(path, data={**fields, "csrf_token": "csrf"})


def test_a_backtest_from_asking_to_acceptance(site: SliceApplication, district: District) -> None:
    analyst, director = site.as_("risk_analyst"), site.as_("risk_director")
    body = {"document": STRICT, "first_month": 202511, "last_month": 202602, "capacity": 0}
    made = post(analyst, "/backtests", body, 202)
    assert (made["state"], made["done"], made["total"], made["result"]) == ("queued", 0, 4, {})
    assert get(analyst, f"/backtests/{made['id']}/differences") == {"total": 0, "rows": []}
    district.backtests().complete(made["id"])
    done = get(analyst, f"/backtests/{made['id']}")
    assert (done["state"], done["over_capacity"], done["accepted_at"]) == ("finished", True, None)
    moved = get(analyst, f"/backtests/{made['id']}/differences?month=202601")
    assert moved["total"] == len(moved["rows"]) == 2
    path = f"/backtests/{made['id']}/acceptance"
    assert post(analyst, path, {"reason": "r"}, 403, "own")["code"] == "risk.second_person_required"
    assert post(director, path, {"reason": "同意"}, 200, "two")["acceptance"] == "同意"
    wrong = {**body, "document": {**STRICT, "points": STRICT["points"][1:]}}
    assert post(analyst, "/backtests", wrong, 422, "b")["code"] == "risk.ruleset_weights"
    assert get(analyst, "/backtests?limit=1")["rows"][0]["id"] == made["id"]
    assert (
        post(analyst, f"/backtests/{made['id']}/cancellation", None, 409, "c")["code"]
        == "risk.backtest_ended"
    )


def test_the_result_as_a_file_says_everything_and_who_took_it(
    site: SliceApplication, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyst = site.as_("risk_analyst")
    body = {"version": "strict", "first_month": 202511, "last_month": 202602, "capacity": 0}
    made = post(analyst, "/backtests", body, 202)
    path, asked = f"/api/v1/risk/backtests/{made['id']}/exports", {"format": "xlsx", "purpose": "发布前评审"}
    assert analyst.post(path, json=asked).json()["code"] == "risk.backtest_unfinished"
    district.backtests().complete(made["id"])
    answer = analyst.post(path, json=asked)
    assert answer.headers["cache-control"] == "no-store"
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    assert book.sheet_names == [
        "概要",
        "1 等级怎样变化",
        "2 超出能力的街镇月份",
        "3 街镇每月上门核查",
        "4 等级不同的企业",
    ]
    result = get(analyst, f"/backtests/{made['id']}")
    head = {row[0]: row[1] for row in book.get_sheet_by_name("概要").to_python() if len(row) > 1}
    assert head["候选规则集摘要"] == result["candidate_hash"]
    assert head["输入数据摘要"] == result["input_hash"]
    matrix = book.get_sheet_by_name("1 等级怎样变化").to_python()
    assert [row[1:] for row in matrix[4:9]] == result["result"]["matrix"]
    listed = book.get_sheet_by_name("4 等级不同的企业").to_python()
    assert len(listed) == 4 + result["result"]["moved"] + 2
    fifth = next(row for row in listed if row[0] == "示例企业5号")
    assert fifth[1] == "910000000000000005"
    assert fifth[4:6] == ["无", "黄色"]
    with zipfile.ZipFile(BytesIO(answer.content)) as parts:
        for number in range(1, 6):
            sheet = parts.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert "account-risk_analyst" in sheet.partition("<oddFooter>")[2]
            assert "<f>" not in sheet
    monkeypatch.setattr(exports, "MOST_PRINTED", 1)
    form_ = {"csrf_token": "csrf", "format": "pdf", "purpose": "发布前评审"}
    paper = analyst.post(f"/risk/backtests/{made['id']}/exports", data=form_)
    assert paper.headers["content-type"] == "application/pdf"
    text = text_of(paper.content)
    head_, _title, rest = text.partition("等级怎样变化")
    assert result["candidate_hash"] in head_
    assert ["等级不同的企业月", str(result["result"]["moved"])] in rows_of(head_)
    assert ["上门核查变化", f"{result['result']['more_visits']:+}"] in rows_of(head_)
    grades = ["无", "蓝色", "黄色", "橙色", "红色"]
    printed = rows_of(rest.partition("超出能力的街镇月份")[0])
    for grade, counts in zip(grades, result["result"]["matrix"], strict=True):
        assert [grade, *map(str, counts)] in printed
    assert f"共 {result['result']['moved']} 行，这里列出前 1 行" in rest
    assert len(re.findall(r"示例企业\d+号", rest)) == 1
    assert all("用途：发布前评审" in page for page in pages_of(paper.content))
    assert site.as_("street_officer").post(path, json=asked).status_code == 403
    with district.database.read() as session:
        lines = session.scalars(select(AuditRow).where(AuditRow.action == "risk.backtest_exported")).all()
    assert [(line.object_id, line.purpose, line.facts["format"]) for line in lines] == [
        (made["id"], "发布前评审", "xlsx"), (made["id"], "发布前评审", "pdf"),
    ]  # fmt: skip


def test_the_pages_lead_from_the_form_to_the_accepted_result(
    site: SliceApplication, district: District
) -> None:
    analyst, director = site.as_("risk_analyst"), site.as_("risk_director")
    page = analyst.get("/risk/backtests/new?rule_set=strict").text
    assert '<option value="strict" selected>' in page
    fields = {"rule_set": "strict", "first": "2025-11", "last": "2026-02", "capacity": "0"}
    there = form(analyst, "/risk/backtests", **fields).headers["location"]
    assert "排队等待后台进程" in analyst.get(there).text
    assert 'hx-trigger="every 3s"' in analyst.get(f"{there}/progress").text
    backtest_id = there.rpartition("/")[2]
    district.backtests().complete(backtest_id)
    assert analyst.get(f"{there}/progress").headers["HX-Refresh"] == "true"
    text = analyst.get(there).text
    assert "超出核查能力" in text
    assert "须由另一个人复核" in text
    assert "示例企业5号" in text
    assert "500107101" in text
    assert "示例企业5号" not in analyst.get(f"{there}?direction=down").text
    other = director.get(there).text
    assert "同意的理由" in other
    assert form(director, f"{there}/acceptance", reason="春节前集中核查").status_code == 303
    assert "春节前集中核查" in analyst.get(there).text
    assert "Above the capacity, accepted" in analyst.get("/risk/backtests?lang=en").text
    second = form(analyst, "/risk/backtests", **fields).headers["location"]
    assert form(analyst, f"{second}/cancellation").headers["location"] == "/risk/backtests"
    assert "回测已取消" in analyst.get(f"{second}?lang=zh").text


def test_streets_have_their_names_where_the_board_knows_them(
    site: SliceApplication, district: District, risk: SimpleNamespace
) -> None:
    names = {"500107101": ("示例镇", "Example Town")}
    risk.board = SimpleNamespace(towns=SimpleNamespace(names=lambda: names))
    analyst = site.as_("risk_analyst")
    jobs = district.backtests()
    made = jobs.ask(person("risk_analyst"), jobs.candidate("strict", None), 202511, 202602, 0)
    jobs.complete(made.id)
    assert "示例镇" in analyst.get(f"/risk/backtests/{made.id}").text
    assert "Example Town" in analyst.get(f"/risk/backtests/{made.id}?lang=en").text


def test_a_shadow_run_is_started_read_and_stopped(site: SliceApplication, district: District) -> None:
    analyst = site.as_("risk_analyst")
    fields = {"rule_set": "strict", "first": "2026-02-05", "last": "2026-03-05", "reason": "发布前试行"}
    there = form(analyst, "/risk/shadows", **fields).headers["location"]
    assert "还没有评估" in analyst.get(there).text
    district.today(date(2026, 2, 10))
    district.runs.resume()
    text = analyst.get(there).text
    assert "示例企业5号" in text
    assert "颜色相同，计分或规则不同" in text
    shadow = get(analyst, f"/shadows/{there.rpartition('/')[2]}")
    assert (shadow["state"], shadow["runs"][0]["moved"]) == ("running", 2)
    assert get(analyst, f"/shadows/{shadow['id']}/differences")["total"] == 2
    run = shadow["runs"][0]["run"]
    assert "示例企业5号" in analyst.get(f"{there}?run={run}").text
    assert form(analyst, f"{there}/stop").status_code == 303
    assert "已停止" in analyst.get("/risk/shadows").text
    body = {"version": "strict", "first_day": "2026-02-20", "last_day": "2026-02-21", "reason": "r"}
    assert post(analyst, "/shadows", body, 201)["state"] == "waiting"


def test_a_run_is_read_and_replayed(site: SliceApplication, district: District) -> None:
    analyst = site.as_("risk_analyst")
    with district.database.read() as session:
        run = session.scalars(select(RunRow)).one()
    text = analyst.get(f"/risk/runs/{run.id}").text
    assert "示例企业1号" in text
    assert run.sha256[:8] in text
    assert form(analyst, f"/risk/runs/{run.id}/replay").headers["location"] == f"/risk/runs/{run.id}#replays"
    assert "一致" in analyst.get(f"/risk/runs/{run.id}").text
    answer = post(analyst, f"/runs/{run.id}/replay")
    assert (answer["same_bytes"], answer["stored"]) == (True, run.sha256)
    with district.database.read() as session:
        assert len(session.scalars(select(ReplayRow)).all()) == 2
    district.departments.said.clear()  # history was rewritten
    assert not post(analyst, f"/runs/{run.id}/replay", None, 200, "again")["same_bytes"]
    assert "不一致" in analyst.get(f"/risk/runs/{run.id}").text
    detail = get(analyst, f"/runs/{run.id}")
    assert (detail["version"], detail["facts"][0]["month"]) == ("1", 202601)
    assert analyst.get(f"/risk/runs/{'x' * 26}").status_code == 404


def test_the_log_of_corrections_names_enterprise_month_and_run(
    site: SliceApplication, district: District
) -> None:
    analyst = site.as_("risk_analyst")
    assert "没有因更正而变化的等级" in analyst.get("/risk/corrections").text
    district.departments.say(district.later(hours=1), 8, "GZ01 O")
    with district.database.transaction() as session:
        repository.add_pending(session, {202601: [8]}, district.clock.now())
    run = district.runs.start_correction()
    assert run is not None
    district.runs.complete(run.id)
    text = analyst.get("/risk/corrections").text
    assert "示例企业8号" in text
    assert "数据更正引起等级变化" in text
    assert f"/risk/runs/{run.id}" in text
    assert "更正评估 2026-01" in analyst.get("/risk/runs?kind=correction").text
    assert "月度评估 2026-01" not in analyst.get("/risk/runs?kind=correction").text


def test_the_list_says_how_much_waits_for_a_correction_and_how_far_one_is(
    site: SliceApplication, district: District
) -> None:
    analyst = site.as_("risk_analyst")
    assert "等待更正" not in analyst.get("/risk/runs").text
    for number in range(1, 9):
        district.departments.say(district.later(minutes=1), number, "GZ01 O")
    with district.database.transaction() as session:
        repository.add_pending(session, {202601: range(1, 9)}, district.clock.now())
    assert "还有 1 个月、共 8 个户月等待更正，从 2026-01 开始" in analyst.get("/risk/runs").text
    assert (
        "Still to be corrected: 8 enterprise-months (months: 1, from 2026-01 on)"
        in analyst.get("/risk/runs?lang=en").text
    )
    runs = district.process()
    runs._batch = 3
    started = runs.start_correction()
    assert started is not None
    assert "等待更正" not in analyst.get("/risk/runs?lang=zh").text
    for _step in ("file", "first batch"):
        runs.advance(started.id)
    assert "已处理 3 个户月" in analyst.get("/risk/runs").text
    runs.complete(started.id)
    assert "已处理" not in analyst.get("/risk/runs").text


@pytest.mark.parametrize("path", PAGES)
def test_only_who_reads_the_district_sees_the_pages(site: SliceApplication, path: str) -> None:
    form_only = path.endswith("/new")
    for role, status in (("risk_analyst", 200), ("auditor", 403 if form_only else 200), ("agent", 403)):
        assert site.as_(role).get(path).status_code == status
    street = person("street_officer", attributes={"towns": "500107001"})
    assert site.as_(street).get(path).status_code == 403
    assert "并行试算" not in site.as_("auditor").get(f"{path}?lang=en").text


def test_an_auditor_reads_and_changes_nothing(site: SliceApplication, district: District) -> None:
    auditor = site.as_("auditor")
    body = {"version": "strict", "first_month": 202601, "last_month": 202601, "capacity": 0}
    assert post(auditor, "/backtests", body, 403)["code"] == "role_required"
    assert "新的回测" not in auditor.get("/risk/backtests").text
    assert "开始并行试算" not in auditor.get("/risk/shadows").text
