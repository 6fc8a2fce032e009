"""JSON shapes of notices, statements and computed periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import AwareDatetime, BaseModel, Field

from api.disposal.rules.law_periods import Computed
from api.disposal.schemas.cases import Strict
from api.disposal.tables import NoticeRow, ServiceRow
from api.disposal.views import OwnCase, Running, Spoken


class NoticeIn(Strict):
    """A notice to make: warning, self_correction, answer."""

    kind: str = Field(max_length=20)
    text: str = Field(max_length=1500)


class ServiceIn(Strict):
    """How a notice was served: hand, post, left, public; `result` is by default the first that the way can have."""

    channel: str = Field(max_length=10)
    at: AwareDatetime
    result: str = Field("", max_length=10)
    receiver: str = Field("", max_length=80)
    witness: str = Field("", max_length=80)
    tracking: str = Field("", max_length=40)
    note: str = Field("", max_length=500)


class ContactIn(Strict):
    """Whom to reach at the enterprise; an empty number takes it away."""

    name: str = Field("", max_length=40)
    phone: str = Field("", max_length=20)


class ServiceOut(BaseModel):
    """A record of service."""

    channel: str
    result: str
    at: datetime
    by: str
    receiver: str | None
    witness: str | None
    tracking: str | None
    note: str | None


class NoticeOut(BaseModel):
    """A notice with its records of service."""

    id: str
    number: str
    kind: str
    state: str
    sha256: str
    created_at: datetime
    served: list[ServiceOut]

    @classmethod
    def of(cls, row: NoticeRow, served: Sequence[ServiceRow] = ()) -> NoticeOut:
        """The notice as JSON."""
        return cls(
            id=row.id,
            number=row.number,
            kind=row.kind,
            state=row.state,
            sha256=row.sha256,
            created_at=row.created_at,
            served=[ServiceOut.model_validate(one, from_attributes=True) for one in served],
        )


class StatementIn(Strict):
    """What the enterprise says: question, explanation or appeal."""

    kind: str = Field(max_length=12)
    text: str = Field(max_length=4000)


class AnswerStatementIn(Strict):
    """The answer to a statement; `upheld`: the enterprise is right."""

    text: str = Field(max_length=4000)
    upheld: bool


class AttachmentOut(BaseModel):
    """A file given with a statement."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str


class StatementOut(BaseModel):
    """A statement, its files and its answer."""

    id: str
    case_id: str
    kind: str
    text: str
    at: datetime
    own: bool
    due_at: datetime
    answer: str | None
    upheld: bool | None
    answered_at: datetime | None
    files: list[AttachmentOut] = []

    @classmethod
    def of(cls, spoken: Spoken) -> StatementOut:
        """The statement as JSON."""
        made = cls.model_validate(spoken.statement, from_attributes=True)
        files = [AttachmentOut.model_validate(one, from_attributes=True) for one in spoken.files]
        return made.model_copy(update={"files": files})


class StatementsOut(BaseModel):
    """A page of statements."""

    statements: list[StatementOut]
    next: str


class OwnNoticeOut(BaseModel):
    """A notice as its enterprise sees it."""

    id: str
    number: str
    kind: str
    sha256: str
    created_at: datetime


class OwnCaseOut(BaseModel):
    """A disclosed case as its enterprise sees it; `over`: the case is closed."""

    case_id: str
    number: str
    unit: str
    unit_en: str
    disclosed_at: datetime
    over: bool
    waiting: int
    notices: list[OwnNoticeOut]
    statements: list[StatementOut]

    @classmethod
    def of(cls, case: OwnCase) -> OwnCaseOut:
        """The case as JSON."""
        return cls(
            case_id=case.case_id,
            number=case.number,
            unit=case.unit.name,
            unit_en=case.unit.name_en,
            disclosed_at=case.disclosed_at,
            over=case.over,
            waiting=case.waiting,
            notices=[OwnNoticeOut.model_validate(one, from_attributes=True) for one in case.notices],
            statements=[StatementOut.of(one) for one in case.statements],
        )


class ComputedOut(BaseModel):
    """A period that the law fixes, computed and explained in both languages."""

    code: str
    start: date
    last: date
    provisional: bool
    extended: bool
    zh: str
    en: str

    @classmethod
    def of(cls, found: Computed) -> ComputedOut:
        """The period as JSON."""
        return cls(
            code=found.period.code,
            start=found.start,
            last=found.last,
            provisional=found.provisional,
            extended=found.extended,
            zh=found.zh,
            en=found.en,
        )


class LawPeriodIn(Strict):
    """An event that sets off a period."""

    code: str = Field(max_length=30)
    start: date
    extended: bool = False
    note: str = Field("", max_length=500)


class DayIn(Strict):
    """The day on which something was done."""

    on: date


class RunningOut(BaseModel):
    """An entered event with its period; `over`: the last day has passed and it is not said that it was kept."""

    id: str
    period: ComputedOut
    ended_on: date | None
    over: bool

    @classmethod
    def of(cls, running: Running) -> RunningOut:
        """The period as JSON."""
        return cls(
            id=running.row.id,
            period=ComputedOut.of(running.computed),
            ended_on=running.row.ended_on,
            over=running.over,
        )
