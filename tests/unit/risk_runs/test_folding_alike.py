"""Enterprises that are alike are judged once, and what comes out is what judging each of them gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.risk.episodes.force import Outcome, Settled
from api.risk.episodes.grading import Grading
from api.risk.runs import fold
from api.risk.runs.fold import Folded, Folding, Seen
from tests.support.risk_story import DOCUMENT, tiers

GRADING = Grading.of(DOCUMENT)
SAID = [tiers(text) for text in ("", "GZ01 R", "SB01 Y", "GZ01 ?", "GZ01 R, SB01 Y")]
DAYS = [(date(2026, month + 1, 5), 202600 + month) for month in range(1, 6)]
MARKS = st.sampled_from([None, (date(2026, 4, 5), 202603)])
SEEN = st.tuples(
    st.integers(0, len(SAID) - 1),
    st.integers(0, len(DAYS) - 1),
    st.sampled_from([3_000, 10_000]),
    st.booleans(),
)
SETTLED = (Settled("GZ01", "", 4, Outcome.CONFIRMED),)


def seen(which: int, day: int, coverage: int, monthly: bool, size: int = 1) -> Seen:
    """A decision; `size` tells enterprises apart."""
    first, second = GRADING.pack(SAID[which])
    graded = GRADING.grade(SAID[which])
    values: Mapping[str, Any] = {
        "enterprise": size, "tiers_a": first, "tiers_b": second, "missing": 0, "score": graded.score,
        "coverage_bp": coverage, "raw": graded.grade, "town": "500107001", "industry": "C13", "size": size,
    }  # fmt: skip
    on, month = DAYS[day]
    return Seen(values, on, month if monthly else None, month)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(SEEN, min_size=1, max_size=4), min_size=2, max_size=6), MARKS, st.booleans())
def test_judging_alike_is_judging_each(
    firms: list[list[tuple[int, int, int, bool]]], mark: tuple[date, int] | None, settled: bool
) -> None:
    """Histories of several enterprises folded side by side, by one that remembers and by one that never does."""
    shared = Folding(GRADING, mark)
    for number, history in enumerate(firms, 1):
        own = SETTLED if settled and number == 1 else ()
        together: dict[str, Any] | None = None
        alone: dict[str, Any] | None = None
        for said in history:
            one = seen(*said, size=number)
            found = shared.fold(together, one, own, ())
            expected = Folding(GRADING, mark).fold(alone, one, own, ())
            assert found == expected
            together, alone = _after(together, found, one), _after(alone, expected, one)


def _after(standing: dict[str, Any] | None, done: Folded, one: Seen) -> dict[str, Any]:
    """The standing as it is written; a past month of an enterprise without one starts from its numbers."""
    return {"effective": 0, **one.values, **(standing or {}), **(done.values or {})}


def test_thousands_that_are_alike_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    original = fold.observe

    def counted(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        return original(*given)

    monkeypatch.setattr(fold, "observe", counted)
    folding = Folding(GRADING)
    done = [
        folding.fold(None, seen(which, 0, 10_000, True, n), (), ()) for which in (0, 1) for n in range(1_000)
    ]
    assert calls <= 4
    assert [one.values["size"] for one in done if one.values is not None] == [*range(1_000), *range(1_000)]
    assert [one.observed.opened for one in done] == [False] * 1_000 + [True] * 1_000


def test_nothing_is_written_where_nothing_changed() -> None:
    folding = Folding(GRADING)
    first = folding.fold(None, seen(0, 0, 10_000, True), (), ())
    assert first.values is not None
    again = seen(0, 1, 10_000, True)
    assert folding.fold(first.values, again, (), ()).values is None
    grown = seen(0, 1, 10_000, True, size=9)
    assert folding.fold(first.values, grown, (), ()).values is not None
