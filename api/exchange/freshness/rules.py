"""Freshness by data period: fresh ⇔ as-of ≤ end of the newest covered period + interval + grace. Pure.

What a department sent yesterday about last year is as old as last year; what it sent long ago about a period that is not
over yet is fresh.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from api.exchange.freshness.model import Absence, Board, Kind, Promise, Standing, State

_WORST = {State.NEVER: 0, State.STALE: 1, State.DUE: 2, State.FRESH: 3}


def promised_until(covered_end: date, interval_days: int, grace_days: int) -> date:
    """Last day on which a dataset is fresh. Days are calendar days, not below 0 (ValueError)."""
    if interval_days < 0 or grace_days < 0:
        raise ValueError("interval and grace are not negative")
    try:
        return covered_end + timedelta(days=interval_days + grace_days)
    except OverflowError:
        return date.max


def fresh(as_of: date, covered_end: date | None, interval_days: int, grace_days: int) -> bool:
    """Whether a dataset whose newest covered period ends on `covered_end` (None: nothing accepted) is fresh on a day."""
    if covered_end is None:
        return False
    return as_of <= promised_until(covered_end, interval_days, grace_days)


def absence(kind: Kind, *, is_fresh: bool, covered: bool) -> Absence:
    """What it means that an enterprise has no row for a period.

    Exhaustive and the period covered: 0 or ended. Events: none happened. Partial: unknown. Not fresh, or an exhaustive source
    whose periods do not reach so far: unknown, whatever the kind.
    """
    if not is_fresh or kind is Kind.PARTIAL:
        return Absence.UNKNOWN
    if kind is Kind.EVENT:
        return Absence.NONE
    return Absence.ZERO if covered else Absence.UNKNOWN


def standing(promise: Promise, covered_end: date | None, as_of: date, points: Iterable[str] = ()) -> Standing:
    """How a dataset stands. `points` are the control points that read it; they are named only where it is not fresh."""
    if covered_end is None:
        return Standing(promise, as_of, None, None, None, State.NEVER, None, 0, tuple(sorted(set(points))))
    due = promised_until(covered_end, promise.interval_days, 0)
    until = promised_until(covered_end, promise.interval_days, promise.grace_days)
    if as_of <= until:
        state = State.FRESH if as_of <= due else State.DUE
        return Standing(promise, as_of, covered_end, due, until, state, None, 0)
    since = until + timedelta(days=1)
    days = (as_of - until).days
    named = tuple(sorted(set(points)))
    return Standing(promise, as_of, covered_end, due, until, State.STALE, since, days, named)


def board(rows: Iterable[Standing], as_of: date) -> Board:
    """All standings, worst first: never delivered, longest stale, due, fresh; then by code."""
    ordered = sorted(rows, key=lambda s: (_WORST[s.state], -s.days_stale, s.promise.dataset))
    return Board(as_of, tuple(ordered), tuple(sorted({point for row in ordered for point in row.points})))
