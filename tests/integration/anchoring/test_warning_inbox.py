"""Decisions that nobody signs: officers are reminded once a day, the operator is told, nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.anchoring import tasks
from api.infra.db import Database
from api.kernel.clock import FixedClock
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from tests.support.anchoring_store import Slice
from tests.support.relay_world import CHAIN_ID
from tests.support.warning_scene import (
    CONTRACTS,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    Decided,
    Desk,
    address,
    holder,
)

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def desk(database: Database) -> Desk:
    gateway = MemoryGateway(lambda: installation(CONTRACTS, DOMAIN), chain_id=CHAIN_ID)
    return Desk(
        Slice(
            database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN,
            registrars=frozenset({address(REGISTRAR)}), clock=FixedClock(NOW),
        )
    )  # fmt: skip


def later(desk: Desk, **delta: int) -> int:
    """Time goes by, then the worker looks; how many messages it queued."""
    passed = timedelta(**delta)
    desk.slice.clock.advance(passed)  # type: ignore[attr-defined]
    assert desk.slice.monotonic is not None
    desk.slice.monotonic += max(601.0, passed.total_seconds())

    class Container:
        anchoring = desk.slice.service

    return tasks.LOOPS["warning-reminders"].run(Container())


def alarms(desk: Desk) -> list[str]:
    with desk.slice.service.uow.read() as session:
        return [alarm.code for alarm in desk.slice.service.operator.status(session).alarms]


def test_officers_are_reminded_once_a_day_of_what_waits_for_four_hours(desk: Desk) -> None:
    desk.appoint(OFFICER, REVIEWER)
    desk.take(Decided("w1", "issue", 2), Decided("w2", "issue", 3), Decided("w3", "issue", 4, automatic=True))
    assert later(desk, hours=3) == 0
    assert desk.slice.messages.sent == {}
    assert later(desk, hours=1) == 2
    later(desk, hours=2)
    sent = desk.slice.messages.sent
    assert {account for account, _ in sent.values()} == {
        holder(OFFICER).account_id, holder(REVIEWER).account_id,
    }  # fmt: skip
    assert len(sent) == 2
    assert all("2 项" in text and "2026-03-02" in text for _, text in sent.values())
    later(desk, hours=24)
    assert len(sent) == 4
    for warning in ("w1", "w2"):
        desk.sign(warning, 1, OFFICER)
    assert later(desk, hours=24) == 0
    assert len(sent) == 4


def test_whoever_was_dismissed_is_left_in_peace(desk: Desk) -> None:
    desk.appoint(OFFICER, REVIEWER)
    desk.dismiss(REVIEWER)
    desk.take(Decided("w1", "issue", 2))
    assert later(desk, hours=5) == 1


def test_the_operator_is_told_when_nobody_could_sign_and_when_it_takes_days(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 2))
    later(desk, hours=5)
    later(desk, hours=5)
    assert alarms(desk) == ["warnings.no_officer"]
    desk.appoint(OFFICER)
    later(desk, hours=1)
    assert alarms(desk) == []
    later(desk, days=3)
    assert alarms(desk) == ["warnings.unsigned"]
    desk.sign("w1", 1, OFFICER)
    later(desk, hours=1)
    assert alarms(desk) == []


def test_it_looks_every_ten_minutes_at_most(desk: Desk) -> None:
    desk.appoint(OFFICER)
    desk.take(Decided("w1", "issue", 2))
    assert later(desk, hours=5) == 1
    assert desk.slice.service.inbox.run_due() == 0
