"""Properties of reading and keeping: nothing is lost, nothing is doubled, what is written is read again."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from api.exchange.model import Column, ColumnType
from api.exchange.rules import uscc, validation
from api.exchange.rules.catalogue import dataset_of
from api.exchange.rules.cells import read_column
from api.exchange.service.exports import safe_cell

TODAY = date(2026, 6, 20)
YUAN = Column("amount", ColumnType.MONEY, "金额", "amount", nullable=True)
WATER = dataset_of("water")
CELL = st.one_of(
    st.none(),
    st.sampled_from(["", "1", "-1", "2026-05", "是", "x", "1e9", "2.5", "甲公司"]),
    st.text(max_size=8),
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(WATER.names, CELL)), min_size=1, max_size=20)


@given(st.integers(0, 10**12))
def test_every_amount_in_range_is_read_to_the_fen(fen: int) -> None:
    text = str(Decimal(fen) / 100)
    read = read_column(pl.Series([text if "E" not in text else f"{Decimal(fen) / 100:f}"]), YUAN, TODAY)
    assert read.values.to_list() == [fen]
    assert not read.faults


@given(st.text(max_size=24))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    for kind in ColumnType:
        column = Column(
            "c", kind, "列", "column", nullable=True, values={"a": "甲"} if kind is ColumnType.ENUM else {}
        )
        assert read_column(pl.Series([text, None], dtype=pl.String), column, TODAY).values.len() == 2


@given(
    st.text(alphabet=uscc.ALPHABET, min_size=17, max_size=17),
    st.integers(0, 16),
    st.sampled_from(uscc.ALPHABET),
)
def test_one_changed_character_never_passes_the_check(stem: str, place: int, other: str) -> None:
    code = stem + uscc.check_character(stem)
    bent = code[:place] + other + code[place + 1 :]
    verdict = uscc.judge(pl.Series([code, bent])).to_list()
    assert verdict[0] == uscc.OK
    assert (verdict[1] == uscc.OK) == (bent == code)


@given(ROWS)
def test_every_row_is_valid_rejected_or_blank(rows: list[dict[str, str | None]]) -> None:
    raw = pl.DataFrame(rows, schema=dict.fromkeys(WATER.names, pl.String)).with_row_index("_row", offset=1)
    done = validation.validate(WATER, raw.cast({"_row": pl.Int64}), TODAY)
    valid, rejected = set(done.valid["_row"]), set(done.rejected["_row"])
    assert not valid & rejected
    errors = set(done.findings.filter(pl.col("severity") == "error")["row"])
    assert errors == rejected
    blank = set(range(1, len(rows) + 1)) - valid - rejected
    assert all(
        not (rows[number - 1][name] or "").strip(" \t\u3000\ufeff\xa0")
        for number in blank
        for name in WATER.names
    )


@given(ROWS)
def test_doubles_leave_every_key_at_most_once(rows: list[dict[str, str | None]]) -> None:
    raw = pl.DataFrame(rows, schema=dict.fromkeys(WATER.names, pl.String)).with_row_index("_row", offset=1)
    valid = validation.validate(WATER, raw.cast({"_row": pl.Int64}), TODAY).valid
    keyed = validation.with_keys(WATER, valid.with_columns(enterprise=pl.lit(None, pl.Int64)))
    kept, contradicting, findings = validation.without_doubles(WATER, keyed)
    assert kept["_key"].n_unique() == kept.height
    assert not set(kept["_key"]) & set(contradicting["_key"])
    assert kept.height + findings.height == keyed.height


@given(st.text(max_size=30))
def test_no_exported_cell_begins_a_formula(text: str) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(text)])
    cell = next(csv.reader(io.StringIO(out.getvalue(), newline="")))[0]
    assert not cell.lstrip(" \u3000").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "%"))
