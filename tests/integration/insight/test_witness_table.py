"""The witnesses on the operator's page and in its JSON: up, down, contradicting, none at all."""

from __future__ import annotations

from api.anchoring.service.operator import Operator
from tests.support.indexed_chain import NOW
from tests.support.slice_application import SliceApplication
from tests.support.witness_scene import CONFLICTING, DOWN, IDENTITIES, ORIGIN, UP, fill_witnesses


def _watched(site: SliceApplication) -> None:
    fill_witnesses(site.database, NOW.now())
    site.app.state.container.insight.operations._anchoring = Operator(NOW, IDENTITIES, ORIGIN)


def _row(page: str, name: str) -> str:
    rows = [row for row in page.split("<tr>") if f"<strong>{name}</strong>" in row]
    assert len(rows) == 1
    return rows[0].split("</tr>")[0]


def test_each_witness_has_a_row_in_plain_words(site: SliceApplication) -> None:
    _watched(site)
    page = site.as_("operator").get("/operator").text
    up, down, conflicting = (_row(page, name) for name in (UP, DOWN, CONFLICTING))
    assert "正常" in up
    assert "检查点 130" in up
    assert IDENTITIES[0].fingerprint[:8] in up
    assert ORIGIN in up
    assert "没有联署" in down
    assert "检查点 120" in down
    assert 'class="num">10</td>' in down
    assert "连接不上" in down
    assert "Connection refused" in down
    assert "2 次" in down
    assert "与日志矛盾" in conflicting
    assert "its root at size 120 is not ours" in conflicting
    assert "上链已停止" in conflicting
    assert "有见证人没有联署" in page


def test_the_same_in_english(site: SliceApplication) -> None:
    _watched(site)
    page = site.as_("operator").get("/operator?lang=en").text
    assert "Witnesses of the log" in page
    assert "Can&#39;t be reached" in _row(page, DOWN)
    assert "Contradicts the log" in _row(page, CONFLICTING)


def test_the_operators_json_has_the_same_facts(site: SliceApplication) -> None:
    _watched(site)
    status = site.as_("operator").get("/api/v1/operator/status").json()
    assert "witnesses_missing" in status["warnings"]
    found = {w["name"]: (w["state"], w["size"], w["behind"]) for w in status["anchoring"]["witnesses"]}
    assert found == {UP: ("up", 130, 0), DOWN: ("down", 120, 10), CONFLICTING: ("conflicting", 120, 10)}


def test_without_witnesses_the_page_says_what_that_means(site: SliceApplication) -> None:
    page = site.as_("operator").get("/operator").text
    assert "没有设置见证人" in page
    assert "第 15 步没有结论" in page
    assert "有见证人没有联署" not in page
