"""The editor's pages: what they show, what they save, and that two people who save at once lose nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from api.infra.db import Base, Database, UnitOfWork
from api.infra.reports import Exporter
from api.kernel.clock import FixedClock
from api.risk import router
from api.risk.rulesets.exports import RuleSetExports
from api.risk.rulesets.ports import FactNames
from api.risk.rulesets.router import XLSX
from api.risk.rulesets.service import RuleSetService
from api.risk.spec.document import RuleSetDoc
from api.risk.texts import TEXTS
from tests.integration.risk_rulesets.test_versions import (
    ANNA,
    BO,
    NOW,
    TODAY,
    Dictionary,
    Measurements,
    Staff,
)
from tests.support.report_files import real_printer
from tests.support.slice_application import SliceApplication, make_database, slice_application
from tests.unit.risk_scoring.rule_sets import checked, plain_document, real_document

AT = "/risk/rule-sets"


class Site:
    """The pages over a service of their own, and what a browser does with them."""

    def __init__(
        self, application: SliceApplication, rule_sets: RuleSetService, measured: Measurements
    ) -> None:
        self.application, self.rule_sets, self.measured = application, rule_sets, measured
        self.anna = application.as_(ANNA)
        self.bo = application.as_(BO)

    def draft(self, **changes: object) -> str:
        return self.rule_sets.draft(ANNA, real_document(version="1.1", **changes), "why").row_id

    def fields(self, client: TestClient, path: str) -> dict[str, str]:
        """The form of an editor's page as a browser would send it."""
        return fields_of(client.get(path).text)


def fields_of(text: str) -> dict[str, str]:
    form = next(f for f in re.findall(r"<form method=\"post\".*?</form>", text, re.S) if 'name="before"' in f)
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = html.unescape(value[1] if value else "")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        first = chosen or re.search(r'<option value="([^"]*)"', options)
        found[name] = html.unescape(first[1]) if first else ""
    for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = html.unescape(value)
    return found


@contextmanager
def served(
    folder: Path, delivered: RuleSetDoc | None = None, facts: FactNames | None = None
) -> Iterator[Site]:
    database: Database = make_database(folder)
    Base.metadata.create_all(database.engine)
    measured = Measurements()
    rule_sets = RuleSetService(
        UnitOfWork(database), FixedClock(NOW), delivered or checked(plain_document()), facts or Dictionary(), measured,
        Staff(),
    )  # fmt: skip
    exports = RuleSetExports(Exporter(UnitOfWork(database), FixedClock(NOW), real_printer()), rule_sets)
    services = {"risk_rulesets": rule_sets, "risk": SimpleNamespace(rule_set_exports=exports)}
    with slice_application(database, router, TEXTS, **services) as made:
        yield Site(made, rule_sets, measured)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For tests that publish nothing: each has a draft of its own."""
    with served(tmp_path_factory.mktemp("pages")) as made:
        yield made


def test_the_list_and_a_version_in_both_languages(site: Site) -> None:
    row = site.draft()
    text = site.anna.get(AT).text
    assert "district 1.1" in text
    assert "草稿" in text
    page = site.anna.get(f"{AT}/{row}").text
    assert "下一步" in page
    assert "指标overdue_days ≥ 61 人" in page
    assert "新建草稿" in page
    english = site.anna.get(f"{AT}/{row}?lang=en").text
    assert "Fact overdue_days ≥ 61 persons" in english
    left = re.sub(r"<[^>]*>", "", english.replace("中文", ""))
    names = {p["zh"] for p in real_document()["points"]} | {"条例", "安娜（虚构）"}
    for name in names:
        left = left.replace(name, "")
    assert not re.findall("[\u4e00-\u9fff]+", left)


def test_pages_are_for_those_who_may(site: Site) -> None:
    row = site.draft()
    auditor = site.application.as_("auditor")
    page = auditor.get(f"{AT}/{row}")
    assert page.status_code == 200
    posted = re.findall(r'method="post" action="(/risk/rule-sets/[^"]*)"', page.text)
    assert set(posted) == {
        f"{AT}/{row}/exports",
        f"{AT}/{row}/history/exports",
    }  # what he reads, he may take out
    for path in ("weights", "frame", "points/GZ01"):
        assert auditor.get(f"{AT}/{row}/{path}").status_code == 403
        assert site.anna.get(f"{AT}/{row}/{path}").status_code == 200
    assert site.application.as_("operator").get(AT).status_code == 403
    assert site.anna.get(f"{AT}/nobody").status_code == 404
    assert site.anna.get(f"{AT}/{row}/points/XX99").status_code == 404
    form = {"csrf_token": "csrf", "revision": "1", "newest": "0", "valid_from": "2026-11-23"}
    assert site.anna.post(f"{AT}/{row}/publication", data=form).status_code == 403


def test_the_form_sent_back_unchanged_changes_nothing(site: Site) -> None:
    row = site.draft()
    before = site.rule_sets.get(row)
    for path in ("weights", "frame", *(f"points/{p.id}" for p in before.document.points)):
        form = site.fields(site.anna, f"{AT}/{row}/{path}")
        assert site.anna.post(f"{AT}/{row}/{path}", data=form).status_code == 303, path
    assert site.rule_sets.get(row) == before


def test_a_threshold_is_typed_in_percent_and_stored_in_basis_points(site: Site) -> None:
    row = site.draft()
    form = site.fields(site.anna, f"{AT}/{row}/points/LY01")
    assert (form["blue-bp"], form["red-bp"], form["blue-op"]) == ("2", "20", "ratio_gt")
    form |= {"blue-bp": "1.25 %", "blue-op": "ratio_ge"}
    assert site.anna.post(f"{AT}/{row}/points/LY01", data=form).status_code == 303
    blue = site.rule_sets.get(row).document.points[0].tiers.blue
    assert (blue.bp, blue.op) == (125, "ratio_ge")  # type: ignore[union-attr]


def test_money_is_typed_in_yuan_and_stored_in_fen(site: Site) -> None:
    row = site.draft()
    form = site.fields(site.anna, f"{AT}/{row}/points/GZ01")
    assert form["red-2-2-value"] == "30000"
    form["red-2-2-value"] = "45,000.50"
    assert site.anna.post(f"{AT}/{row}/points/GZ01", data=form).status_code == 303
    points = site.rule_sets.get(row).document.points
    red = next(p for p in points if p.id == "GZ01").tiers.red
    assert red.of[1].of[1].value == 4_500_050  # type: ignore[union-attr,index]


@pytest.mark.parametrize(
    ("path", "field", "text", "said"),
    [
        ("points/LY01", "blue-bp", "1.255", "小数最多 2 位"),
        ("points/LY01", "blue-bp", "901", "须在 0 与 900 之间"),
        ("points/LY01", "blue-bp", "NaN", "“NaN”不是数字"),
        ("points/LY01", "blue-bp", "1e999999", "不是数字"),
        ("points/LY01", "blue-op", "eq", "请从列表中选择"),
        ("points/GZ01", "blue-value", "1.5", "小数最多 0 位"),
        ("points/GZ01", "blue-value", "", "“”不是数字"),
        ("weights", "weight-GZ01", "10001", "须在 0 与 10000 之间"),
        ("frame", "red_points", "GZ01, XX99", "没有控制点“XX99”"),
        ("frame", "coverage_floor_bp", "100.01", "须在 0 与 100 之间"),
        ("frame", "version", "1 1", "内容格式不对"),
        ("frame", "fall_cycles", "0", "须在 1 与 24 之间"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field_and_nothing_is_saved(
    shared: Site, path: str, field: str, text: str, said: str
) -> None:
    site = shared
    row = site.draft()
    form = site.fields(site.anna, f"{AT}/{row}/{path}") | {field: text}
    answer = site.anna.post(f"{AT}/{row}/{path}", data=form)
    assert answer.status_code == 422
    page = html.unescape(answer.text)
    assert said in page
    assert f'id="f-{field}-error"' in page
    assert text == "eq" or fields_of(answer.text)[field] == text  # a list has no place for what is not in it
    assert site.rule_sets.get(row).revision == 1


def test_findings_stand_beside_their_fields(site: Site) -> None:
    row = site.draft()
    form = site.fields(site.anna, f"{AT}/{row}/weights") | {"weight-GZ01": "1500"}
    assert site.anna.post(f"{AT}/{row}/weights", data=form).status_code == 303
    assert "权重合计为 10100，应为 10000" in site.anna.get(f"{AT}/{row}/weights").text
    form = site.fields(site.anna, f"{AT}/{row}/points/GZ01") | {"yellow-value": "1"}
    site.anna.post(f"{AT}/{row}/points/GZ01", data=form)
    page = site.anna.get(f"{AT}/{row}/points/GZ01").text
    blue = page.partition("rule-group-blue")[2].partition("</fieldset>")[0]
    assert "永不显示" in blue
    assert "永不显示" not in page.partition("rule-group-red")[2].partition("</fieldset>")[0]
    form = site.fields(site.anna, f"{AT}/{row}/frame") | {"base_levels-yellow": "700"}
    site.anna.post(f"{AT}/{row}/frame", data=form)
    assert "未随颜色递增" in site.anna.get(f"{AT}/{row}/frame").text
    version = site.rule_sets.get(row)
    answer = site.anna.post(
        f"{AT}/{row}/validation", data={"csrf_token": "csrf", "revision": version.revision}
    )
    assert answer.status_code == 409
    assert "规则检查发现" in answer.text


def test_two_who_save_different_fields_at_once_both_keep_their_work(site: Site) -> None:
    row, path = site.draft(), "points/GZ01"
    mine = site.fields(site.anna, f"{AT}/{row}/{path}")
    theirs = site.fields(site.bo, f"{AT}/{row}/{path}")
    site.bo.post(f"{AT}/{row}/{path}", data=theirs | {"orange-value": "30", "red-1-value": "55"})
    answer = site.anna.post(f"{AT}/{row}/{path}", data=mine | {"yellow-value": "6", "red-1-value": "50"})
    assert answer.status_code == 409
    page = html.unescape(answer.text)
    assert "他人已先保存" in page
    assert "他人改为：55" in page
    again = fields_of(answer.text)
    assert (again["yellow-value"], again["orange-value"], again["red-1-value"]) == ("6", "30", "50")
    assert again["revision"] == "2"
    assert site.anna.post(f"{AT}/{row}/{path}", data=again).status_code == 303
    tiers = next(p for p in site.rule_sets.get(row).document.points if p.id == "GZ01").tiers
    assert (tiers.yellow.value, tiers.orange.value) == (6, 30)  # type: ignore[union-attr]
    assert tiers.red.of[0].value == 50  # type: ignore[union-attr,index]


def test_a_conflict_beside_a_wrong_number_takes_the_other_ones_values_too(site: Site) -> None:
    row, path = site.draft(), "points/GZ01"
    mine = site.fields(site.anna, f"{AT}/{row}/{path}")
    site.bo.post(f"{AT}/{row}/{path}", data=mine | {"orange-value": "30"})
    answer = site.anna.post(f"{AT}/{row}/{path}", data=mine | {"yellow-value": "six"})
    assert answer.status_code == 409
    again = fields_of(answer.text)
    assert (again["yellow-value"], again["orange-value"]) == ("six", "30")
    assert site.anna.post(f"{AT}/{row}/{path}", data=again).status_code == 422


def test_what_was_published_meanwhile_is_kept_as_a_new_draft(site: Site) -> None:
    row = site.draft()
    mine = site.fields(site.anna, f"{AT}/{row}/points/GZ01")
    made = site.rule_sets.validate(ANNA, row, 1)[0]
    form = {"csrf_token": "csrf", "revision": made.revision, "newest": 0, "valid_from": TODAY.isoformat()}
    assert site.bo.post(f"{AT}/{row}/publication", data=form).status_code == 303
    published = site.rule_sets.get(row)
    answer = site.anna.post(f"{AT}/{row}/points/GZ01", data=mine | {"yellow-value": "6"})
    assert answer.status_code == 409
    assert "存为新草稿" in answer.text
    again = fields_of(answer.text) | {"as_new": "1"}
    kept = site.anna.post(f"{AT}/{row}/points/GZ01", data=again)
    assert kept.status_code == 303
    other = site.rule_sets.get(kept.headers["location"].rpartition("/")[2])
    tiers = next(p for p in other.document.points if p.id == "GZ01").tiers
    assert tiers.yellow.value == 6  # type: ignore[union-attr]
    assert site.rule_sets.get(row) == published
    assert site.anna.get(f"{AT}/{row}/weights").status_code == 303


def test_publication_on_the_page(site: Site) -> None:
    row = site.draft()
    made = site.rule_sets.validate(ANNA, row, 1)[0]
    site.measured.lacking.add(made.hash)
    assert "发布须由编制人以外" not in site.bo.get(f"{AT}/{row}").text
    form = {"csrf_token": "csrf", "revision": made.revision, "newest": 0, "valid_from": "2026-12-01"}
    answer = site.bo.post(f"{AT}/{row}/publication", data=form)
    assert answer.status_code == 409
    assert "还没有针对这一版本" in answer.text
    assert 'value="2026-12-01"' in answer.text
    answer = site.bo.post(f"{AT}/{row}/publication", data=form | {"valid_from": "soon"})
    assert (answer.status_code, "年-月-日" in answer.text) == (422, True)
    form["reason"] = "台风期间数据迟报，先按新阈值运行"
    assert site.bo.post(f"{AT}/{row}/publication", data=form).status_code == 303
    page = site.anna.get(f"{AT}/{row}").text
    assert page.count("台风期间数据迟报，先按新阈值运行") == 2  # the version and its audit record
    assert "未经回测" in site.anna.get(AT).text


def test_two_publications_at_once_answer_409_and_can_be_compared(site: Site) -> None:
    one, other = site.draft(), site.rule_sets.draft(ANNA, real_document(version="1.2"), "").row_id
    revisions = [site.rule_sets.validate(ANNA, row, 1)[0].revision for row in (one, other)]
    form = {"csrf_token": "csrf", "revision": revisions[0], "newest": 0, "valid_from": TODAY.isoformat()}
    assert site.bo.post(f"{AT}/{one}/publication", data=form).status_code == 303
    answer = site.bo.post(f"{AT}/{other}/publication", data=form)
    assert answer.status_code == 409
    assert "期间已有新版本发布" in answer.text
    answer = site.anna.post(f"{AT}/{other}/rebase", data={"csrf_token": "csrf", "revision": revisions[1]})
    assert answer.status_code == 303
    assert site.rule_sets.get(other).base == 1


def test_the_spreadsheet_goes_out_and_in_on_the_page(site: Site) -> None:
    row = site.draft()
    content = site.anna.get(f"/api/v1/risk/rule-sets/{row}/sheet").content
    form = {"csrf_token": "csrf", "revision": "1"}
    made = site.anna.post(f"{AT}/sheet", data=form, files={"file": ("r.xlsx", content, XLSX)})
    assert made.status_code == 303
    new = site.rule_sets.get(made.headers["location"].rpartition("/")[2])
    assert new.hash == site.rule_sets.get(row).hash
    plain = site.anna.get("/api/v1/risk/rule-sets/delivered/sheet").content
    answer = site.anna.post(f"{AT}/{row}/sheet", data=form, files={"file": ("r.xlsx", plain, XLSX)})
    assert answer.status_code == 303
    assert site.rule_sets.get(row).hash == site.rule_sets.get("delivered").hash
    late = site.anna.post(f"{AT}/{row}/sheet", data=form, files={"file": ("r.xlsx", content, XLSX)})
    assert (late.status_code, "已被他人修改" in late.text) == (409, True)
    wrong = site.anna.post(f"{AT}/sheet", data=form, files={"file": ("r.xlsx", b"none", XLSX)})
    assert (wrong.status_code, "表格有误" in wrong.text) == (422, True)


def test_a_copy_and_its_difference_in_words(site: Site) -> None:
    row = site.draft()
    answer = site.anna.post(
        f"{AT}/{row}/copy", data={"csrf_token": "csrf", "version": "2.0", "note": "stricter"}
    )
    new = answer.headers["location"].rpartition("/")[2]
    path = f"{AT}/{new}/points/LY01"
    site.anna.post(path, data=site.fields(site.anna, path) | {"red-bp": "15", "weight": "300"})
    page = site.anna.get(f"{AT}/{new}?against={row}").text
    table = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition('id="differences"')[2])))
    assert "红色" in table
    assert "> 20 %" in table
    assert "> 15 %" in table
    assert "权重 400 300" in table
    assert "版本号 1.1 2.0" in table
    wrong = site.anna.post(f"{AT}/{row}/copy", data={"csrf_token": "csrf", "version": "x y"})
    assert wrong.status_code == 422
    assert "版本号只能用字母、数字、点和短横" in wrong.text
    assert 'value="x y"' in wrong.text


@pytest.mark.parametrize(
    "changes",
    [{"before": "["}, {"before": "[]"}, {"before": '{"a": 1}'}, {"revision": "x"}, {"revision": ""}],
)
def test_a_forged_form_is_refused(shared: Site, changes: dict[str, str]) -> None:
    site = shared
    row = site.draft()
    form = site.fields(site.anna, f"{AT}/{row}/weights") | changes
    assert site.anna.post(f"{AT}/{row}/weights", data=form).status_code == 422
    assert json.loads(site.fields(site.anna, f"{AT}/{row}/weights")["before"])["weight-GZ01"] == "1400"
