"""Shapes of the JSON API: requests as Pydantic models, answers built from the services' values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.econtract import fields, template_library
from api.econtract.model import Finding

Text = Annotated[str, Field(max_length=4000)]
Scalar = str | int | bool | None


class Body(BaseModel):
    """Unknown members are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class CustomClause(Body):
    """A clause in the parties' own words."""

    title: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(max_length=8000)] = ""


class CheckRequest(Body):
    """Values to check without storing them."""

    template_id: Annotated[str, Field(max_length=64)]
    fields: dict[str, Scalar] = Field(default_factory=dict)
    custom: list[CustomClause] = Field(default_factory=list, max_length=50)


class NewContract(Body):
    """A new draft, empty, filled, or copied from another contract of the organisation."""

    template_id: Annotated[str, Field(max_length=64)]
    copy_of: Annotated[str, Field(max_length=26)] | None = None
    fields: dict[str, Scalar] | None = None
    custom: list[CustomClause] = Field(default_factory=list, max_length=50)


class SaveDraft(Body):
    """All values of a draft; `revision` is the one last seen."""

    fields: dict[str, Scalar]
    custom: list[CustomClause] = Field(default_factory=list, max_length=50)
    revision: int | None = None


class SendRequest(Body):
    """Send what was last seen."""

    revision: int | None = None


class ReasonRequest(Body):
    """A reason in words."""

    reason: Annotated[str, Field(max_length=500)] = ""


class CaseRequest(Body):
    """Why an authority reads a text."""

    case_no: Annotated[str, Field(min_length=1, max_length=80)]
    purpose: Annotated[str, Field(min_length=1, max_length=500)]


class PrivacyRequest(Body):
    """The privacy notice that was shown."""

    version: Annotated[str, Field(max_length=64)]


class IdentityRequest(Body):
    """Screen one."""

    acknowledgement_id: Annotated[str, Field(max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    id_number: Annotated[str, Field(min_length=1, max_length=32)]
    phone: Annotated[str, Field(pattern=r"^1[3-9]\d{9}$")] | None = None


class ResendRequest(Body):
    """Another code for the same check."""

    check_id: Annotated[str, Field(max_length=64)]


class ConfirmRequest(Body):
    """The code that arrived."""

    check_id: Annotated[str, Field(max_length=64)]
    otp: Annotated[str, Field(pattern=r"^\d{4,8}$")]


class ReadingRequest(Body):
    """How long and how far the text was read since the last report."""

    seconds: Annotated[int, Field(ge=0, le=3600)]
    pages: Annotated[list[Annotated[int, Field(ge=1, le=500)]], Field(max_length=500)] = Field(
        default_factory=list
    )
    finished: bool = False


class ConsentRequest(Body):
    """The two boxes of screen two."""

    notice: bool
    electronic: bool
    notice_version: Annotated[str, Field(max_length=64)]


class ChangeRequest(Body):
    """What the worker wants changed."""

    text: Annotated[str, Field(min_length=1, max_length=500)]


class NoteRequest(Body):
    """A remark."""

    note: Annotated[str, Field(max_length=500)] = ""


class FindingView(BaseModel):
    """One result of the legality check."""

    rule: str
    severity: str
    law: str
    clause: str
    zh: str
    en: str
    facts: dict[str, Scalar]

    @classmethod
    def of(cls, finding: Finding) -> FindingView:
        """From the rule's finding."""
        return cls(
            rule=finding.rule,
            severity=finding.severity.value,
            law=finding.law,
            clause=finding.clause,
            zh=finding.zh,
            en=finding.en,
            facts=dict(finding.facts),
        )


class FieldErrorView(BaseModel):
    """A value that can't be read."""

    pointer: str
    code: str
    facts: dict[str, Scalar]


class CheckView(BaseModel):
    """Whether a contract may be sent, and why not."""

    sendable: bool
    findings: list[FindingView]
    errors: list[FieldErrorView]

    @classmethod
    def of(cls, result: Any) -> CheckView:
        """From a service's `CheckResult`."""
        return cls(
            sendable=result.sendable,
            findings=[FindingView.of(item) for item in result.findings],
            errors=[
                FieldErrorView(pointer=item.pointer, code=item.code, facts=dict(item.facts))
                for item in result.errors
            ],
        )


class DraftView(BaseModel):
    """A draft with its values."""

    id: str
    contract_id: str
    state: str
    revision: int
    version: int
    template_id: str
    template_version: str
    form: str
    fields: dict[str, Scalar]
    custom: list[CustomClause]
    updated_at: datetime

    @classmethod
    def of(cls, draft: Any) -> DraftView:
        """From a service's `Draft`."""
        return cls(
            id=draft.id,
            contract_id=draft.contract_id,
            state=draft.state,
            revision=draft.revision,
            version=draft.version,
            template_id=draft.template.id,
            template_version=draft.template.version,
            form=draft.template.form.value,
            fields=dict(draft.values),
            custom=[CustomClause(**item) for item in draft.custom],
            updated_at=draft.updated_at,
        )


class SavedView(BaseModel):
    """A stored draft and its check."""

    draft: DraftView
    check: CheckView


class ContractLine(BaseModel):
    """A line of the employer's list."""

    id: str
    contract_id: str
    state: str
    form: str
    worker_name: str | None
    post: str
    start_date: str | None
    end_date: str | None
    version: int
    late_signing: bool
    updated_at: datetime
    effective_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> ContractLine:
        """From a stored contract."""
        return cls(
            id=row.id,
            contract_id=row.contract_id,
            state=row.state,
            form=row.form,
            worker_name=row.worker_name,
            post=row.post,
            start_date=row.start_date.isoformat() if row.start_date else None,
            end_date=row.end_date.isoformat() if row.end_date else None,
            version=row.version,
            late_signing=row.late_signing,
            updated_at=row.updated_at,
            effective_at=row.effective_at,
        )


class ContractList(BaseModel):
    """A page of contracts; `next` is the `after` of the next page."""

    contracts: list[ContractLine]
    counts: dict[str, int]
    next: str | None


class HistoryView(BaseModel):
    """One line of a contract's course."""

    at: datetime
    what: str
    role: str
    version: int
    note: str | None


class ContractDetail(BaseModel):
    """A contract for its employer."""

    contract: ContractLine
    round_id: str | None
    commitment: str | None
    base_pdf_sha256: str | None
    worker_deadline: datetime | None
    employer_deadline: datetime | None
    worker_signed_at: datetime | None
    employer_signed_at: datetime | None
    history: list[HistoryView]
    anchor: dict[str, Any]


class SentView(BaseModel):
    """Where a contract stands after sending."""

    id: str
    contract_id: str
    version: int
    state: str
    commitment: str
    base_pdf_sha256: str
    worker_deadline: datetime
    late_signing: bool


def history_views(lines: Sequence[Any]) -> list[HistoryView]:
    """Course lines as JSON."""
    return [
        HistoryView(at=line.at, what=line.what, role=line.role, version=line.version, note=line.note)
        for line in lines
    ]


def template_views() -> list[dict[str, Any]]:
    """The library: every version, newest first."""
    return [
        {
            "id": item.id,
            "version": item.version,
            "form": item.form.value,
            "name_zh": item.names["zh"],
            "name_en": item.names["en"],
            "sha256": item.sha256,
            "since": item.since,
            "clauses": [
                {"id": clause.id, "title": clause.title, "mandatory": clause.mandatory}
                for clause in item.clauses
                if clause.id != "CUSTOM"
            ],
        }
        for item in template_library.library()
    ]


def field_views() -> list[Mapping[str, Any]]:
    """The form's fields with labels in both languages."""
    return [
        {
            "name": item.name,
            "group": item.group,
            "type": item.type,
            "zh": item.zh,
            "en": item.en,
            "required": item.required,
            "default": item.default,
            "max": item.max,
            "options": [list(option) for option in item.options],
            "show_if": item.show_if,
        }
        for item in fields.schema()
    ]
