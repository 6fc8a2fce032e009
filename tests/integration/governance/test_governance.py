"""Members, votes and decisions as the service answers them, and as page, JSON and CSV show them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest

from api.governance import router
from api.governance.model import Kind
from api.governance.texts import TEXTS
from api.infra.db import Database
from tests.support.gate_chain import MEMBERS, RELAY, REMOVE, SET_PARAMETER, UPGRADE
from tests.support.governed import MEDIATION, Governed, busy, governed
from tests.support.slice_application import SliceApplication, slice_application


def test_open_proposals_say_who_voted_and_who_is_missing(network: Governed) -> None:
    view = network.governance.overview()
    assert view.kind is Kind.NETWORK
    assert view.behind == 0
    newest, older = view.proposals
    assert (newest.subject.action, newest.subject.value) == ("set_parameter", 60_000_000)
    assert (older.subject.action, older.subject.name, older.approvals, older.missing) == (
        "remove_member", "notary", 2, 2,
    )  # fmt: skip
    assert [voter.name for voter in older.voters] == ["court", "union"]
    assert older.waiting == ["hr", "notary", "mediation"]
    assert older.command == f"concord network approve {older.id} --operator DIR"
    assert not older.incomplete


def test_approvals_of_a_member_who_left_do_not_count(network: Governed) -> None:
    chain = network.chain
    chain.decide(REMOVE, MEMBERS[2].address)
    network.follow()
    older = network.governance.overview().proposals[-1]
    assert [(voter.name, voter.counts) for voter in older.voters] == [("court", True), ("union", False)]
    assert (older.approvals, older.missing, older.incomplete) == (1, 2, False)
    gone = network.governance.decisions().rows[0]
    assert (gone.subject.action, gone.subject.name) == ("remove_member", "union")


def test_votes_that_are_not_read_yet_are_said_to_be_missing(network: Governed) -> None:
    network.chain.act(0, "approve", network.governance.overview().proposals[-1].id)
    older = network.governance.overview().proposals[-1]
    assert (older.approvals, len(older.voters), older.incomplete) == (3, 2, True)
    network.follow()
    assert not network.governance.overview().proposals[-1].incomplete


def test_decisions_carry_block_and_transaction(network: Governed) -> None:
    deciding = network.chain.decide(UPGRADE, value=200_000, label="v2027.1")
    network.follow()
    newest = network.governance.decisions().rows[0]
    assert (newest.executed, newest.transaction) == (True, deciding.hex())
    assert newest.block == network.chain.gateway.head().number
    assert [voter.name for voter in newest.voters] == ["hr", "court", "union", "notary"]
    first = network.governance.decisions(limit=50).rows[-1]
    assert (first.id, first.executed, first.block, first.transaction) == (1, False, None, "")
    assert first.proposed_by == "notary"


def test_a_proposal_is_over_when_it_expires(network: Governed) -> None:
    before = len(network.governance.decisions(limit=50).rows)
    network.clock.advance(timedelta(days=31))
    after = network.governance.decisions(limit=50).rows
    assert len(after) == before + 2
    assert not after[0].executed


def test_decisions_and_events_come_by_the_page_without_gaps(network: Governed) -> None:
    seen, before = [], None
    while True:
        page = network.governance.decisions(before, limit=2)
        seen += [row.id for row in page.rows]
        if not page.next:
            break
        before = int(page.next)
    assert seen == [row.id for row in network.governance.decisions(limit=100).rows]
    events, cursor = [], ""
    while True:
        found = network.governance.events(cursor, limit=3)
        events += [(e.block_number, e.log_index) for e in found.rows]
        cursor = found.next
        if not cursor:
            break
    assert events == [(e.block_number, e.log_index) for e in network.governance.events(limit=200).rows]
    assert events == sorted(set(events), reverse=True)


def test_reading_again_keeps_every_event_once(network: Governed) -> None:
    before = len(network.governance.events(limit=500).rows)
    assert network.governance.follow() is False
    network.chain.propose(0, SET_PARAMETER, value=70_000_000, label="block.max_gas")
    network.follow()
    assert len(network.governance.events(limit=500).rows) == before + 2


def test_the_embedded_chain_has_one_operator_and_an_account(database: Database, tmp_path: Path) -> None:
    made = governed(database, tmp_path, network=False)
    assert made.governance.follow() is False
    view = made.governance.overview()
    assert (view.kind, view.account.threshold, len(view.account.signers)) == (Kind.SINGLE, 2, 3)
    with slice_application(database, router, TEXTS, governance=made.governance) as site:
        page = site.as_("operator").get("/network").text
        assert "这条链由一个单位运行，没有成员，也没有表决" in page
        assert "3 人中的 2 人" in page
        assert "待表决的提案" not in page
        english = site.as_("operator").get("/network?lang=en").text
        assert "no members and no votes" in english
        answer = site.as_("operator").get("/api/v1/network").json()
        assert (answer["kind"], answer["members"], answer["account"]["acts"]) == ("single", [], 5)


def test_a_chain_without_an_account_says_so(database: Database, tmp_path: Path) -> None:
    made = governed(database, tmp_path, network=False, account=False)
    with slice_application(database, router, TEXTS, governance=made.governance) as site:
        assert "没有合约管理账户" in site.as_("operator").get("/network").text
        assert site.as_("operator").get("/api/v1/network").json()["account"] is None


def test_while_the_chain_is_away_the_history_stands(site: SliceApplication, network: Governed) -> None:
    network.chain.gateway.down = True
    page = site.as_("auditor").get("/network")
    assert page.status_code == 200
    assert "暂时读不到链上的治理状态" in page.text
    assert "v2026.12.1" in page.text
    assert site.as_("auditor").get("/api/v1/network").json()["kind"] == "unreachable"


@pytest.mark.parametrize("role", ["operator", "regulator", "court", "auditor"])
def test_who_supervises_may_look(site: SliceApplication, role: str) -> None:
    for path in ("/network", "/network/events", "/api/v1/network", "/api/v1/network/decisions.csv"):
        assert site.as_(role).get(path).status_code == 200, path


@pytest.mark.parametrize("role", ["worker", "agent", "representative", "review_officer"])
def test_others_may_not(site: SliceApplication, role: str) -> None:
    for path in ("/api/v1/network", "/api/v1/network/events", "/api/v1/network/decisions.csv"):
        assert site.as_(role).get(path).status_code == 403, path
    assert site.anonymous.get("/api/v1/network").status_code == 401


def test_nothing_can_be_posted(site: SliceApplication) -> None:
    assert site.as_("operator").post("/api/v1/network").status_code == 405
    assert site.as_("operator").post("/network").status_code == 405


def test_the_page_shows_the_command_and_every_member(site: SliceApplication, network: Governed) -> None:
    page = site.as_("operator").get("/network").text
    older = network.governance.overview().proposals[-1]
    assert older.command in page
    for name in ("hr", "court", "union", "notary", "mediation"):
        assert f"<strong>{name}</strong>" in page
    assert "在同一高度签署了两个区块（区块 17）" in page
    assert "还差 2 票" in page
    assert "60,000,000" in page
    assert "创世值" in page
    assert "v2026.12.1" in page


def test_the_json_says_what_the_page_says(site: SliceApplication) -> None:
    found = site.as_("regulator").get("/api/v1/network").json()
    assert (found["kind"], found["quorum"], len(found["members"])) == ("network", 4, 5)
    assert found["members"][0]["permissions"] == ["transact", "deploy", "administer", "validate"]
    assert found["members"][3]["suspended_at"] == 17
    assert found["parameters"] == {"block.max_gas": None, "block.max_bytes": 2_000_000}
    assert (found["upgrade"]["height"], found["upgrade"]["sha256"]) == (150_000, "5f" * 32)
    added = next(
        row for row in site.as_("regulator").get("/api/v1/network/decisions").json()["decisions"]
        if row["subject"]["action"] == "add_member"
    )  # fmt: skip
    assert (added["subject"]["name"], added["subject"]["account"]) == ("mediation", MEDIATION)
    assert added["subject"]["value"] == str(int("7c" * 20, 16))


def test_pages_follow_each_other(site: SliceApplication, network: Governed) -> None:
    for number in range(25):
        network.chain.decide(SET_PARAMETER, value=40_000_000 + number, label="block.max_gas")
    network.follow()
    client = site.as_("court")
    first = client.get("/network").text
    following = re.search(r'href="(/network\?before=\d+#decisions)" rel="next"', first)
    assert following
    second = client.get(following[1].partition("#")[0]).text
    assert 'rel="prev"' in second
    assert "v2026.12.1" in second
    assert 'rel="next"' in client.get("/network/events").text


def test_a_bad_cursor_is_refused(site: SliceApplication) -> None:
    client = site.as_("court")
    for cursor in ("x", "1", "1.", ".1", "1.-1", "9999999999999999.1", "٣.1"):
        answer = client.get("/api/v1/network/events", params={"before": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "governance.cursor_malformed"), cursor
    assert client.get("/api/v1/network/decisions?before=0").status_code == 422


def _table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_csv_is_complete_and_runs_nothing(site: SliceApplication, network: Governed) -> None:
    network.chain.propose(0, UPGRADE, value=300_000, label="=1+2")
    network.clock.advance(timedelta(days=31))
    network.follow()
    answer = site.as_("auditor").get("/api/v1/network/decisions.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = _table(answer.text)
    assert rows[0] == ["complete_to_block", str(network.chain.gateway.head().number)]
    assert rows[1][0] == "id"
    assert len(rows) - 2 == len(network.governance.decisions(limit=200).rows)
    assert rows[2][6] == "'=1+2"
    events = _table(site.as_("auditor").get("/api/v1/network/events.csv").text)
    assert len(events) - 2 == len(network.governance.events(limit=500).rows)
    assert any(RELAY in row[5] for row in events[2:])


def test_an_empty_network_says_what_would_be_here(database: Database, tmp_path: Path) -> None:
    made = governed(database, tmp_path)
    with slice_application(database, router, TEXTS, governance=made.governance) as site:
        page = site.as_("operator").get("/network").text
        for words in ("没有待表决的提案", "没有计划中的升级", "还没有决定"):
            assert words in page
        assert "没有事件" in site.as_("operator").get("/network/events").text


def test_a_history_that_is_behind_is_told(database: Database, tmp_path: Path) -> None:
    made = governed(database, tmp_path)
    busy(made)
    with slice_application(database, router, TEXTS, governance=made.governance) as site:
        assert "历史还没有读完" in site.as_("operator").get("/network").text
        made.follow()
        assert "历史还没有读完" not in site.as_("operator").get("/network").text
