"""National figures that the rules need, as dated rows; a parameter of the same key set by the operator wins.

Local figures (minimum wages) have no row here: they come from the parameters only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from api.econtract.model import Figures, RetirementTrack

TRACKS = ("male", "female", "female_management")


@dataclass(frozen=True)
class LocalFigures:
    """What the parameters say for the place of work and the employer's seat on the day. None = not known."""

    minimum_monthly: Decimal | None = None
    minimum_hourly: Decimal | None = None
    seat_minimum_monthly: Decimal | None = None
    source: str = ""
    overrides: Mapping[str, Any] | None = None


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((Path(__file__).parent / "national.json").read_text("utf-8"))["rows"])


def national(key: str, day: date) -> Any:
    """The national value of `key` in force on `day`, or None."""
    for row in _rows():
        starts, ends = row["valid_from"], row["valid_to"]
        if row["key"] == key and starts <= day.isoformat() and (ends is None or day.isoformat() <= ends):
            return row["value"]
    return None


def resolve(local: LocalFigures, day: date) -> Figures:
    """The figures that apply on `day`."""

    def value(key: str) -> Any:
        override = (local.overrides or {}).get(key)
        return override if override is not None else national(key, day)

    tracks = {name: value(f"retirement.{name}") for name in TRACKS}
    return Figures(
        minimum_monthly=local.minimum_monthly,
        minimum_hourly=local.minimum_hourly,
        seat_minimum_monthly=local.seat_minimum_monthly,
        minimum_source=local.source,
        retirement={name: RetirementTrack(**track) for name, track in tracks.items() if track is not None},
        week_hours=Decimal(value("hours.week") or 40),
        day_hours=Decimal(value("hours.day") or 8),
    )
