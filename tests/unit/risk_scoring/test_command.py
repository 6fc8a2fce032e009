"""`concord risk score`: which rule set counts, where the decisions go, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from api.bootstrap import risk_commands
from api.bootstrap.risk_scoring_command import app
from api.risk.scoring.digest import digest
from api.risk.spec.document import rule_set_hash
from scripts.bench.risk_facts import chunk
from tests.unit.risk_scoring.agreement import by_polars
from tests.unit.risk_scoring.rule_sets import checked, plain, plain_document, real, real_document

VERSIONS = {"live": checked(plain_document()), "draft": checked(real_document())}


@pytest.fixture(autouse=True)
def _container(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(row_id: str) -> Any:
        return SimpleNamespace(document=VERSIONS[row_id], hash=rule_set_hash(VERSIONS[row_id]))

    versions = SimpleNamespace(get=get, in_force=lambda _day: get("live"), today=lambda: None)
    container = SimpleNamespace(risk_rulesets=versions, close=lambda: None)
    monkeypatch.setattr(risk_commands, "Settings", lambda: None)
    monkeypatch.setattr(risk_commands, "Container", lambda _s: SimpleNamespace(wire=lambda: container))


@pytest.mark.parametrize(("rules", "ruleset"), [("", plain()), ("draft", real())], ids=["in-force", "named"])
def test_facts_are_scored_by_the_rule_set(tmp_path: Path, rules: str, ruleset: Any) -> None:
    facts = chunk(ruleset, 3, 0, 400)
    (tmp_path / "facts").mkdir()
    facts.write_parquet(tmp_path / "facts" / "a.parquet")
    done = CliRunner().invoke(
        app, ["score", str(tmp_path / "facts"), "--out", str(tmp_path / "out"), "--rules", rules, "--json"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["rule_set"] == rule_set_hash(VERSIONS[rules or "live"])
    assert digest(pl.read_parquet(Path(said["folder"]) / "*.parquet")) == digest(by_polars(ruleset, facts))


def test_files_that_are_no_facts_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"enterprise": [1]}).write_parquet(tmp_path / "x.parquet")
    done = CliRunner().invoke(app, ["score", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
