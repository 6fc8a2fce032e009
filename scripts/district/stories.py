"""The planted stories: what happens to chosen enterprises, month by month, and when the harm is done.

A story is data: curves over its age in months (a department's figure as a share in ten thousand, or a count), the
acts of departments it causes, and the age of the harm by the catalogue's definition of a missed case (verified arrears
of five persons, a dispute of ten, flight, closure with unpaid wages). Harmless stories have none. These curves are
invented by the authors of the rules: figures measured on them show that the machinery works, not that it would hit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from scripts.district.calendar import Month
from scripts.district.draws import Draws

NEUTRAL: Final = {
    "power": 10_000, "payroll": 10_000, "staff": 10_000, "paid": 10_000, "base": 10_000, "delay": 0, "si": 0, "tax": 0,
    "credit": 0, "rent": 0, "utility": 0, "cut": 0, "frozen": 0, "moved": 0, "gone": 0,
}  # fmt: skip
"""What a curve that is not drawn means: shares in ten thousand, months or days in arrears, flags."""
MUTABLE: Final = ("power", "payroll", "si", "tax", "credit", "rent", "utility", "base")
"""Curves that one in eight enterprises of a story doesn't show: real signs are incomplete."""


@dataclass(frozen=True)
class Act:
    """What a department records: at this age and day of the month, in this dataset; `persons` is a share of the staff."""

    age: int
    day: int
    dataset: str
    fields: dict[str, Any] = field(default_factory=dict)
    persons: int = 0
    least: int = 0
    from_staff: int = 0


@dataclass(frozen=True)
class Story:
    """One kind of story; `rate` enterprises in ten thousand live it, and at least three."""

    name: str
    rate: int
    smallest: int
    harm: str | None
    harm_age: int
    after: Literal["neutral", "hold", "gone"]
    curves: dict[str, list[int]]
    acts: tuple[Act, ...] = ()
    seasonal: bool = False

    @property
    def harm_day(self) -> int:
        """Day of the month on which the harm is on record: the first act of its age."""
        return min(act.day for act in self.acts if act.age == self.harm_age)

    def curve(self, name: str) -> list[int]:
        """The curve of that name by age; one neutral value where the story has none."""
        return self.curves.get(name, [NEUTRAL[name]])

    @property
    def length(self) -> int:
        return max((len(values) for values in self.curves.values()), default=1)


def _load() -> tuple[Story, ...]:
    told = json.loads((Path(__file__).resolve().parent / "stories.json").read_text("utf-8"))
    return tuple(Story(**{**story, "acts": tuple(Act(**act) for act in story["acts"])}) for story in told)


STORIES: Final = _load()
CLUSTER: Final = "cluster_address"
CLUSTERED = 134
"""Enterprises in ten thousand that are registered at one of a few shared addresses and exist on paper only."""
CLUSTER_SIZE = 40


def _pick(frame: pl.DataFrame, draws: Draws, name: str, count: int) -> list[int]:
    """The serials with the smallest draws: adding enterprises elsewhere in the frame moves nobody's draw."""
    order = frame.select("serial", draws.column(1 << 40, f"story {name}").alias("drawn")).sort(
        "drawn", "serial"
    )
    return order["serial"].head(count).to_list()


def assign(frame: pl.DataFrame, draws: Draws, months: list[Month]) -> pl.DataFrame:
    """Give some enterprises a story: columns `story`, `onset` (position in `months`) and `pace` (months per age); others null.

    Enterprises of a story neither close in an ordinary way nor begin within the period; those of a cluster get its address.
    """
    total = frame.height
    free = frame.filter(pl.col("size") > 0)
    chosen: dict[int, tuple[str, int, int]] = {}
    before_festival = [index for index, month in enumerate(months) if month.before_festival]
    for story in STORIES:
        fits = free.filter((pl.col("size") >= story.smallest) & ~pl.col("serial").is_in(list(chosen)))
        for serial in _pick(fits, draws, story.name, max(3, total * story.rate // 10_000)):
            key = draws.key(serial)
            if story.seasonal:
                onset = (
                    before_festival[draws.below(len(before_festival), "festival", 0, key)]
                    if before_festival
                    else 0
                )
            else:
                onset = min(4, len(months) - 1) + draws.below(max(1, len(months) - 5), "onset", 0, key)
            pace = 2 if not story.seasonal and draws.below(10, "pace", 0, key) < 3 else 1
            chosen[serial] = (story.name, onset, pace)
    rest = frame.filter((pl.col("size") <= 2) & ~pl.col("serial").is_in(list(chosen)))
    members = _pick(rest, draws, CLUSTER, max(6, total * CLUSTERED // 10_000))
    half = len(months) // 2
    clusters = {
        serial: (index // CLUSTER_SIZE, draws.below(max(1, half), "cluster", index // CLUSTER_SIZE, 0))
        for index, serial in enumerate(members)
    }
    chosen |= {serial: (CLUSTER, start, 1) for serial, (_, start) in clusters.items()}
    table = pl.DataFrame(
        [(serial, *what) for serial, what in sorted(chosen.items())],
        schema={"serial": pl.Int64, "story": pl.String, "onset": pl.Int64, "pace": pl.Int64},
        orient="row",
    )
    frame = frame.join(table, on="serial", how="left", maintain_order="left")
    return _settle_clusters(frame, clusters, len(months))


def _settle_clusters(frame: pl.DataFrame, clusters: dict[int, tuple[int, int]], months: int) -> pl.DataFrame:
    homes = frame.filter(pl.col("serial").is_in(list(clusters)))
    first: dict[int, tuple[str, str]] = {}
    for serial, town, place in homes.select("serial", "town", "address").iter_rows():
        first.setdefault(clusters[serial][0], (town, place))
    places = {serial: first[cluster][1] for serial, (cluster, _) in clusters.items()}
    codes = {serial: first[cluster][0] for serial, (cluster, _) in clusters.items()}
    inside, told = pl.col("story") == CLUSTER, pl.col("story").is_not_null()
    return frame.with_columns(
        pl.col("serial").replace_strict(places, default=pl.col("address")).alias("address"),
        pl.col("serial")
        .replace_strict(places, default=pl.col("operating_address"))
        .alias("operating_address"),
        pl.col("serial").replace_strict(codes, default=pl.col("town")).alias("town"),
        # Who lives a story is there from the first month on, so it was founded before it.
        pl.when(told & (pl.col("starts") >= 0))
        .then(pl.col("established_on").dt.offset_by(f"-{months}mo"))
        .otherwise(pl.col("established_on"))
        .alias("established_on"),
        pl.when(told).then(None).otherwise(pl.col("closes")).alias("closes"),
        pl.when(inside).then(pl.col("onset")).when(told).then(-1).otherwise(pl.col("starts")).alias("starts"),
        pl.when(inside).then(0).otherwise(pl.col("size")).alias("size"),
    )


@cache
def effects() -> pl.DataFrame:
    """One row per story and age with every curve's value; ages past the end are clipped or dropped by `state`."""
    rows: list[dict[str, Any]] = []
    for story in STORIES:
        for age in range(story.length):
            rows.append(
                {"story": story.name, "age": age}
                | {name: story.curve(name)[min(age, len(story.curve(name)) - 1)] for name in NEUTRAL}
            )
    kinds = dict.fromkeys(("age", *NEUTRAL), pl.Int64)
    return pl.DataFrame(rows, schema={"story": pl.String, **kinds})
