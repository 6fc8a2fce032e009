"""The invented enterprises: who they are, how big (Pareto), where, and which of their habits matter to a department."""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from scripts.district.calendar import Month
from scripts.district.draws import KEY, Draws
from scripts.district.identifiers import synthetic_uscc
from scripts.district.names import address, company_name, towns

LARGEST = 6_000
_SHAPE = 1.08
"""Exponent of the Pareto sizes: about 3 in 100 enterprises have 25 or more workers, 7 in 1,000 a hundred."""
_NOBODY = 800
_CLOSE, _START = 900, 700
"""Shares in ten thousand: without workers; closing in an ordinary way; founded within the period."""

SECTIONS: Final = (
    ("F", 3400), ("C", 1400), ("L", 1000), ("M", 800), ("E", 800), ("H", 640), ("O", 500), ("I", 500), ("G", 400),
    ("K", 200), ("R", 150), ("P", 90), ("Q", 40), ("N", 30), ("A", 25), ("J", 15), ("D", 5), ("B", 5),
)  # fmt: skip
"""Sections of GB/T 4754-2017 with their shares in ten thousand."""
_DIVISIONS: Final = {
    "A": (1, 3), "B": (8, 10), "C": (13, 42), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (54, 59), "H": (61, 62),
    "I": (64, 65), "J": (67, 68), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (77, 78), "O": (80, 81), "P": (83, 83),
    "Q": (84, 85), "R": (87, 90),
}  # fmt: skip
_WAGES: Final = {
    "I": 900_000,
    "J": 1_000_000,
    "M": 780_000,
    "C": 620_000,
    "E": 600_000,
    "K": 560_000,
    "H": 430_000,
    "O": 440_000,
}
_LEGAL_FORMS = {"enterprise": "有限责任公司", "sole_trader": "个体工商户", "cooperative": "农民专业合作社"}


def _by_share(drawn: pl.Expr, shares: tuple[tuple[str, int], ...]) -> pl.Expr:
    """The value whose share of ten thousand the number falls in."""
    total = 0
    chosen: pl.Expr = pl.lit(shares[-1][0])
    limits: list[tuple[int, str]] = []
    for value, share in shares:
        total += share
        limits.append((total, value))
    for limit, value in reversed(limits):
        chosen = pl.when(drawn < limit).then(pl.lit(value)).otherwise(chosen)
    return chosen


def _uneven(draws: Draws, name: str, rate: int) -> pl.Expr:
    """A rate of each enterprise whose mean is `rate`: none for six in ten, as stated for three, seven times as much for one."""
    return (
        _by_share(draws.column(10_000, name), (("0", 6000), ("1", 3000), ("7", 1000))).cast(pl.Int64) * rate
    )


def _numbers(draws: Draws, count: int, months: int) -> pl.DataFrame:
    """Everything about the enterprises that is a number or a code, one row each."""
    frame = pl.DataFrame({"serial": pl.int_range(count, eager=True, dtype=pl.Int64)})
    frame = frame.with_columns(draws.keys(pl.col("serial")).alias(KEY))
    unit = (draws.column(1 << 40, "size") + 1).cast(pl.Float64) / float(1 << 40)
    size = unit.pow(-1 / _SHAPE).floor().cast(pl.Int64).clip(1, LARGEST)
    frame = frame.with_columns(
        _by_share(draws.column(10_000, "section"), SECTIONS).alias("section"),
        pl.when(draws.share(_NOBODY, "nobody")).then(0).otherwise(size).cast(pl.Int64).alias("size"),
        (draws.column(4_001, "drift") - 1_500).alias("drift"),
        draws.column(len(towns()), "town").alias("town"),
        (draws.column(15, "pay day") + 10).alias("pay_day"),
        _uneven(draws, "unsigned", 200).alias("unsigned"),
        _uneven(draws, "uninsured", 300).alias("uninsured"),
        _uneven(draws, "below minimum", 100).alias("below"),
        pl.when(draws.share(400, "low base"))
        .then(draws.column(2_500, "base") + 7_000)
        .otherwise(10_000)
        .alias("base"),
        pl.when(draws.share(_CLOSE, "closes")).then(draws.column(months, "closing")).alias("closes"),
        pl.when(draws.share(_START, "starts"))
        .then(draws.column(months, "starting"))
        .otherwise(-1)
        .alias("starts"),
        _by_share(
            draws.column(10_000, "grade"), (("A", 900), ("B", 5500), ("M", 3200), ("C", 360), ("D", 40))
        ).alias("grade"),
    )
    kind = (
        pl.when((pl.col("section") == "A") & draws.share(5_000, "co-op"))
        .then(pl.lit("cooperative"))
        .when((pl.col("size") <= 8) & draws.share(1_500, "sole trader"))
        .then(pl.lit("sole_trader"))
        .otherwise(pl.lit("enterprise"))
    )
    wage = pl.col("section").replace_strict(_WAGES, default=520_000, return_dtype=pl.Int64)
    meters = pl.col("size") >= 3
    unions = pl.when(pl.col("size") >= 100).then(8_500).when(pl.col("size") >= 25).then(5_500).otherwise(50)
    return frame.with_columns(
        kind.alias("kind"),
        ((wage * (8_000 + draws.column(5_001, "wage"))) // 1_000_000 * 100).alias("wage"),
        (pl.col("size").is_between(8, LARGEST) & draws.share(3_500, "loan")).alias("has_loan"),
        (meters & draws.share(7_000, "water meter")).alias("has_water"),
        (meters & draws.share(8_500, "power meter")).alias("has_power"),
        (pl.col("section").is_in(["C", "H", "D"]) & meters & draws.share(5_000, "gas meter")).alias("has_gas"),
        (pl.col("section").is_in(["F", "I", "L", "M", "H", "O"]) & meters & draws.share(2_500, "tenant")).alias("tenant"),
        draws.share(unions, "union").alias("has_union"),
        ((pl.col("section") == "E") & (pl.col("size") >= 12)).alias("builds"),
        draws.column(1 << 24, "muted").alias("muted"),
        draws.column(1_000_000, "address").alias("place"),
    )  # fmt: skip


def enterprises(draws: Draws, count: int, months: list[Month]) -> pl.DataFrame:
    """The enterprises of the district, one row each, in the order of their numbers.

    Money (`wage`, a month's mean) is in fen, rates in ten thousandths; `starts` and `closes` are positions in `months`.
    """
    frame = _numbers(draws, count, len(months))
    table = towns()
    rows: dict[str, list[object]] = {
        name: [] for name in ("uscc", "name", "industry", "address", "operating_address")
    }
    dates: list[dt.date] = []
    columns = ("serial", "kind", "section", "town", "place", "starts", KEY)
    for serial, kind, section, town, place, starts, key in frame.select(columns).iter_rows():
        low, high = _DIVISIONS[section]
        rows["uscc"].append(synthetic_uscc(serial, kind))
        rows["name"].append(company_name(serial, section, kind))
        rows["industry"].append(f"{section}{low + draws.below(high - low + 1, 'division', 0, key):02d}")
        here = address(table[town], place % 10, place // 10 % 400 + 1, place // 4_000 % 60 + 101)
        elsewhere = draws.below(100, "operates elsewhere", 0, key) < 12
        other = table[draws.below(len(table), "operating town", 0, key)]
        rows["address"].append(here)
        rows["operating_address"].append(
            address(other, place % 7, place // 10 % 300 + 1, 201) if elsewhere else here
        )
        first = months[starts].first if starts >= 0 else months[0].first
        back = draws.below(28, "day", 0, key) if starts >= 0 else -30 - draws.below(6_000, "age", 0, key)
        dates.append(first + dt.timedelta(days=back))
    return frame.with_columns(
        *(pl.Series(name, values, dtype=pl.String) for name, values in rows.items()),
        pl.Series("established_on", dates, dtype=pl.Date),
        pl.col("town")
        .replace_strict({i: t["code"] for i, t in enumerate(table)}, return_dtype=pl.String)
        .alias("town"),
        pl.col("kind").replace_strict(_LEGAL_FORMS).alias("legal_form"),
    )
