"""Masks tell no more than they say: values that agree in the shown part look alike, whatever their rest and length."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from api.exchange.sharing.masking import STARS, shown
from api.exchange.sharing.model import ColumnKind, Mask, SharedColumn, Treatment
from api.exchange.sharing.rules import safe_cell

TEXT = st.text(max_size=20)


def masked(kind: ColumnKind, values: list[Any], dtype: Any) -> list[Any]:
    column = SharedColumn("c", kind, Mask.PARTIAL, "", "")
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    return frame.with_columns(shown(column, Treatment.PARTIAL)).get_column("c").to_list()


@given(TEXT, TEXT, st.text(min_size=6, max_size=6))
def test_the_rest_of_a_text_and_its_length_are_gone(one: str, other: str, start: str) -> None:
    for kind, keep in ((ColumnKind.NAME, 1), (ColumnKind.TEXT, 3)):
        first, second = masked(kind, [start + one, start + other], pl.String)
        assert first == second == start[:keep] + STARS
    first, second = masked(ColumnKind.KEY, [one + start, other + start], pl.String)
    assert first == second == STARS + start[-2:]


@given(st.integers(-(10**14), 10**14), st.integers(-(10**14), 10**14))
def test_bands_keep_the_order_and_hold_many_values(one: int, other: int) -> None:
    low, high = sorted((one, other))
    everything = [-1, 0, *(k * 10**n for n in range(15) for k in (1, 5))]
    for kind in (ColumnKind.INT, ColumnKind.MONEY):
        ladder = list(dict.fromkeys(masked(kind, everything, pl.Int64)))
        assert len(ladder) <= 9
        a, b = masked(kind, [low, high], pl.Int64)
        assert ladder.index(a) <= ladder.index(b)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_a_date_gives_its_month_only(day: date) -> None:
    assert masked(ColumnKind.DATE, [day, day.replace(day=1)], pl.Date) == [f"{day:%Y-%m}"] * 2


@given(st.text(max_size=30))
def test_no_text_begins_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "%"))
    assert cell.endswith(text.replace("\x00", ""))
