"""Differential fuzzing: mutants of real packages; both engines agree on the verdict and on every step."""

from __future__ import annotations

import os

import pytest

from chain.verifier import Outcome, Report
from tests.factories.mutations import Mutator
from tests.support import differences, engines
from tests.support.differences import Tally, compare, mutator
from tests.support.fonts import installed_fonts

MUTANTS = int(os.environ.get("CONCORD_TEST_FUZZ", "2000"))
"""How many mutants one run judges; `concord bench fuzz` is for more."""
PARTS = 4
SEED = 20261122


@pytest.fixture(scope="module")
def source() -> Mutator:
    installed_fonts()
    return mutator(SEED)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_both_engines_agree(source: Mutator, part: int) -> None:
    tally = Tally()
    compare(source, range(part, MUTANTS, PARTS), tally)
    assert not tally.differences, "\n".join(str(item) for item in tally.differences)
    assert tally.total == len(range(part, MUTANTS, PARTS))
    if tally.total >= 400:
        deep = {step for step in tally.failing if step.isdigit() and int(step) > 3}
        assert len(deep) >= 8, f"the mutants stay at the surface: {tally.failing}"


def test_a_mutant_is_a_function_of_seed_and_number(source: Mutator) -> None:
    for number in (0, 5, 17):
        one, other = source.mutant(number), source.mutant(number)
        assert one.recipe == other.recipe
        assert one.made.root == other.made.root


def test_an_engine_that_forgets_a_step_is_found_out(source: Mutator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness can fail: a verifier that never looks at inclusion proofs disagrees soon."""
    honest = engines.verify

    def careless(*given: object, **named: object) -> Report:
        report = honest(*given, **named)  # type: ignore[arg-type]
        kept = tuple(step for step in report.steps if step.no != 16)
        failed = any(step.outcome is Outcome.FAILED for step in kept)
        return Report(Outcome.FAILED if failed else Outcome.PASSED, kept)

    monkeypatch.setattr(engines, "verify", careless)
    tally = Tally()
    compare(source, range(10), tally)
    assert tally.differences
    assert differences.Python().name == "python"
