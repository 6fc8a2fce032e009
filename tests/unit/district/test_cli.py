from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from scripts.cli import build_app


def _run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(build_app("district"), ["district", *words])
    return result.exit_code, result.stdout


def test_generate_and_report(tmp_path: Path) -> None:
    out = tmp_path / "district"
    code, text = _run(
        "generate",
        "--out",
        str(out),
        "--enterprises",
        "60",
        "--months",
        "4",
        "--seed",
        "3",
        "--end",
        "2026-09",
    )
    assert code == 0
    facts = json.loads(text)
    assert facts["enterprises"] == 60
    assert facts["months"] == [202606, 202609]
    assert facts["rows"] == sum(facts["rows_by_dataset"].values()) > 0
    warnings = tmp_path / "warnings.csv"
    warnings.write_text("uscc,issued_on,closed_on,grade,points\n", "utf-8")
    code, text = _run("report", "--labels", str(out / "labels"), "--warnings", str(warnings))
    assert code == 0
    assert json.loads(text)["warnings"] == 0


def test_refusals_end_with_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("", "utf-8")
    assert _run("generate", "--out", str(tmp_path), "--enterprises", "60")[0] == 1
    assert _run("generate", "--out", str(tmp_path / "y"), "--enterprises", "7")[0] == 1
    assert _run("generate", "--out", str(tmp_path / "y"), "--profile", "huge")[0] == 2
    assert _run("report", "--labels", str(tmp_path), "--warnings", str(tmp_path / "x"))[0] == 1
