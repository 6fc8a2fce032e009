"""Light proofs before both engines: thousands of mutants, one verdict, step by step; and what both say of an honest one."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chain.verifier import verify
from tests.attacks.evidence.story import LATER, Made, Scene
from tests.conformance.evidence.light_mutants import HONEST, LightMutator
from tests.factories.disclosed import FigureForge
from tests.factories.light_proofs import START, figure_forge, figure_proof
from tests.factories.light_proofs import end as last
from tests.factories.world import World
from tests.support.differences import remembered_validation
from tests.support.engines import JS, JavaScript, Python
from tests.support.fixed_random import fixed_random
from tests.support.fonts import installed_fonts

MUTANTS = int(os.environ.get("CONCORD_TEST_LIGHT_MUTANTS", "600"))
SEED = 20261123
REACHED = {
    "FORMAT_FAILURE", "WRONG_INSTALLATION", "TRAIL_ORDER_VIOLATION", "VALIDATOR_SET_MISMATCH", "SIG_CRYPTO_FAILURE",
    "COMMIT_QUORUM_MISSING", "INCLUSION_INVALID", "STATEMENT_MISMATCH", "TIME_CONTRADICTION", "NO_NETWORK_ROOT",
    "TRUSTED_HEADER_UNKNOWN", "TRAIL_GAP", "NO_HEADER_TIMESTAMP", "TRUSTING_PERIOD_OVER", "",
}  # fmt: skip
"""What so many mutants must end in, lest they all stop at the surface; empty: passed."""


@pytest.fixture(scope="module")
def scene() -> Scene:
    installed_fonts()
    with fixed_random("light"):
        return Scene(World(seed="light"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_both_engines_judge_mutants_alike(scene: Scene) -> None:
    with fixed_random("light"):
        source = LightMutator(scene, SEED)
        mutants = [source.mutant(number) for number in range(MUTANTS)]
    questions = [mutant.made for mutant in mutants]
    with remembered_validation():
        first = Python().judge(questions)
    ended: Counter[str] = Counter()
    differing = []
    for number, (mutant, one, other) in enumerate(
        zip(mutants, first, JavaScript().judge(questions), strict=True)
    ):
        ended[(one.steps.get(22) or one.steps.get(17) or ("", "surface"))[1]] += 1
        if one.trouble or other.trouble or one.compared != other.compared:
            steps = {no: (one.steps.get(no), other.steps.get(no)) for no in one.steps | other.steps
                     if one.steps.get(no) != other.steps.get(no)}  # fmt: skip
            differing.append(
                f"#{number} {mutant.recipe}: {one.trouble or one.verdict} {other.trouble or other.verdict} {steps}"
            )
    assert not differing, "\n".join(differing)
    if MUTANTS >= 600:
        assert ended.keys() >= REACHED, f"not reached: {REACHED - ended.keys()} ({ended})"


def test_what_both_say_of_an_honest_proof_is_the_same(scene: Scene, tmp_path: Path) -> None:
    made = [story.make(scene) for story in HONEST]
    for made_one, theirs in zip(made, _javascript(made, tmp_path), strict=True):
        mine = verify(made_one.package, made_one.root, now=made_one.now).to_json()
        one, other = (_facts(report) for report in (mine, theirs))
        assert one == other
        assert one["blocks"] >= 2
        assert 3 * one["signed"] > 2 * one["power"]


@pytest.mark.parametrize(
    ("more", "end"), [(1, ("passed", "")), (0, ("indeterminate", "TRUSTING_PERIOD_OVER"))]
)
def test_the_trusting_period_ends_at_its_last_second(scene: Scene, more: int, end: tuple[str, str]) -> None:
    """The token's time is compared with full seconds: at the end itself nothing is trusted any more."""
    package = FigureForge(scene.world)
    headers = {number: {"time": [plan.seconds, 0]} for number, plan in enumerate((START, last()))}
    forge = figure_forge(scene.world, package.region, package.month, 12, headers=headers)
    assert forge.stamped is not None
    proof, statement = figure_proof(forge), package.statement | {"block": last().height - 1}
    root = forge.root(trusting_period=86_400 + forge.stamped + more)
    made = [Made(package.package(statement=statement, proof=proof), root, LATER)]
    for engine in (Python(), JavaScript()):
        assert engine.judge(made)[0].steps[22] == end


def _facts(report: dict[str, Any]) -> dict[str, Any]:
    step = next(step for step in report["steps"] if step["no"] in (17, 22))
    assert (step["outcome"], step["sub_indication"]) == ("passed", "")
    found: dict[str, Any] = step["facts"]
    return found


def _javascript(made: list[Made], folder: Path) -> list[dict[str, Any]]:
    lines = [JavaScript._write(folder, number, item) for number, item in enumerate(made)]
    done = subprocess.run(
        ["node", str(JS), "--batch"], input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]
