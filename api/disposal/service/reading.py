"""Cases in one line for the pages of other slices: a fixed number of statements, however many cases there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import CaseLine, Colour, Reach, Stage
from api.disposal.rules import supervision
from api.disposal.service.context import Context
from api.disposal.tables import CaseRow
from api.infra.auth import Principal

LINES_MOST = 500


class Reading:
    """What others may know of cases: never more than the caller's posts open to him."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def of_enterprise(self, who: Principal, enterprise: int) -> Sequence[CaseLine]:
        """Cases of an enterprise that the caller may see, newest first; none for a caller without a post."""
        with self._c.uow.read() as session:
            reach = self._reach(session, who)
            if reach is None:
                return []
            rows = repository.cases(session, reach, enterprise=enterprise, limit=LINES_MOST)
            return self._lines(session, rows)

    def owned(self, who: Principal, enterprise: int) -> bool:
        """Whether a unit for which the caller acts answers for an open case of the enterprise."""
        with self._c.uow.read() as session:
            reach = self._reach(session, who)
            if reach is None:
                return False
            rows = repository.cases(session, reach, enterprise=enterprise, limit=LINES_MOST)
            return any(row.stage != Stage.CLOSED and reach.holds(row.unit) for row in rows)

    def by_warnings(self, who: Principal, warnings: Sequence[str]) -> Mapping[str, CaseLine]:
        """The cases of these warnings (at most 500) that the caller may see, by warning."""
        with self._c.uow.read() as session:
            reach = self._reach(session, who)
            if reach is None or not warnings:
                return {}
            rows = repository.cases(session, reach, warnings=warnings[:LINES_MOST], limit=LINES_MOST)
            return {line.warning_id: line for line in self._lines(session, rows)}

    def _reach(self, session: Session, who: Principal) -> Reach | None:
        found = repository.reach(session, who.account_id or "", self._c.today())
        return found if found.capacities else None

    def _lines(self, session: Session, rows: Sequence[CaseRow]) -> list[CaseLine]:
        names = {unit.code: unit for unit in repository.units(session)}
        measures = repository.measures_of(session, [row.id for row in rows])
        now, found = self._c.clock.now(), []
        for row in rows:
            unit = names[row.unit]
            step, due_at = supervision.first_due(Stage(row.stage), repository.read_dues(row.dues))
            found.append(
                CaseLine(
                    case_id=row.id,
                    number=row.number,
                    warning_id=row.warning_id,
                    enterprise=row.enterprise,
                    colour=Colour(row.colour),
                    stage=Stage(row.stage),
                    unit=row.unit,
                    unit_name=unit.name,
                    unit_name_en=unit.name_en,
                    issued_at=row.issued_at,
                    closed_at=row.closed_at,
                    outcome=row.outcome,
                    step=step,
                    due_at=due_at,
                    over=due_at is not None and due_at < now,
                    measure=measures.get(row.id, ""),
                )
            )
        return found
