"""Two verifiers beside each other over many mutants: where they disagree, and how deep the mutants went."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import signing.pades
from tests.attacks.evidence.stories import STORIES
from tests.attacks.evidence.story import Scene
from tests.factories.mutations import Mutant, Mutator
from tests.factories.world import World
from tests.support.engines import JavaScript, Judged, Python
from tests.support.fixed_random import fixed_random


@dataclass(frozen=True)
class Difference:
    """A mutant on which the engines disagree."""

    number: int
    mutant: Mutant
    python: Judged
    js: Judged

    def __str__(self) -> str:
        """The recipe and the first thing that differs."""
        mine, theirs = self.python.compared, self.js.compared
        steps = {
            no: (mine[1].get(no), theirs[1].get(no))
            for no in sorted(mine[1].keys() | theirs[1].keys())
            if mine[1].get(no) != theirs[1].get(no)
        }
        return f"#{self.number} {self.mutant.recipe}: {mine[0] or self.python.trouble} / {theirs[0] or self.js.trouble} {steps}"


@dataclass
class Tally:
    """What a run came to."""

    total: int = 0
    failing: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def mutator(seed: int) -> Mutator:
    """Mutants of every honest story, the same in every run."""
    with fixed_random("fuzz"):
        scene = Scene(World(seed="fuzz"))
        return Mutator(scene, [story for story in STORIES if story.step == 0], seed)


@contextmanager
def remembered_validation() -> Iterator[None]:
    """Let the validation of one and the same PDF under the same anchors be done once: it is a pure function."""
    known: dict[Any, Any] = {}
    honest = signing.pades.validate

    def validate(pdf: bytes, expected: Any, anchors: Any, now: Any, *rest: Any) -> Any:
        key = (
            hashlib.sha256(pdf).digest(),
            repr(expected),
            hashlib.sha256(repr(anchors).encode()).digest(),
            now,
            rest,
        )
        if key not in known:
            if len(known) > 500:
                known.clear()
            known[key] = honest(pdf, expected, anchors, now, *rest)
        return known[key]

    with mock.patch.object(signing.pades, "validate", validate):
        yield


def compare(source: Mutator, numbers: Sequence[int], tally: Tally) -> None:
    """Judge these mutants with both engines and write down where they differ."""
    with fixed_random("fuzz"):
        mutants = [source.mutant(number) for number in numbers]
    questions = [mutant.made for mutant in mutants]
    with remembered_validation():
        mine = Python().judge(questions)
    theirs = JavaScript().judge(questions)
    for number, mutant, one, other in zip(numbers, mutants, mine, theirs, strict=True):
        tally.total += 1
        first = next((no for no, step in one.steps.items() if step[0] == "failed"), None)
        tally.failing[one.verdict if first is None else str(first)] += 1
        if one.trouble or other.trouble or one.compared != other.compared:
            tally.differences.append(Difference(number, mutant, one, other))
