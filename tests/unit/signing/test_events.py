"""Event bytes, entries and leaves."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from signing import jcs
from signing.errors import InputRefused
from signing.events import (
    ZERO_PREV,
    Event,
    blinded,
    build_event,
    leaf_hash,
    parse_utc,
    payload_digest,
    utc_text,
)

PAYLOAD = {"commitment": "ab" * 32, "blind": "01" * 32}


def event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "log_origin": "concord.example/test",
        "stream": "econtract/" + "ab" * 32,
        "seq": 1,
        "type": "econtract.E06/1",
        "actor": "a1b2",
        "role": "employer",
        "utc": datetime(2026, 11, 22, 8, 0, 0, 123_999, tzinfo=UTC),
        "payload": PAYLOAD,
        "prev": None,
        "salt": bytes(32),
    }
    return build_event(**{**values, **changes})


def test_bytes_entry_and_leaf_are_as_specified() -> None:
    made = event()
    assert made.encode() == jcs.canonical(
        {
            "v": 1, "suite": 4, "log_origin": "concord.example/test", "stream": "econtract/" + "ab" * 32,
            "seq": 1, "type": "econtract.E06/1", "actor": "a1b2", "role": "employer",
            "utc": "2026-11-22T08:00:00.123Z", "payload_schema": "concord:econtract.E06/1",
            "payload_digest": hashlib.sha256(jcs.canonical(PAYLOAD)).hexdigest(), "prev": ZERO_PREV,
            "salt": "00" * 32,
        }
    )  # fmt: skip
    assert made.entry() == hashlib.sha256(made.encode()).digest()
    assert leaf_hash(made.entry()) == hashlib.sha256(b"\0" + made.entry()).digest()
    assert Event.parse(made.encode()) == made


def test_a_chain_links_by_entry() -> None:
    first = event()
    second = event(seq=2, prev=first.entry().hex())
    assert second.prev == first.entry().hex()


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0},
        {"seq": 2},  # without a predecessor
        {"prev": "ab" * 32},  # a first event with one
        {"role": "admin"},
        {"type": "econtract.E06"},
        {"type": "econtract.E06/0"},
        {"stream": "econtract"},
        {"actor": "张三"},
        {"log_origin": "Concord"},
    ],
)
def test_malformed_fields_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputRefused, match=r"event\.field_refused"):
        event(**change)


def test_reading_refuses_missing_and_further_fields() -> None:
    whole = jcs.parse_object(event().encode())
    for changed in ({**whole, "more": 1}, {k: v for k, v in whole.items() if k != "salt"}):
        with pytest.raises(InputRefused, match=r"event\.fields_differ"):
            Event.parse(jcs.canonical(changed))
    with pytest.raises(InputRefused, match=r"event\.field_refused"):
        Event.parse(jcs.canonical({**whole, "utc": "2026-13-22T08:00:00.123Z"}))


def test_each_field_changes_the_entry() -> None:
    made = event(seq=2, prev="cd" * 32)
    entries = {made.entry()}
    for name, value in {
        "log_origin": "other.example/x", "stream": "econtract/" + "cd" * 32, "seq": 3, "actor": "zz",
        "role": "worker", "utc": "2026-11-22T08:00:01.000Z", "payload_digest": "11" * 32, "prev": "22" * 32,
        "salt": "33" * 32,
    }.items():  # fmt: skip
        entries.add(replace(made, **{name: value}).entry())
    assert len(entries) == 10


def test_payload_needs_its_blind() -> None:
    with pytest.raises(InputRefused, match="payload_unblinded"):
        payload_digest({"a": 1})
    first, second = blinded({"a": 1}), blinded({"a": 1})
    assert payload_digest(first) != payload_digest(second)
    with pytest.raises(InputRefused):
        blinded(first)


def test_time_text_round_trips_in_utc() -> None:
    east = datetime(2026, 11, 22, 16, 0, 0, 5000, tzinfo=timezone(timedelta(hours=8)))
    assert utc_text(east) == "2026-11-22T08:00:00.005Z"
    assert parse_utc(utc_text(east)) == east
    with pytest.raises(ValueError, match="zone"):
        utc_text(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(InputRefused):
        parse_utc("2026-11-22T08:00:00Z")
