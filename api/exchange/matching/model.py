"""What a link is, what the review queue holds, and what a person may decide about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Method(StrEnum):
    """How a row was linked; the last five say why it was not."""

    USCC = "uscc"
    DECIDED = "decided"
    CODE_REPAIRED = "code_repaired"
    NAME = "name"
    NAME_ADDRESS = "name_address"
    FUZZY_ADDRESS = "fuzzy_address"
    UNKNOWN_CODE = "unknown_code"
    NEW = "new"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


LINKED = (
    Method.USCC,
    Method.DECIDED,
    Method.CODE_REPAIRED,
    Method.NAME,
    Method.NAME_ADDRESS,
    Method.FUZZY_ADDRESS,
)
UNLINKED = (Method.UNKNOWN_CODE, Method.NEW, Method.REFUSED, Method.AMBIGUOUS, Method.NONE)


class Kind(StrEnum):
    """Why an identity stands in the queue: a probable link, several of one name, or a valid code nobody registered."""

    PROBABLE = "probable"
    AMBIGUOUS = "ambiguous"
    UNKNOWN_CODE = "unknown_code"


class State(StrEnum):
    """Of a review."""

    OPEN = "open"
    DECIDED = "decided"


class Outcome(StrEnum):
    """What a person decides: it is this enterprise; it is one the register does not have; it is none of those offered."""

    LINK = "link"
    NEW = "new"
    NO = "no"


@dataclass(frozen=True)
class Identity:
    """What a row says of its enterprise, as it was written."""

    uscc: str
    name: str
    address: str


@dataclass(frozen=True)
class Candidate:
    """An enterprise that an identity may be. `score_bp`: 0 … 10,000."""

    enterprise: int
    method: Method
    score_bp: int


@dataclass(frozen=True)
class Found:
    """An identity for the queue, with how many rows of the batch have it. `kind` None: decided already, only counted."""

    identity: Identity
    fingerprint: str
    kind: Kind | None
    rows: int
    candidates: Sequence[Candidate]


@dataclass(frozen=True)
class Batch:
    """A batch that holds rows of an identity."""

    dataset: str
    batch: str


@dataclass(frozen=True)
class Review:
    """A row of the queue. `enterprise`: what it is linked to by decision; `proposed`: what the cascade took meanwhile."""

    review_id: str
    identity: Identity
    kind: Kind
    state: State
    rows: int
    candidates: Sequence[Candidate]
    proposed: int | None
    outcome: Outcome | None
    enterprise: int | None
    version: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Step:
    """One line of a review's history; `action` is an outcome, or `undone`."""

    action: str
    enterprise: int | None
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class LinkChanged:
    """A decision took or gave an identity's rows: enterprise before and after (None: unlinked), probable before and after.

    Whoever re-scores needs no more than the enterprises and the batches.
    """

    review_id: str
    before: int | None
    after: int | None
    probable_before: bool
    probable_after: bool
    batches: Sequence[Batch]


@dataclass(frozen=True)
class Explained:
    """Splink's view of one candidate: match weight in thousandths of a bit, and its part for each column."""

    enterprise: int
    weight_milli: int
    probability_bp: int
    parts: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Reviews and the cursor of the next page (empty at the end)."""

    rows: Sequence[Review]
    next: str
