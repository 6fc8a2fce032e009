"""Freshness at its edges, by data period."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from api.exchange.freshness.model import Absence, Kind, Promise, State
from api.exchange.freshness.rules import absence, board, fresh, promised_until, standing

END = date(2026, 9, 30)
MONTHLY = Promise("tax_month", "税", "tax", "税务", "tax", Kind.EXHAUSTIVE, 31, 20)


def test_fresh_on_the_last_promised_day_and_stale_the_day_after() -> None:
    last = date(2026, 11, 20)
    assert promised_until(END, 31, 20) == last
    assert fresh(last, END, 31, 20)
    assert not fresh(last + timedelta(days=1), END, 31, 20)
    assert not fresh(END, None, 31, 20)


def test_what_was_sent_ahead_is_fresh_and_the_upload_is_never_asked() -> None:
    assert fresh(date(2026, 1, 1), date(2026, 12, 31), 0, 0)
    assert not fresh(date(2026, 11, 23), date(2025, 12, 31), 31, 20)


@pytest.mark.parametrize(
    ("as_of", "state", "since", "days"),
    [
        (date(2026, 9, 1), State.FRESH, None, 0),
        (date(2026, 10, 31), State.FRESH, None, 0),
        (date(2026, 11, 1), State.DUE, None, 0),
        (date(2026, 11, 20), State.DUE, None, 0),
        (date(2026, 11, 21), State.STALE, date(2026, 11, 21), 1),
        (date(2026, 12, 20), State.STALE, date(2026, 11, 21), 30),
    ],
)
def test_states_at_their_edges(as_of: date, state: State, since: date | None, days: int) -> None:
    found = standing(MONTHLY, END, as_of, ["SB02", "GZ02", "SB02"])
    assert (found.state, found.since, found.days_stale) == (state, since, days)
    assert found.points == (("GZ02", "SB02") if state is State.STALE else ())


def test_nothing_ever_came() -> None:
    found = standing(MONTHLY, None, END, ["GZ02"])
    assert (found.state, found.since, found.promised_until, found.points) == (
        State.NEVER,
        None,
        None,
        ("GZ02",),
    )


@pytest.mark.parametrize(
    ("kind", "is_fresh", "covered", "expected"),
    [
        (Kind.EXHAUSTIVE, True, True, Absence.ZERO),
        (Kind.EXHAUSTIVE, True, False, Absence.UNKNOWN),
        (Kind.EVENT, True, True, Absence.NONE),
        (Kind.PARTIAL, True, True, Absence.UNKNOWN),
        (Kind.EXHAUSTIVE, False, True, Absence.UNKNOWN),
        (Kind.EVENT, False, True, Absence.UNKNOWN),
        (Kind.PARTIAL, False, True, Absence.UNKNOWN),
    ],
)
def test_what_a_missing_row_means(kind: Kind, is_fresh: bool, covered: bool, expected: Absence) -> None:
    assert absence(kind, is_fresh=is_fresh, covered=covered) is expected


def test_the_board_shows_the_worst_first() -> None:
    def named(code: str) -> Promise:
        return Promise(code, "", "", "", "", Kind.EVENT, 7, 7)

    as_of = date(2026, 11, 23)
    rows = [
        standing(named("fresh"), as_of, as_of, ["A1"]),
        standing(named("old"), as_of - timedelta(days=100), as_of, ["B1"]),
        standing(named("due"), as_of - timedelta(days=10), as_of, ["C1"]),
        standing(named("never"), None, as_of, ["B1", "D1"]),
        standing(named("older"), as_of - timedelta(days=200), as_of, ["E1"]),
    ]
    found = board(rows, as_of)
    assert [row.promise.dataset for row in found.rows] == ["never", "older", "old", "due", "fresh"]
    assert found.unknown == ("B1", "D1", "E1")


def test_negative_promises_are_refused_and_far_ends_do_not_overflow() -> None:
    with pytest.raises(ValueError, match="negative"):
        promised_until(END, -1, 0)
    assert promised_until(date.max, 31, 20) == date.max
