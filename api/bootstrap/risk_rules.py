"""Wires the rule language to the runs: parsed documents, the Polars executor as `Scorer`, published versions as `RuleSets`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl
import rfc8785

from api.bootstrap.reports import exporter
from api.kernel.errors import invalid
from api.risk.facts import dictionary_names
from api.risk.facts.lexicon import fact_of
from api.risk.model import RuleSetChoice, RuleSetRef
from api.risk.rulesets.exports import RuleSetExports
from api.risk.rulesets.model import State, Version
from api.risk.rulesets.ports import FactLabel
from api.risk.rulesets.service import RuleSetService
from api.risk.scoring import polars_executor
from api.risk.scoring.digest import digest
from api.risk.service.backtests import Backtests
from api.risk.spec.document import RuleSetDoc, canonical_bytes, parse, read_document, rule_set_hash
from api.risk.spec.lint import blocking, lint
from api.risk.spec.model import Condition, Every, Ratio, RuleSet, RuleSetError, Some, points_read

if TYPE_CHECKING:
    from api.bootstrap.container import Container


@lru_cache(maxsize=16)
def _parsed(text: bytes) -> RuleSet:
    return parse(read_document(json.loads(text)))


def ruleset_of(document: Mapping[str, Any]) -> RuleSet:
    """The parsed rule set of a document; parsed once."""
    return _parsed(rfc8785.dumps(dict(document)))


class RulesScorer:
    """`Scorer` over the Polars executor."""

    def score(self, document: Mapping[str, Any], facts: pl.DataFrame) -> pl.DataFrame:
        """Tiers, score and grade of every fact row."""
        compiled = polars_executor.compile(ruleset_of(document))
        return compiled(facts.lazy()).collect().sort("enterprise")

    def digest(self, decisions: pl.DataFrame) -> str:
        """One hash over the numbers."""
        return digest(decisions)

    def rates(self, document: Mapping[str, Any]) -> Collection[str]:
        """Points that compare shares, and those that read such a point's tier."""
        return rates(ruleset_of(document))

    def regraded(self, document: Mapping[str, Any], decisions: pl.DataFrame) -> pl.DataFrame:
        """Score and grade again, from the tiers."""
        nothing = [pl.lit(0, pl.Int64).alias(name) for name in ("settled_a", "settled_b")]
        again = polars_executor.effective(ruleset_of(document))(decisions.lazy().with_columns(nothing))
        return (
            again.with_columns(
                pl.col("effective_score").alias("score"), pl.col("effective_grade").alias("raw_grade")
            )
            .select(decisions.columns)
            .collect()
        )

    def checked(self, document: Mapping[str, Any]) -> RuleSetRef:
        """The document as rule set. Raises invalid `risk.ruleset_invalid`."""
        try:
            read = read_document(dict(document))
            ruleset = parse(read)
        except RuleSetError as error:
            raise invalid("risk.ruleset_invalid", pointer="/document", reason=str(error)[:300]) from error
        if errors := blocking(lint(ruleset, Names().names(), Names().flags())):
            raise invalid("risk.ruleset_invalid", pointer="/document", reason=errors[0].code)
        return RuleSetRef(ruleset.id, ruleset.version, rule_set_hash(read), _plain(read))


def rates(ruleset: RuleSet) -> frozenset[str]:
    """Ids of the points that reach each of their colours only by comparing shares, and of those that read such a tier.

    A point with another way to a colour (three cases of one disease, whatever the rate) is no rate: an event is heard today.
    """
    found: set[str] = set()
    for stage in ruleset.stages:  # a point that reads another's tier stands in a later stage
        found |= {
            point.id
            for point in stage
            if all(_by_share(condition) for condition in point.tiers.values()) or points_read(point) & found
        }
    return frozenset(found)


def _by_share(condition: Condition) -> bool:
    match condition:
        case Ratio():
            return True
        case Every(of):
            return any(_by_share(part) for part in of)
        case Some(of):
            return all(_by_share(part) for part in of)
        case _:
            return False


def _plain(document: RuleSetDoc) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(canonical_bytes(document))
    return found


class Names:
    """`FactNames` over the fact dictionary."""

    def names(self) -> Collection[str]:
        """Every fact that a rule may read."""
        return dictionary_names()

    def flags(self) -> Collection[str]:
        """Those that are 0 or 1."""
        return {name for name in dictionary_names() if fact_of(name).unit == "flag"}

    def label(self, name: str) -> FactLabel | None:
        """What a fact is called; a twin has its fact's name and says that it is one."""
        try:
            fact = fact_of(name)
        except KeyError:
            return None
        return FactLabel(fact.zh, fact.en, fact.unit, name != fact.name)


def rule_set_exports(c: Container, versions: RuleSetService) -> RuleSetExports:
    """Rule sets and their records to be taken out."""
    return RuleSetExports(exporter(c), versions)


class MeasuredCandidates:
    """`Measured` over the backtests, which are made after the versions that they measure."""

    def __init__(self, backtests: Callable[[], Backtests]) -> None:
        self._backtests = backtests

    def passed(self, candidate_hash: str) -> bool:
        """Whether a backtest of exactly this rule set lets it be published."""
        return self._backtests().passed(candidate_hash)


class PublishedRules:
    """`RuleSets` over the versions that people publish; the delivered one holds until then."""

    def __init__(self, versions: RuleSetService) -> None:
        self._versions = versions

    def in_force(self, on: date) -> RuleSetRef:
        """The version that holds on a day as known now."""
        found = self._versions.in_force(on)
        return _ref(found)

    def version(self, version_id: str) -> RuleSetRef:
        """A version by its id, whatever its state. Raises not_found."""
        return _ref(self._versions.get(version_id))

    def choices(self) -> Sequence[RuleSetChoice]:
        """Versions that somebody may want to measure: not those that were withdrawn."""
        return [
            RuleSetChoice(one.row_id, one.document.version, one.state.value, one.note, one.hash)
            for one in self._versions.listing()
            if one.state is not State.WITHDRAWN
        ]


def _ref(version: Version) -> RuleSetRef:
    document = version.document
    return RuleSetRef(document.id, document.version, version.hash, _plain(document))
