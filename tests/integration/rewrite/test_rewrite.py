"""The demonstration of a rewrite by all validators: everything is caught, and the demonstration itself can fail."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from scripts import rewrite
from tests.support.engines import engines
from tests.support.fonts import installed_fonts


@pytest.mark.slow
def test_every_rewrite_is_caught_by_witnesses_and_both_verifiers() -> None:
    installed_fonts()
    out = io.StringIO()
    rewrite.play(Console(file=out, width=200))
    shown = out.getvalue()
    for word in (
        "WITNESS_QUORUM_MISSING",
        "SIG_CRYPTO_FAILURE",
        "STATEMENT_MISMATCH",
        "INCLUSION_INVALID",
        "409",
        "422",
    ):
        assert word in shown
    for engine in engines():
        assert shown.count(f"✓ {engine.name} ") + shown.count(f"✓ {engine.name}  ") >= 6
    assert "every rewrite was caught" in shown


def test_a_rewrite_that_passes_would_be_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the new history there is nothing to catch, and the demonstration says so."""
    installed_fonts()
    monkeypatch.setattr(rewrite, "_new_history", dict)
    with pytest.raises(rewrite.NotCaught):
        rewrite.play(Console(file=io.StringIO()))
