"""The page of control points says what the files say."""

from __future__ import annotations

from tests.unit.risk_points.document import TARGET, render


def test_the_page_is_up_to_date() -> None:
    assert TARGET.read_text("utf-8") == render()
