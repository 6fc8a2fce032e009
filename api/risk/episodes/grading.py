"""The grading of tiers as the episodes use it (it is the scoring's, see there), the grade that only people see, and months."""

from __future__ import annotations

from api.risk.scoring.grading import (
    BLUE,
    COLOURS,
    FIRST_WORD,
    NONE,
    NOT_APPLICABLE,
    ORANGE,
    RED,
    UNKNOWN,
    YELLOW,
    Graded,
    Grading,
    Pattern,
)

__all__ = [
    "BLUE", "COLOURS", "FIRST_WORD", "INSUFFICIENT", "NONE", "NOT_APPLICABLE", "ORANGE", "RED", "UNKNOWN", "YELLOW",
    "Graded", "Grading", "Pattern", "months_to", "previous_month",
]  # fmt: skip

INSUFFICIENT = 5
"""Shown grade 数据不足; never a computed one."""


def previous_month(month: int) -> int:
    """The month before, YYYYMM."""
    year, number = divmod(month, 100)
    return (year - 1) * 100 + 12 if number == 1 else month - 1


def months_to(month: int, count: int) -> tuple[int, ...]:
    """The last `count` months up to `month`, newest first."""
    found = [month]
    while len(found) < count:
        found.append(previous_month(found[-1]))
    return tuple(found)
