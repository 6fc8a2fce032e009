"""Where a list goes on is the last row's own moment: nothing of the same moment is passed over or shown twice."""

from __future__ import annotations

from datetime import UTC, datetime

from api.anchoring.model import WaitingStep
from api.anchoring.router.wiring import place_of, place_text
from api.econtract.router.access import cursor, next_cursor
from api.kernel.clock import SHANGHAI, cursor_text, parse_utc

MOMENT = datetime(2026, 11, 23, 13, 51, 21, 711825, tzinfo=UTC)


def test_a_cursor_keeps_the_microseconds() -> None:
    assert parse_utc(cursor_text(MOMENT)) == MOMENT
    assert cursor_text(MOMENT.astimezone(SHANGHAI)) == cursor_text(MOMENT) == "2026-11-23T13:51:21.711825Z"


def test_lists_of_contracts_and_of_waiting_decisions_go_on_at_their_last_row() -> None:
    assert cursor(next_cursor(MOMENT, "pk")) == (MOMENT, "pk")
    step = WaitingStep("w1", 2, "close", 4, 500107001, MOMENT, 1, signed=False)
    assert place_of(place_text(step)) == (MOMENT, "w1", 2)
