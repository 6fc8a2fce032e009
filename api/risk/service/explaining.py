"""Why an enterprise's grade is what it is, from the facts that a run kept; computed again only where none kept them.

The tree holds names and values only and is the same for every reader. Source rows are looked up for one control point at
a time: they cost a look into every file of a dataset, and nobody reads 27 points at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.kernel.clock import parse_utc, utc_text
from api.kernel.errors import not_found
from api.risk.facts.lexicon import SURE, fact_of
from api.risk.model import RuleSetRef, Run, RunKind
from api.risk.ports import FactRows, FactSource, Kept, Sources
from api.risk.scoring.explanation import GRADE_EN, explain
from api.risk.spec.document import parse, read_document
from api.risk.spec.model import RuleSet, facts_of
from api.risk.views import Change

RULE_SETS = 8
"""Parsed rule sets that are kept; one never changes under its hash."""
NAMED = 3
"""Nearest thresholds that are named for each direction."""
CONTRACT_FACTS = (
    "staff", "contract_staff", "contract_missing", "expired_unsigned", "contracts_new_12m",
    "contracts_failing_12m",
)  # fmt: skip
"""What the filings and the check of e-contracts say, in totals."""
_GRADES = {name: number for number, name in GRADE_EN.items()}


@dataclass(frozen=True)
class _Known:
    run_id: str
    as_of: date
    known_at: datetime
    facts: Mapping[str, int | None]


class Explaining:
    """`Reasons` over kept facts. rates: ids of the points that a daily run leaves as the month's run found them."""

    def __init__(
        self, kept: Kept, facts: FactSource, sources: Sources, rates: Callable[[RuleSet], Collection[str]]
    ) -> None:
        self._kept, self._facts, self._sources, self._rates = kept, facts, sources, rates
        self._parsed: OrderedDict[str, RuleSet] = OrderedDict()

    def _ruleset(self, ref: RuleSetRef) -> RuleSet:
        found = self._parsed.get(ref.hash)
        if found is None:
            found = self._parsed[ref.hash] = parse(read_document(dict(ref.document)))
            while len(self._parsed) > RULE_SETS:
                self._parsed.popitem(last=False)
        return found

    def _known(self, rules: RuleSet, run: Run, enterprise: int) -> _Known:
        """The facts behind the standing. A daily run leaves rates as the month found them, so facts that only rates read
        are the month's."""
        found = self._kept.newest(run.month, enterprise)
        if found is None:
            frame = self._facts.facts(run.month, run.as_of, run.known_at, [enterprise])
            facts = frame.row(0, named=True) if frame.height else {}
            return _Known(run.id, run.as_of, run.known_at, facts)
        if run.kind is RunKind.MONTHLY and found.run_id == run.id:
            return _Known(found.run_id, found.as_of, found.known_at, found.facts)
        rates = self._rates(rules)
        by_month = {fact for point in rules.points if point.id in rates for fact in facts_of(point)}
        by_day = {fact for point in rules.points if point.id not in rates for fact in facts_of(point)}
        month = self._kept.history(enterprise, [run.month]).get(run.month, found.facts)
        held = {fact: month.get(fact) for fact in by_month - by_day}
        return _Known(found.run_id, found.as_of, found.known_at, {**found.facts, **held})

    def explain(self, ruleset: RuleSetRef, run: Run, enterprise: int) -> Mapping[str, Any]:
        """The tree, the words for its facts, and the run whose facts these are; empty where nothing is known."""
        rules = self._ruleset(ruleset)
        known = self._known(rules, run, enterprise)
        if not known.facts:
            return {}
        # A fact that this rule set reads and the run did not compute is unknown, not an error.
        tree = explain(rules, {name: known.facts.get(name) for name in rules.facts})
        return {
            **tree,
            "facts": {name: words(name) for name in sorted(rules.facts)},
            "month": run.month,
            "as_of": known.as_of.isoformat(),
            "known_at": utc_text(known.known_at),
            "run": known.run_id,
        }

    def behind(self, tree: Mapping[str, Any], enterprise: int, point: str) -> Sequence[FactRows]:
        """Rows behind one control point of a tree, as its run knew them. Raises not_found."""
        for dimension in tree.get("dimensions", ()):
            for found in dimension["points"]:
                if found["id"] == point:
                    facts = sorted({fact_of(fact).name for fact in found["facts"]})
                    moment = parse_utc(tree["known_at"])
                    day = date.fromisoformat(tree["as_of"])
                    return self._sources.rows(facts, enterprise, tree["month"], day, moment)
        raise not_found()


def words(name: str) -> dict[str, Any]:
    """What a fact is called and how it is computed. `sure`: only rows that are matched for certain count."""
    fact = fact_of(name)
    return {
        "zh": fact.zh,
        "en": fact.en,
        "unit": fact.unit,
        "sure": name != fact.name and name.endswith(SURE),
        "formula_zh": fact.formula_zh,
        "formula_en": fact.formula_en,
        "datasets": list(fact.datasets),
    }


def nearest(tree: Mapping[str, Any]) -> list[Change]:
    """The nearest single facts that would change the computed grade, better ones first, three each way.

    Near is the smallest change in proportion to the value; of equal ones the first in point order.
    """
    now = _GRADES.get(tree.get("raw_grade", ""), 0)
    found: dict[tuple[str, int], Change] = {}
    for dimension in tree.get("dimensions", ()):
        for point in dimension["points"]:
            for near in point["nearest"]:
                grade = _GRADES[near["grade"]]
                key = (near["fact"], near["to"])
                if grade != now and key not in found:
                    found[key] = Change(
                        point["id"], near["fact"], near["from"], near["to"], near["tier"], near["grade"],
                        near["score"], grade < now,
                    )  # fmt: skip
    ordered = sorted(
        found.values(), key=lambda change: abs(change.to - change.value) * 1000 // max(1, abs(change.value))
    )
    return [change for way in (True, False) for change in [c for c in ordered if c.better is way][:NAMED]]


def lit(tree: Mapping[str, Any]) -> dict[str, int]:
    """State of every control point as the tree explains it, by id."""
    return {
        point["id"]: _GRADES[point["tier"]]
        for dimension in tree.get("dimensions", ())
        for point in dimension["points"]
    }


def reads(tree: Mapping[str, Any]) -> dict[str, list[str]]:
    """Control points by the dataset that they read, in point order."""
    found: dict[str, list[str]] = {}
    for dimension in tree.get("dimensions", ()):
        for point in dimension["points"]:
            for code in sorted({one for name in point["facts"] for one in tree["facts"][name]["datasets"]}):
                found.setdefault(code, []).append(point["id"])
    return found


def contracts(tree: Mapping[str, Any]) -> dict[str, int | None]:
    """Facts about contracts, in point order."""
    points = [point for dimension in tree.get("dimensions", ()) for point in dimension["points"]]
    return {n: v for point in points for n, v in point["facts"].items() if n in CONTRACT_FACTS}


def share(dimension: Mapping[str, Any]) -> int | None:
    """A dimension's contribution in percent of its weight; None where nothing of it is known."""
    if all(point["tier"] == "unknown" for point in dimension["points"]):
        return None
    return int(dimension["contribution_hundredths"] // max(1, dimension["weight_bp"]))
