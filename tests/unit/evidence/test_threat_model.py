"""The threat model names tests; they exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
STORIES = (ROOT / "tests" / "attacks" / "evidence" / "test_forged_packages.py").read_text(encoding="utf-8")


def test_every_row_names_a_test_and_every_named_test_exists() -> None:
    rows = [
        line for line in TEXT.splitlines() if (line.startswith("| ") and "::" in line) or "attack" in line
    ]
    rows = [row for row in rows if row.count("|") == 4]
    assert len(rows) >= 13
    for row in rows:
        named = re.findall(r"`((?:tests|contracts)/[\w/.]+)::(\w+)`", row)
        stories = re.findall(r"“([^”]+)”", row.partition("attack")[2])
        assert named or stories, row
        for file, name in named:
            folder = sorted((ROOT / file).glob("*.t.sol")) if file == "contracts/test" else [ROOT / file]
            source = "".join(path.read_text(encoding="utf-8") for path in folder)
            assert re.search(rf"(def|function) {name}\(", source), f"{file}::{name}"
        for story in stories:
            if not re.search(r"[一-鿿]", story) and story != "this was not me":
                assert f'"{story}"' in STORIES, story


def test_every_cheat_of_the_design_has_a_row() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and line.count("|") == 4]
    assert len(rows) >= 14
    for word in ("own number", "invents", "shows one text", "relay", "rewrite history", "forged chain", "Replay",
                 "stamps over", "attacks the verifier", "Recycled"):  # fmt: skip
        assert any(word in row for row in rows), word
