"""Patterns as rows of lists: to text and back, rows and points added and taken away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kernel.errors import DomainError
from api.risk.rulesets import pattern_form
from api.risk.rulesets.editing import patterns_text
from api.risk.rulesets.pattern_form import PatternRow

TEXT = "GZ03 yellow + SB01 yellow = orange\nQY02 red = red"
_colours = st.sampled_from(("blue", "yellow", "orange", "red"))
_row = st.builds(
    PatternRow,
    st.lists(st.tuples(st.sampled_from(("GZ01", "SB01", "")), _colours), min_size=1, max_size=4).map(tuple),
    _colours,
)


@given(st.lists(_row, max_size=20))
def test_rows_and_their_text_and_their_fields_are_the_same(made: list[PatternRow]) -> None:
    text = pattern_form.text(made)
    assert pattern_form.rows(text) == made
    form = {f"pattern-{n}-grade": row.grade for n, row in enumerate(made, 1)}
    for n, row in enumerate(made, 1):
        for m, (point, colour) in enumerate(row.parts, 1):
            form |= {f"pattern-{n}-{m}-point": point, f"pattern-{n}-{m}-colour": colour}
    assert pattern_form.typed(form) == text


def test_the_text_is_the_one_that_the_editor_writes() -> None:
    patterns = [{"all": [{"point": "GZ03", "colour": "yellow"}], "grade": "red"}]
    assert pattern_form.text(pattern_form.rows(patterns_text(patterns))) == patterns_text(patterns)


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("pattern", TEXT + "\n? yellow + ? yellow = orange"),
        ("part:2", TEXT.replace("QY02 red", "QY02 red + ? yellow")),
        ("drop:1-1", TEXT.replace("GZ03 yellow + ", "")),
        ("drop:2-1", TEXT.partition("\n")[0]),
        ("drop:1", TEXT.partition("\n")[2]),
    ],
)
def test_a_press(do: str, after: str) -> None:
    assert pattern_form.pressed(TEXT, do) == after


@pytest.mark.parametrize(
    "do", ["", "part", "drop", "drop:3", "drop:1-3", "part:1-1", "pattern:1", "part:0", "drop:1-1-1"]
)
def test_a_press_that_no_page_offers(do: str) -> None:
    with pytest.raises(DomainError, match="malformed"):
        pattern_form.pressed(TEXT, do)


def test_signs_of_the_text_cannot_be_smuggled_in() -> None:
    form = {"pattern-1-grade": "red\nGZ01 red=red", "pattern-1-1-point": "G+Z=", "pattern-1-1-colour": "red"}
    assert pattern_form.typed(form) == "GZ red = redGZ01redred"
