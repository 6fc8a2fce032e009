"""Shapes of the JSON API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from api.evidence.model import PaperCopy, ProvableFigure
from chain.verifier.report import JudgeReport

OutcomeName = Literal["passed", "indeterminate", "failed"]


class StepOut(BaseModel):
    """One numbered step of the verification plan (docs/evidence-spec.md)."""

    no: int = Field(examples=[5])
    name: str = Field(examples=["document"])
    outcome: OutcomeName
    sub_indication: str = Field(examples=["DEPENDS_ON 4"])
    facts: dict[str, Any]


class VerdictOut(BaseModel):
    """The verifier's result: what `concord verify --json` prints."""

    verdict: OutcomeName
    steps: list[StepOut]


class ReportItemOut(BaseModel):
    """A finding; `no` is the step's number, 0 where it is none."""

    no: int
    text: str
    outcome: str
    note: str


class ReportSectionOut(BaseModel):
    """One question of the online litigation rules, or one factor of the electronic signature law."""

    article: str
    heading: str
    answer: str
    items: list[ReportItemOut]


class ReportOut(BaseModel):
    """The verifier's report: court's questions, the law's factors, technique, what was not checked."""

    lang: str
    title: str
    verdict: OutcomeName
    verdict_text: str
    facts: list[tuple[str, str]]
    questions: list[ReportSectionOut]
    factors: list[ReportSectionOut]
    technique: list[tuple[str, str]]
    not_checked: list[str]
    package_sha256: str
    trust_root: str
    test: bool
    made_at: datetime

    @classmethod
    def of(cls, report: JudgeReport) -> Self:
        """From the verifier's report."""
        return cls.model_validate(report, from_attributes=True)


class PaperCopyOut(BaseModel):
    """A paper copy; `free` is always true: the platform charges for nothing."""

    number: int
    free: bool
    document_sha256: str
    ordered_at: datetime
    print_url: str

    @classmethod
    def of(cls, copy: PaperCopy, ref: str) -> Self:
        """From the slice's value."""
        return cls(
            number=copy.number,
            free=copy.free,
            document_sha256=copy.document_sha256,
            ordered_at=copy.ordered_at,
            print_url=f"/api/v1/contracts/{ref}/paper-copies/{copy.number}.pdf",
        )


class CounterOut(BaseModel):
    """What a counter of the registry holds; null stands for all regions, or all months."""

    region: int | None = Field(examples=[500112013])
    month: str | None = Field(examples=["2026-11"])
    value: int
    block: int

    @classmethod
    def of(cls, figure: ProvableFigure, block: int) -> Self:
        """From the slice's value."""
        return cls(region=figure.region, month=figure.month, value=figure.value, block=block)


class FingerprintOut(BaseModel):
    """Which trust root this installation publishes."""

    fingerprint: str
    version: int
    test: bool
    url: str


class CourtOut(BaseModel):
    """Where the court's contract stands; null where no judicial chain is set up."""

    chain_id: int | None = None
    address: str | None = None


class CourtEventOut(BaseModel):
    """One event of a package, and whether the court's contract finds it in the history that it holds."""

    type: str
    seq: int
    stream: str
    entry: str
    index: int
    included: bool


class CourtAnswerOut(BaseModel):
    """What the court's own chain says; `accepted_root` is what it holds at `size`, null where it holds nothing."""

    answer: Literal["confirmed", "not_accepted", "differs", "not_included", "other_log"]
    chain_id: int
    address: str
    origin: str
    latest_size: int
    size: int
    root: str
    accepted_root: str | None
    index: int | None
    events: list[CourtEventOut]
