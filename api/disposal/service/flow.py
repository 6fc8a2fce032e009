"""Cases in numbers, for whoever looks at the district from above: steps reached, steps late, what verification found.

Three statements whatever the number of cases; deadlines of open cases are read as they are kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.disposal.model import Action, Outcome, Stage, Step
from api.disposal.rules import measuring, supervision
from api.disposal.rules.measuring import Share
from api.disposal.service.context import Context
from api.disposal.tables import CaseRow, EventRow, UnitRow
from api.kernel.clock import SHANGHAI, utc_text

COUNTED = (Action.SIGN_IN, Action.VERIFY, Action.ACT, Action.FEEDBACK)
"""Actions that stand for a step; closure is told by the stage, because a case can be reopened."""


@dataclass(frozen=True)
class UnitFlow:
    """Cases of a unit and colour: issued, closed now, how many had each action, and how many open ones are late at a step."""

    unit: str
    name: str
    name_en: str
    colour: int
    issued: int = 0
    closed: int = 0
    done: dict[Action, int] = field(default_factory=dict)
    late: dict[Step, int] = field(default_factory=dict)


class Flow:
    """Reads only; who may see which units is the caller's business."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def of_period(self, first: date, last: date, units: Collection[str] | None = None) -> list[UnitFlow]:
        """Cases issued between two days (both included), by owning unit and colour; of these units or of all.

        A case is late at the step that waits first and whose time has passed; it counts once.
        """
        within: list[Any] = [
            CaseRow.issued_at >= _begins(first),
            CaseRow.issued_at < _begins(last + timedelta(1)),
        ]
        if units is not None:
            within.append(CaseRow.unit.in_(sorted(units)))
        place = (CaseRow.unit, CaseRow.colour)
        cases = (
            select(*place, UnitRow.name, UnitRow.name_en, CaseRow.stage, func.count())
            .join(UnitRow, UnitRow.code == CaseRow.unit)
            .where(*within)
            .group_by(*place, UnitRow.name, UnitRow.name_en, CaseRow.stage)
        )
        actions = (
            select(*place, EventRow.action, func.count(func.distinct(CaseRow.id)))
            .join(EventRow, EventRow.case_id == CaseRow.id)
            .where(*within, EventRow.action.in_([str(action) for action in COUNTED]))
            .group_by(*place, EventRow.action)
        )
        found: dict[tuple[str, int], dict[str, Any]] = defaultdict(
            lambda: {"issued": 0, "closed": 0, "done": {}, "late": {}}
        )
        with self._c.uow.read() as session:
            for unit, colour, name, name_en, stage, count in session.execute(cases):
                line = found[unit, colour]
                line |= {"name": name, "name_en": name_en, "issued": line["issued"] + count}
                if stage == str(Stage.CLOSED):
                    line["closed"] = count
            for unit, colour, action, count in session.execute(actions):
                found[unit, colour]["done"][Action(action)] = count
            for unit, colour, step, count in self._waiting(session, within):
                if step is not None:
                    late = found[unit, colour]["late"]
                    late[step] = late.get(step, 0) + count
        return [
            UnitFlow(unit=unit, colour=colour, **line)
            for (unit, colour), line in sorted(found.items(), key=lambda one: (one[0][0], -one[0][1]))
        ]

    def open(self) -> tuple[int, dict[Step, int]]:
        """How many cases are open in the whole district, and how many of them are late at which step. One statement."""
        with self._c.uow.read() as session:
            found = self._waiting(session, [])
        late: dict[Step, int] = {}
        for _unit, _colour, step, count in found:
            if step is not None:
                late[step] = late.get(step, 0) + count
        return sum(count for *_place, count in found), late

    def _waiting(self, session: Session, within: Sequence[Any]) -> list[tuple[str, int, Step | None, int]]:
        """(unit, colour, step, open cases); step: the one whose time has passed first, None where none has.

        A case counts once, at the step that waits first.
        """
        now = utc_text(
            self._c.clock.now()
        )  # deadlines are kept in the same spelling, so texts compare as times
        columns = (CaseRow.unit, CaseRow.colour, CaseRow.stage, CaseRow.transfer_to, CaseRow.dues)
        counted: Counter[tuple[str, int, Step | None]] = Counter()
        for unit, colour, stage, transfer, kept in session.execute(
            select(*columns).where(*within, CaseRow.stage != str(Stage.CLOSED))
        ):
            dues = {Step(step): at for step, (at, _provisional) in kept.items()}
            over = [
                step
                for step in supervision.open_steps(Stage(stage), bool(transfer), dues)
                if dues[step] < now
            ]
            counted[unit, colour, min(over, key=lambda one: dues[one], default=None)] += 1
        return [(*place, count) for place, count in counted.items()]

    def confirmed(self, first: date, last: date) -> Share:
        """Of the warnings verified between two days: 属实 and 部分属实, without duplicates and referrals. One statement."""
        wanted = (
            select(CaseRow.finding, func.count())
            .where(
                CaseRow.verified_at >= _begins(first),
                CaseRow.verified_at < _begins(last + timedelta(1)),
                CaseRow.finding != "",
            )
            .group_by(CaseRow.finding)
        )
        with self._c.uow.read() as session:
            counts = {Outcome(finding): count for finding, count in session.execute(wanted)}
        telling = {one: count for one, count in counts.items() if one not in measuring.SAYS_NOTHING}
        hits = sum(count for one, count in telling.items() if one in measuring.CONFIRMED)
        return measuring.wilson(hits, sum(telling.values()))


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)
