"""The dictionary of facts: what each is, from which datasets, how it is computed, when it does not apply."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.risk.facts.datasets import DATASETS

SURE = "_sure"
"""Suffix of a fact's twin that merely probable links cannot make worse; red conditions read it."""
_FOLDER = Path(__file__).parent / "dictionary"

Unit = Literal["persons", "fen", "days", "months", "cases", "flag", "units", "score", "scaled"]


class Fact(BaseModel):
    """One entry. `window`: the rows that it reads (`latest`, `months:12`, `days:30`, `open` = a status that lasts).

    `worse`: the direction in which a larger fact is worse for the enterprise. `sure`: it has a twin. `not_applicable`: the
    reading for enterprises that the fact does not concern, in both languages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{2,48}$")
    zh: str = Field(min_length=2)
    en: str = Field(min_length=2)
    unit: Unit
    grain: Literal["enterprise_month"]
    datasets: tuple[str, ...]
    window: str = Field(pattern=r"^(latest|open|months:\d{1,2}|days:\d{1,3})$")
    worse: Literal["up", "down", "neutral"]
    sure: bool = False
    formula_zh: str = Field(min_length=2)
    formula_en: str = Field(min_length=2)
    not_applicable: str | None = None


class DictionaryError(ValueError):
    """The dictionary breaks its own rules; `faults` names each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


def read(folder: Path) -> Mapping[str, Fact]:
    """All facts of a folder's JSON files, in the files' order. DictionaryError when a rule is broken."""
    facts: dict[str, Fact] = {}
    faults = []
    for path in sorted(folder.glob("*.json")):
        for value in json.loads(path.read_text("utf-8")):
            fact = Fact.model_validate(value)
            if fact.name in facts:
                faults.append(f"{path.name}: {fact.name} stands twice")
            facts[fact.name] = fact
    faults.extend(lint(facts))
    if faults:
        raise DictionaryError(faults)
    return MappingProxyType(facts)


def lint(facts: Mapping[str, Fact]) -> list[str]:
    """Faults of the facts: no dataset, an unknown dataset, a name that looks like a twin, a twin without direction."""
    faults = []
    for name, fact in facts.items():
        if not fact.datasets:
            faults.append(f"{name} names no dataset")
        faults += [
            f"{name} names an unknown dataset: {code}" for code in fact.datasets if code not in DATASETS
        ]
        if name.endswith(SURE):
            faults.append(f"{name} is the name of a twin")
        if fact.sure and fact.worse == "neutral":
            faults.append(f"{name} has a twin but no direction")
    return faults


def lint_points(needed: Mapping[str, Iterable[str]], facts: Mapping[str, Fact] | None = None) -> list[str]:
    """Faults of control points, given the facts that each reads: facts and twins that the dictionary does not have."""
    known = dictionary_names(facts)
    return [
        f"{point} reads {fact}, which no dataset gives"
        for point, names in needed.items()
        for fact in names
        if fact not in known
    ]


@cache
def dictionary() -> Mapping[str, Fact]:
    """The delivered dictionary."""
    return read(_FOLDER)


def dictionary_names(facts: Mapping[str, Fact] | None = None) -> frozenset[str]:
    """Every name that a condition may read: facts and twins."""
    chosen = dictionary() if facts is None else facts
    return frozenset(chosen) | {f"{name}{SURE}" for name, fact in chosen.items() if fact.sure}


def fact_of(name: str) -> Fact:
    """The entry of a fact or of a twin. KeyError when there is none."""
    facts = dictionary()
    fact = facts.get(name) or facts.get(name.removesuffix(SURE))
    if fact is None or (name != fact.name and not fact.sure):
        raise KeyError(name)
    return fact
