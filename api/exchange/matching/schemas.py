"""JSON shapes of the review queue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.exchange.matching.model import Explained, Kind, Method, Outcome, Review, State, Step

Enterprises = dict[int, tuple[str, str, str]]


class CandidateOut(BaseModel):
    """An enterprise that may be meant; texts are empty in lists."""

    enterprise: int
    method: Method
    score_bp: int = Field(description="0 … 10,000; a rank among candidates, no probability")
    uscc: str = ""
    name: str = ""
    address: str = ""


_SAME = (
    "review_id",
    "kind",
    "state",
    "rows",
    "proposed",
    "outcome",
    "enterprise",
    "version",
    "first_seen",
    "last_seen",
)


class ReviewOut(BaseModel):
    """An identity of the queue."""

    review_id: str
    uscc: str
    name: str
    address: str
    kind: Kind
    state: State
    rows: int = Field(description="rows of all batches that hold this identity")
    candidates: list[CandidateOut]
    proposed: int | None = Field(description="what the rows are linked to meanwhile, as probable")
    outcome: Outcome | None
    enterprise: int | None
    version: int
    first_seen: datetime
    last_seen: datetime

    @classmethod
    def of(cls, review: Review, named: Enterprises | None = None) -> ReviewOut:
        """The review as JSON, with texts of the enterprises that are named."""
        texts = {c.enterprise: (named or {}).get(c.enterprise, ("", "", "")) for c in review.candidates}
        candidates = [
            CandidateOut(
                enterprise=c.enterprise,
                method=c.method,
                score_bp=c.score_bp,
                uscc=texts[c.enterprise][0],
                name=texts[c.enterprise][1],
                address=texts[c.enterprise][2],
            )
            for c in review.candidates
        ]
        return cls(
            **{name: getattr(review, name) for name in _SAME},
            uscc=review.identity.uscc,
            name=review.identity.name,
            address=review.identity.address,
            candidates=candidates,
        )


class PageOut(BaseModel):
    """A page of the queue."""

    rows: list[ReviewOut]
    next: str
    open: dict[str, int] = Field(description="open reviews by kind")


class StepOut(BaseModel):
    """A line of a review's history."""

    model_config = ConfigDict(from_attributes=True)

    action: str
    enterprise: int | None
    by: str
    at: datetime
    reason: str


class DetailOut(BaseModel):
    """A review with its history."""

    review: ReviewOut
    history: list[StepOut]

    @classmethod
    def of(cls, review: Review, history: list[Step], named: Enterprises) -> DetailOut:
        """As JSON."""
        steps = [StepOut.model_validate(step) for step in history]
        return cls(review=ReviewOut.of(review, named), history=steps)


class ExplainedOut(BaseModel):
    """Splink's view of a candidate."""

    model_config = ConfigDict(from_attributes=True)

    enterprise: int
    weight_milli: int = Field(description="match weight, thousandths of a bit")
    probability_bp: int
    parts: dict[str, Any] = Field(description="level and weight of code, name and address")

    @classmethod
    def of(cls, explained: Explained) -> ExplainedOut:
        """As JSON."""
        return cls.model_validate(explained)


Reason = Annotated[str, Field(min_length=1, max_length=300)]


class DecisionIn(BaseModel):
    """A decision on the state of the review that the person saw."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    outcome: Outcome
    enterprise: int | None = Field(None, ge=1, le=2**53)
    reason: Reason


class UndoIn(BaseModel):
    """Taking a decision back."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    reason: Reason
