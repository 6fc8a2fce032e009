"""What the versions need from elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class FactLabel:
    """How people call a fact; `unit` is persons, fen, days, months, cases, flag, units, score or scaled.

    `sure`: the twin that merely probable links cannot make worse.
    """

    zh: str
    en: str
    unit: str
    sure: bool = False


class FactNames(Protocol):
    """The fact dictionary, as far as the lint and the editor need it."""

    def names(self) -> Collection[str]:
        """Every fact that a rule may read."""
        ...

    def flags(self) -> Collection[str]:
        """Those that are 0 or 1."""
        ...

    def label(self, name: str) -> FactLabel | None:
        """What a fact is called; None when the dictionary does not have it."""
        ...


class Measured(Protocol):
    """What is known about how a candidate would have changed the past."""

    def passed(self, candidate_hash: str) -> bool:
        """Whether a backtest of exactly this rule set exists and is within the streets' capacity, or was accepted."""
        ...
