"""One enterprise's decision folded into its standing. Pure: what is to be written comes out, nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.risk.episodes.force import Effective, Row, Settled, without_settled
from api.risk.episodes.grading import RED, UNKNOWN, Grading
from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, Observed, State


@dataclass(frozen=True)
class Seen:
    """A decision about one enterprise. `month` None in a daily run; `of_month` is the month of its month facts."""

    numbers: Mapping[str, int]
    place: Mapping[str, Any]
    as_of: date
    month: int | None
    of_month: int


@dataclass(frozen=True)
class Folded:
    """What came of it: `values` of the standing (None: nothing to write) and what the rules observed."""

    values: dict[str, Any] | None
    observed: Observed
    raw_before: int | None
    effective: int


def fold(
    standing: Any,
    seen: Seen,
    settled: Sequence[Settled],
    rows: Sequence[Row],
    grading: Grading,
    newest: tuple[date, int] | None = None,
    shown_by: Grading | None = None,
) -> Folded:
    """Fold `seen` into `standing` (a row of it, or None).

    newest: day and month of the newest live run, for a correction of months that may lie before it. shown_by: the rules of
    that run, where the past month was judged by others: what people see follows the newest rules.
    """
    shown_by = shown_by or grading
    state = State() if standing is None else State.of_json(standing.memory)
    if newest is not None:
        state = replace(
            state, as_of=max(state.as_of or newest[0], newest[0]), month=max(state.month, newest[1])
        )
    raw = grading.unpack(seen.numbers["tiers_a"], seen.numbers["tiers_b"])
    counted = without_settled(raw, [_own(row, raw) for row in rows], settled, seen.as_of)
    # A point that the rules of that month did not have was not read in it.
    tiers = {**dict.fromkeys(shown_by.points, UNKNOWN), **counted.tiers}
    observed = observe(
        state,
        Observation(seen.as_of, tiers, seen.numbers["coverage_bp"], seen.month, counted.lapsed),
        shown_by,
    )
    effective = grading.grade(counted.tiers).grade
    past = newest is not None and seen.of_month < newest[1]
    now = observed.state
    memory = now.to_json()
    values: dict[str, Any] = {
        "shown": now.shown,
        "resting": now.resting and not settled,
        "quiet": not past and _quiet(now, memory, seen, counted, grading),
        "memory": memory,
    }
    if not past:
        values |= {**seen.numbers, **seen.place, "effective": effective}
    before = None if standing is None else standing.raw
    if standing is not None and not _differs(standing, values):
        return Folded(None, observed, before, effective)
    return Folded(values, observed, before, effective)


def _quiet(state: State, memory: Mapping[str, Any], seen: Seen, counted: Effective, grading: Grading) -> bool:
    """Whether a day that says the same again changes nothing that lasts; observed, so that it holds by construction."""
    if state.resting:
        return True
    again = Observation(
        seen.as_of, counted.tiers, seen.numbers["coverage_bp"], month=None, lapsed=counted.lapsed
    )
    return _lasting(observe(state, again, grading).state.to_json()) == _lasting(memory)


def _own(row: Row, tiers: Mapping[str, int]) -> Row:
    """A row that does not say at which tier it counts counts at its point's."""
    return row if row.tier <= RED else replace(row, tier=min(tiers.get(row.point, 0), RED))


def _differs(standing: Any, values: Mapping[str, Any]) -> bool:
    for name, value in values.items():
        old = getattr(standing, name)
        if name == "memory":
            old, value = _lasting(old), _lasting(value)
        if old != value:
            return True
    return False


def _lasting(memory: Mapping[str, Any]) -> dict[str, Any]:
    """The memory without the marks that every run moves."""
    return {name: value for name, value in memory.items() if name not in ("as_of", "month")}


def coloured(tiers_a: int, tiers_b: int, grading: Grading) -> list[str]:
    """Points that have a colour."""
    return [point for point, tier in grading.unpack(tiers_a, tiers_b).items() if 0 < tier < UNKNOWN]
