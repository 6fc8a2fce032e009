"""The shown grade: rises at once, falls late, and never because something is not known (domain C.3).

1. A point's counted tier is held: it rises at once; an unknown point keeps its last tier, with the day since when.
2. It is lowered when two monthly cycles in a row (`fall_cycles`) read it fresh and lower, to the highest of these readings.
3. The grade of the held tiers is what could be shown. Higher than before: shown at once.
4. Lower: only when *every* point that carried the shown grade was fresh and lower than when it did in the last two
   cycles, and enough data are covered. A score's grade is carried by all coloured points. A point goes on carrying a
   grade that stays, also when others would suffice by now, until it is confirmed lower.
   A point that the rules have no more counts nothing in a score and is read as not applicable.
5. An enterprise whose data were never enough shows 数据不足 until they are, or until a colour is there.
6. A grade above none without an open episode opens one, a level up if it repeats; a rise inside raises it and restarts
   its clocks; a fall changes nothing in it.

Observing twice is observing once; a run older than the last one can complete a reading, never raise anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from api.risk.episodes.grading import (
    INSUFFICIENT,
    NONE,
    NOT_APPLICABLE,
    RED,
    UNKNOWN,
    Graded,
    Grading,
    months_to,
)
from api.risk.episodes.state import Episode, Observation, Observed, State


def observe(state: State, seen: Observation, grading: Grading) -> Observed:
    """The state after `seen` and what changed by it."""
    late = state.as_of is not None and seen.as_of < state.as_of
    months = months_to(max(state.month, seen.month or 0), grading.fall_cycles)
    if late and seen.month not in months:
        return Observed(state, state.shown)
    enough = seen.coverage_bp >= grading.coverage_floor_bp
    held, unknown = dict(state.held), dict(state.unknown_since)
    readings = {month: dict(read) for month, read in state.readings.items()}
    for point in (*grading.points, *_withdrawn(state, grading)):
        tier = seen.tiers.get(point, NONE) if point in grading.weights else NOT_APPLICABLE
        _read(point, tier, seen.month, state, readings)
        if late:
            continue
        if tier == UNKNOWN:
            if point in held:
                unknown.setdefault(point, seen.as_of)
            continue
        unknown.pop(point, None)
        if NONE < tier <= RED and tier >= held.get(point, NONE):
            held[point] = tier
    readings = {number: read for number, read in readings.items() if read and number in months}
    if seen.month is not None:
        _lower(held, unknown, readings, months, seen, late)
    could = grading.grade(held)
    shown, supports = _shown(state, held, could, enough, seen.month is not None, readings, months)
    carried = {point: max(held.get(point, NONE), supports.get(point, NONE)) for point in {*held, *supports}}
    kept = {
        number: {p: t for p, t in sorted(read.items()) if p in carried and (t == UNKNOWN or t < carried[p])}
        for number, read in readings.items()
    }
    made = replace(
        state,
        shown=shown,
        held=dict(sorted(held.items())),
        unknown_since=dict(sorted(unknown.items())),
        supports=dict(sorted(supports.items())),
        readings={number: read for number, read in sorted(kept.items()) if read},
        history=state.history or enough,
        as_of=state.as_of if late else seen.as_of,
        month=months[0],
    )
    return _episode(made, state.shown, seen, grading)


def _read(
    point: str, tier: int, month: int | None, state: State, readings: dict[int, dict[str, int]]
) -> None:
    """Keep a monthly reading of a point that is lower or unknown; support that is there again ends the waiting."""
    carried = max(state.held.get(point, NONE), state.supports.get(point, NONE))
    if not carried:
        return
    value = NONE if tier == NOT_APPLICABLE else tier
    back = value != UNKNOWN and value >= carried
    if month is None:
        if back:
            for read in readings.values():
                read.pop(point, None)
    elif back:
        readings.setdefault(month, {}).pop(point, None)
    else:
        readings.setdefault(month, {})[point] = value


def _lower(
    held: dict[str, int],
    unknown: dict[str, date],
    readings: Mapping[int, Mapping[str, int]],
    months: tuple[int, ...],
    seen: Observation,
    late: bool,
) -> None:
    for point in sorted(held):
        read = _fresh_and_lower(point, held[point], readings, months)
        if read is None:
            continue
        now = seen.tiers.get(point, NONE)
        today = now if not late and now <= RED else NONE
        tier = max(read, today)
        if tier > NONE:
            held[point] = tier
        else:
            del held[point]
            unknown.pop(point, None)


def _fresh_and_lower(
    point: str, tier: int, readings: Mapping[int, Mapping[str, int]], months: tuple[int, ...]
) -> int | None:
    """The highest of the last monthly readings when all are known and below `tier`."""
    read = [readings.get(month, {}).get(point) for month in months]
    if any(value is None or value >= tier for value in read):  # unknown is above every tier
        return None
    return max(value for value in read if value is not None)


def _withdrawn(state: State, grading: Grading) -> list[str]:
    """Points that a light rests on and that the rules have no more: they apply to nobody, so it goes out as any other does."""
    return sorted({*state.held, *state.supports} - set(grading.weights))


def _standing(state: State, held: Mapping[str, int]) -> Mapping[str, int]:
    """Points that carried the grade and have not been confirmed lower since."""
    return {point: held[point] for point, tier in state.supports.items() if held.get(point, NONE) >= tier}


def _shown(
    state: State,
    held: Mapping[str, int],
    could: Graded,
    enough: bool,
    cycle: bool,
    readings: Mapping[int, Mapping[str, int]],
    months: tuple[int, ...],
) -> tuple[int, Mapping[str, int]]:
    before = NONE if state.shown == INSUFFICIENT else state.shown
    if could.grade > before:
        return could.grade, could.supports
    if could.grade == before:
        if before == NONE:
            return (NONE if enough or state.history else INSUFFICIENT), {}
        return before, {**could.supports, **_standing(state, held)}
    lower = all(
        _fresh_and_lower(point, tier, readings, months) is not None for point, tier in state.supports.items()
    )
    if cycle and enough and lower:
        return could.grade, could.supports
    return state.shown, state.supports


def _episode(made: State, before: int, seen: Observation, grading: Grading) -> Observed:
    if made.shown in (NONE, INSUFFICIENT):
        return Observed(made, before)
    if made.episode is None:
        lift = _lift(made, seen, grading)
        opened = Episode(made.episodes + 1, seen.as_of, min(RED, made.shown + lift), lift, seen.as_of)
        return Observed(replace(made, episode=opened, episodes=opened.number), before, opened=True)
    grade = min(RED, made.shown + made.episode.lift)
    if grade <= made.episode.grade:
        return Observed(made, before)
    raised = replace(made.episode, grade=grade, clocks_from=seen.as_of)
    return Observed(replace(made, episode=raised), before, raised_from=made.episode.grade)


def _lift(made: State, seen: Observation, grading: Grading) -> int:
    """1 within the window after the last closure, unless only expired reasons bring the rows back."""
    if made.closed_on is None or seen.as_of > made.closed_on + timedelta(days=grading.repeat_days):
        return 0
    return 0 if made.supports and set(made.supports) <= seen.lapsed else 1
