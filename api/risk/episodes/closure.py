"""Closing an episode: every supporting row is settled, then people see the effective grade (domain C.3).

The rows to settle are those of the points that carry the shown grade: rows that count now, or, where the point is
unknown or already lower, the point itself at its held tier. 已化解 needs facts that are lower, which settles them at
what they are now, or a written reason with an expiry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from api.risk.episodes.force import (
    POINT_ITSELF,
    UNTIL_CHANGED,
    Force,
    Outcome,
    Row,
    Settled,
    force_of,
    newest,
    rows_of,
    without_settled,
)
from api.risk.episodes.grading import INSUFFICIENT, NONE, NOT_APPLICABLE, RED, UNKNOWN, Grading
from api.risk.episodes.state import State


class NotClosable(Exception):
    """A closure that the rules don't allow; expected in normal operation. `code` says which, `rows` where."""

    def __init__(self, code: str, rows: Sequence[Row] = ()) -> None:
        super().__init__(code)
        self.code, self.rows = code, tuple(rows)


@dataclass(frozen=True)
class Decided:
    """What is said of one row at closure; `until` and `reason` go with 已化解 whose facts are not lower."""

    point: str
    key: str
    outcome: Outcome
    until: date | None = None
    reason: str = ""


def supporting_rows(
    state: State, tiers: Mapping[str, int], rows: Iterable[Row], settled: Sequence[Settled], day: date
) -> list[Row]:
    """The rows that must be settled before the open episode can be closed, by point and key."""
    last = newest(settled)
    now = rows_of(tiers, rows)
    found: list[Row] = []
    for point, carried in sorted(state.supports.items()):
        own = [
            row
            for row in now.get(point, [])
            if force_of(row, last.get((row.point, row.key)), day) is not Force.SETTLED
        ]
        found += sorted(own, key=lambda row: row.key) or [Row(point, POINT_ITSELF, carried)]
    return found


def close(
    state: State,
    tiers: Mapping[str, int],
    rows: Sequence[Row],
    settled: Sequence[Settled],
    decided: Sequence[Decided],
    grading: Grading,
    day: date,
) -> tuple[State, list[Settled]]:
    """`settle` and `finish` in one: the state after closure and the new settlements. Raises NotClosable."""
    made = settle(state, tiers, rows, settled, decided, day)
    return finish(state, tiers, rows, settled, made, grading, day), made


def settle(
    state: State,
    tiers: Mapping[str, int],
    rows: Sequence[Row],
    settled: Sequence[Settled],
    decided: Sequence[Decided],
    day: date,
) -> list[Settled]:
    """The settlements that the decisions make, by point and key.

    Raises NotClosable: `no_episode`, `row_unknown` (a decision on a row that does not exist), `facts_not_lower` (已化解
    without lower facts, reason or expiry).
    """
    if state.episode is None:
        raise NotClosable("no_episode")
    every = {(row.point, row.key): row for own in rows_of(tiers, rows).values() for row in own}
    every |= {(row.point, row.key): row for row in supporting_rows(state, tiers, rows, settled, day)}
    named = {(item.point, item.key): item for item in decided}
    if foreign := [Row(item.point, item.key, NONE) for place, item in named.items() if place not in every]:
        raise NotClosable("row_unknown", foreign)
    return [_settle(every[place], item, state, tiers, day) for place, item in sorted(named.items())]


def finish(
    state: State,
    tiers: Mapping[str, int],
    rows: Sequence[Row],
    settled: Sequence[Settled],
    made: Sequence[Settled],
    grading: Grading,
    day: date,
) -> State:
    """The state after closure with the settlements `made` in this episode on top of the earlier ones.

    Raises NotClosable: `no_episode`, `rows_open` (supporting rows that nobody settled).
    """
    if state.episode is None:
        raise NotClosable("no_episode")
    named = {(item.point, item.key) for item in made}
    wanted = supporting_rows(state, tiers, rows, settled, day)
    if left := [row for row in wanted if (row.point, row.key) not in named]:
        raise NotClosable("rows_open", left)
    counted = without_settled(tiers, rows, [*settled, *made], day)
    dealt_with = {item.point for item in made}
    held = {point: tier for point, tier in counted.tiers.items() if NONE < tier <= RED}
    for point, tier in state.held.items():
        if tiers.get(point, NONE) == UNKNOWN and point not in dealt_with:
            held[point] = tier
    graded = grading.grade(held)
    return replace(
        state,
        shown=graded.grade if graded.grade or state.history else INSUFFICIENT,
        held=dict(sorted(held.items())),
        unknown_since={point: since for point, since in state.unknown_since.items() if point in held},
        supports=dict(sorted(graded.supports.items())),
        readings={},
        episode=None,
        closed_on=day,
    )


def _settle(row: Row, item: Decided, state: State, tiers: Mapping[str, int], day: date) -> Settled:
    if item.outcome is not Outcome.RESOLVED:
        digest = row.digest if item.outcome in UNTIL_CHANGED else ""
        return Settled(row.point, row.key, row.own, item.outcome, digest)
    now = tiers.get(row.point, NONE)
    now = NONE if now == NOT_APPLICABLE else now
    carried = max(state.supports.get(row.point, NONE), state.held.get(row.point, NONE))
    if now != UNKNOWN and now < carried:
        return Settled(row.point, row.key, now, item.outcome)
    if item.until is None or item.until < day or not item.reason.strip():
        raise NotClosable("facts_not_lower", [row])
    return Settled(row.point, row.key, row.own, item.outcome, until=item.until)
