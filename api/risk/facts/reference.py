"""The monthly reference table of industries, computed once for a month and frozen with the run that uses it.

Injuries per million staff (AQ03) and the season of water, power and gas (JY02). Only the certain rows count, and only the
parts that the table needs are read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from api.risk.facts.compute import collect_parts
from api.risk.facts.employment import facts as employment_facts
from api.risk.facts.employment import staff_parts
from api.risk.facts.parameters import FactParameters
from api.risk.facts.ports import AcceptedRows
from api.risk.facts.safety import MILLION, injury_parts
from api.risk.facts.utilities import UTILITIES, changes
from api.risk.facts.window import Window

PEERS_LEAST = 20
"""A median of fewer enterprises is no season."""


def reference(
    rows: AcceptedRows, subjects: pl.DataFrame, month: int, as_of: date, parameters: FactParameters
) -> FactParameters:
    """The parameters with `injury_ppm` and `season_bp` of the month; `subjects` is the whole district.

    Empty where nothing is known: the facts that need a mean are unknown then, and the season is nobody's.
    """
    window = Window(rows, month, as_of, parameters)
    return replace(parameters, injury_ppm=_injuries(window, subjects), season_bp=_seasons(window, subjects))


def _section() -> pl.Expr:
    return pl.col("industry").str.slice(0, 1).alias("section")


def _injuries(window: Window, subjects: pl.DataFrame) -> dict[str, int]:
    """Injuries and diseases of 12 months per million staff, by section letter, rounded down; "" = the district.

    Enterprises whose staff or cases are unknown, or without staff, do not count. A section without staff has no mean.
    """
    joined = collect_parts(subjects, [*staff_parts(window), *injury_parts(window)])
    facts = joined.select(_section(), "injury_cases_12m", staff=employment_facts()["staff"])
    counted = facts.filter((pl.col("staff") > 0) & pl.col("injury_cases_12m").is_not_null())
    if counted.is_empty():
        return {}
    sums = [pl.col("injury_cases_12m").sum() * MILLION // pl.col("staff").sum()]
    sections = counted.filter(pl.col("section").str.len_chars() == 1).group_by("section").agg(mean=sums[0])
    means = {"": int(counted.select(sums[0]).item())}
    return means | {row["section"]: row["mean"] for row in sections.sort("section").to_dicts()}


def _seasons(window: Window, subjects: pl.DataFrame) -> dict[str, int]:
    """The median change of each fresh utility, `power` of the district and `power:C` of a section, of enough enterprises."""
    fresh = [dataset for dataset in UTILITIES if window.fresh(dataset)]
    sections = subjects.lazy().select("enterprise", _section())
    plans = [changes(window, dataset).join(sections, on="enterprise") for dataset in fresh]
    found: dict[str, int] = {}
    for dataset, frame in zip(fresh, pl.collect_all(plans), strict=True):
        if frame.height >= PEERS_LEAST:
            found[dataset] = _median(frame["change"])
        for (section,), part in frame.sort("section").group_by("section", maintain_order=True):
            if part.height >= PEERS_LEAST and len(str(section or "")) == 1:
                found[f"{dataset}:{section}"] = _median(part["change"])
    return found


def _median(values: pl.Series) -> int:
    """Of an even count floor((a + b) / 2) of the two in the middle."""
    ordered = values.sort()
    return int(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2
