"""Answers what a figure was at a place on a day as known at a moment, and lets the operator enter new ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.calendars import Workdays
from api.kernel.clock import Clock, parse_utc, shanghai_day
from api.kernel.errors import conflict, invalid, not_found
from api.kernel.ids import new_id
from api.kernel.money import yuan
from api.parameters import holidays, repository
from api.parameters.model import KEYS, AverageWage, CalendarDay, Certainty, Figure, MinimumWage
from api.parameters.rules import NATIONAL, check_period, checked_value, choose, places

_DELIVERED = Path(__file__).parent / "figures" / "delivered.json"
_MARGIN = 40
"""Days beyond a count of working days that surely hold enough of them: weekends and the longest holidays."""


@cache
def delivered() -> tuple[Figure, ...]:
    """The rows that come with the software."""
    document = json.loads(_DELIVERED.read_text("utf-8"))
    known = parse_utc(document["known_from"])
    return tuple(
        Figure(
            row_id=f"delivered-{number}",
            key=row["key"],
            place=row["place"],
            value=row["value"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            known_from=known,
            source=row["source"],
            certainty=Certainty(row["certainty"]),
            delivered=True,
            source_en=row["source_en"],
        )
        for number, row in enumerate(document["rows"], 1)
    )


class ParametersService:
    """Dated parameters of one installation."""

    def __init__(self, uow: UnitOfWork, clock: Clock, fallback_hotline: str = "") -> None:
        self._uow = uow
        self._clock = clock
        self._fallback_hotline = fallback_hotline

    # -- questions

    def _rows(self, keys: Sequence[str]) -> list[Figure]:
        with self._uow.read() as session:
            entered = repository.figures(session, keys)
        return [row for row in delivered() if row.key in keys] + entered

    def figure(self, key: str, place: str, on: date, *, known_at: datetime | None = None) -> Figure | None:
        """The row of `key` that holds at `place` on that day, as known at `known_at` (default: now)."""
        return choose(self._rows([key]), place, on, known_at or self._clock.now())

    def held(self, keys: Sequence[str], place: str, on: date) -> dict[str, Figure]:
        """Those of `keys` that are on record at `place` on that day, as known now; one question to the database."""
        rows, now = self._rows(keys), self._clock.now()
        found = {key: choose([row for row in rows if row.key == key], place, on, now) for key in keys}
        return {key: row for key, row in found.items() if row is not None}

    def amount(self, key: str, place: str, on: date) -> Decimal | None:
        """An amount in yuan, or None when none is on record."""
        found = self.figure(key, place, on)
        return None if found is None or found.value is None else Decimal(found.value)

    def days(self, key: str, on: date) -> int:
        """A period of the platform's own rules (days, working days, hours or years by the key)."""
        found = self.figure(key, NATIONAL, on)
        if found is None or found.value is None:
            raise not_found("parameters.not_on_record", key=key)
        return int(found.value)

    def minimum_wage(self, place: str, on: date) -> MinimumWage:
        """Monthly and hourly minimum wage (最低工资规定 art. 7, 8) of the place's tier."""
        now = self._clock.now()
        amounts = [f"min_wage.{kind}.{tier}" for kind in ("monthly", "hourly") for tier in ("1", "2")]
        rows = self._rows(["min_wage.tier", *amounts])
        tier = choose([row for row in rows if row.key == "min_wage.tier"], place, on, now)
        if tier is None or tier.value is None:
            return MinimumWage(None, None, None, "", "")

        def pick(kind: str) -> Figure | None:
            return choose([r for r in rows if r.key == f"min_wage.{kind}.{tier.value}"], place, on, now)

        monthly, hourly = pick("monthly"), pick("hourly")
        named = monthly or hourly
        return MinimumWage(
            tier.value,
            Decimal(monthly.value) if monthly is not None and monthly.value is not None else None,
            Decimal(hourly.value) if hourly is not None and hourly.value is not None else None,
            named.source if named else "",
            named.certainty.value if named else "",
        )

    def average_monthly_wage(self, place: str, on: date) -> AverageWage | None:
        """The newest yearly average before the year of `on`, divided by twelve (劳动合同法 art. 47 "上年度")."""
        now = self._clock.now()
        keys = ["average_wage.basis", "average_wage.non_private", "average_wage.private"]
        rows = self._rows(keys)
        basis = choose([row for row in rows if row.key == keys[0]], place, on, now)
        if basis is None or basis.value is None:
            return None
        years = [row for row in rows if row.key == f"average_wage.{basis.value}"]
        for year in range(on.year - 1, on.year - 6, -1):
            found = choose(years, place, date(year, 7, 1), now)
            if found is not None and found.value is not None:
                monthly = yuan(Decimal(found.value) / 12)
                return AverageWage(monthly, year, basis.value, found.source, found.certainty.value)
        return None

    def hotline(self, place: str = NATIONAL) -> str:
        """The telephone number to show at a place."""
        found = self.figure("hotline", place, shanghai_day(self._clock.now()))
        return str(found.value) if found is not None and found.value else self._fallback_hotline

    def region_name(self, place: str) -> str | None:
        """What a region code is called, if the table says it."""
        found = self.figure("region.name", place, shanghai_day(self._clock.now()))
        return str(found.value) if found is not None and found.place == place and found.value else None

    def region_names(self) -> dict[str, str]:
        """All region codes with a name in force today."""
        today, now = shanghai_day(self._clock.now()), self._clock.now()
        rows = self._rows(["region.name"])
        found = {
            place: choose([r for r in rows if r.place == place], place, today, now)
            for place in {r.place for r in rows}
        }
        return {
            place: str(row.value) for place, row in sorted(found.items()) if row is not None and row.value
        }

    # -- calendar

    def workdays(self, first: date, last: date) -> Workdays:
        """Working days between two days, both included."""
        with self._uow.read() as session:
            own = repository.calendar_days(session, first, last)
        return holidays.workdays(first, last, own)

    def add_workdays(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`."""
        last = day + timedelta(days=2 * count + _MARGIN)
        return self.workdays(day, last).add(day, count)

    def calendar_known(self, year: int) -> bool:
        """Whether the year's holidays are on record, from the library or from the operator."""
        if year in holidays.published_years():
            return True
        with self._uow.read() as session:
            return bool(repository.calendar_days(session, date(year, 1, 1), date(year, 12, 31)))

    def calendar_days(self, year: int) -> list[CalendarDay]:
        """The operator's days of a year."""
        with self._uow.read() as session:
            return repository.calendar_days(session, date(year, 1, 1), date(year, 12, 31))

    def put_calendar_day(self, who: Principal, day: CalendarDay) -> None:
        """Enter or replace a day; audited."""
        if day.kind not in (holidays.HOLIDAY, holidays.WORKDAY):
            raise invalid("parameters.day_kind_unknown", pointer="/kind")
        if not day.source.strip():
            raise invalid("parameters.source_missing", pointer="/source")
        with self._uow() as session:
            repository.put_calendar_day(session, day, who.actor, self._clock.now())
            audit.record(
                session, who, "parameters.day_entered", "calendar", day.day.isoformat(), kind=day.kind
            )

    def remove_calendar_day(self, who: Principal, day: date) -> None:
        """Take a day out of the operator's table; audited."""
        with self._uow() as session:
            if not repository.remove_calendar_day(session, day):
                raise not_found()
            audit.record(session, who, "parameters.day_removed", "calendar", day.isoformat())

    # -- figures

    def listing(self, key: str = "", place: str = "", on: date | None = None) -> list[Figure]:
        """Rows for the operator, delivered and entered, newest validity first."""
        rows = self._rows([key] if key else list(KEYS))
        chain = places(place) if place else None
        fitting = [
            row for row in rows if (chain is None or row.place in chain) and (on is None or row.in_force(on))
        ]
        order = {name: rank for rank, name in enumerate(KEYS)}
        return sorted(
            fitting, key=lambda r: (order[r.key], r.place, -r.valid_from.toordinal(), r.delivered, r.row_id)
        )

    def enter(
        self,
        who: Principal,
        *,
        key: str,
        place: str,
        value: Any,
        valid_from: date,
        valid_to: date | None,
        source: str,
        certainty: Certainty,
    ) -> Figure:
        """Enter a figure that holds from now on for its period; audited. Raises DomainError invalid."""
        places(place)
        check_period(valid_from, valid_to)
        if not source.strip() or len(source) > 300:
            raise invalid("parameters.source_missing", pointer="/source")
        figure = Figure(
            new_id(),
            key,
            place,
            checked_value(key, value),
            valid_from,
            valid_to,
            self._clock.now(),
            source.strip(),
            certainty,
        )
        with self._uow() as session:
            repository.add_figure(session, figure, who.actor)
            audit.record(
                session, who, "parameters.figure_entered", "figure", figure.row_id, key=key, place=place,
                value=figure.value, valid_from=valid_from.isoformat(),
            )  # fmt: skip
        return figure

    def withdraw(self, who: Principal, row_id: str) -> None:
        """Stop using an entered row from now on; what was computed with it stays explainable. Audited."""
        with self._uow() as session:
            row = repository.get_row(session, row_id)
            if row is None:
                raise not_found()
            if row.withdrawn_at is not None:
                raise conflict("parameters.already_withdrawn")
            row.withdrawn_at = self._clock.now()
            audit.record(
                session, who, "parameters.figure_withdrawn", "figure", row_id, key=row.key, place=row.place
            )
