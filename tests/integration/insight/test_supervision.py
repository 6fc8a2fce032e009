"""Figures with block and query, paging, export, who sees what, and the text for a case."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import select

from api.infra.audit import AuditRow
from tests.support.indexed_chain import AGENT, ORGS, Texts, contract_id
from tests.support.slice_application import SliceApplication

API = "/api/v1/supervision"


def _audited(site: SliceApplication) -> list[str]:
    with site.database.read() as session:
        return [row.action for row in session.scalars(select(AuditRow).order_by(AuditRow.no))]


def test_every_figure_names_block_and_query(site: SliceApplication) -> None:
    answer = site.as_("regulator").get(f"{API}/overview?month=2026-09&region=500107").json()
    for part in (answer, *answer["figures"]):
        assert part["as_of"]["block_number"] == 42
        assert part["as_of"]["block_hash"] == "77" * 32
        assert part["as_of"]["index_digest"] == "88" * 32
        assert part["as_of"]["query"] == {"month": "2026-09", "region_prefix": "500107"}
    by = {figures["by"]: figures["counts"] for figures in answer["figures"]}
    assert [row["key"] for row in by["month"]] == ["2026-09"]
    assert sum(row["contracts"] for row in by["organisation"]) == answer["contracts"] == 45


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("month", ["2026-11", "2026-10", "2026-09"]),
        ("region", ["500107001", "500107002"]),
        ("state", ["concluded", "superseded"]),
        ("level", ["2", "3"]),
    ],
)
def test_counts_add_up_to_all_versions(site: SliceApplication, by: str, keys: list[str]) -> None:
    counts = site.as_("auditor").get(f"{API}/counts?by={by}").json()["counts"]
    assert [row["key"] for row in counts] == keys
    assert sum(row["contracts"] for row in counts) == 131


def test_unknown_groups_and_filters_are_refused(site: SliceApplication) -> None:
    regulator = site.as_("regulator")
    assert regulator.get(f"{API}/counts?by=name").json()["code"] == "insight.group_unknown"
    refused = regulator.get(f"{API}/contracts?month=2026-99")
    assert (refused.status_code, refused.json()["code"]) == (422, "insight.filter_malformed")
    assert refused.json()["errors"][0]["pointer"] == "/month"


def test_pages_give_each_version_once(site: SliceApplication) -> None:
    regulator = site.as_("regulator")
    seen: list[tuple[str, int]] = []
    after = ""
    while True:
        page = regulator.get(f"{API}/contracts?limit=50&after={after}").json()
        seen += [(row["contract_id"], row["version"]) for row in page["rows"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == 131


def test_one_contracts_history_and_who_acted(site: SliceApplication) -> None:
    found = site.as_("court").get(f"{API}/contracts/{contract_id(0)}").json()
    assert [(row["version"], row["state"]) for row in found["versions"]] == [
        (1, "superseded"),
        (2, "concluded"),
    ]
    assert {row["kind"] for row in found["actors"]} == {"representative", "agent"}
    assert [row["event"] for row in found["role_events"]] == ["OrganisationRegistered", "AgentGranted"]
    assert found["versions"][0]["employer_wallet"] == AGENT
    for unknown in (contract_id(9_999), "nonsense"):
        assert site.as_("court").get(f"{API}/contracts/{unknown}").status_code == 404


def test_names_are_for_the_entitled_only(site: SliceApplication) -> None:
    named = site.as_("regulator").get(f"{API}/contracts?org_id={ORGS[1]}").json()["rows"][0]
    assert (named["organisation"], named["region"]) == ("示例二公司", "某区 500107002")
    unnamed = site.as_("auditor").get(f"{API}/contracts?org_id={ORGS[1]}").json()["rows"][0]
    assert unnamed["organisation"] is None
    assert "示例二公司" not in site.as_("auditor").get("/supervision/organisations").text
    assert "示例二公司" not in site.as_("auditor").get("/supervision/contracts.csv").text
    assert site.as_("auditor").get("/supervision/organisations?q=示例").text.count("示例二公司") == 0
    assert "示例二公司" in site.as_("regulator").get("/supervision/organisations?q=示例").text
    assert "insight.organisations_searched" in _audited(site)


@pytest.mark.parametrize("role", ["agent", "representative", "worker", "operator", "review_officer"])
def test_others_see_nothing(site: SliceApplication, role: str) -> None:
    client = site.as_(role)
    for path in (f"{API}/overview", f"{API}/contracts", "/supervision", "/supervision/contracts.csv"):
        assert client.get(path).status_code == 403
    assert site.anonymous.get(f"{API}/overview").status_code == 401


def test_csv_is_whole_audited_and_runs_nothing(site: SliceApplication) -> None:
    response = site.as_("regulator").get(f"/supervision/contracts.csv?org_id={ORGS[0]}")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"), newline="")))
    assert rows[0] == ["block", "42", "77" * 32]
    assert rows[2] == ["query", f"org_id={ORGS[0]}"]
    body = rows[4:]
    assert len(body) == 66
    name = rows[3].index("organisation")
    assert {row[name] for row in body} == {"'=示例一公司"}
    assert _audited(site) == ["insight.contracts_exported"]


def test_a_text_needs_case_number_and_purpose(site: SliceApplication, texts: Texts) -> None:
    regulator = site.as_("regulator")
    path = f"{API}/contracts/{contract_id(1)}/text"
    for number, body in enumerate(
        ({"case_no": " ", "purpose": "办案需要"}, {"case_no": "2026-1", "purpose": "x"})
    ):
        refused = regulator.post(path, json=body, headers={"Idempotency-Key": str(number)})
        assert refused.status_code == 422
        assert refused.json()["code"] in {"insight.case_missing", "insight.purpose_missing"}
    assert texts.readings == []
    body = {"case_no": "2026-1", "purpose": "核查拖欠工资投诉"}
    found = regulator.post(path, json=body, headers={"Idempotency-Key": "good"})
    assert found.json()["document"]["title"] == "劳动合同书"
    assert texts.readings == [("account-regulator", contract_id(1), "2026-1", "核查拖欠工资投诉")]
    for role in ("auditor", "agent", "operator", "worker"):
        refused = site.as_(role).post(path, json=body, headers={"Idempotency-Key": role})
        assert refused.status_code == 403
    assert len(texts.readings) == 1


def test_the_text_page_asks_first(site: SliceApplication, texts: Texts) -> None:
    regulator = site.as_("regulator")
    path = f"/supervision/texts/{contract_id(1)}"
    asked = regulator.get(path)
    assert "案号" in asked.text
    assert "合同期限" not in asked.text
    form = {"csrf_token": "csrf", "case_no": "", "purpose": "核查投诉"}
    refused = regulator.post(path, data=form)
    assert (refused.status_code, texts.readings) == (422, [])
    assert "核查投诉" in refused.text
    shown = regulator.post(path, data={**form, "case_no": "2026-1"}).text
    assert "合同期限" in shown
    assert "&lt;script&gt;" in shown
    assert len(texts.readings) == 1
    assert site.as_("auditor").get(path).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/supervision",
        "/supervision?month=2026-09",
        "/supervision?month=1999-01",
        "/supervision/contracts",
        f"/supervision/contracts/{contract_id(0)}",
        "/supervision/organisations",
        "/supervision/organisations?region=999999",
        f"/supervision/organisations/{ORGS[0]}",
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_show_their_block(site: SliceApplication, path: str, lang: str) -> None:
    page = site.as_("regulator").get(path + ("&" if "?" in path else "?") + f"lang={lang}")
    assert page.status_code == 200
    assert "#42" in page.text


def test_an_organisation_by_id_in_the_search_field(site: SliceApplication) -> None:
    response = site.as_("regulator").get(f"/supervision/organisations?q={ORGS[0]}")
    assert (response.status_code, response.headers["location"]) == (
        303,
        f"/supervision/organisations/{ORGS[0]}",
    )
    assert site.as_("regulator").get(f"/supervision/organisations/{'0' * 64}").status_code == 404
