"""The rule sets over HTTP: from a draft to a publication, the spreadsheet, trial, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from api.infra.db import Base, Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.risk.rulesets import router
from api.risk.rulesets.service import RuleSetService
from api.risk.rulesets.texts import TEXTS
from tests.integration.risk_rulesets.test_versions import NOW, Dictionary, Measurements, Staff
from tests.support.slice_application import SliceApplication, make_database, person, slice_application
from tests.unit.risk_scoring.rule_sets import checked, levels, plain_document, real_document

AT = "/api/v1/risk/rule-sets"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SliceApplication]:
    database: Database = make_database(tmp_path)
    Base.metadata.create_all(database.engine)
    service = RuleSetService(
        UnitOfWork(database),
        FixedClock(NOW),
        checked(plain_document()),
        Dictionary(),
        Measurements(),
        Staff(),
    )
    with slice_application(database, router, TEXTS, risk_rulesets=service) as made:
        yield made


def post(client: TestClient, path: str = "", **content: Any) -> Response:
    return client.post(AT + path, headers={"Idempotency-Key": uuid4().hex}, **content)


def drafted(site: SliceApplication, document: dict[str, Any]) -> dict[str, Any]:
    answer = post(site.as_("risk_analyst"), "", json={"document": document})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_from_draft_to_publication(site: SliceApplication) -> None:
    anna, bo = site.as_("risk_analyst"), site.as_("risk_director")
    made = drafted(site, real_document(version="1.1"))
    answer = post(anna, f"/{made['row_id']}/validation", json={"revision": made["revision"]})
    assert answer.status_code == 200, answer.text
    version = answer.json()["version"]
    assert {f["level"] for f in answer.json()["findings"]} <= {"warning", "undecided"}
    body = {"revision": version["revision"], "newest": 0, "valid_from": "2026-11-23"}
    own = post(anna, f"/{made['row_id']}/publication", json=body)
    assert (own.status_code, own.json()["code"]) == (403, "role_required")
    assert post(bo, f"/{made['row_id']}/publication", json=body).status_code == 200
    listed = anna.get(AT).json()
    assert listed["newest"] == 1
    assert [v["state"] for v in listed["versions"]] == ["published", "published"]
    there = anna.get(f"{AT}/in-force", params={"on": "2026-11-23", "known_at": "2026-11-23T02:00:00Z"}).json()
    assert (there["version"], there["hash"]) == ("1.1", made["hash"])
    again = post(bo, f"/{made['row_id']}/publication", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "risk.rule_set_closed")


def test_errors_of_the_lint_come_with_texts_and_places(site: SliceApplication) -> None:
    document = real_document()
    document["points"][0]["weight_bp"] += 1
    made = drafted(site, document)
    client = site.as_("risk_analyst")
    found = client.get(f"{AT}/{made['row_id']}/findings").json()
    assert found[0]["en"] == "The weights add up to 10001, not to 10,000."
    assert found[0]["zh"] == "权重合计为 10001，应为 10000。"
    answer = post(client, f"/{made['row_id']}/validation", json={"revision": made["revision"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "risk.rule_set_has_errors")


def test_a_document_of_the_wrong_form_is_422_with_its_place(site: SliceApplication) -> None:
    document = real_document()
    document["points"][0]["weight_bp"] = 400.5
    answer = post(site.as_("risk_analyst"), "", json={"document": document})
    assert (answer.status_code, answer.json()["code"]) == (422, "risk.rule_set_form")
    assert "/points/0/weight_bp" in answer.text


def test_the_spreadsheet_goes_out_and_comes_back(site: SliceApplication) -> None:
    client = site.as_("risk_analyst")
    made = drafted(site, real_document())
    file = client.get(f"{AT}/{made['row_id']}/sheet")
    assert file.headers["content-type"] == router.XLSX
    back = post(client, "/sheet", files={"file": ("r.xlsx", file.content, router.XLSX)})
    assert back.status_code == 201, back.text
    assert back.json()["hash"] == made["hash"]
    assert (
        client.get(f"{AT}/{back.json()['row_id']}/differences", params={"against": made["row_id"]}).json()
        == []
    )
    wrong = post(client, "/sheet", files={"file": ("r.xlsx", b"no workbook", router.XLSX)})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "risk.rule_set_sheet")


def test_a_trial_explains_facts_typed_in(site: SliceApplication) -> None:
    client = site.as_("risk_analyst")
    tree = post(client, "/delivered/trial", json={"facts": levels(GZ01=4)}).json()
    assert (tree["raw_grade"], tree["score"]) == ("red", 1_400)
    lacking = post(client, "/delivered/trial", json={"facts": {"level_gz01": 1}})
    assert (lacking.status_code, lacking.json()["code"]) == (422, "risk.rule_set_facts")


@pytest.mark.parametrize("role", ["regulator", "auditor"])
def test_readers_read_and_change_nothing(site: SliceApplication, role: str) -> None:
    made, client = drafted(site, real_document()), site.as_(role)
    answer = client.get(f"{AT}/{made['row_id']}")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert post(client, json={"document": real_document()}).status_code == 403
    assert post(client, f"/{made['row_id']}/validation", json={"revision": 1}).status_code == 403
    assert post(client, f"/{made['row_id']}/withdrawal", json={"revision": 1}).status_code == 403


def test_a_director_who_edited_cannot_publish(site: SliceApplication) -> None:
    made, director = drafted(site, real_document(version="1.1")), site.as_("risk_director")
    body = {"revision": 1, "document": real_document(version="1.2")}
    headers = {"Idempotency-Key": uuid4().hex}
    assert director.put(f"{AT}/{made['row_id']}", json=body, headers=headers).status_code == 200
    assert (
        post(site.as_("risk_analyst"), f"/{made['row_id']}/validation", json={"revision": 2}).status_code
        == 200
    )
    body = {"revision": 3, "newest": 0, "valid_from": "2026-11-23"}
    answer = post(director, f"/{made['row_id']}/publication", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "risk.rule_set_second_person")


@pytest.mark.parametrize("role", ["worker", "agent", "operator"])
def test_others_see_nothing(site: SliceApplication, role: str) -> None:
    client = site.as_(replace(person(role)))
    assert client.get(AT).status_code == 403
    assert post(client, json={"document": real_document()}).status_code == 403
    assert site.anonymous.get(AT).status_code == 401


def test_a_moment_without_a_zone_is_refused(site: SliceApplication) -> None:
    answer = site.as_("auditor").get(f"{AT}/in-force", params={"known_at": "2026-11-23T02:00:00"})
    assert (answer.status_code, answer.json()["code"]) == (422, "risk.rule_set_moment")
