"""What a dated figure is, which keys exist, and what a question about one answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Certainty(StrEnum):
    """How sure a figure is. What is not read in a published text stays visible as such."""

    LAW = "law"
    FOUND = "found"
    REPORTED = "reported"
    ASSUMED = "assumed"


class Kind(StrEnum):
    """The shape of a key's values."""

    AMOUNT = "amount"
    INTEGER = "integer"
    TEXT = "text"
    CHOICE = "choice"
    STRUCTURE = "structure"


@dataclass(frozen=True)
class KeySpec:
    """A known key: shape and unit of its values, and the choices of a choice."""

    key: str
    kind: Kind
    unit: str = ""
    choices: tuple[str, ...] = ()


_AMOUNTS = [
    KeySpec("min_wage.monthly.1", Kind.AMOUNT, "CNY/month"),
    KeySpec("min_wage.monthly.2", Kind.AMOUNT, "CNY/month"),
    KeySpec("min_wage.hourly.1", Kind.AMOUNT, "CNY/hour"),
    KeySpec("min_wage.hourly.2", Kind.AMOUNT, "CNY/hour"),
    KeySpec("average_wage.non_private", Kind.AMOUNT, "CNY/year"),
    KeySpec("average_wage.private", Kind.AMOUNT, "CNY/year"),
    KeySpec("hours.day", Kind.AMOUNT, "h"),
    KeySpec("hours.week", Kind.AMOUNT, "h"),
]
_DAYS = [
    KeySpec("econtract.worker_deadline_days", Kind.INTEGER, "d"),
    KeySpec("econtract.employer_alarm_workdays", Kind.INTEGER, "wd"),
    KeySpec("econtract.employer_deadline_workdays", Kind.INTEGER, "wd"),
    KeySpec("econtract.delivery_hours", Kind.INTEGER, "h"),
    KeySpec("econtract.purge_notice_days", Kind.INTEGER, "d"),
    KeySpec("econtract.retention_years", Kind.INTEGER, "y"),
]
_OTHERS = [
    KeySpec("min_wage.tier", Kind.CHOICE, "", ("1", "2")),
    KeySpec("average_wage.basis", Kind.CHOICE, "", ("non_private", "private")),
    KeySpec("disposal.clocks", Kind.STRUCTURE),
    KeySpec("exchange.name_regions", Kind.STRUCTURE),
    KeySpec("hotline", Kind.TEXT),
    KeySpec("region.name", Kind.TEXT),
    KeySpec("retirement.male", Kind.STRUCTURE),
    KeySpec("retirement.female", Kind.STRUCTURE),
    KeySpec("retirement.female_management", Kind.STRUCTURE),
]
KEYS: dict[str, KeySpec] = {spec.key: spec for spec in (*_OTHERS[:1], *_AMOUNTS, *_OTHERS[1:], *_DAYS)}


@dataclass(frozen=True)
class Figure:
    """One dated row. `value` is JSON (amounts as text with two places, None: known not to be on record).

    source: as it was written down, in Chinese as a rule; source_en: in English, of the rows that come with the software.
    """

    row_id: str
    key: str
    place: str
    value: Any
    valid_from: date
    valid_to: date | None
    known_from: datetime
    source: str
    certainty: Certainty
    withdrawn_at: datetime | None = None
    delivered: bool = False
    source_en: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the row holds on that day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def known(self, at: datetime) -> bool:
        """Whether the platform knew the row at that moment."""
        return self.known_from <= at and (self.withdrawn_at is None or at < self.withdrawn_at)


@dataclass(frozen=True)
class MinimumWage:
    """Minimum wage at a place on a day; None where it is not on record (then nothing may be called checked)."""

    tier: str | None
    monthly: Decimal | None
    hourly: Decimal | None
    source: str
    certainty: str


@dataclass(frozen=True)
class AverageWage:
    """Average monthly wage of the last calendar year on record before a day."""

    monthly: Decimal
    year: int
    basis: str
    source: str
    certainty: str


@dataclass(frozen=True)
class CalendarDay:
    """A day that the operator's table sets: a public holiday, or a weekend day that is worked."""

    day: date
    kind: str
    name: str
    source: str
