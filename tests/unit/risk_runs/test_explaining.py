"""The tree stands on the facts that runs kept: the day's events and the month's rates; computed only where none are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from api.bootstrap.risk_rules import rates
from api.kernel.errors import DomainError
from api.risk.model import RuleSetRef, Run, RunKind, RunState
from api.risk.service.explaining import Explaining, lit, nearest
from api.risk.spec.delivered import delivered, delivered_document
from api.risk.spec.document import canonical_bytes, rule_set_hash

MONTH, DAY = 202610, date(2026, 11, 7)
KNOWN = datetime(2026, 11, 7, 1, tzinfo=UTC)
RULES = delivered()
QUIET: dict[str, int | None] = dict.fromkeys(RULES.facts, 0)
RUN = Run(
    "r" * 26, RunKind.DAILY, MONTH, DAY, KNOWN, RunState.FINISHED, "", "", "", "", 1, 0, {}, KNOWN, KNOWN
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    run_id: str
    as_of: date
    known_at: datetime
    facts: Mapping[str, int | None]


class Kept:
    def __init__(self, day: Mapping[str, int | None] | None, month: Mapping[str, int | None] | None) -> None:
        self._day, self._month = day, month

    def newest(self, month: int, enterprise: int) -> Facts | None:
        return None if self._day is None else Facts("k" * 26, DAY, KNOWN, self._day)

    def history(self, enterprise: int, months: Sequence[int]) -> Mapping[int, Mapping[str, int | None]]:
        return {} if self._month is None else {months[0]: self._month}


class Computed:
    """`FactSource` that counts how often facts are computed."""

    def __init__(self, facts: Mapping[str, int | None] | None) -> None:
        self._facts, self.asked = facts, 0

    def facts(self, month: int, as_of: date, known_at: datetime, enterprises: Sequence[int]) -> pl.DataFrame:
        self.asked += 1
        return pl.DataFrame(
            [] if self._facts is None else [self._facts], schema=dict.fromkeys(RULES.facts, pl.Int64)
        )


class Sources:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def rows(self, *asked: Any) -> list[Any]:
        self.asked.append(asked)
        return []


def reference() -> RuleSetRef:
    document = delivered_document()
    return RuleSetRef(
        document.id, document.version, rule_set_hash(document), json.loads(canonical_bytes(document))
    )


def explaining(kept: Kept, computed: Any = None, sources: Any = None) -> Explaining:
    source: Any = computed or Computed(None)
    behind: Any = sources or Sources()
    return Explaining(kept, source, behind, rates)


def test_kept_facts_are_not_computed_again() -> None:
    computed = Computed(QUIET)
    tree = explaining(Kept({**QUIET, "wage_overdue_days": 40}, QUIET), computed).explain(reference(), RUN, 1)
    assert computed.asked == 0
    assert lit(tree)["GZ01"] == 3
    assert (tree["run"], tree["as_of"], tree["month"]) == ("k" * 26, "2026-11-07", MONTH)
    assert tree["facts"]["wage_overdue_days"]["unit"] == "days"
    assert tree["facts"]["wage_overdue_days_sure"]["sure"] is True


def test_where_none_are_kept_one_enterprise_is_computed() -> None:
    computed = Computed({**QUIET, "wage_overdue_days": 10})
    tree = explaining(Kept(None, None), computed).explain(reference(), RUN, 1)
    assert (computed.asked, lit(tree)["GZ01"], tree["run"]) == (1, 2, RUN.id)
    assert explaining(Kept(None, None), Computed(None)).explain(reference(), RUN, 1) == {}


def test_a_daily_run_leaves_rates_as_the_month_found_them() -> None:
    """SB02 compares shares; GZ01 hears today's events."""
    points = rates(RULES)
    assert "SB02" in points
    assert "GZ01" not in points
    day = {**QUIET, "uninsured_persons": 30, "insurable_persons": 100, "wage_overdue_days": 40}
    month = {**QUIET, "uninsured_persons": 6, "insurable_persons": 100}
    tiers = lit(explaining(Kept(day, month)).explain(reference(), RUN, 1))
    assert (tiers["SB02"], tiers["GZ01"]) == (2, 3)
    assert lit(explaining(Kept(day, None)).explain(reference(), RUN, 1))["SB02"] == 3


def test_a_fact_that_the_run_did_not_compute_is_unknown() -> None:
    facts = {name: value for name, value in QUIET.items() if name != "minimum_wage_below"}
    tree = explaining(Kept(facts, facts)).explain(reference(), RUN, 1)
    assert lit(tree)["GZ02"] == 5


def test_the_nearest_thresholds_are_named_both_ways() -> None:
    tree = explaining(Kept({**QUIET, "wage_overdue_days": 29}, QUIET)).explain(reference(), RUN, 1)
    assert tree["raw_grade"] == "blue"
    near = nearest(tree)
    assert [change.better for change in near] == sorted((c.better for c in near), reverse=True)
    overdue = [c for c in near if c.fact == "wage_overdue_days"]
    assert [(c.value, c.to, c.grade, c.better) for c in overdue] == [
        (29, 7, "none", True),
        (29, 31, "yellow", False),
    ]
    assert all(c.grade != tree["raw_grade"] for c in near)
    assert nearest({}) == []


def test_rows_are_asked_for_as_the_trees_run_knew_them() -> None:
    sources = Sources()
    made = explaining(Kept(QUIET, QUIET), sources=sources)
    tree = made.explain(reference(), RUN, 1)
    made.behind(tree, 1, "SB01")
    ((facts, enterprise, month, day, known),) = sources.asked
    assert (enterprise, month, day, known) == (1, MONTH, DAY, KNOWN)
    assert "insurance_arrears_months" in facts
    assert not any(name.endswith("_sure") for name in facts)
    with pytest.raises(DomainError, match="not_found"):
        made.behind(tree, 1, "XX99")
