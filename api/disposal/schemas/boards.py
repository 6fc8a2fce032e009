"""JSON shapes of lists across cases."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from api.disposal.schemas.cases import CaseOut
from api.disposal.views import MeasureLine, TaskLine, Transfers


class TaskLineOut(BaseModel):
    """A joint task with its case."""

    id: str
    unit: str
    text: str
    due_on: date
    state: str
    result: str | None
    over: bool
    mine: bool
    case: CaseOut

    @classmethod
    def of(cls, line: TaskLine) -> TaskLineOut:
        """The task as JSON."""
        task = line.task
        return cls(
            id=task.id,
            unit=task.unit,
            text=task.text,
            due_on=task.due_on,
            state=task.state,
            result=task.result,
            over=line.over,
            mine=line.mine,
            case=CaseOut.of(line.case),
        )


class TaskLinesOut(BaseModel):
    """A page of joint tasks."""

    tasks: list[TaskLineOut]
    next: str


class TransfersOut(BaseModel):
    """Cases being handed over."""

    incoming: list[CaseOut]
    outgoing: list[CaseOut]

    @classmethod
    def of(cls, found: Transfers) -> TransfersOut:
        """The transfers as JSON."""
        return cls(
            incoming=[CaseOut.of(case) for case in found.incoming],
            outgoing=[CaseOut.of(case) for case in found.outgoing],
        )


class MeasureLineOut(BaseModel):
    """A measure that was carried out; `standing`: its step still waits."""

    at: datetime
    measure: str
    step: str
    standing: bool
    case: CaseOut

    @classmethod
    def of(cls, line: MeasureLine) -> MeasureLineOut:
        """The measure as JSON."""
        return cls(
            at=line.at,
            measure=str(line.measure),
            step=line.step,
            standing=line.standing,
            case=CaseOut.of(line.case, str(line.measure)),
        )


class MeasureLinesOut(BaseModel):
    """A page of measures."""

    measures: list[MeasureLineOut]
    next: str
