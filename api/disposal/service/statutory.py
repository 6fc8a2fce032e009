"""Periods that the law fixes, as events of a case set them off: entered by people, computed whenever they are read."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from api.disposal.rules import law_periods
from api.disposal.rules.law_periods import Computed
from api.disposal.service.context import Context, clean_text
from api.disposal.tables import LawPeriodRow
from api.disposal.views import Running
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

LATEST_YEARS = 5
"""An event can't lie further back than this: longer periods have run out."""


class Statutory:
    """Entered by the owner or the HR bureau, ended by them; a notice that comes later changes only what is computed."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def compute(self, code: str, start: date, *, extended: bool = False) -> Computed:
        """A period that the law fixes, with its explanation. Raises not_found."""
        return law_periods.compute(code, start, self._c.days(date(start.year, 1, 1)), extended=extended)

    def enter(
        self, who: Principal, case_id: str, code: str, start: date, *, extended: bool = False, note: str = ""
    ) -> str:
        """An event on `start` sets off the period `code`; returns the entry's id.

        Raises not_found for an unknown period or case, invalid for a day ahead or long ago, or an extension that the law
        does not give.
        """
        period = law_periods.BY_CODE.get(code)
        if period is None:
            raise not_found("disposal.period_unknown", period=code[:40])
        today, note = self._c.today(), clean_text(note, "/note", most=500)
        if not today.year - LATEST_YEARS <= start.year or start > today:
            raise invalid("disposal.period_start", pointer="/start", years=LATEST_YEARS)
        if extended and not period.extension:
            raise invalid("disposal.period_not_extendable", pointer="/extended")
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            if not (reach.holds(row.unit) or reach.district):
                raise forbidden("disposal.not_entitled", action="law_period")
            made = LawPeriodRow(
                id=new_id(), case_id=case_id, code=code, start=start, extended=extended, note=note or None,
                entered_by=who.actor, entered_at=self._c.clock.now(), ended_on=None, ended_by="",
            )  # fmt: skip
            session.add(made)
            facts = {"period": code, "start": start.isoformat(), "extended": extended, "entry": made.id}
            self._c.happened(session, row, who.actor, "law_period", unit=row.unit, facts=facts)
            return made.id

    def end(self, who: Principal, entry_id: str, on: date) -> str:
        """What the period was for was done on a day; returns the case's id. Raises not_found, conflict, invalid."""
        with self._c.uow() as session:
            found = session.get(LawPeriodRow, entry_id, with_for_update=True)
            if found is None:
                raise not_found()
            row, reach = self._c.visible_case(session, who, found.case_id, lock=True)
            if not (reach.holds(row.unit) or reach.district):
                raise forbidden("disposal.not_entitled", action="law_period")
            if found.ended_on is not None:
                raise conflict("disposal.period_ended")
            if not found.start <= on <= self._c.today():
                raise invalid("disposal.period_end", pointer="/on")
            found.ended_on, found.ended_by = on, who.actor
            facts = {"period": found.code, "entry": found.id, "on": on.isoformat()}
            self._c.happened(session, row, who.actor, "law_period_ended", unit=row.unit, facts=facts)
            return row.id

    def of_case(self, who: Principal, case_id: str) -> list[Running]:
        """Entered events with their periods, the open ones by their last day first."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            rows = list(
                session.scalars(
                    select(LawPeriodRow).where(LawPeriodRow.case_id == case_id).order_by(LawPeriodRow.id)
                )
            )
        today, found = self._c.today(), []
        for row in rows:
            computed = self.compute(row.code, row.start, extended=row.extended)
            backwards = computed.period.unit == "month_back"
            over = not backwards and row.ended_on is None and computed.last < today
            found.append(Running(row, computed, over))
        return sorted(
            found, key=lambda one: (one.row.ended_on is not None, one.computed.last, one.row.entered_at)
        )
