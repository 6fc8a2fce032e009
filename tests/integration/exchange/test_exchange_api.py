"""The JSON API: who may send what, a file's way through it, rejected rows out and in again."""

from __future__ import annotations

import csv
import io
import secrets
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.exchange.rules.catalogue import dataset_of
from tests.integration.exchange.conftest import World, water
from tests.support.slice_application import SliceApplication, person

Answer = Any


def post(client: TestClient, path: str, **what: Any) -> Answer:
    return client.post(f"/api/v1/exchange{path}", headers={"Idempotency-Key": secrets.token_hex(8)}, **what)


def upload(client: TestClient, dataset: str, data: bytes, name: str = "file.csv", **form: Any) -> Answer:
    return post(client, f"/datasets/{dataset}/files", files={"file": (name, data)}, data=form)


@pytest.fixture
def officer(site: SliceApplication, world: World) -> TestClient:
    """Sends for the water supplier."""
    operator = site.as_("operator")
    assert (
        post(operator, "/officers", json={"account_id": "account-officer", "owner": "water"}).status_code
        == 204
    )
    return site.as_(person("regulator", account_id="account-officer"))


@pytest.fixture
def manager(site: SliceApplication) -> TestClient:
    """The bureau's data manager."""
    assert post(site.as_("operator"), "/officers", json={"account_id": "hr", "owner": "*"}).status_code == 204
    return site.as_(person("regulator", account_id="hr"))


def test_without_an_assignment_nothing_is_seen(site: SliceApplication) -> None:
    answer = site.as_("regulator").get("/api/v1/exchange/datasets")
    assert (answer.status_code, answer.json()["code"]) == (403, "exchange.not_an_officer")
    assert site.anonymous.get("/api/v1/exchange/batches").status_code == 401
    assert site.as_("regulator").get("/api/v1/exchange/officers").status_code == 403


def test_an_officer_has_his_department_and_a_manager_all(officer: TestClient, manager: TestClient) -> None:
    assert [item["code"] for item in officer.get("/api/v1/exchange/datasets").json()] == ["water"]
    assert len(manager.get("/api/v1/exchange/datasets").json()) == 28


def test_another_departments_things_are_not_there(
    officer: TestClient, manager: TestClient, world: World
) -> None:
    assert upload(officer, "power", world.csv("power", [water(1)])).status_code == 404
    batch = upload(manager, "power", world.csv("power", [water(1), water(2, usage=-1)])).json()
    for way in ("", "/rejected.csv", "/rejected.xlsx"):
        assert officer.get(f"/api/v1/exchange/batches/{batch['id']}{way}").status_code == 404
    assert post(officer, f"/batches/{batch['id']}/withdrawal", json={"reason": "x"}).status_code == 404
    assert officer.get("/api/v1/exchange/batches").json()["batches"] == []
    assert officer.get("/api/v1/exchange/rows").json()["rows"] == []
    number = manager.get("/api/v1/exchange/rows").json()["rows"][0]["id"]
    assert post(officer, f"/rows/{number}/waiver", json={"reason": "x"}).status_code == 404


def test_rejected_rows_go_out_are_repaired_and_come_in_again(officer: TestClient, world: World) -> None:
    sent = upload(officer, "water", world.csv("water", [water(1), water(2, usage=-5, name="=HYPERLINK(1)")]))
    assert sent.status_code == 201, sent.text
    batch = sent.json()
    assert (batch["state"], batch["new"], batch["quarantined"]) == ("committed", 1, 1)
    assert [(item["column"], item["rule"], item["rows"]) for item in batch["findings"]] == [
        ("usage", "negative", 1)
    ]
    text = officer.get(f"/api/v1/exchange/batches/{batch['id']}/rejected.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["name"] == "'=HYPERLINK(1)"
    assert rows[0]["usage"] == "'-5"
    assert rows[0]["_reason"] == "用量（usage）：不能为负数 / usage: must not be negative"
    desk, page = "/exchange/quarantine", f"/exchange/batches/{batch['id']}"
    titled = '用量 <span class="mono muted small">usage</span>'
    assert titled in officer.get(desk).text
    assert officer.get(page).text.count(titled) == 2, "in the counts and beside the row"
    rows[0] |= {"usage": "5", "name": "试样企业2有限公司"}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    again = upload(officer, "water", out.getvalue().encode("utf-8-sig")).json()
    assert (again["new"], again["quarantined"]) == (1, 0)
    assert officer.get("/api/v1/exchange/rows").json()["rows"] == []
    fixed = officer.get("/api/v1/exchange/rows?state=fixed").json()["rows"]
    assert [(row["batch"], row["row"]) for row in fixed] == [(batch["id"], 2)]


def test_our_own_file_sent_back_unchanged_says_the_same_again(officer: TestClient, world: World) -> None:
    sent = upload(officer, "water", world.csv("water", [water(2, usage=-5, name="=1+1")])).json()
    data = officer.get(f"/api/v1/exchange/batches/{sent['id']}/rejected.csv").content
    again = upload(officer, "water", data).json()
    assert [(item["column"], item["rule"]) for item in again["findings"]] == [("usage", "negative")]
    rows = officer.get("/api/v1/exchange/rows").json()["rows"]
    assert rows[0]["cells"] == rows[1]["cells"]


def test_a_row_is_fixed_by_its_key_or_by_the_number_it_cites(officer: TestClient, world: World) -> None:
    upload(officer, "water", world.csv("water", [water(1, usage="x"), water(2, month="2026-77")]))
    rows = officer.get("/api/v1/exchange/rows").json()["rows"]
    upload(officer, "water", world.csv("water", [water(1)]))
    assert [row["row"] for row in officer.get("/api/v1/exchange/rows").json()["rows"]] == [2]
    lines = world.csv("water", [water(2)]).decode().split("\n")
    cited = f"{lines[0]},_ref\n{lines[1]},{rows[1]['id']}\n"
    upload(officer, "water", cited.encode())
    assert officer.get("/api/v1/exchange/rows").json()["rows"] == []


def test_trial_commit_and_withdrawal(officer: TestClient, world: World) -> None:
    tried = upload(officer, "water", world.csv("water", [water(1)]), trial="true").json()
    assert tried["state"] == "tried"
    assert post(officer, f"/batches/{tried['id']}/commit").json()["state"] == "committed"
    assert post(officer, f"/batches/{tried['id']}/commit").status_code == 409
    assert post(officer, f"/batches/{tried['id']}/withdrawal", json={"reason": " "}).status_code == 422
    gone = post(officer, f"/batches/{tried['id']}/withdrawal", json={"reason": "wrong month"})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")


def test_a_refused_file_says_why_in_both_languages(officer: TestClient, world: World) -> None:
    data = world.csv("water", [water(1)]).replace(b"usage", b"usages", 1)
    batch = upload(officer, "water", data).json()
    assert batch["state"] == "refused"
    assert "usages → usage" in batch["problem"]["zh"]
    assert "usages → usage" in batch["problem"]["en"]
    assert upload(officer, "water", data, name="file.pdf").json()["code"] == "exchange.file_format_unknown"


def test_pushed_rows_go_the_same_way(officer: TestClient, site: SliceApplication) -> None:
    rows = [{**water(1), "cut_off": False, "usage": 12}, {**water(2), "usage": "12.5"}]
    batch = post(officer, "/datasets/water/rows", json={"rows": rows}).json()
    assert (batch["channel"], batch["new"], batch["quarantined"]) == ("push", 1, 1)
    machine = site.as_(
        person("regulator", account_id="account-officer", kind="machine", scopes=frozenset({"read"}))
    )
    assert post(machine, "/datasets/water/rows", json={"rows": rows}).status_code == 403


def test_pages_of_batches_and_rows_follow_each_other(officer: TestClient, world: World) -> None:
    for number in range(5):
        upload(officer, "water", world.csv("water", [water(1, usage=-1 - number), water(2, usage="x")]))
    first = officer.get("/api/v1/exchange/batches?limit=3").json()
    second = officer.get(f"/api/v1/exchange/batches?limit=3&before={first['next']}").json()
    assert len({batch["id"] for batch in first["batches"] + second["batches"]}) == 5
    assert second["next"] is None
    seen, after = [], 0
    while after is not None:
        page = officer.get(f"/api/v1/exchange/rows?limit=4&after={after}").json()
        seen += [row["id"] for row in page["rows"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == 10


def test_waiving_needs_a_reason_and_happens_once(officer: TestClient, world: World) -> None:
    upload(officer, "water", world.csv("water", [water(1, usage=-1)]))
    number = officer.get("/api/v1/exchange/rows").json()["rows"][0]["id"]
    assert post(officer, f"/rows/{number}/waiver", json={"reason": ""}).status_code == 422
    assert (
        post(officer, f"/rows/{number}/waiver", json={"reason": "meter broken"}).json()["state"] == "waived"
    )
    assert post(officer, f"/rows/{number}/waiver", json={"reason": "again"}).status_code == 409


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_template_can_be_filled_and_sent(officer: TestClient, ending: str) -> None:
    data = officer.get(f"/api/v1/exchange/datasets/water/template.{ending}").content
    if ending == "csv":
        assert data.decode("utf-8-sig").strip().replace('"', "").split(",") == dataset_of("water").names
    batch = upload(officer, "water", data, name=f"template.{ending}").json()
    assert batch["problem"]["code"] == "exchange.file_without_rows"


def test_rejected_rows_as_a_sheet_run_nothing(officer: TestClient, world: World) -> None:
    rows = [water(1, usage=-5, name="=1+1")]
    batch = upload(officer, "water", world.csv("water", rows)).json()
    sheet = officer.get(f"/api/v1/exchange/batches/{batch['id']}/rejected.xlsx").content
    again = upload(officer, "water", sheet, name="rejected.xlsx").json()
    assert (again["state"], again["quarantined"]) == ("committed", 1), "no formula: it would be refused"


def test_grants_are_taken_back(site: SliceApplication, officer: TestClient) -> None:
    operator = site.as_("operator")
    assert post(operator, "/officers", json={"account_id": "x", "owner": "nobody"}).status_code == 422
    assert operator.get("/api/v1/exchange/officers").json()[0]["owner"] == "water"
    assert operator.delete("/api/v1/exchange/officers/account-officer/water").status_code == 204
    assert officer.get("/api/v1/exchange/datasets").status_code == 403
    assert operator.delete("/api/v1/exchange/officers/account-officer/water").status_code == 404
