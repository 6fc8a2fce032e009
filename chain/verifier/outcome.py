"""Outcomes of verification: passed, indeterminate, failed, each with a sub-indication (ETSI EN 319 102-1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a step, or the whole, came to."""

    PASSED = "passed"
    INDETERMINATE = "indeterminate"
    FAILED = "failed"


class Judgement(Exception):
    """A step's way to end without passing. `sub_indication` has texts in `chain.verifier.texts`."""

    outcome = Outcome.FAILED

    def __init__(self, sub_indication: str, **facts: Any) -> None:
        super().__init__(sub_indication)
        self.sub_indication = sub_indication
        self.facts = facts


class Failed(Judgement):
    """The evidence contradicts itself or the trust root."""


class Undecided(Judgement):
    """What is there neither proves nor disproves."""

    outcome = Outcome.INDETERMINATE


@dataclass(frozen=True)
class Passed:
    """A step that held; `sub_indication` is empty or a note such as DISPUTED."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    sub_indication: str = ""


@dataclass(frozen=True)
class StepResult:
    """One line of the verdict."""

    no: int
    name: str
    outcome: Outcome
    sub_indication: str
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {
            "no": self.no,
            "name": self.name,
            "outcome": self.outcome.value,
            "sub_indication": self.sub_indication,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True)
class Report:
    """The verdict and the steps that led to it."""

    verdict: Outcome
    steps: tuple[StepResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Return `{verdict, steps}` as documented."""
        return {"verdict": self.verdict.value, "steps": [step.to_json() for step in self.steps]}

    def step(self, no: int) -> StepResult | None:
        """Return the step of that number, None where the kind of package has none."""
        return next((step for step in self.steps if step.no == no), None)
