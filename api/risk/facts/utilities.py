"""Water, power and gas (JY02): what is used now against the mean of the three months before, adjusted by the season.

The season, in ten thousandths of that mean and never above it, is the milder of two changes into the same month:

* of the peers: the median of the industry section in this very month (`reference.reference`, frozen with the month's run), so
  that festivals, weather and rationing that meet everybody meet the comparison too;
* of the enterprise itself a year ago. The Spring Festival moves between January and February, so a month that it touches is
  compared with those that it touched last year, and a month that it touched only last year with none.

In a touched month a fall counts as far as the month before shows it too: stopping early or starting late is no sign by
itself, and what has really stopped is still seen when the festival is over. Two of the three months before must be known,
else the fall is unknown. Whole numbers, rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from api.risk.facts.festival import touched_months
from api.risk.facts.window import Columns, Part, Window, flag

UTILITIES = ("water", "power", "gas")
MONTHS = 18
"""The month, the three before it, and last year's: January's counterpart may lie 14 months back, its base three more."""
USAGE_MAX = 1_000_000_000  # keeps three months times ten thousand inside 64 bits
WHOLE = 10_000
KNOWN_LEAST = 2
_BEFORE = 3


def parts(window: Window) -> list[Part]:
    """Meter, arrears and cut-off of each utility, and what the fall is computed of."""
    return [_utility(window, dataset) for dataset in UTILITIES]


def changes(window: Window, dataset: str) -> pl.LazyFrame:
    """`enterprise, change`: the reference month in ten thousandths of the mean of the three months before, of enterprises
    that used anything in them."""
    rows = window.months(dataset, ("usage",), window.reference(dataset), _BEFORE + 1)
    found = rows.group_by("enterprise").agg(change=_change(0))
    return found.filter(pl.col("change").is_not_null())


def counterparts(last: int) -> list[int]:
    """How many months back last year's months like month index `last` lie; none when the festival was in it only then."""
    year, month = last // 12, last % 12 + 1
    now, then = touched_months(year), touched_months(year - 1)
    if month in now:
        return [12 + month - other for other in then]
    return [] if month in then else [12]


def festive(last: int) -> bool:
    """Whether the Spring Festival touches the month of this index."""
    return last % 12 + 1 in touched_months(last // 12)


def _usage() -> pl.Expr:
    return pl.col("usage").clip(0, USAGE_MAX)


def _base(ago: int) -> tuple[pl.Expr, pl.Expr]:
    """Sum and number of what is known of the three months before the month `ago`."""
    inside = pl.col("k").is_between(ago + 1, ago + _BEFORE) & pl.col("usage").is_not_null()
    return pl.when(inside).then(_usage()).otherwise(0).sum(), inside.sum().cast(pl.Int64)


def _change(ago: int) -> pl.Expr:
    """The month `ago` in ten thousandths of the mean before it; null without two known months or any use in them."""
    total, known = _base(ago)
    used = pl.when(pl.col("k") == ago).then(_usage()).max()
    return pl.when((known >= KNOWN_LEAST) & (total > 0)).then(used * known * WHOLE // total)


def facts(window: Window) -> Columns:
    """The season, what was expected and how much less it was, of each utility."""
    found: Columns = {}
    for dataset in UTILITIES:
        total, known = pl.col(f"_{dataset}_total"), pl.col(f"_{dataset}_known").clip(1)
        season = pl.min_horizontal(
            pl.lit(WHOLE, pl.Int64), _peers(window.parameters.season_bp, dataset), f"_{dataset}_own"
        )
        expected = total * season // (WHOLE * known)
        found |= {
            f"{dataset}_season_bp": pl.when(total > 0).then(season).otherwise(total),
            f"{dataset}_expected": expected,
            f"{dataset}_drop": (expected - pl.col(f"_{dataset}_counted")).clip(0),
        }
    return found


def _utility(window: Window, dataset: str) -> Part:
    shown = tuple(f"{dataset}_{what}" for what in ("meter", "arrears_months", "cut_off"))
    names = (*shown, *(f"_{dataset}_{what}" for what in ("total", "known", "counted", "own")))
    if not window.fresh(dataset):
        return Part((dataset,), names, None)
    last = window.reference(dataset)
    k, ago = pl.col("k"), counterparts(last)
    wanted = {*range(_BEFORE + 1), *(n + step for n in ago for step in range(_BEFORE + 1))}
    rows = window.months(dataset, ("has_meter", "usage", "arrears_months", "cut_off"), last, MONTHS)
    total, known = _base(0)

    def at(place: int, value: pl.Expr) -> pl.Expr:
        return pl.when(k == place).then(value).max()

    seen = (
        rows.filter(k.is_in(sorted(wanted)))
        .group_by("enterprise")
        .agg(
            (k == 0).any().alias("here"),
            (k == 1).any().alias("before"),
            at(0, flag("has_meter")).alias("meter"),
            at(0, _usage()).alias("now"),
            at(1, _usage()).alias("last"),
            at(0, pl.col("arrears_months")).alias("arrears"),
            at(0, flag("cut_off")).alias("cut"),
            total.alias("total"),
            known.alias("known"),
            *[_change(n).alias(f"year{n}") for n in ago],
        )
    )
    # Of two months the higher one; a month that is not known confirms nothing.
    confirmed = pl.when(pl.col("last").is_not_null()).then(pl.max_horizontal("now", "last"))
    counted = confirmed if festive(last) else pl.col("now")
    enough = (pl.col("known") >= KNOWN_LEAST) & pl.col("now").is_not_null()
    own = pl.min_horizontal(f"year{n}" for n in ago) if ago else pl.lit(None, pl.Int64)
    zero, meter = pl.lit(0, pl.Int64), pl.col("meter")

    def state(value: pl.Expr) -> pl.Expr:
        """A gap is unknown; two months without a row have ended."""
        return pl.when(pl.col("here")).then(value).when(pl.col("before")).then(None).otherwise(zero)

    def metered(value: pl.Expr) -> pl.Expr:
        """Without a meter there is nothing to fall."""
        return state(pl.when(meter == 0).then(zero).otherwise(value))

    values = (
        state(meter),
        state(pl.col("arrears")),
        state(pl.col("cut")),
        metered(pl.when(enough).then(pl.col("total"))),
        pl.col("known"),
        metered(pl.when(pl.col("now").is_not_null()).then(counted)),
        own,
    )
    return Part((dataset,), names, seen.select("enterprise", **dict(zip(names, values, strict=True))))


def _peers(season: Mapping[str, int], dataset: str) -> pl.Expr:
    """The frozen change of the enterprise's section, else the district's; null without one."""
    mean: pl.Expr = pl.lit(season.get(dataset), pl.Int64)
    sections = {
        key.partition(":")[2]: value for key, value in season.items() if key.startswith(f"{dataset}:")
    }
    if not sections:
        return mean
    return (
        pl.col("industry")
        .str.slice(0, 1)
        .replace_strict(sections, default=season.get(dataset), return_dtype=pl.Int64)
    )
