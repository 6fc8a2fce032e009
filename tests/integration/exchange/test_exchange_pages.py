"""The pages: a file sent from the desk, its batch, the quarantine, in both languages."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from tests.integration.exchange.conftest import World, water
from tests.support.slice_application import SliceApplication, person


@pytest.fixture
def officer(site: SliceApplication, world: World) -> TestClient:
    world.exchange.grant(person("operator"), "hr", "*")
    return site.as_(person("regulator", account_id="hr"))


def send(client: TestClient, data: bytes, name: str = "五月.csv", **form: str) -> str:
    answer = client.post("/exchange", files={"file": (name, data)}, data={"dataset": "water", **form})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_file_goes_from_the_desk_to_its_batch_and_back(officer: TestClient, world: World) -> None:
    assert "企业用水" in officer.get("/exchange").text
    place = send(officer, world.csv("water", [water(1), water(2, usage=-4)]), trial="1")
    page = officer.get(place).text
    assert "试运行" in page
    assert "五月.csv" in page
    assert "不能为负数" in page
    assert officer.post(f"{place}/commit").status_code == 303
    page = officer.get(place).text
    assert "-4" in page
    assert "rejected.xlsx" in page
    assert officer.post(f"{place}/withdrawal", data={"reason": "错了"}).status_code == 303
    assert "已撤回" in officer.get(place).text


def test_a_discarded_trial_says_so(officer: TestClient, world: World) -> None:
    place = send(officer, world.csv("water", [water(1)]), trial="1")
    assert officer.post(f"{place}/discard").status_code == 303
    assert "已放弃" in officer.get(place).text


def test_what_cannot_be_landed_is_told_on_the_desk(officer: TestClient) -> None:
    answer = officer.post("/exchange", files={"file": ("a.pdf", b"x")}, data={"dataset": "water"})
    assert answer.status_code == 422
    assert "不认识的文件格式" in answer.text


def test_the_quarantine_lists_and_waives(officer: TestClient, world: World) -> None:
    send(officer, world.csv("water", [water(1, usage="<b>x</b>")]))
    page = officer.get("/exchange/quarantine").text
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    number = re.search(r"/exchange/quarantine/(\d+)/waiver", page)
    assert number
    assert (
        officer.post(f"/exchange/quarantine/{number[1]}/waiver", data={"reason": "表坏了"}).status_code == 303
    )
    assert "没有要处理的行" in officer.get("/exchange/quarantine").text
    assert "表坏了" in officer.get("/exchange/quarantine?state=waived").text


def test_pages_speak_english(officer: TestClient, world: World) -> None:
    place = send(officer, world.csv("water", [water(1, usage=-1)]))
    for path in ("/exchange", place, "/exchange/quarantine"):
        text = officer.get(f"{path}?lang=en").text
        assert "Quarantine" in text, path
    assert "must not be negative" in officer.get("/exchange/quarantine?lang=en").text


def test_without_an_assignment_the_pages_say_what_is_missing(site: SliceApplication, world: World) -> None:
    for role, leads_to in (("regulator", "/exchange/datasets"), ("operator", "/exchange/officers")):
        stranger = site.as_(role)
        for path in ("/exchange", "/exchange/quarantine"):
            answer = stranger.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 200
            assert "您还不是数据报送员" in answer.text
            assert f'href="{leads_to}"' in answer.text
            assert "<form" not in answer.text.partition("<main")[2].partition("</main")[0]
        assert stranger.post("/exchange", data={"dataset": "water"}).status_code in {403, 422}


def test_officers_are_listed_and_chosen_by_name(
    officer: TestClient, site: SliceApplication, world: World
) -> None:
    operator = site.as_("operator")
    assert '<input class="input" id="account_id"' in operator.get("/exchange/officers").text
    world.exchange.people = lambda: {"hr": "试样一（hr-data）", "b": "试样二（other）"}
    text = operator.get("/exchange/officers").text
    listed = text[text.index("<tbody") : text.index("</tbody")]
    assert "试样一（hr-data）" in listed
    assert '<option value="b">试样二（other）</option>' in text
    answer = operator.post("/exchange/officers", data={"account_id": "b", "owner": "*"})
    assert answer.status_code == 303
    assert "试样二（other）" in operator.get("/exchange/officers").text.partition("</tbody")[0]
