"""The threat model names tests; they exist."""

from __future__ import annotations

from tests.support.documented_tests import ROOT, missing, named_stories, named_tests, rows_of

TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_every_row_names_a_test_and_every_named_test_exists() -> None:
    rows = rows_of(TEXT, cells=3)
    assert len(rows) >= 13
    for row in rows:
        assert named_tests(row) or named_stories(row), row
        assert missing(row) == [], row


def test_every_cheat_of_the_design_has_a_row() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and line.count("|") == 4]
    assert len(rows) >= 14
    for word in ("own number", "invents", "shows one text", "relay", "rewrite history", "forged chain", "Replay",
                 "stamps over", "attacks the verifier", "Recycled"):  # fmt: skip
        assert any(word in row for row in rows), word
