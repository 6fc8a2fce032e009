"""Settled rows: what was dealt with in a closed episode stays visible but is without force while it gets no worse.

A row is (control point, business key, tier, digest of its content). Kept with an outcome at closure, it stays settled
while its tier is no higher. 不属实 and 数据错误 settle exactly that row until its content changes; 已化解 with a written
reason has an expiry, after which the row counts again, then without the level-up of a repeated episode. Reopening an
episode takes its settlements back: the row's newest one says so, and it counts again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from api.risk.episodes.grading import NONE, RED

POINT_ITSELF = ""
"""Business key of a control point that reads a state and not single records."""


class Outcome(StrEnum):
    """How a warning ended (C.4)."""

    CONFIRMED = "confirmed"
    PARTLY = "partly_confirmed"
    NO_SUCH_ENTERPRISE = "no_such_enterprise"
    DUPLICATE = "duplicate"
    TRANSFERRED = "transferred"
    UNFOUNDED = "unfounded"
    WRONG_DATA = "wrong_data"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    """No outcome: the closure that settled the row was taken back."""


UNTIL_CHANGED = frozenset({Outcome.UNFOUNDED, Outcome.WRONG_DATA})


@dataclass(frozen=True)
class Row:
    """A row that supports a control point's tier. `digest`: hex of its content; empty for a point itself.

    tier: what the point counts with it, without rows that are settled. alone: what the row gives without the point's other
    events, which says whether it got worse; None where only `tier` is known.
    """

    point: str
    key: str
    tier: int
    digest: str = ""
    alone: int | None = None

    @property
    def own(self) -> int:
        """The tier that is kept when it is settled."""
        return self.tier if self.alone is None else self.alone


@dataclass(frozen=True)
class Settled:
    """A row as it was dealt with. `until`: last day on which it is without force (已化解 by a written reason)."""

    point: str
    key: str
    tier: int
    outcome: Outcome
    digest: str = ""
    until: date | None = None


class Force(StrEnum):
    """Whether a row counts. LAPSED: it counts again because a reason has expired."""

    ACTIVE = "active"
    SETTLED = "settled"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class Effective:
    """Tiers by point without settled rows, and the points that count only through lapsed rows."""

    tiers: Mapping[str, int]
    lapsed: frozenset[str]


def force_of(row: Row, settled: Settled | None, day: date) -> Force:
    """Whether `row` counts on `day`, given how it was settled last."""
    if settled is None or settled.outcome is Outcome.REOPENED:
        return Force.ACTIVE
    if settled.outcome in UNTIL_CHANGED:
        unchanged = row.digest == settled.digest and (row.digest or row.own == settled.tier)
        return Force.SETTLED if unchanged else Force.ACTIVE
    if row.own > settled.tier:
        return Force.ACTIVE
    if settled.until is not None and day > settled.until:
        return Force.LAPSED
    return Force.SETTLED


def newest(settled: Iterable[Settled]) -> dict[tuple[str, str], Settled]:
    """The last settlement of each row, from settlements in the order in which they were made."""
    return {(item.point, item.key): item for item in settled}


def rows_of(tiers: Mapping[str, int], rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by coloured point, no row above its point's tier; a point for which none is named stands for itself."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        tier = tiers.get(row.point, NONE)
        if NONE < tier <= RED:
            found[row.point].append(replace(row, tier=min(row.tier, tier)))
    for point, tier in tiers.items():
        if NONE < tier <= RED and point not in found:
            found[point] = [Row(point, POINT_ITSELF, tier)]
    return found


def without_settled(
    tiers: Mapping[str, int], rows: Iterable[Row], settled: Sequence[Settled], day: date
) -> Effective:
    """Tiers as they count on `day`: a coloured point has the highest tier of its rows that are not settled.

    Unknown and not applicable stay what they are; a tier never gets higher.
    """
    if not settled:
        return Effective(dict(tiers), frozenset())
    last = newest(settled)
    counted, lapsed = dict(tiers), set()
    for point, own in rows_of(tiers, rows).items():
        forces = [(row, force_of(row, last.get((row.point, row.key)), day)) for row in own]
        alive = [(row, force) for row, force in forces if force is not Force.SETTLED]
        counted[point] = max((row.tier for row, _force in alive), default=NONE)
        if alive and all(force is Force.LAPSED for _row, force in alive):
            lapsed.add(point)
    return Effective(counted, frozenset(lapsed))
