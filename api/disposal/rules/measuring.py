"""How often warnings were right, and what they missed. Pure; no floats: shares and bounds are basis points.

Share confirmed: of the warnings that were verified on site, those found 属实 or 部分属实. Duplicates and referrals say
nothing about the engine and are counted apart. Missed case: verified arrears of at least 5 persons, a dispute of at
least 10, flight, or closure with unpaid wages, without yellow or higher in the 90 days before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Final

from api.disposal.model import Colour, Outcome, Reason
from api.disposal.ports import Incident, RiskHistory

LOOK_BACK: Final = timedelta(days=90)
_Z: Final = Decimal("1.959963984540054")
CONFIRMED: Final = frozenset({Outcome.CONFIRMED, Outcome.PARTLY})
SAYS_NOTHING: Final = frozenset({Outcome.DUPLICATE, Outcome.REFERRED})
_LEAST: Final[Mapping[str, int]] = {"arrears": 5, "dispute": 10, "fled": 0, "closure": 0}


@dataclass(frozen=True)
class Share:
    """`hits` of `total`, with the share and the bounds of its 95 % Wilson interval in basis points."""

    hits: int
    total: int
    bp: int | None
    low: int
    high: int


def wilson(hits: int, total: int) -> Share:
    """Wilson score interval (Wilson 1927), rounded outwards: the stated interval never promises more than was seen.

    >>> wilson(8, 10)
    Share(hits=8, total=10, bp=8000, low=4901, high=9434)
    """
    if not 0 <= hits <= total:
        raise ValueError("a share has 0 ≤ hits ≤ total")
    if total == 0:
        return Share(0, 0, None, 0, 10_000)
    with localcontext() as context:
        context.prec = 40
        n, p, z2 = Decimal(total), Decimal(hits) / total, _Z * _Z
        middle = p + z2 / (2 * n)
        spread = _Z * ((p * (1 - p) + z2 / (4 * n)) / n).sqrt()
        whole = 1 + z2 / n
        low = (10_000 * (middle - spread) / whole).to_integral_value(ROUND_FLOOR)
        high = (10_000 * (middle + spread) / whole).to_integral_value(ROUND_CEILING)
    return Share(hits, total, hits * 10_000 // total, max(0, int(low)), min(10_000, int(high)))


@dataclass(frozen=True)
class Verified:
    """A warning that was verified: what it was, where, by which control points, and what was found."""

    case_id: str
    colour: Colour
    street: str
    points: Sequence[str]
    finding: Outcome
    reason: Reason


@dataclass(frozen=True)
class Missed:
    """An incident without a warning before it."""

    incident: Incident
    highest: int


@dataclass(frozen=True)
class HitRate:
    """The whole report. `apart`: verified warnings that say nothing (duplicate, referred), by outcome.

    random: what the sample of unwarned enterprises found; recall: incidents that had a warning, of all of them.
    """

    overall: Share
    by_colour: Mapping[str, Share]
    by_street: Mapping[str, Share]
    by_point: Mapping[str, Share]
    by_finding: Mapping[str, int]
    apart: Mapping[str, int]
    recall: Share
    missed: Sequence[Missed]
    missed_by_kind: Mapping[str, int]
    random: Share


def _shares(found: Mapping[str, list[bool]]) -> dict[str, Share]:
    return {name: wilson(sum(hits), len(hits)) for name, hits in sorted(found.items())}


def counts_as_incident(incident: Incident) -> bool:
    """Whether an event is serious enough that a warning should have come before it."""
    least = _LEAST.get(incident.kind)
    return least is not None and incident.persons >= least


def joined(told: Sequence[Incident], found: Iterable[Incident]) -> list[Incident]:
    """What departments told and what our own people verified on site, without the arrears that both know.

    Own findings of an enterprise within 90 days of arrears that count already are the same arrears.
    """
    kept = list(told)
    for one in sorted(found, key=lambda i: (i.on, i.enterprise, i.key)):
        known = any(
            other.kind == one.kind
            and other.enterprise == one.enterprise
            and abs(other.on - one.on) <= LOOK_BACK
            and counts_as_incident(other)
            for other in kept
        )
        if counts_as_incident(one) and not known:
            kept.append(one)
    return kept


def missed_cases(incidents: Iterable[Incident], history: RiskHistory) -> tuple[list[Missed], int]:
    """Incidents without yellow or higher in the 90 days before (the day itself not counted), and how many there were."""
    missed: list[Missed] = []
    total = 0
    for incident in sorted(incidents, key=lambda i: (i.on, i.enterprise, i.kind, i.key)):
        if not counts_as_incident(incident):
            continue
        total += 1
        highest = history.highest_shown(
            incident.enterprise, incident.on - LOOK_BACK, incident.on - timedelta(days=1)
        )
        if highest < Colour.YELLOW:
            missed.append(Missed(incident, highest))
    return missed, total


def hit_rate(
    verified: Iterable[Verified],
    incidents: Iterable[Incident],
    history: RiskHistory,
    sampled: Sequence[bool],
) -> HitRate:
    """The report over verified warnings, incidents of the same period and the random sample (True: something found)."""
    overall: list[bool] = []
    colours: dict[str, list[bool]] = defaultdict(list)
    streets: dict[str, list[bool]] = defaultdict(list)
    points: dict[str, list[bool]] = defaultdict(list)
    findings: dict[str, int] = defaultdict(int)
    apart: dict[str, int] = defaultdict(int)
    for one in verified:
        findings[str(one.finding)] += 1
        if one.finding in SAYS_NOTHING:
            apart[str(one.finding)] += 1
            continue
        hit = one.finding in CONFIRMED
        overall.append(hit)
        colours[one.colour.name.lower()].append(hit)
        streets[one.street].append(hit)
        for point in sorted(set(one.points)):
            points[point].append(hit)
    missed, total = missed_cases(incidents, history)
    kinds: dict[str, int] = defaultdict(int)
    for miss in missed:
        kinds[miss.incident.kind] += 1
    return HitRate(
        overall=wilson(sum(overall), len(overall)),
        by_colour=_shares(colours),
        by_street=_shares(streets),
        by_point=_shares(points),
        by_finding=dict(sorted(findings.items())),
        apart=dict(sorted(apart.items())),
        recall=wilson(total - len(missed), total),
        missed=missed,
        missed_by_kind=dict(sorted(kinds.items())),
        random=wilson(sum(sampled), len(sampled)),
    )
