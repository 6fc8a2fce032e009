"""The operator's page, its few actions, the audit record and the gauges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from api.anchoring.tables import AlarmRow
from api.infra import audit
from api.infra.loops import FailingLoopRow
from api.insight.metrics import PlatformCollector
from tests.support.indexed_chain import Node
from tests.support.slice_application import SliceApplication, person


def test_status_tells_what_is_wrong(site: SliceApplication, node: Node) -> None:
    operator = site.as_("operator")
    status = operator.get("/api/v1/operator/status").json()
    assert status["node"]["height"] == 42
    assert status["index_behind_blocks"] == 0
    assert "worker_down" in status["warnings"], "no worker has a lease in this test"
    node.facts = None
    assert "node_down" in operator.get("/api/v1/operator/status").json()["warnings"]
    page = operator.get("/operator").text
    assert "链节点没有响应" in page
    assert "The chain node does not answer" in operator.get("/operator?lang=en").text


def test_work_that_keeps_failing_is_shown(site: SliceApplication) -> None:
    operator = site.as_("operator")
    assert operator.get("/api/v1/operator/status").json()["failing_work"] == []
    assert "后台任务都正常" in operator.get("/operator").text
    since = datetime(2026, 11, 23, 1, 2, tzinfo=UTC)
    row = FailingLoopRow(name="exchange.checks", since=since, failures=7, error="TypeError", stopped=False)
    with site.database.transaction() as session:
        session.add(row)
    status = operator.get("/api/v1/operator/status").json()
    assert "work_failing" in status["warnings"]
    (found,) = status["failing_work"]
    assert (found["name"], found["failures"], found["error"]) == ("exchange.checks", 7, "TypeError")
    page = operator.get("/operator").text
    assert "有后台任务反复失败" in page
    assert "exchange.checks" in page
    assert "Background work that keeps failing" in operator.get("/operator?lang=en").text


def test_operator_only(site: SliceApplication) -> None:
    for role in ("regulator", "agent", "worker", "review_officer"):
        assert site.as_(role).get("/operator").status_code == 403
        assert site.as_(role).get("/api/v1/operator/status").status_code == 403
    assert site.as_("auditor").get("/operator/audit").status_code == 200
    assert site.as_("agent").get("/api/v1/operator/audit").status_code == 403


def test_an_alarm_is_closed_with_a_reason_on_record(site: SliceApplication) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    with site.database.transaction() as session:
        session.add(_alarm(now))
    operator = site.as_("operator")
    assert "anchoring_stopped" in operator.get("/api/v1/operator/status").json()["warnings"]
    path = f"/operator/alarms/{'a' * 26}/clearance"
    assert operator.post(path, data={"csrf_token": "csrf", "reason": " "}).status_code == 422
    assert operator.post(path, data={"csrf_token": "csrf", "reason": "已核对，误报"}).status_code == 303
    assert "anchoring_stopped" not in operator.get("/api/v1/operator/status").json()["warnings"]
    (line,) = operator.get("/api/v1/operator/audit?action=anchoring.alarm").json()
    assert line["purpose"] == "已核对，误报"


def _alarm(now: datetime) -> AlarmRow:
    return AlarmRow(
        id="a" * 26,
        code="orphan_entry",
        severity="integrity",
        digest="0" * 64,
        facts={"index": 3},
        times=1,
        raised_at=now,
        last_at=now,
        cleared_at=None,
        cleared_by=None,
    )


def test_a_call_that_is_unknown_cannot_be_queued_again(site: SliceApplication) -> None:
    answer = site.as_("operator").post("/operator/calls/none/retry", data={"csrf_token": "csrf"})
    assert answer.status_code == 404


def test_the_audit_record_is_paged_newest_first(site: SliceApplication) -> None:
    with site.database.transaction() as session:
        for number in range(60):
            audit.record(
                session,
                person("regulator"),
                "econtract.text.read",
                "contract",
                f"c{number}",
                "办案",
                "2026-1",
            )
    auditor = site.as_("auditor")
    first = auditor.get("/operator/audit?action=econtract").text
    assert "c59" in first
    assert "c9<" not in first
    lines = auditor.get("/api/v1/operator/audit?limit=500").json()
    assert [line["object_id"] for line in lines] == [f"c{n}" for n in reversed(range(60))]
    (one,) = auditor.get("/api/v1/operator/audit?object_id=c7").json()
    assert (one["case_no"], one["actor"]) == ("2026-1", "account-regulator")
    assert auditor.get("/api/v1/operator/audit?action=%25").json() == []


def test_gauges_are_read_when_scraped(site: SliceApplication, node: Node) -> None:
    operations = site.app.state.container.insight.operations
    registry = CollectorRegistry()
    registry.register(PlatformCollector(operations))
    text = generate_latest(registry).decode()
    assert "concord_chain_height 42.0" in text
    assert 'concord_notification_messages{state="delivered"} 3.0' in text
    node.facts = None
    assert "concord_chain_node_up 0.0" in generate_latest(registry).decode()


def test_a_scrape_survives_a_broken_database() -> None:
    class Broken:
        def status(self) -> Any:
            raise RuntimeError

    registry = CollectorRegistry()
    registry.register(PlatformCollector(Broken()))
    assert "concord_platform_readable 0.0" in generate_latest(registry).decode()
