"""JSON API and pages: shapes, refusals with their reasons, both languages, nothing for those who may not look."""

from __future__ import annotations

import re

import pytest

from api.risk.board.model import Confirmed
from tests.integration.risk_board.test_exports import lived_in_without_edition
from tests.support.board_scene import BoardScene
from tests.support.slice_application import SliceApplication, person

API = "/api/v1/risk/board"


@pytest.fixture
def lived(scene: BoardScene) -> BoardScene:
    lived_in_without_edition(scene)
    return scene


def test_the_interface_says_what_the_pages_say(site: SliceApplication, lived: BoardScene) -> None:
    client = site.as_("risk_analyst")
    over = client.get(API).json()
    assert over["open"]["red"] > 0
    assert over["confirmed"] == {"hits": 61, "total": 84, "bp": 7261, "low": 6219, "high": 8101}
    found = client.get(f"{API}/map").json()
    assert found["schematic"] is True
    assert len(found["tiles"]) == 20
    assert found["tiles"][-1]["code"] is None
    tile = found["tiles"][1]
    assert tile["total"] == sum(tile["open"].values())
    rows = client.get(f"{API}/map/towns/500107002", params={"limit": 3}).json()
    assert [row["grade"] for row in rows["rows"]] == ["red", "red", "orange"]
    rest = client.get(f"{API}/map/towns/500107002", params={"after": rows["next"]}).json()
    assert len(rows["rows"]) + len(rest["rows"]) == tile["total"]
    assert client.get(f"{API}/trend", params={"span": 3}).json()["rows"][1]["firms"]["red"] == 50
    index = client.get(f"{API}/index", params={"by": "industry"}).json()
    assert index["whole"]["change"] == 27
    assert index["groups"][0]["group"] == "M"
    assert len(index["line"]) == 13
    funnel = client.get(f"{API}/funnel").json()
    assert funnel["connected"] is True
    assert funnel["lines"][0]["reached"]["issued"] == 22


def test_towns_through_the_interface(site: SliceApplication, scene: BoardScene) -> None:
    client = site.as_("risk_director")
    table = client.get(f"{API}/towns").json()
    assert (table["no"], table["newest"], len(table["towns"])) == (1, 1, 19)
    table["towns"][0]["administered_by"] = "示例新区"
    body = {"based_on": 1, "valid_from": "2026-11-01", "reason": "移交", "towns": table["towns"]}
    assert client.put(f"{API}/towns", json=body).json()["no"] == 2
    again = client.put(f"{API}/towns", json={**body, "reason": "又一次", "towns": table["towns"][:5]})
    assert again.status_code == 409
    assert again.json()["code"] == "risk.towns_changed"
    wrong = client.put(
        f"{API}/towns", json={**body, "based_on": 2, "towns": [*table["towns"], table["towns"][0]]}
    )
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/towns/19/code"
    assert client.get(f"{API}/towns", params={"edition": 1}).json()["towns"][0]["administered_by"] == "示例区"


@pytest.mark.parametrize("role", ["worker", "agent", "court"])
def test_others_see_nothing(site: SliceApplication, role: str) -> None:
    client = site.as_(role)
    for path in ("", "/map", "/map/towns/500107001", "/trend", "/index", "/funnel", "/towns"):
        assert client.get(f"{API}{path}").status_code == 403, path
    assert client.get("/risk/map").status_code == 403
    assert site.anonymous.get("/api/v1/risk/board").status_code in (401, 403)


def test_pages_of_a_district_without_anything(site: SliceApplication, scene: BoardScene) -> None:
    scene.cases.share = Confirmed(0, 0, None, 0, 10_000)
    director = site.as_("risk_director")
    for path, words in {
        "/risk/board": "还说不出命中率",
        "/risk/map": "示意图",
        "/risk/map/towns/500107001": "没有未销号的预警",
        "/risk/trend": "还没有月度评估",
        "/risk/index": "还没有月度评估",
        "/risk/funnel": "这段时间没有签发预警",
    }.items():
        answer = director.get(path)
        assert answer.status_code == 200, path
        assert words in answer.text


def test_the_overview_leads_only_where_one_may_go(site: SliceApplication, lived: BoardScene) -> None:
    text = site.as_("auditor").get("/risk/board").text
    assert 'href="/risk/map"' in text
    assert not re.findall(
        r'href="/(?:disposal|exchange)', text
    )  # neither is served here, nor is it an auditor's


def test_wrong_questions_are_answered_with_what_to_do(site: SliceApplication) -> None:
    client = site.as_("risk_analyst")
    client.headers["accept"] = "text/html"
    assert "写法不对" in client.get("/risk/map?month=oktober").text
    assert "还没有过完" in client.get("/risk/map?month=2026-11").text
    assert client.get("/risk/map?month=2026-10").status_code == 200
    assert client.get("/risk/map?colour=pink").status_code == 422
    assert client.get("/risk/map/towns/500107777").status_code == 404
    assert client.get("/risk/trend?span=99").status_code == 422


def test_an_officers_page_has_only_what_is_his(site: SliceApplication, lived: BoardScene) -> None:
    officer = site.as_(person("street_officer", attributes={"towns": "500107003"}))
    text = officer.get("/risk/map").text
    assert "示例三街道" in text
    assert "示例四街道" not in text
    trend = officer.get("/risk/trend").text
    assert "示例四街道" not in trend
    assert officer.get("/risk/map/towns/500107004").status_code == 404
    assert officer.get("/risk/board").status_code == 404
