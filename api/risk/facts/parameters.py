"""Dated figures that the facts need besides departments' rows. A run freezes them with its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class FactParameters:
    """One month's figures; money is fen, shares are basis points.

    `average_wage_fen`: the local average wage of one month, of the year before, whose 60 % and 300 % bound the
    contribution base. `injury_ppm`: injuries and occupational diseases of 12 months per million staff, by section letter
    of the industry, frozen for the month (`reference.reference`); the key "" is the district's mean and serves where a
    section has none. `season_bp`: how the month's use of `water`, `power` and `gas` compares with the three months before,
    the median of the section `power:C` or of the district `power`, frozen with them.
    `known_at`: read the rows as they were known then (replay, backtest); None reads the newest.
    """

    average_wage_fen: int
    injury_ppm: Mapping[str, int] = field(default_factory=dict)
    season_bp: Mapping[str, int] = field(default_factory=dict)
    known_at: datetime | None = None
    base_floor_bp: int = 6_000
    base_ceiling_bp: int = 30_000
    paid_share_bp: int = 9_000

    def __post_init__(self) -> None:
        if self.average_wage_fen <= 0:
            raise ValueError("average_wage_fen must be positive")
        if not 0 < self.base_floor_bp <= self.base_ceiling_bp or not 0 < self.paid_share_bp <= 10_000:
            raise ValueError("bounds of the contribution base or of the paid share are out of order")
        if any(value < 0 for value in self.injury_ppm.values()):
            raise ValueError("injury_ppm must not be negative")
        if any(value < 0 for value in self.season_bp.values()):
            raise ValueError("season_bp must not be negative")
