"""`concord risk`: what is printed, and with which exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from api.bootstrap import risk_commands
from api.infra import problems
from api.kernel.errors import conflict
from api.risk.model import Replayed
from api.risk.texts import TEXTS


@dataclass
class Done:
    id: str
    month: int


class Runs:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def resume(self) -> int:
        return 2

    def start_monthly(self, month: int, as_of: date, by: str) -> Done:
        self.asked.append((month, as_of))
        return Done("r1", month)

    def start_daily(self, as_of: date, by: str) -> Done:
        raise conflict("risk.no_monthly_run")

    def start_correction(self, by: str) -> None:
        return None

    def complete(self, run_id: str) -> Done:
        return Done(run_id, self.asked[-1][0])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs()
    problems.register(TEXTS)

    def replay(run_id: str) -> Replayed:
        return Replayed(run_id, run_id == "good", True, True, "a", "a")

    risk = SimpleNamespace(runs=made, replay=SimpleNamespace(replay=replay))
    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    container = SimpleNamespace(risk=risk, clock=clock, close=lambda: None)
    monkeypatch.setattr(risk_commands, "Settings", lambda: None)
    monkeypatch.setattr(risk_commands, "Container", lambda _s: SimpleNamespace(wire=lambda: container))
    return made


def call(*words: str) -> Any:
    return CliRunner().invoke(risk_commands.app, list(words))


def test_a_past_month_is_run_as_of_its_own_day(runs: Runs) -> None:
    assert json.loads(call("run", "monthly", "--json").stdout) == {"id": "r1", "month": 202610}
    call("run", "monthly", "--month", "202511")
    call("run", "monthly", "--month", "202610", "--as-of", "2026-11-09")
    assert runs.asked == [
        (202610, date(2026, 11, 5)),
        (202511, date(2025, 12, 5)),
        (202610, date(2026, 11, 9)),
    ]


def test_resume_and_nothing_to_correct(runs: Runs) -> None:
    assert json.loads(call("run", "resume", "--json").stdout) == {"resumed": 2}
    assert json.loads(call("run", "correction", "--json").stdout) == {"run": None}


def test_a_refusal_is_told_in_both_languages(runs: Runs) -> None:
    refused = call("run", "daily")
    assert refused.exit_code == 1
    assert "还没有完成过月度评估" in refused.stderr
    assert "No monthly run" in refused.stderr
    assert call("run", "yearly").exit_code == 2


def test_a_replay_that_differs_ends_with_one(runs: Runs) -> None:
    assert call("replay", "good").exit_code == 0
    assert call("replay", "bad").exit_code == 1
