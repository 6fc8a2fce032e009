"""JSON and pages as a browser or a program meets them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.infra.auth import Principal
from tests.support.disposal_world import DEVICE, JPEG, S1, S2, World, staff
from tests.support.slice_application import SliceApplication

API = "/api/v1/disposal"


def post(client: TestClient, path: str, body: dict[str, Any], key: str = "") -> Any:
    headers = {"Idempotency-Key": key or hashlib.sha256(f"{path}{body}".encode()).hexdigest()}
    return client.post(f"{API}{path}", json=body, headers=headers)


def step(client: TestClient, case_id: str, **body: Any) -> Any:
    return post(client, f"/cases/{case_id}/steps", body)


def test_a_case_from_the_phone_to_closure(site: SliceApplication, world: World) -> None:
    case_id = world.warn()
    officer, lead = site.as_(staff("officer1")), site.as_(staff("lead1"))
    assert step(officer, case_id, action="sign_in").json()["stage"] == "signed"
    at, sha256 = world.clock.now().isoformat(), hashlib.sha256(JPEG).hexdigest()
    form = {
        "device": DEVICE,
        "answers": [
            {"name": n, "value": "yes", "counter": 1, "at": at}
            for n in ("premises", "operating", "wages_paid")
        ],
        "photos": [{"sha256": sha256, "captured_at": at}],
    }
    for _ in range(2):
        answer = officer.put(f"{API}/cases/{case_id}/form", json=form)
        assert answer.status_code == 200, answer.text
        assert answer.json()["received"] == []
    for status in (201, 200):
        sent = officer.put(
            f"{API}/cases/{case_id}/photos/{sha256}", files={"photo": ("p.jpg", JPEG, "image/jpeg")}
        )
        assert sent.status_code == status, sent.text
    wrong = officer.put(f"{API}/cases/{case_id}/photos/{sha256}", files={"photo": ("p.jpg", JPEG + b"x")})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "disposal.photo_digest_differs")
    assert officer.get(f"{API}/cases/{case_id}/photos/{sha256}").content == JPEG
    assert step(officer, case_id, action="verify", finding="confirmed", reason="complaint").status_code == 200
    assert step(officer, case_id, action="act", note="约谈").json()["allowed"] == [
        "act", "feedback", "propose_closure", "offer_transfer",
    ]  # fmt: skip
    assert step(officer, case_id, action="propose_closure", outcome="resolved").json()["stage"] == "review"
    refused = step(officer, case_id, action="approve_closure")
    assert (refused.status_code, refused.json()["code"]) == (403, "disposal.not_entitled")
    assert step(lead, case_id, action="approve_closure").json()["stage"] == "closed"
    again = step(officer, case_id, action="feedback", note="x")
    assert (again.status_code, again.json()["code"]) == (409, "disposal.case_closed")
    assert again.json()["facts"]["allowed"] == ["reopen"]
    assert len(officer.get(f"{API}/cases/{case_id}/events").json()) == 8


def test_the_same_post_twice_happens_once(site: SliceApplication, world: World) -> None:
    case_id = world.warn()
    officer = site.as_(staff("officer1"))
    for _ in range(2):
        assert post(officer, f"/cases/{case_id}/steps", {"action": "sign_in"}, "key-1").status_code == 200
    assert world.actions(case_id).count("sign_in") == 1


@pytest.mark.parametrize("path", ["", "/events", "/form", "/tasks", "/notices", "/statements"])
def test_another_streets_case_is_not_there(site: SliceApplication, world: World, path: str) -> None:
    case_id = world.warn()
    assert site.as_(staff("officer1")).get(f"{API}/cases/{case_id}{path}").status_code == 200
    assert site.as_(staff("officer2")).get(f"{API}/cases/{case_id}{path}").status_code == 404
    assert site.as_(staff("nobody")).get(f"{API}/cases/{case_id}{path}").status_code == 403
    assert site.as_("operator").get(f"{API}/cases/{case_id}{path}").status_code == 403
    assert site.as_("worker").get(f"{API}/cases/{case_id}{path}").status_code == 403
    assert site.anonymous.get(f"{API}/cases/{case_id}{path}").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {}, {"action": "fly"}, {"action": "sign_in", "extra": 1}, {"action": "verify", "finding": "maybe"},
        {"action": "sign_in", "note": "x" * 4001}, {"action": "raise"},
    ],
)  # fmt: skip
def test_malformed_steps_are_refused(site: SliceApplication, world: World, body: dict[str, Any]) -> None:
    case_id = world.warn()
    answer = step(site.as_(staff("officer1")), case_id, **body)
    assert answer.status_code == (403 if body.get("action") == "raise" else 422)
    assert world.actions(case_id) == ["open"]


def test_listing_filters_and_pages(site: SliceApplication, world: World) -> None:
    for number in range(1, 4):
        world.warn(enterprise=number, grade=number + 1, town=S1)
    bureau = site.as_(staff("bureau"))
    found = bureau.get(f"{API}/cases", params={"limit": 2}).json()
    assert len(found["cases"]) == 2
    rest = bureau.get(f"{API}/cases", params={"limit": 2, "cursor": found["next"]}).json()
    assert len(rest["cases"]) == 1
    assert rest["next"] == ""
    red = bureau.get(f"{API}/cases", params={"colour": "red"}).json()["cases"]
    assert [case["unit"] for case in red] == [S2]
    assert bureau.get(f"{API}/cases", params={"colour": "pink"}).status_code == 422
    assert bureau.get(f"{API}/cases", params={"cursor": "x"}).status_code == 422
    assert bureau.get(f"{API}/funnel").json()["issued"] == {"yellow": 1, "orange": 1, "red": 1}


def test_papers_statements_tasks_and_duty(site: SliceApplication, world: World) -> None:
    case_id = world.warn()
    officer, bureau = site.as_(staff("officer1")), site.as_(staff("bureau"))
    made = post(officer, f"/cases/{case_id}/notices", {"kind": "warning", "text": "请自查"})
    assert made.status_code == 201, made.text
    notice = made.json()
    pdf = officer.get(f"{API}/notices/{notice['id']}/pdf")
    assert hashlib.sha256(pdf.content).hexdigest() == notice["sha256"]
    served = {"channel": "hand", "at": world.clock.now().isoformat(), "receiver": "前台"}
    assert post(officer, f"/notices/{notice['id']}/service", served).status_code == 201
    assert officer.get(f"{API}/cases/{case_id}/notices").json()[0]["served"][0]["receiver"] == "前台"
    said = post(officer, f"/cases/{case_id}/statements", {"kind": "appeal", "text": "有误"}).json()["id"]
    assert post(bureau, f"/statements/{said}/answer", {"text": "已核", "upheld": False}).status_code == 204
    assert bureau.get(f"{API}/cases/{case_id}/statements").json()[0]["upheld"] is False
    task = post(officer, f"/cases/{case_id}/tasks", {"unit": "union", "text": "走访", "due_on": "2026-03-09"})
    assert (
        post(site.as_(staff("union")), f"/tasks/{task.json()['id']}/done", {"text": "好"}).status_code == 204
    )
    assert officer.get(f"{API}/cases/{case_id}/tasks").json()[0]["state"] == "done"
    duty = {
        "unit": "hr", "account_id": "head", "phone": "1380000", "starts_at": "2026-03-02T00:00:00+08:00",
        "ends_at": "2026-03-03T00:00:00+08:00",
    }  # fmt: skip
    assert post(bureau, "/duty", duty).status_code == 201
    assert bureau.get(f"{API}/duty").json()[0]["account_id"] == "head"
    asked = {"format": "xlsx", "purpose": "周报"}
    assert post(officer, "/cases/exports", asked).content[:2] == b"PK"
    assert post(officer, "/cases/exports", {**asked, "format": "pdf"}).content[:5] == b"%PDF-"
    assert officer.post("/disposal/cases/exports", data=asked).content[:2] == b"PK"
    assert post(officer, "/cases/exports", {**asked, "purpose": ""}).status_code == 422


def test_an_employer_speaks_for_itself(site: SliceApplication, world: World) -> None:
    case_id = world.warn()
    org = "ab" * 32
    world.register.organisations[org] = 1
    who = Principal(
        kind="employer", account_id="agent-1", org_id=org, roles=frozenset({"agent"}), csrf_token="csrf"
    )
    body = {"kind": "explanation", "text": "资金周转困难"}
    assert post(site.as_(who), f"/own/{case_id}/statements", body, "one").status_code == 404
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    assert post(site.as_(who), f"/own/{case_id}/statements", body, "two").status_code == 201
    assert post(site.as_(staff("officer1")), f"/own/{case_id}/statements", body).status_code == 403


def test_units_and_posts_belong_to_the_operator(site: SliceApplication, world: World) -> None:
    operator, bureau = site.as_("operator"), site.as_(staff("bureau"))
    unit = {"kind": "department", "name": "示例水务部门", "name_en": "Example water"}
    assert operator.put(f"{API}/units/water", json=unit).status_code == 204
    assert bureau.put(f"{API}/units/water", json=unit).status_code == 403
    assert any(one["code"] == "water" for one in bureau.get(f"{API}/units").json())
    body = {"account_id": "new", "unit": "water", "capacity": "officer", "valid_from": "2026-03-01"}
    made = post(operator, "/posts", body)
    assert made.status_code == 201
    assert post(bureau, "/posts", body).status_code == 403
    assert len(operator.get(f"{API}/posts", params={"unit": "water"}).json()) == 1
    assert post(operator, f"/posts/{made.json()['id']}/end", {"last": "2026-03-01"}).status_code == 204
    assert operator.get(f"{API}/posts", params={"unit": "water"}).json() == []


def test_law_and_clocks_are_explained(site: SliceApplication, world: World) -> None:
    officer = site.as_(staff("officer1"))
    every = officer.get(f"{API}/law-periods", params={"start": "2026-02-13"}).json()
    assert len(every) == 13
    one = officer.get(f"{API}/law-periods", params={"start": "2026-02-13", "code": "filing"}).json()
    assert one[0]["last"] == "2026-02-27"
    assert officer.get(f"{API}/law-periods", params={"start": "2026-02-13", "code": "x"}).status_code == 404
    found = officer.get(
        f"{API}/clocks", params={"issued": "2026-02-13T16:00:00+08:00", "colour": "red"}
    ).json()
    assert found["verify"]["counted"] == ["2026-02-14"]
    assert found["sign_in"]["at"] == "2026-02-13T18:00:00+08:00"


def test_measures(site: SliceApplication, world: World) -> None:
    world.risk.quiet = {1: S1}
    bureau, officer = site.as_(staff("bureau")), site.as_(staff("officer1"))
    assert post(bureau, "/samples", {"month": 202603, "size": 5}).json()["population"] == 1
    assert bureau.get(f"{API}/samples/202603").json()["size"] == 5
    assert bureau.get(f"{API}/samples/202604").status_code == 404
    (planned,) = officer.get(f"{API}/inspections", params={"month": 202603}).json()["inspections"]
    done = post(officer, f"/inspections/{planned['id']}/report", {"finding": "not_found"})
    assert done.status_code == 204
    assert post(officer, "/inspections", {"enterprise": 1, "reason": "complaint"}).status_code == 201
    period = {"first": "2026-03-01", "last": "2026-03-31"}
    report = bureau.get(f"{API}/hit-rate", params=period).json()
    assert (report["random"]["hits"], report["random"]["total"]) == (0, 1)
    assert bureau.get(f"{API}/command").json()["cases"] == []
    assert officer.get(f"{API}/hit-rate", params=period).status_code == 403


@pytest.mark.parametrize(
    ("who", "path", "says"),
    [
        ("nobody", "/disposal", "您还没有岗位"),
        ("nobody", "/disposal/command", "您还没有岗位"),
        ("officer1", "/disposal/command", "您的岗位不能看这一页"),
        ("governor", "/disposal/measures", "您的岗位不能看这一页"),
        ("officer1", "/disposal", "案件"),
        ("governor", "/disposal/command", "红色预警指挥"),
        ("bureau", "/disposal/measures", "漏掉的案件"),
    ],
)
def test_a_page_of_the_navigation_says_what_is_missing(
    site: SliceApplication, world: World, who: str, path: str, says: str
) -> None:
    answer = site.as_(staff(who)).get(path)
    assert answer.status_code == 200
    assert says in answer.text


@pytest.mark.parametrize(
    ("account", "role", "enterprise", "leads"),
    [
        ("officer1", "street_officer", 1, True),  # registered and operating in his street
        ("officer2", "street_officer", 2, True),  # operates in his street: he has the case, so the file too
        ("bureau", "risk_analyst", 2, True),
        ("bureau", "review_officer", 1, False),  # sees the case, not the file
    ],
)
def test_a_case_leads_to_its_reasons_where_they_may_be_read(
    site: SliceApplication, world: World, account: str, role: str, enterprise: int, leads: bool
) -> None:
    site.app.get("/risk/enterprises/{number}")(lambda number: None)  # the page of another slice
    case_id = world.warn(enterprise=enterprise)
    answer = site.as_(staff(account, role)).get(f"/disposal/cases/{case_id}")
    assert answer.status_code == 200
    assert (f'href="/risk/enterprises/{enterprise}"' in answer.text) is leads


def test_intervals_are_rounded_as_on_the_overview(site: SliceApplication, world: World) -> None:
    world.visit("officer1", world.warn())
    page = site.as_(staff("bureau")).get("/disposal/measures").text
    assert "1 / 1 · 20.7–100.0 %" in page
