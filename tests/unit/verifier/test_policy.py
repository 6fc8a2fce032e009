"""Policies compose; nothing passes by omission."""

from __future__ import annotations

from typing import Any

import pytest

from chain.verifier.outcome import Outcome, StepResult
from chain.verifier.policy import (
    AllOf,
    AnyOf,
    AtLeastLevel,
    JudicialReceipt,
    NoStepFailed,
    RequireStep,
    UnsafeNoOp,
    Witnesses,
)

PASS, OPEN, FAIL = Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED


def steps(**outcomes: Any) -> dict[int, StepResult]:
    made = {}
    for name, value in outcomes.items():
        outcome, facts = value if isinstance(value, tuple) else (value, {})
        made[int(name[1:])] = StepResult(int(name[1:]), name, outcome, "", facts)
    return made


def test_an_empty_policy_fails() -> None:
    assert AllOf(()).judge(steps(s1=PASS)) is FAIL
    assert AnyOf(()).judge(steps(s1=PASS)) is FAIL
    assert NoStepFailed().judge({}) is FAIL


def test_the_worst_member_counts() -> None:
    needed = AllOf((RequireStep(1), RequireStep(2)))
    assert needed.judge(steps(s1=PASS, s2=PASS)) is PASS
    assert needed.judge(steps(s1=PASS, s2=OPEN)) is OPEN
    assert needed.judge(steps(s1=FAIL, s2=OPEN)) is FAIL


def test_a_missing_step_is_not_passed() -> None:
    assert RequireStep(9).judge(steps(s1=PASS)) is OPEN
    assert JudicialReceipt().judge(steps(s1=PASS)) is OPEN


def test_one_of_several_is_enough() -> None:
    either = AnyOf((JudicialReceipt(), Witnesses(2)))
    assert either.judge(steps(s18=OPEN, s15=(PASS, {"valid": 2}))) is PASS
    assert either.judge(steps(s18=OPEN, s15=(OPEN, {"valid": 1}))) is OPEN


@pytest.mark.parametrize(("level", "expected"), [(2, PASS), (3, FAIL)])
def test_a_policy_may_ask_for_a_higher_level(level: int, expected: Outcome) -> None:
    assert AtLeastLevel(level).judge(steps(s8=(PASS, {"level": 2}))) is expected


def test_a_level_that_was_not_found_is_open() -> None:
    assert AtLeastLevel(2).judge(steps(s1=PASS)) is OPEN
    assert AtLeastLevel(2).judge(steps(s8=FAIL)) is FAIL


def test_a_forged_cosignature_is_never_outvoted() -> None:
    assert Witnesses(1).judge(steps(s15=(FAIL, {}))) is FAIL


def test_the_unsafe_policy_is_named_so() -> None:
    assert UnsafeNoOp().judge(steps(s1=FAIL)) is PASS
