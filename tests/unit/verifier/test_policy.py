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

P, I, F = Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED


def steps(**outcomes: Any) -> dict[int, StepResult]:
    made = {}
    for name, value in outcomes.items():
        outcome, facts = value if isinstance(value, tuple) else (value, {})
        made[int(name[1:])] = StepResult(int(name[1:]), name, outcome, "", facts)
    return made


def test_an_empty_policy_fails() -> None:
    assert AllOf(()).judge(steps(s1=P)) is F
    assert AnyOf(()).judge(steps(s1=P)) is F
    assert NoStepFailed().judge({}) is F


def test_the_worst_member_counts() -> None:
    needed = AllOf((RequireStep(1), RequireStep(2)))
    assert needed.judge(steps(s1=P, s2=P)) is P
    assert needed.judge(steps(s1=P, s2=I)) is I
    assert needed.judge(steps(s1=F, s2=I)) is F


def test_a_missing_step_is_not_passed() -> None:
    assert RequireStep(9).judge(steps(s1=P)) is I
    assert JudicialReceipt().judge(steps(s1=P)) is I


def test_one_of_several_is_enough() -> None:
    either = AnyOf((JudicialReceipt(), Witnesses(2)))
    assert either.judge(steps(s18=I, s15=(P, {"valid": 2}))) is P
    assert either.judge(steps(s18=I, s15=(I, {"valid": 1}))) is I


@pytest.mark.parametrize(("level", "expected"), [(2, P), (3, F)])
def test_a_policy_may_ask_for_a_higher_level(level: int, expected: Outcome) -> None:
    assert AtLeastLevel(level).judge(steps(s8=(P, {"level": 2}))) is expected


def test_a_level_that_was_not_found_is_open() -> None:
    assert AtLeastLevel(2).judge(steps(s1=P)) is I
    assert AtLeastLevel(2).judge(steps(s8=F)) is F


def test_a_forged_cosignature_is_never_outvoted() -> None:
    assert Witnesses(1).judge(steps(s15=(F, {}))) is F


def test_the_unsafe_policy_is_named_so() -> None:
    assert UnsafeNoOp().judge(steps(s1=F)) is P
