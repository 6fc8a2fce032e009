"""Reopening an episode: its closure is taken back (domain C.4), and the warning goes one grade up (red stays red).

The rows that the closure settled count again, so people see what the tiers say now; the grade that is shown never falls by
reopening. A state holds one episode: while a newer one of the enterprise is open, the older one cannot come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from api.risk.episodes.force import Outcome, Row, Settled, newest, without_settled
from api.risk.episodes.grading import INSUFFICIENT, NONE, RED, Grading
from api.risk.episodes.state import Episode, State


class NotReopenable(Exception):
    """Another episode of the enterprise is open."""


def taken_back(made: Sequence[Settled]) -> list[Settled]:
    """One settlement for each row that the closure settled, saying that it counts again."""
    return [
        Settled(item.point, item.key, item.tier, Outcome.REOPENED)
        for item in newest(made).values()
        if item.outcome is not Outcome.REOPENED
    ]


def reopen(
    state: State,
    episode: Episode,
    tiers: Mapping[str, int],
    rows: Sequence[Row],
    settled: Sequence[Settled],
    grading: Grading,
) -> State:
    """The state with `episode` open again; `settled` holds the settlements with those that take the closure back.

    episode: as it goes on, with its grade after reopening and the day from which its clocks run. Raises NotReopenable.
    """
    if state.episode is not None or state.episodes != episode.number:
        raise NotReopenable
    counted = without_settled(tiers, rows, settled, episode.clocks_from)
    held = dict(state.held)
    for point, tier in counted.tiers.items():
        if NONE < tier <= RED:
            held[point] = max(tier, held.get(point, NONE))
    graded = grading.grade(held)
    before = NONE if state.shown == INSUFFICIENT else state.shown
    return replace(
        state,
        shown=graded.grade if graded.grade > before else state.shown,
        held=dict(sorted(held.items())),
        supports=dict(sorted((graded.supports if graded.grade >= before else state.supports).items())),
        episode=episode,
    )


def reopened_episode(number: int, opened: date, grade: int, lift: int, day: date) -> Episode:
    """The episode as it goes on: one grade up, which counts as a level added, with clocks from `day`."""
    return Episode(number, opened, min(RED, grade + 1), lift + 1, day)
