"""Hit rate, missed cases, the monthly random sample, inspections with their reason."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from api.disposal import repository
from api.disposal.model import Colour, Outcome, Page, Reach, Reason, Subject
from api.disposal.ports import Incident
from api.disposal.rules import machine, measuring, sampling
from api.disposal.rules.measuring import HitRate, Verified
from api.disposal.service.context import Context, clean_text
from api.disposal.tables import AnswerRow, CaseRow, InspectionRow, SampleRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.clock import SHANGHAI, shanghai_day
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.events import EventDraft, Json
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
            found = self._verified_arrears(session, begin, end)
        told = self._c.history.incidents(first - measuring.LOOK_BACK, last)
        incidents = [one for one in measuring.joined(told, found) if first <= one.on]
        return measuring.hit_rate(verified, incidents, self._c.history, sampled)

    @staticmethod
    def _verified_arrears(session: Session, begin: datetime, end: datetime) -> list[Incident]:
        """Arrears that our own people verified on site: by the site form of a case, or by an inspection without a warning."""
        telling = [str(one) for one in measuring.CONFIRMED]
        on_site = (
            select(CaseRow, AnswerRow)
            .join(AnswerRow, (AnswerRow.case_id == CaseRow.id) & (AnswerRow.cycle == CaseRow.cycle))
            .where(
                AnswerRow.name == "arrears_persons", CaseRow.finding.in_(telling),
                CaseRow.verified_at >= begin, CaseRow.verified_at < end,
            )
        )  # fmt: skip
        apart = select(InspectionRow).where(
            InspectionRow.case_id.is_(None), InspectionRow.finding.in_(telling), InspectionRow.persons > 0,
            InspectionRow.made_at >= begin, InspectionRow.made_at < end,
        )  # fmt: skip
        return [
            Incident(
                case.enterprise, "arrears", shanghai_day(case.verified_at or begin), json.loads(answer.value), case.unit,
                case.id,
            )
            for case, answer in session.execute(on_site)
        ] + [
            Incident(row.enterprise, "arrears", shanghai_day(row.made_at or begin), row.persons, row.town, row.id)
            for row in session.scalars(apart)
        ]  # fmt: skip

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
        today = self._c.today()
        if (
            check_month(month) != today.year * 100 + today.month
        ):  # drawing for other months would be drawing again
            raise invalid("disposal.sample_month", pointer="/month")
        if not 1 <= size <= SAMPLE_MOST:
            raise invalid("malformed", pointer="/size")
        with self._c.uow.read() as session:
            _district(self._c.reach(session, who))
        population = dict(self._c.history.unwarned(month))
        if not population:  # nothing was scored yet: a sample of nobody says nothing
            raise conflict("disposal.sample_empty", month=month)
        seed = secrets.token_bytes(32)
        drawn = sampling.draw(population, size, seed, month)
        subjects = self._c.subjects.subjects(drawn)
        made = SampleRow(
            month=month, seed=seed.hex(), size=size, population=len(population),
            population_digest=sampling.population_digest(population), members=sampling.pack(population),
            drawn_at=self._c.clock.now(), drawn_by=who.actor,
        )  # fmt: skip
        with self._c.uow() as session:
            if session.get(SampleRow, month) is not None:
                raise conflict("disposal.sample_exists", month=month)
            session.add(made)
            streets = repository.streets(session)
            for rank, enterprise in enumerate(drawn, 1):
                town = self._place(subjects.get(enterprise), streets) or population[enterprise]
                session.add(self._planned(enterprise, town, month, Reason.RANDOM, rank))
            facts: dict[str, Json] = {
                "month": month, "size": size, "population": made.population, "seed": made.seed,
                "population_digest": made.population_digest,
            }  # fmt: skip
            self._c.recorder.record(
                session,
                EventDraft(
                    f"disposal/sample/{month}", "disposal.sample_drawn/1", who.actor, "regulator", facts
                ),
            )
            audit.record(session, who, "disposal.sample_drawn", "sample", str(month), size=size)
        return made

    @staticmethod
    def _place(subject: Subject | None, streets: Mapping[str, str]) -> str:
        """The street that visits an enterprise: where it works, else where it is registered."""
        if subject is None:
            return ""
        return machine.place_of_work(subject, streets) or subject.registered_town

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
            town = self._place(subject, repository.streets(session))
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
        """The recorded sample of a month: seed and digest of the population; for the bureau."""
        return self.sample_members(who, month)[0]

    def sample_members(self, who: Principal, month: int) -> tuple[SampleRow, list[int]]:
        """The same with everybody who could have been drawn, ascending: whoever has it can draw the sample again."""
        with self._c.uow.read() as session:
            _district(self._c.reach(session, who))
            wanted = select(SampleRow).where(SampleRow.month == check_month(month))
            found = session.scalar(wanted.options(undefer(SampleRow.members)))
        if found is None:
            raise not_found()
        return found, sampling.unpack(found.members or b"")
