"""What departments record once: ordinary disputes, penalties and accidents of many enterprises, and the acts of the stories.

A fact that becomes known later (verified, settled, performed, removed) is empty in the first file and comes in a
correction file of the period in which it became known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from scripts.district.acts import MAKERS, Event, Scene
from scripts.district.calendar import Month
from scripts.district.draws import KEY, Draws
from scripts.district.stories import CLUSTER, STORIES

KEYS: Final = {
    "market_penalty": "penalty_no",
    "market_abnormal": "listing_no",
    "si_injury": "injury_no",
    "court_event": "case_no",
    "dispute_case": "case_no",
    "inspection_act": "act_no",
    "arrears_clue": "clue_no",
    "group_event": "event_no",
    "credit_list": "list_no",
    "accident": "accident_no",
    "safety_penalty": "penalty_no",
    "environment_penalty": "penalty_no",
    "occupational_disease": "case_no",
}
PER_WORKER: Final = {
    "dispute_case": 700,
    "si_injury": 350,
    "arrears_clue": 500,
    "inspection_act": 250,
    "safety_penalty": 120,
    "environment_penalty": 60,
    "accident": 25,
    "occupational_disease": 5,
    "group_event": 8,
}
PER_ENTERPRISE: Final = {
    "market_penalty": 600,
    "market_abnormal": 700,
    "court_event": 900,
    "credit_list": 200,
}
"""Ordinary events per million workers, or enterprises, and month."""


def ordinary(state: pl.DataFrame, draws: Draws, month: Month, position: int) -> Iterator[Event]:
    """Events of the month that belong to no story; arrears clues and disputes are twice as frequent before the festival."""
    rates = PER_WORKER | PER_ENTERPRISE
    times = []
    for dataset, rate in rates.items():
        count = pl.col("workers") if dataset in PER_WORKER else pl.lit(1, dtype=pl.Int64)
        winter = 2 if month.before_festival and dataset in ("arrears_clue", "dispute_case") else 1
        times.append(
            draws.rounded(count, rate * winter, f"times {dataset}", position, 1_000_000).alias(
                f"times {dataset}"
            )
        )
    drawn = (
        state.lazy()
        .filter(pl.col("workers") > 0)
        .select("serial", KEY, "workers", "wage", *times)
        .filter(pl.any_horizontal(pl.col("^times .*$") > 0))
        .collect()
    )
    for serial, key, workers, wage, *counts in drawn.iter_rows():
        for dataset, count in zip(rates, counts, strict=True):
            for turn in range(count):
                tag = position * 1_000 + turn
                day = month.day(1 + draws.below(28, f"day {dataset}", tag, key))
                yield from MAKERS[dataset](Scene(draws, key, serial, workers, wage, day, tag), {})


def told(master: pl.DataFrame, draws: Draws, months: list[Month]) -> Iterator[Event]:
    """The acts of the planted stories within the period, and the listings of the clusters' paper enterprises."""
    by_name = {story.name: story for story in STORIES}
    columns = ("serial", KEY, "story", "onset", "pace", "size", "wage")
    for serial, key, name, onset, pace, size, wage in (
        master.filter(pl.col("story").is_not_null()).select(columns).iter_rows()
    ):
        if name == CLUSTER:
            position = onset + 5 + draws.below(6, "listed", 0, key)
            if position < len(months) and draws.below(100, "is listed", 0, key) < 35:
                scene = Scene(draws, key, serial, 0, wage, months[position].day(12), 90, told=True)
                yield from MAKERS["market_abnormal"](scene, {"kind": "abnormal"})
            continue
        for turn, act in enumerate(by_name[name].acts):
            position = onset + act.age * pace
            if position >= len(months) or size < act.from_staff:
                continue
            given = dict(act.fields)
            if act.persons or act.least:
                given["persons"] = min(max(act.least, size * act.persons // 10_000), max(size, act.least))
            on, tag = months[position].day(act.day), 50_000 + turn
            scene = Scene(draws, key, serial, size, wage, on, tag, told=True)
            yield from MAKERS[act.dataset](scene, given)
