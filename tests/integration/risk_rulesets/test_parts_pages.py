"""Parts of a condition added and removed on the page, people by name, and the audit record."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.integration.risk_rulesets.test_pages import AT, Site, fields_of, served
from tests.integration.risk_rulesets.test_versions import ANNA, BO

API = "/api/v1" + AT


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path) as made:
        yield made


def press(site: Site, path: str, fields: dict[str, str], do: str) -> Any:
    """The answer to a press of a button; a page of the form unless it was refused."""
    return site.anna.post(path, data=fields | {"do": do})


def test_a_part_is_added_filled_saved_and_taken_out_of_the_spreadsheet_again(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    fields = site.fields(site.anna, path) | {"yellow-value": "six", "zh": "拖欠 & <工资>", "new-red": "fact"}
    answer = press(site, path, fields, "add:red")
    assert answer.status_code == 200
    assert "尚未保存" in answer.text
    again = fields_of(answer.text)
    assert (again["yellow-value"], again["zh"], again["red-4-fact"]) == ("six", "拖欠 & <工资>", "")
    assert site.rule_sets.get(row).revision == 1
    again |= {"red-4-fact": "arrears_fen", "red-4-value": "50000.5", "yellow-value": "6"}
    assert site.anna.post(path, data=again).status_code == 303
    point = next(p for p in site.rule_sets.get(row).document.points if p.id == "GZ01")
    assert point.tiers.red.of[3].model_dump() == {  # type: ignore[union-attr,index]
        "op": "ge", "fact": "arrears_fen", "value": 5_000_050,
    }  # fmt: skip
    assert point.zh == "拖欠 & <工资>"
    saved = site.rule_sets.get(row)
    content = site.anna.get(f"{API}/{row}/sheet").content
    files = {"file": ("r.xlsx", content, "application/octet-stream")}
    made = site.anna.post(f"{AT}/sheet", data={"csrf_token": "csrf"}, files=files)
    assert site.rule_sets.get(made.headers["location"].rpartition("/")[2]).hash == saved.hash


def test_what_is_wrong_with_a_new_part_stands_beside_it_with_its_list_open(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    fields = fields_of(press(site, path, site.fields(site.anna, path), "add:yellow").text)
    answer = site.anna.post(path, data=fields | {"yellow-2-value": "3"})
    assert answer.status_code == 422
    assert 'id="f-yellow-2-fact-error"' in answer.text
    assert "请选择指标" in answer.text
    answer = site.anna.post(path, data=fields | {"yellow-2-fact": "gold_price", "yellow-2-value": "3"})
    assert answer.status_code == 422
    assert "字典里没有指标“gold_price”" in html.unescape(answer.text)
    assert fields_of(answer.text)["yellow-2-fact"] == "gold_price"
    assert site.rule_sets.get(row).revision == 1


def test_buttons_keep_the_revision_that_the_form_began_with(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    mine = site.fields(site.anna, path)
    site.bo.post(path, data=mine | {"orange-value": "30"})
    fields = fields_of(press(site, path, mine, "remove:red-2").text)
    assert (fields["revision"], fields["orange-value"]) == ("1", mine["orange-value"])
    assert fields["before"] == mine["before"]
    answer = site.anna.post(path, data=fields)
    assert answer.status_code == 409
    merged = fields_of(answer.text)
    assert (merged["orange-value"], "red-3-kind" in merged) == ("30", False)
    assert site.anna.post(path, data=merged).status_code == 303
    tiers = next(p for p in site.rule_sets.get(row).document.points if p.id == "GZ01").tiers
    assert (tiers.orange.value, len(tiers.red.of)) == (30, 2)  # type: ignore[union-attr,arg-type]


def test_a_condition_rebuilt_by_both_is_shown_in_words(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    mine = site.fields(site.anna, path)
    theirs = fields_of(press(site, path, mine, "remove:red-2").text)
    assert site.bo.post(path, data=theirs).status_code == 303
    answer = site.anna.post(path, data=mine | {"red-1-value": "50"})
    assert answer.status_code == 409
    page = html.unescape(answer.text)
    assert "他人改为：指标overdue_days ≥ 61 人；或指标boss_fled：是" in page
    kept = fields_of(answer.text)
    assert (kept["red-1-value"], "red-3-kind" in kept) == ("50", True)
    assert site.anna.post(path, data=kept).status_code == 303


def test_a_draft_that_was_closed_meanwhile_keeps_the_parts_as_a_new_draft(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    mine = site.fields(site.anna, path)
    site.rule_sets.withdraw(ANNA, row, 1)
    pressed = fields_of(press(site, path, mine, "remove:red-2").text)
    answer = site.anna.post(path, data=pressed)
    assert (answer.status_code, "存为新草稿" in answer.text) == (409, True)
    kept = site.anna.post(path, data=fields_of(answer.text) | {"as_new": "1"})
    other = site.rule_sets.get(kept.headers["location"].rpartition("/")[2])
    red = next(p for p in other.document.points if p.id == "GZ01").tiers.red
    assert len(red.of) == 2  # type: ignore[union-attr,arg-type]


def test_the_last_colour_and_a_full_group_say_what_to_do(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/LY01"
    fields = site.fields(site.anna, path)
    for colour in ("red", "orange", "yellow", "blue"):
        fields = fields_of(press(site, path, fields, f"remove:{colour}").text)
    answer = site.anna.post(path, data=fields)
    assert (answer.status_code, "至少保留一种颜色的条件" in answer.text) == (422, True)
    fields = site.fields(site.anna, path)
    for _ in range(19):
        fields = fields_of(press(site, path, fields, "add:red").text)
    answer = press(site, path, fields, "add:red")
    assert (answer.status_code, "页面上放不下了" in answer.text) == (422, True)
    assert fields_of(answer.text)["red-20-kind"] == "fact"


def test_patterns_are_added_and_removed_by_lists(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/frame"
    fields = site.fields(site.anna, path)
    assert (fields["pattern-1-1-point"], fields["pattern-1-grade"]) == ("GZ03", "orange")
    answer = press(site, path, fields | {"fall_cycles": "x"}, "pattern")
    assert (answer.status_code, "尚未保存" in answer.text) == (200, True)
    fields = fields_of(answer.text)
    assert (fields["fall_cycles"], fields["pattern-2-1-point"], fields["revision"]) == ("x", "", "1")
    fields |= {"fall_cycles": "3", "pattern-2-1-point": "QY02"}
    answer = site.anna.post(path, data=fields)
    assert answer.status_code == 422
    assert "请选择控制点" in answer.text.partition('id="f-patterns-error"')[2].partition("</p>")[0]
    fields = fields_of(press(site, path, fields_of(answer.text), "drop:2-2").text)
    fields |= {"pattern-2-1-colour": "red", "pattern-2-grade": "red"}
    fields = fields_of(press(site, path, fields, "part:2").text) | {"pattern-2-2-point": "AQ01"}
    fields = fields_of(press(site, path, fields, "drop:1").text)
    assert site.anna.post(path, data=fields).status_code == 303
    document = site.rule_sets.get(row).document
    assert [one.model_dump() for one in document.patterns] == [
        {"all": [{"point": "QY02", "colour": "red"}, {"point": "AQ01", "colour": "yellow"}], "grade": "red"}
    ]
    assert document.fall_cycles == 3


def test_what_a_pattern_cannot_be(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/frame"
    fields = site.fields(site.anna, path)
    answer = site.anna.post(path, data=fields | {"pattern-1-1-point": "XX99"})
    assert (answer.status_code, "看不懂这一行：XX99 yellow" in answer.text) == (422, True)
    for forged in (
        {"pattern-9-grade": "red"},
        {"do": "drop:7"},
        {"do": "eat"},
        {"do": "drop:1-9"},
        {"do": "part"},
    ):
        assert site.anna.post(path, data=fields | forged).status_code == 422
    for _ in range(19):
        fields = fields_of(press(site, path, fields, "pattern").text)
    answer = press(site, path, fields, "pattern")
    assert (answer.status_code, "组合提级最多 20 个" in answer.text) == (422, True)
    weights = f"{AT}/{row}/weights"
    assert press(site, weights, site.fields(site.anna, weights), "add:red").status_code == 422
    assert site.rule_sets.get(row).revision == 1


@pytest.mark.parametrize("do", ["eat:red", "remove:red-9", "add:green"])
def test_a_forged_press_is_refused(site: Site, do: str) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    assert press(site, path, site.fields(site.anna, path), do).status_code == 422
    assert site.rule_sets.get(row).revision == 1


def test_ten_thousand_parts_are_refused_and_nothing_is_saved(site: Site) -> None:
    row = site.draft()
    path = f"{AT}/{row}/points/GZ01"
    many = {f"red-{n}-kind": "fact" for n in range(1, 10_001)}
    body = urlencode(site.fields(site.anna, path) | many)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert 400 <= site.anna.post(path, content=body, headers=headers).status_code < 423
    some = {f"red-{n}-kind": "fact" for n in range(1, 200)}
    answer = site.anna.post(path, data=site.fields(site.anna, path) | some)
    assert answer.status_code == 422
    deep = site.fields(site.anna, path) | {"before": "[" * 200_000}
    assert site.anna.post(path, data=deep).status_code == 422
    assert site.rule_sets.get(row).revision == 1


def test_a_point_too_large_for_the_page_is_sent_to_the_spreadsheet(site: Site) -> None:
    row = site.draft()
    document = site.rule_sets.get(row).document.model_dump(mode="json")
    point = next(p for p in document["points"] if p["id"] == "GZ01")
    group = {"op": "any", "of": [point["tiers"]["blue"]] * 20}
    point["tiers"]["red"] = {"op": "any", "of": [group] * 7}
    site.rule_sets.change(ANNA, row, 1, document, None)
    answer = site.anna.get(f"{AT}/{row}/points/GZ01")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AT}/{row}")


def test_the_interface_can_do_the_same(site: Site) -> None:
    row = site.draft()
    body = site.anna.get(f"{API}/{row}").json()
    point = next(p for p in body["document"]["points"] if p["id"] == "GZ01")
    del point["tiers"]["red"]["of"][1]
    point["tiers"]["blue"] = None
    point["not_applicable"] = {"op": "eq", "fact": "staff", "value": 0}
    body["document"]["patterns"] = []
    sent = {"revision": body["revision"], "document": body["document"]}
    headers = {"Idempotency-Key": uuid4().hex}
    assert site.anna.put(f"{API}/{row}", json=sent, headers=headers).status_code == 200
    fields = site.fields(site.anna, f"{AT}/{row}/points/GZ01")
    assert fields["slots"] == "red,orange,yellow,not_applicable"
    assert "red-3-kind" not in fields


def test_people_have_names_on_the_pages_and_accounts_beside_them_in_files(site: Site) -> None:
    row = site.draft()
    made = site.rule_sets.validate(BO, row, 1)[0]
    site.rule_sets.rebase(ANNA, row, made.revision)
    for path in (AT, f"{AT}/{row}"):
        page = site.anna.get(path).text
        assert "安娜（虚构）" in page
        assert ANNA.actor not in re.sub(r'title="[^"]*"', "", page)
    lines = site.anna.get(f"{API}/{row}/history", params={"limit": 2}).json()
    assert [(one["account"], one["name"]) for one in lines] == [
        (ANNA.actor, "安娜（虚构）"),
        (BO.actor, "薄文（虚构）"),
    ]
    later = site.anna.get(f"{API}/{row}/history", params={"after": lines[-1]["no"]}).json()
    assert [one["action"] for one in later] == ["risk.rule_set_rebased"]
    assert site.anna.get(f"{API}/nobody/history").status_code == 404
