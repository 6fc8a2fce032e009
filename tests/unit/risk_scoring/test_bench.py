"""`concord bench risk`: what a part printed is held against every must, and what is missing is said, never left out."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.bench import app, risk

GOOD: dict[str, Any] = {
    "memory": {"of_bare": 0.7, "times_python": 8.0, "same_digest": True},
    "streaming": {"of_decoding": 0.4, "peak_mb": 700, "rows": 10, "rows_written": 10},
    "of_bare": 1.2,
    "times_scoring": 12.0,
    "ratio": 0.6,
    "missed": 0,
    "false": 0,
    "pages": [{"p95_ms": 80, "constant": True}],
    "share_of_limit": 0.5,
}


def test_every_line_of_the_requirements_has_a_part() -> None:
    assert list(risk.PARTS) == [
        "scoring",
        "streaming",
        "nightly",
        "backtest",
        "intake",
        "pages",
        "correction",
    ]
    for part in risk.PARTS.values():
        assert [row[3] for row in risk.judged(part, GOOD, "")] == ["✓"] * len(part.musts)


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        ("scoring", {"memory": {"of_bare": 0.49, "times_python": 3.9, "same_digest": False}}),
        ("streaming", {"streaming": {"of_decoding": 0.24, "peak_mb": 1501, "rows": 10, "rows_written": 9}}),
        ("nightly", {"of_bare": 3.1}),
        ("backtest", {"times_scoring": 20.1}),
        ("intake", {"ratio": 0.49, "missed": 1, "false": 1}),
        ("pages", {"pages": [{"p95_ms": 151, "constant": False}, {"p95_ms": 3, "constant": True}]}),
        ("correction", {"share_of_limit": 1.1}),
    ],
)
def test_what_misses_its_must_is_marked(part: str, facts: dict[str, Any]) -> None:
    assert {row[3] for row in risk.judged(risk.PARTS[part], facts, "")} == {"✗"}


def test_a_part_that_fails_or_says_nothing_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_named: Any) -> Any:
        return SimpleNamespace(stdout="noise", stderr="Traceback\nOut of luck", returncode=1)

    monkeypatch.setattr(subprocess, "run", fail)
    done = CliRunner().invoke(app, ["risk", "--only", "nightly", "--short", "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout.splitlines()[-1])["rows"]
    assert rows == [["nightly run, × bare scan and group-by", "exit 1: Out of luck", "≤ 3", "✗"]]
    assert risk.judged(risk.PARTS["nightly"], {}, "")[0][1] == "not in its facts: 'of_bare'"


def test_parts_are_chosen_by_name_and_a_must_that_fails_is_an_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def answer(command: list[str], **_named: Any) -> Any:
        asked.append(command)
        return SimpleNamespace(stdout=json.dumps({**GOOD, "of_bare": 4.0}) + "\n", stderr="", returncode=0)

    monkeypatch.setattr(subprocess, "run", answer)
    assert CliRunner().invoke(app, ["risk", "--only", "correction", "--json"]).exit_code == 0
    assert asked[0][-2:] == ["risk-correction", "--json"]
    assert CliRunner().invoke(app, ["risk", "--only", "nightly", "--json"]).exit_code == 1
    assert CliRunner().invoke(app, ["risk", "--only", "moon"]).exit_code == 2
