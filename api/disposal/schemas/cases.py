"""JSON shapes of cases, forms and tasks. Times are ISO 8601 in UTC, days ISO dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.disposal.model import (
    Action,
    CaseView,
    Due,
    EventView,
    Outcome,
    Step,
    Subject,
)
from api.disposal.rules.forms import Form
from api.disposal.tables import TaskRow


class Strict(BaseModel):
    """What clients send: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class DueOut(BaseModel):
    """A deadline; `counted` and `skipped` are the days behind it where they are known."""

    at: datetime
    provisional: bool = Field(description="counts a year whose holiday notice has not come")
    counted: list[date]
    skipped: list[date]

    @classmethod
    def of(cls, due: Due) -> DueOut:
        """The deadline as JSON."""
        return cls(
            at=due.at, provisional=due.provisional, counted=list(due.counted), skipped=list(due.skipped)
        )


def dues_out(dues: Mapping[Step, Due]) -> dict[str, DueOut]:
    """Deadlines by step."""
    return {str(step): DueOut.of(due) for step, due in dues.items()}


class SubjectOut(BaseModel):
    """The enterprise, as the register knows it."""

    enterprise: int
    name: str
    uscc: str

    @classmethod
    def of(cls, enterprise: int, subject: Subject | None) -> SubjectOut:
        """The subject as JSON; empty texts for one that the register does not know."""
        return cls(
            enterprise=enterprise,
            name=subject.name if subject else "",
            uscc=subject.uscc if subject else "",
        )


class CaseOut(BaseModel):
    """A case."""

    case_id: str
    number: str
    warning_id: str
    subject: SubjectOut
    colour: str
    auto: bool = Field(description="red that issued itself, unsigned")
    stage: str
    unit: str
    registered_unit: str
    basis: str = Field(description="why this unit owns it: operating, registered, outside, none, transfer")
    issued_at: datetime
    cycle: int
    finding: str
    outcome: str
    closed_at: datetime | None
    transfer_to: str
    measure: str = Field(description="gravest measure so far: urge, supervise, red_card")
    dues: dict[str, DueOut]
    allowed: list[str] = Field(description="what the caller may do now; empty in listings")

    @classmethod
    def of(cls, case: CaseView, measure: str = "") -> CaseOut:
        """The case as JSON."""
        return cls(
            case_id=case.case_id,
            number=case.number,
            warning_id=case.warning_id,
            subject=SubjectOut.of(case.enterprise, case.subject),
            colour=case.colour.name.lower(),
            auto=case.auto,
            stage=str(case.stage),
            unit=case.unit,
            registered_unit=case.registered_unit,
            basis=case.basis,
            issued_at=case.issued_at,
            cycle=case.cycle,
            finding=case.finding,
            outcome=case.outcome,
            closed_at=case.closed_at,
            transfer_to=case.transfer_to,
            measure=measure,
            dues=dues_out(case.dues),
            allowed=[str(action) for action in case.allowed],
        )


class CasesOut(BaseModel):
    """A page of cases."""

    cases: list[CaseOut]
    next: str


class EventOut(BaseModel):
    """One event of a case; `digest` is its entry in the log of evidence."""

    seq: int
    at: datetime
    actor: str
    unit: str
    action: str
    before: str
    after: str
    facts: dict[str, Any]
    note: str
    digest: str

    @classmethod
    def of(cls, event: EventView) -> EventOut:
        """The event as JSON."""
        return cls(**{**event.__dict__, "facts": dict(event.facts)})


class StepIn(Strict):
    """One step. Which fields are needed depends on the action."""

    action: Action
    note: str = Field("", max_length=4000)
    finding: Outcome | None = None
    reason: str = Field(
        "", max_length=4000, description="verify: random, complaint, model; closure: the reason"
    )
    outcome: Outcome | None = None
    until: date | None = None
    to: str = Field("", max_length=20)


class AnswerIn(Strict):
    """One answer of a phone: `counter` grows with every change on it."""

    name: str = Field(max_length=20)
    value: str | int
    counter: int = Field(ge=1, le=1_000_000)
    at: AwareDatetime


class PhotoIn(Strict):
    """A photo that a phone holds."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    captured_at: AwareDatetime


class FormIn(Strict):
    """Everything a phone holds; sending it again, or parts of it in another order, changes nothing."""

    device: str = Field(max_length=26)
    cycle: int | None = Field(
        None, ge=1, description="round of the case that the phone filled the form in for"
    )
    answers: list[AnswerIn] = Field(default_factory=list, max_length=50)
    photos: list[PhotoIn] = Field(default_factory=list, max_length=50)


class AnswerOut(BaseModel):
    """The answer that holds."""

    value: str | int
    counter: int
    device: str


class FormOut(BaseModel):
    """The merged form; `received`: photos whose bytes have arrived."""

    answers: dict[str, AnswerOut]
    photos: dict[str, datetime]
    received: list[str]

    @classmethod
    def of(cls, form: Form, received: set[str]) -> FormOut:
        """The form as JSON."""
        return cls(
            answers={
                name: AnswerOut(value=a.value, counter=a.stamp.counter, device=a.stamp.device)
                for name, a in form.answers.items()
            },
            photos={sha256: photo.captured_at for sha256, photo in form.photos.items()},
            received=sorted(received),
        )


class TaskIn(Strict):
    """A joint task."""

    unit: str = Field(max_length=20)
    text: str = Field(max_length=4000)
    due_on: date


class TaskOut(BaseModel):
    """A joint task."""

    id: str
    case_id: str
    unit: str
    text: str
    due_on: date
    state: str
    opened_at: datetime
    done_at: datetime | None
    result: str | None

    @classmethod
    def of(cls, row: TaskRow) -> TaskOut:
        """The task as JSON."""
        return cls.model_validate(row, from_attributes=True)


class TextIn(Strict):
    """A text."""

    text: str = Field(max_length=4000)
