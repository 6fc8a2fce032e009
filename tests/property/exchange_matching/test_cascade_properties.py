"""What holds for every master and every row: order, codes, probability, stability."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from api.exchange.matching.cascade import Cascade
from api.exchange.matching.codes import ALPHABET, check_character, is_valid
from api.exchange.matching.model import LINKED
from api.exchange.matching.names import NameRules, name_core, name_key

BODY = st.text(ALPHABET, min_size=15, max_size=15).map(lambda rest: "91" + rest)
WORD = st.text("星河月光天地重庆市（）()Ａ1 有限责任公司", max_size=12)
PLACE = st.text("甲乙路号1２ 九龙坡区", max_size=8)
RULES = NameRules()
SCHEMA = {"uscc": pl.String, "name": pl.String, "address": pl.String}


def codes_of(bodies: list[str]) -> list[str]:
    frame = pl.DataFrame({"t": bodies}, schema={"t": pl.String})
    return frame.select(pl.col("t") + check_character(pl.col("t"))).to_series().to_list()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    codes = codes_of(draw(st.lists(BODY, min_size=1, max_size=8, unique=True)))
    master = pl.DataFrame(
        [(n, code, draw(WORD), draw(st.none() | PLACE)) for n, code in enumerate(codes, 1)],
        schema={"enterprise": pl.Int64, **SCHEMA},
        orient="row",
    )
    damaged = st.sampled_from(codes).map(lambda code: code[:-1] + ("0" if code[-1] != "0" else "1"))
    written = st.none() | st.sampled_from(codes) | damaged | BODY.map(lambda body: codes_of([body])[0])
    names = st.none() | WORD | st.sampled_from(master.get_column("name").to_list())
    places = st.none() | PLACE | st.sampled_from(master.get_column("address").to_list())
    rows = draw(st.lists(st.tuples(written, names, places), max_size=12))
    return master, pl.DataFrame(rows, schema=SCHEMA, orient="row")


@settings(deadline=None, max_examples=40)
@given(worlds())
def test_every_row_has_one_answer_that_keeps_the_rules(world: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    master, rows = world
    found = Cascade(master).match(rows)
    assert found.height == rows.height
    known = set(master.get_column("uscc"))
    valid = rows.select(is_valid(pl.col("uscc").fill_null(""))).to_series().to_list()
    for (code, _, _), good, (enterprise, method, score, probable) in zip(
        rows.rows(), valid, found.rows(), strict=True
    ):
        assert (enterprise is not None) == (method in [m.value for m in LINKED])
        assert 0 <= score <= 10_000
        if code in known:
            assert method == "uscc"
            assert master.filter(uscc=code).item(0, "enterprise") == enterprise
        elif good:
            assert (enterprise, method) == (None, "unknown_code")
        if method in ("name", "fuzzy_address"):
            assert probable
        if method == "name_address" and code is not None:
            assert probable
        if probable:
            assert method in ("name", "fuzzy_address", "name_address")


@settings(deadline=None, max_examples=40)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_and_company_of_rows_change_no_answer(
    world: tuple[pl.DataFrame, pl.DataFrame], rng: object
) -> None:
    master, rows = world
    found = Cascade(master).match(rows).rows()
    backwards = Cascade(master.reverse()).match(rows.reverse()).rows()
    assert found == backwards[::-1]
    for number in range(rows.height):
        assert Cascade(master).match(rows.slice(number, 1)).row(0) == found[number]


@settings(deadline=None)
@given(st.text(max_size=30))
def test_keys_are_stable(text: str) -> None:
    frame = pl.DataFrame({"t": [text]}, schema={"t": pl.String})
    key = frame.select(name_key(pl.col("t"), RULES)).item()
    again = pl.DataFrame({"t": [key]}).select(name_key(pl.col("t"), RULES)).item()
    assert again == key
    core = pl.DataFrame({"t": [key]}).select(name_core(pl.col("t"), RULES)).item()
    assert core in key
    assert bool(core) == bool(key)
