"""Due work of the background process: runs that are not finished, changed rows, red that nobody signed, backtests."""

from __future__ import annotations

from typing import Any

from api.infra.loops import Loop

PAUSE = 20.0
"""Seconds between two looks: red issues itself within a minute of its two hours."""


def run_due(container: Any) -> bool:
    """Let due red issue itself, go on with what is not finished, take up changed rows; whether more is to come.

    The first round of a process removes the files of runs that died.
    """
    risk = container.risk
    risk.sweep_once()
    issued: int = risk.warnings.issue_due()
    resumed: int = risk.runs.resume()
    correction = risk.runs.start_correction()
    if correction is not None:
        risk.runs.complete(correction.id)
    return bool(issued or resumed or correction)


def measure(container: Any) -> bool:
    """One month of the oldest backtest that is not finished; whether there was one."""
    found: bool = container.risk.backtests.step_due()
    return found


LOOPS = {"backtests": Loop(measure, PAUSE)}
"""A backtest takes minutes: warnings don't wait for it."""
