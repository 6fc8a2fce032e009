"""What a step makes of a risk warning: the rules of `WarningDecisionRegistry` without signatures and storage.

The contract decides; these functions let a service refuse beforehand what the contract would refuse, and give the simulated
contract the same answers. A conformance test plays every step against both.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class StepKind(IntEnum):
    """What a step does."""

    ISSUE = 1
    RAISE = 2
    CONFIRM = 3
    LIFT = 4
    CLOSE = 5
    REOPEN = 6


class WarningStatus(IntEnum):
    """Where a warning stands. Unconfirmed: issued by the rules, no person has decided yet."""

    NONE = 0
    UNCONFIRMED = 1
    OPEN = 2
    LIFTED = 3
    CLOSED = 4


class KeyStatus(IntEnum):
    """Where an officer's or a rule run's key stands; a revoked one never becomes active again."""

    NONE = 0
    ACTIVE = 1
    REVOKED = 2


RED: Final = 4
GRADES: Final = {1: "blue", 2: "yellow", 3: "orange", RED: "red"}

_NEXT: Final = {
    (StepKind.ISSUE, WarningStatus.NONE): WarningStatus.OPEN,
    (StepKind.RAISE, WarningStatus.OPEN): WarningStatus.OPEN,
    (StepKind.CONFIRM, WarningStatus.UNCONFIRMED): WarningStatus.OPEN,
    (StepKind.LIFT, WarningStatus.UNCONFIRMED): WarningStatus.LIFTED,
    (StepKind.CLOSE, WarningStatus.OPEN): WarningStatus.CLOSED,
    (StepKind.REOPEN, WarningStatus.CLOSED): WarningStatus.OPEN,
    (StepKind.REOPEN, WarningStatus.LIFTED): WarningStatus.OPEN,
}


def status_after(status: WarningStatus, kind: StepKind, automatic: bool) -> WarningStatus | None:
    """What the step makes of a warning; None where the warning cannot take it. `automatic`: the rules issued it."""
    if automatic:
        fresh = (kind, status) == (StepKind.ISSUE, WarningStatus.NONE)
        return WarningStatus.UNCONFIRMED if fresh else None
    return _NEXT.get((kind, status))


def grades_after(grade: int, kind: StepKind) -> tuple[int, int]:
    """Least and most grade that the step may leave a warning of `grade` with; empty (least above most) if there is none.

    A rise goes up, reopening goes exactly one up (red stays red), everything else keeps the grade.
    """
    if kind is StepKind.ISSUE:
        return 1, RED
    if kind is StepKind.RAISE:
        return grade + 1, RED
    if kind is StepKind.REOPEN and grade < RED:
        return grade + 1, grade + 1
    return grade, grade


def is_town_code(code: int) -> bool:
    """Whether a code has nine digits, or six (sole traders), and does not begin with zero."""
    return 100_000_000 <= code <= 999_999_999 or 100_000 <= code <= 999_999
