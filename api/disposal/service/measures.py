"""Hit rate, missed cases, the monthly random sample, inspections with their reason."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.disposal.model import Colour, Outcome, Page, Reach, Reason, Subject
from api.disposal.rules import machine, measuring, sampling
from api.disposal.rules.measuring import HitRate, Verified
from api.disposal.service.context import Context, clean_text
from api.disposal.tables import CaseRow, InspectionRow, SampleRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.clock import SHANGHAI
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

SAMPLE_MOST = 500


def check_month(month: int) -> int:
    """YYYYMM; raises invalid."""
    if not (2000 <= month // 100 <= 2100 and 1 <= month % 100 <= 12):
        raise invalid("disposal.month_malformed", pointer="/month")
    return month


def _district(reach: Reach) -> None:
    if not reach.district:
        raise forbidden("disposal.not_entitled", action="measures")


class Measures:
    """What the engine is worth, told from what people found."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def hit_rate(self, who: Principal, first: date, last: date) -> HitRate:
        """The report over warnings verified between two days, and incidents and random inspections of the same days."""
        if last < first:
            raise invalid("disposal.period_reversed", pointer="/last")
        begin = datetime.combine(first, time(0), SHANGHAI)
        end = datetime.combine(last + timedelta(days=1), time(0), SHANGHAI)
        with self._c.uow.read() as session:
            _district(self._c.reach(session, who))
            verified = [
                Verified(
                    row.id,
                    Colour(row.colour),
                    row.unit,
                    tuple(row.points),
                    Outcome(row.finding),
                    Reason(reason),
                )
                for row, reason in session.execute(
                    select(CaseRow, InspectionRow.reason)
                    .join(InspectionRow, InspectionRow.case_id == CaseRow.id)
                    .where(CaseRow.verified_at >= begin, CaseRow.verified_at < end, CaseRow.finding != "")
                )
            ]
            sampled = [
                Outcome(finding) in measuring.CONFIRMED
                for finding in session.scalars(
                    select(InspectionRow.finding).where(
                        InspectionRow.reason == str(Reason.RANDOM),
                        InspectionRow.state == "done",
                        InspectionRow.case_id.is_(None),
                        InspectionRow.made_at >= begin,
                        InspectionRow.made_at < end,
                    )
                )
            ]
        incidents = self._c.history.incidents(first, last)
        return measuring.hit_rate(verified, incidents, self._c.history, sampled)

    def missed_subjects(self, report: HitRate) -> Mapping[int, Subject]:
        """The enterprises of the missed cases, as the register knows them."""
        return self._c.subjects.subjects(sorted({one.incident.enterprise for one in report.missed}))

    def point_names(self) -> Mapping[str, tuple[str, str]]:
        """Names of the control points, Chinese and English."""
        return self._c.history.point_names()

    # -- the sample

    def draw(self, who: Principal, month: int, size: int) -> SampleRow:
        """Draw the month's sample of unwarned enterprises once; each becomes a planned inspection. Audited.

        Raises conflict when it was drawn already, or while no enterprise was scored.
        """
        check_month(month)
        if not 1 <= size <= SAMPLE_MOST:
            raise invalid("malformed", pointer="/size")
        with self._c.uow.read() as session:
            _district(self._c.reach(session, who))
        population = dict(self._c.history.unwarned(month))
        if not population:  # nothing was scored yet: a sample of nobody says nothing
            raise conflict("disposal.sample_empty", month=month)
        seed = secrets.token_bytes(32)
        with self._c.uow() as session:
            if session.get(SampleRow, month) is not None:
                raise conflict("disposal.sample_exists", month=month)
            made = SampleRow(
                month=month, seed=seed.hex(), size=size, population=len(population),
                population_digest=sampling.population_digest(population), drawn_at=self._c.clock.now(),
                drawn_by=who.actor,
            )  # fmt: skip
            session.add(made)
            for rank, enterprise in enumerate(sampling.draw(population, size, seed, month), 1):
                session.add(self._planned(enterprise, population[enterprise], month, Reason.RANDOM, rank))
            audit.record(session, who, "disposal.sample_drawn", "sample", str(month), size=size)
            return made

    @staticmethod
    def _planned(enterprise: int, town: str, month: int, reason: Reason, rank: int = 0) -> InspectionRow:
        return InspectionRow(
            id=new_id(), enterprise=enterprise, town=town, month=month, reason=str(reason), rank=rank,
            case_id=None, state="planned", finding="", persons=0, by="",
        )  # fmt: skip

    def plan(self, who: Principal, enterprise: int, reason: Reason) -> str:
        """Plan an inspection that no warning asked for, because of a complaint or of the model; returns its id."""
        if reason is Reason.RANDOM:
            raise invalid("malformed", pointer="/reason")  # random ones come from the sample alone
        subject = self._c.subject(enterprise)
        if subject is None:
            raise not_found()
        today = self._c.today()
        with self._c.uow() as session:
            reach = self._c.reach(session, who)
            town = subject.operating_town or subject.registered_town
            if not (reach.district or reach.holds(town)):
                raise not_found()
            made = self._planned(enterprise, town, today.year * 100 + today.month, reason)
            session.add(made)
            audit.record(
                session, who, "disposal.inspection_planned", "inspection", made.id, reason=str(reason)
            )
            return made.id

    def plan_by_code(self, who: Principal, uscc: str, reason: Reason) -> str:
        """The same for the enterprise of a social credit code. Raises not_found with what to do."""
        enterprise = self._c.subjects.by_code(uscc.strip().upper())
        if enterprise is None:
            raise not_found("disposal.enterprise_unknown")
        return self.plan(who, enterprise, reason)

    def report(self, who: Principal, inspection_id: str, finding: Outcome, persons: int, note: str) -> None:
        """Enter what an inspection found. Raises conflict the second time."""
        machine.check_finding(finding)
        if not 0 <= persons <= 1_000_000:
            raise invalid("malformed", pointer="/persons")
        note = clean_text(note, "/note")
        with self._c.uow() as session:
            row, reach = self._inspection(session, who, inspection_id)
            if not reach.holds(row.town) and not reach.district:
                raise not_found()
            if row.state == "done":
                raise conflict("disposal.inspection_done")
            row.state, row.finding, row.persons, row.note = "done", str(finding), persons, note or None
            row.made_at, row.by = self._c.clock.now(), who.actor
            audit.record(
                session,
                who,
                "disposal.inspection_done",
                "inspection",
                row.id,
                finding=str(finding),
                reason=row.reason,
            )

    def _inspection(
        self, session: Session, who: Principal, inspection_id: str
    ) -> tuple[InspectionRow, Reach]:
        reach = self._c.reach(session, who)
        row = session.get(InspectionRow, inspection_id, with_for_update=True)
        if row is None:
            raise not_found()
        return row, reach

    def inspections(
        self,
        who: Principal,
        *,
        month: int | None = None,
        state: str = "",
        reason: Reason | None = None,
        apart: bool = False,
        cursor: str = "",
        limit: int = 50,
    ) -> Page:
        """Inspections the caller may see by id, with their enterprises; apart: only those that no warning asked for."""
        wanted = select(InspectionRow).order_by(InspectionRow.id).limit(limit + 1)
        if month is not None:
            wanted = wanted.where(InspectionRow.month == check_month(month))
        if state:
            wanted = wanted.where(InspectionRow.state == state)
        if reason is not None:
            wanted = wanted.where(InspectionRow.reason == str(reason))
        if apart:
            wanted = wanted.where(InspectionRow.case_id.is_(None))
        if cursor:
            wanted = wanted.where(InspectionRow.id > cursor[:26])
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            if not reach.district:
                wanted = wanted.where(InspectionRow.town.in_(list(reach.capacities)))
            rows = list(session.scalars(wanted))
            shown = rows[:limit]
            subjects = self._c.subjects.subjects(sorted({row.enterprise for row in shown}))
        found: list[Any] = [(row, subjects.get(row.enterprise)) for row in shown]
        return Page(found, shown[-1].id if len(rows) > limit else "")

    def samples(self, who: Principal) -> list[tuple[SampleRow, int]]:
        """The samples of the last two years, newest first, each with how many of it were inspected."""
        done = (
            select(func.count())
            .where(
                InspectionRow.month == SampleRow.month,
                InspectionRow.reason == str(Reason.RANDOM),
                InspectionRow.state == "done",
            )
            .correlate(SampleRow)
            .scalar_subquery()
        )
        with self._c.uow.read() as session:
            _district(self._c.reach(session, who))
            wanted = select(SampleRow, done).order_by(SampleRow.month.desc()).limit(24)
            return [(row, count) for row, count in session.execute(wanted)]

    def sample(self, who: Principal, month: int) -> SampleRow:
        """The recorded sample of a month: seed and digest of the population, to draw it again."""
        with self._c.uow.read() as session:
            self._c.reach(session, who)
            found = session.get(SampleRow, check_month(month))
        if found is None:
            raise not_found()
        return found
