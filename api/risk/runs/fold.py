"""One enterprise's decision folded into its standing. Pure: what is to be written comes out, nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from api.infra.db import json_text
from api.risk.episodes.force import Effective, Row, Settled, without_settled
from api.risk.episodes.grading import RED, UNKNOWN, Grading
from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, Observed, State


class Seen(NamedTuple):
    """A decision about one enterprise, as its columns of a standing. `month` None in a daily run; `of_month` is the month of its
    month facts; `last`: the raw grade as it was said before, where a correction scores it again."""

    values: Mapping[str, Any]
    as_of: date
    month: int | None
    of_month: int
    last: int | None = None


class Folded(NamedTuple):
    """What came of it: `values` of the standing (None: nothing to write) and what the rules observed."""

    values: dict[str, Any] | None
    observed: Observed
    raw_before: int | None


@dataclass(frozen=True)
class Judged:
    """What the rules make of tiers in a remembered state: the memory as it is stored, and whether it differs in anything that
    lasts."""

    observed: Observed
    effective: int
    quiet: bool
    memory: str
    changed: bool


class Folding:
    """Folds decisions by one grading. Enterprises that are remembered alike and have the same tiers on the same day are judged
    once: most of a district stands in some hundred ways.

    newest: day and month of the newest live run, for a correction of months that may lie before it. shown_by: the rules of
    that run, where the past month was judged by others: what people see follows the newest rules.
    """

    def __init__(
        self, grading: Grading, newest: tuple[date, int] | None = None, shown_by: Grading | None = None
    ) -> None:
        self.grading, self.newest, self.shown_by = grading, newest, shown_by or grading
        self._judged: dict[tuple[Any, ...], Judged] = {}

    def fold(
        self,
        standing: Mapping[str, Any] | None,
        seen: Seen,
        settled: Sequence[Settled],
        rows: Sequence[Row],
    ) -> Folded:
        """Fold `seen` into `standing` (its columns, `memory` as it is stored; or None)."""
        memory = None if standing is None else standing["memory"]
        judged = self._judge(memory, seen, settled, rows) if settled else self._judge_alike(memory, seen)
        values: dict[str, Any] = {
            "shown": judged.observed.state.shown,
            "resting": judged.observed.state.resting and not settled,
            "quiet": judged.quiet,
            "memory": judged.memory,
        }
        if not self._past(seen):
            values |= seen.values
            values["effective"] = judged.effective
        if standing is None:
            return Folded(values, judged.observed, None)
        same = not judged.changed and all(
            standing[name] == value for name, value in values.items() if name != "memory"
        )
        return Folded(None if same else values, judged.observed, standing["raw"])

    def _past(self, seen: Seen) -> bool:
        return self.newest is not None and seen.of_month < self.newest[1]

    def _judge_alike(self, memory: str | None, seen: Seen) -> Judged:
        said = seen.values
        key = (
            memory, said["tiers_a"], said["tiers_b"], said["coverage_bp"], seen.as_of, seen.month,
            seen.of_month,
        )  # fmt: skip
        judged = self._judged.get(key)
        if judged is None:
            judged = self._judged[key] = self._judge(memory, seen, (), ())
        return judged

    def _judge(self, kept: str | None, seen: Seen, settled: Sequence[Settled], rows: Sequence[Row]) -> Judged:
        grading, known = self.grading, {} if kept is None else json.loads(kept)
        state = State() if kept is None else State.of_json(known)
        if self.newest is not None:
            day, month = self.newest
            state = replace(state, as_of=max(state.as_of or day, day), month=max(state.month, month))
        raw = grading.unpack(seen.values["tiers_a"], seen.values["tiers_b"])
        counted = without_settled(raw, [_own(row, raw) for row in rows], settled, seen.as_of)
        # A point that the rules of that month did not have was not read in it.
        tiers = {**dict.fromkeys(self.shown_by.points, UNKNOWN), **counted.tiers}
        observed = observe(
            state,
            Observation(seen.as_of, tiers, seen.values["coverage_bp"], seen.month, counted.lapsed),
            self.shown_by,
        )
        memory = observed.state.to_json()
        return Judged(
            observed,
            grading.grade(counted.tiers).grade,
            not self._past(seen) and _quiet(observed.state, memory, seen, counted, grading),
            json_text(memory),
            _lasting(memory) != _lasting(known),
        )


def _quiet(state: State, memory: Mapping[str, Any], seen: Seen, counted: Effective, grading: Grading) -> bool:
    """Whether a day that says the same again changes nothing that lasts; observed, so that it holds by construction."""
    if state.resting:
        return True
    again = Observation(
        seen.as_of, counted.tiers, seen.values["coverage_bp"], month=None, lapsed=counted.lapsed
    )
    return _lasting(observe(state, again, grading).state.to_json()) == _lasting(memory)


def _own(row: Row, tiers: Mapping[str, int]) -> Row:
    """A row that does not say at which tier it counts counts at its point's."""
    return row if row.tier <= RED else replace(row, tier=min(tiers.get(row.point, 0), RED))


def _lasting(memory: Mapping[str, Any]) -> dict[str, Any]:
    """The memory without the marks that every run moves."""
    return {name: value for name, value in memory.items() if name not in ("as_of", "month")}


def coloured(tiers_a: int, tiers_b: int, grading: Grading) -> list[str]:
    """Points that have a colour."""
    return [point for point, tier in grading.unpack(tiers_a, tiers_b).items() if 0 < tier < UNKNOWN]
