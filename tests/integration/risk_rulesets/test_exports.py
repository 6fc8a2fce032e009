"""A rule set and its audit record taken out: what stands in them, who may, and what the audit says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.bootstrap.risk_rules import Names
from api.infra.audit import AuditRow
from api.infra.i18n import translate
from api.risk.rulesets import exports
from api.risk.rulesets.wording import fact_name, in_words
from api.risk.spec.delivered import delivered_document
from tests.integration.risk_rulesets.test_pages import AT, Site, served
from tests.integration.risk_rulesets.test_versions import ANNA, BO, TODAY
from tests.support.report_files import named, pages_of, rows_of, sheets, text_of

API = "/api/v1" + AT


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path, delivered_document(), Names()) as made:
        yield made


def drafted(site: Site) -> str:
    return site.rule_sets.copy(ANNA, "delivered", "1.1", "why").row_id


def published(site: Site, reason: str = "") -> str:
    made, _found = site.rule_sets.validate(BO, drafted(site), 1)
    site.measured.passes = not reason
    made = site.rule_sets.publish(BO, made.row_id, made.revision, 0, TODAY, reason=reason)
    return made.row_id


def take(site: Site, path: str, status: int = 200, who: Any = None, **body: str) -> Any:
    client = site.anna if who is None else site.application.as_(who)
    answer = client.post(f"{API}/{path}", json={"format": "xlsx", "purpose": "专题会", **body})
    assert answer.status_code == status, answer.text
    return answer


def audited(site: Site, action: str) -> list[AuditRow]:
    with site.application.database.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.action == action)))


def test_a_version_says_who_made_it_and_whether_it_holds(site: Site) -> None:
    row = published(site, "春节前来不及回测，先按专题会意见执行")
    head = sheets(take(site, f"{row}/exports").content)["概要"]
    facts = {line[0]: line[1] for line in head if len(line) > 1}
    version = site.rule_sets.get(row)
    assert ["", "2026年11月23日 现行的规则集。"] in [line[:2] for line in head]
    assert (facts["状态"], facts["摘要"], facts["说明"]) == ("已发布", version.hash, "why")
    assert (facts["编制人"], facts["校验人"], facts["发布人"]) == (
        "安娜（虚构）",
        "薄文（虚构）",
        "薄文（虚构）",
    )
    assert facts["有效期"] == "2026年11月23日 – 长期"
    assert facts["未经回测发布的理由"] == "春节前来不及回测，先按专题会意见执行"
    assert facts["一票红灯控制点"] == "GZ01, GZ04, SB01, QY02, JY03"
    assert facts["组合提级 1"] == "GZ03 黄色 + JY02 黄色 + SB01 黄色 → 橙色"
    assert (facts["数据覆盖下限"], facts["重复预警窗口"], facts["降级所需连续月数"]) == ("60 %", "90 天", "2")
    assert any("导出人 account-risk_analyst" in str(line[0]) for line in head)
    (line,) = audited(site, "risk.rule_set_exported")
    assert (line.object_id, line.purpose, line.actor) == (row, "专题会", ANNA.actor)
    assert (line.facts["format"], line.facts["hash"]) == ("xlsx", version.hash)


def test_every_point_stands_there_with_its_conditions_in_words(site: Site) -> None:
    found = sheets(take(site, f"{published(site)}/exports").content)
    document = delivered_document().model_dump(mode="json")
    points = named(found, "控制点与依据")[4:]
    listed = {line[0]: (line[1], line[3], line[4]) for line in points if line[0] and len(str(line[0])) == 4}
    assert listed == {
        point["id"]: (point["zh"], float(point["weight_bp"]), point["basis"]) for point in document["points"]
    }
    conditions = {(line[0], line[1]): line[2] for line in named(found, "各颜色的条件")[4:] if line[1]}
    colours = {"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色"}
    expected = {}
    for point in document["points"]:
        name = f"{point['id']} {point['zh']}"
        expected[name, "必需指标"] = "、".join(fact_name(Names(), fact, "zh") for fact in point["needs"])
        held = {colours[colour]: condition for colour, condition in point["tiers"].items()}
        for colour, condition in {**held, "不适用": point["not_applicable"]}.items():
            if condition is not None:
                expected[name, colour] = in_words(Names(), condition, "zh")
    assert conditions == expected
    weights = named(found, "维度与权重")
    assert [line[2] for line in weights[4:11]] == [1500.0, 3000.0, 1500.0, 1500.0, 700.0, 1300.0, 500.0]
    assert weights[11][:3] == ["合计", 27.0, 10_000.0]
    assert [line[:5] for line in named(found, "等级、提级与窗口")[4:8]] == [
        ["红色", 4000.0, 100.0, 5.0, "橙色"],
        ["橙色", 2500.0, 75.0, 3.0, "黄色"],
        ["黄色", 1500.0, 50.0, 2.0, "蓝色"],
        ["蓝色", 800.0, 25.0, 1.0, "—"],
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_version_on_paper(site: Site, lang: str) -> None:
    row = published(site)
    pages = pages_of(
        take(site, f"{row}/exports", format="pdf", lang=lang, purpose="会议 #strike[x] $1$").content
    )
    whole = "\n".join(pages)
    for number, page in enumerate(pages, 1):
        assert "会议 #strike[x] $1$" in page
        assert f"{number}/{len(pages)}" in page.replace(" ", "")
    for point in delivered_document().points:
        assert point.id in whole
    lines = rows_of(whole.partition(translate(lang, "等级、提级与窗口"))[2])
    assert [line[1:4] for line in lines if len(line) == 5 and line[1].replace(",", "").isdigit()] == [
        ["4,000", "100", "5"],
        ["2,500", "75", "3"],
        ["1,500", "50", "2"],
        ["800", "25", "1"],
    ]


def test_a_draft_says_that_nobody_is_warned_by_it_and_what_the_lint_finds(site: Site) -> None:
    document = delivered_document().model_dump(mode="json") | {"version": "1.2"}
    document["points"][0]["weight_bp"] += 7
    row = site.rule_sets.draft(ANNA, document, "").row_id
    text = text_of(take(site, f"{row}/exports", format="pdf").content)
    assert "草稿：没有生效，不据此预警。" in text
    assert "权重合计为 10007，应为 10000。" in text
    delivered = sheets(take(site, "delivered/exports").content)
    assert ["来源", "随软件交付"] in [line[:2] for line in delivered["概要"]]


def test_a_published_version_that_no_longer_holds_says_so(site: Site) -> None:
    published(site)
    assert "已发布，但不是 2026年11月23日 现行的规则集。" in str(
        sheets(take(site, "delivered/exports").content)
    )


def test_the_audit_record_as_a_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    row = drafted(site)
    made = site.rule_sets.validate(BO, row, 1)[0]
    site.rule_sets.rebase(ANNA, row, made.revision)
    found = sheets(take(site, f"{row}/history/exports").content)
    lines = named(found, "审计记录")[4:7]
    assert [line[2:6] for line in lines] == [
        ["新建草稿", "安娜（虚构）", ANNA.actor, "1"],
        ["通过校验", "薄文（虚构）", BO.actor, "2"],
        ["已与新发布的版本对比", "安娜（虚构）", ANNA.actor, "3"],
    ]
    assert all(line[7] == made.hash for line in lines)
    paper = text_of(take(site, f"{row}/history/exports", format="pdf", lang="en").content)
    assert ANNA.actor in paper
    assert [line.facts["rows"] for line in audited(site, "risk.rule_set_trail_exported")] == [3, 3]
    monkeypatch.setattr(exports, "MOST_LINES", 2)
    assert take(site, f"{row}/history/exports", 422).json()["code"] == "risk.export_too_large"


@pytest.mark.parametrize("path", ["exports", "history/exports"])
def test_rights_purpose_and_token(site: Site, path: str) -> None:
    row = drafted(site)
    take(site, f"{row}/{path}", who="auditor")
    take(site, f"{row}/{path}", 403, who="operator")
    take(site, f"{row}/{path}", 403, who="street_officer")
    take(site, f"nobody/{path}", 404)
    assert take(site, f"{row}/{path}", 422, purpose=" ").json()["code"] == "purpose_missing"
    form = {"csrf_token": "csrf", "format": "xlsx", "purpose": "专题会"}
    page = site.anna.get(f"{AT}/{row}").text
    assert f'action="{AT}/{row}/{path}"' in page
    assert "概要" not in sheets(site.anna.post(f"{AT}/{row}/{path}?lang=en", data=form).content)
    del site.anna.headers["X-CSRF-Token"]
    assert site.anna.post(f"{AT}/{row}/{path}", data={**form, "csrf_token": "no"}).status_code == 403
    assert (
        len(audited(site, "risk.rule_set_exported")) + len(audited(site, "risk.rule_set_trail_exported")) == 2
    )
