"""Order of registry calls, signing months, organisations folded from events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.anchoring.model import RoleEvent
from api.anchoring.rules import (
    WITNESS_GRACE,
    actors_after,
    month_of,
    must_wait,
    organisation_after,
    witness_state,
    witness_trouble,
)

ORG = "0x" + "11" * 20
AGENT = "0x" + "22" * 20
NEW = "0x" + "33" * 20


@pytest.mark.parametrize(
    ("new_role", "new_contract", "earlier_role", "earlier_contract", "expected"),
    [
        (True, None, True, None, True),
        (True, None, False, "a", True),
        (False, "a", True, None, True),
        (False, "a", False, "a", True),
        (False, "a", False, "b", False),
    ],
)
def test_who_waits_for_whom(
    new_role: bool, new_contract: str | None, earlier_role: bool, earlier_contract: str | None, expected: bool
) -> None:
    assert must_wait(new_role, new_contract, earlier_role, earlier_contract) is expected


@pytest.mark.parametrize(
    ("utc", "month"),
    [
        ("2026-10-31T15:59:59", "2026-10"),
        ("2026-10-31T16:00:00", "2026-11"),
        ("2026-12-31T16:00:00", "2027-01"),
        ("1970-01-01T00:00:00", "1970-01"),
    ],
)
def test_months_are_those_of_shanghai(utc: str, month: str) -> None:
    assert month_of(int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp())) == month


def test_any_number_on_chain_has_a_month() -> None:
    assert month_of(2**64 - 1) == "9999-12"


def _event(block: int, name: str, **fields: object) -> RoleEvent:
    return RoleEvent(block, 0, "t", name, fields)


HISTORY = [
    _event(
        1,
        "OrganisationRegistered",
        regionCode=500101001,
        representative=ORG,
        sealKeyHash="0" * 64,
        registrar=NEW,
        nonce=1,
    ),
    _event(2, "AgentGranted", agent=AGENT, scope=4, validUntil=9, nonce=2),
    _event(3, "SealKeySet", sealKeyHash="ab" * 32, nonce=3),
    _event(4, "AgentGranted", agent=AGENT, scope=7, validUntil=10, nonce=4),
    _event(5, "RepresentativeReplaced", previous=ORG, representative=NEW, registrar=NEW, nonce=5),
    _event(6, "AgentRevoked", agent=AGENT, nonce=6),
]


def test_an_organisation_is_what_its_events_leave() -> None:
    state = organisation_after(HISTORY)
    assert state is not None
    assert (state["region_code"], state["representative"], state["seal_key_hash"], state["nonce"]) == (
        "500101001", NEW, "ab" * 32, 6,
    )  # fmt: skip
    assert state["registered_block"] == 1
    assert organisation_after(HISTORY[1:2]) is None
    first = organisation_after(HISTORY[:1])
    assert first is not None
    assert first["representative"] == ORG


def test_actors_have_the_blocks_between_which_they_could_act() -> None:
    rows = [(r.wallet, r.kind, r.scope, r.from_block, r.until_block) for r in actors_after(HISTORY)]
    assert rows == [
        (ORG, "representative", 7, 1, 5),
        (AGENT, "agent", 4, 2, 4),
        (AGENT, "agent", 7, 4, 6),
        (NEW, "representative", 7, 5, None),
    ]


NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conflicts", "troubled", "asked", "waited", "state"),
    [
        (False, False, False, None, "unasked"),
        (False, False, True, None, "up"),
        (False, False, True, WITNESS_GRACE, "up"),
        (False, False, True, WITNESS_GRACE + timedelta(seconds=1), "behind"),
        (False, False, False, WITNESS_GRACE + timedelta(seconds=1), "behind"),
        (False, True, True, None, "down"),
        (False, True, True, timedelta(days=1), "down"),
        (True, True, True, timedelta(days=1), "conflicting"),
    ],
)
def test_a_witness_has_one_state_the_gravest_first(
    conflicts: bool, troubled: bool, asked: bool, waited: timedelta | None, state: str
) -> None:
    since = None if waited is None else NOW - waited
    found = witness_state(conflicts=conflicts, troubled=troubled, asked=asked, waiting_since=since, now=NOW)
    assert found == state


@pytest.mark.parametrize(
    ("reason", "refuses", "code"),
    [
        ("ConnectError: [Errno 111] Connection refused", False, "unreachable"),
        ("RemoteProtocolError: Server disconnected", False, "unreachable"),
        ("ReadTimeout: ", False, "slow"),
        ("HTTP 503", False, "failing"),
        ("HTTP 409 without a size", False, "failing"),
        ("its answer holds no line of its key", False, "unusable"),
        ("HTTP 403", True, "refuses"),
    ],
)
def test_a_witnesss_trouble_has_a_kind(reason: str, refuses: bool, code: str) -> None:
    assert witness_trouble(reason, refuses) == code
