"""What a version of the rule set is, and what may happen to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from api.risk.spec.document import RuleSetDoc


class State(StrEnum):
    """A version's state: draft → validated → published; a draft or validated one may be withdrawn."""

    DRAFT = "draft"
    VALIDATED = "validated"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Version:
    """One version. `revision` counts its changes; `base` is the sequence number that was live when it was begun.

    Bitemporal once published: it holds for days from `valid_from` to `valid_to` (both included, None: open), and is known
    from `known_from` on. `sequence` orders publications; 0 is the version delivered with the software.
    """

    row_id: str
    state: State
    revision: int
    document: RuleSetDoc
    hash: str
    note: str
    base: int
    authors: tuple[str, ...]
    changed_at: datetime
    validated_by: str | None = None
    sequence: int | None = None
    published_by: str | None = None
    known_from: datetime | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    waiver: str | None = None
    """Why it was published without a passed backtest; None when one was there."""

    def holds(self, on: date, known_at: datetime) -> bool:
        """Whether it is published, known at that moment and valid on that day."""
        if self.known_from is None or self.valid_from is None or self.known_from > known_at:
            return False
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class Difference:
    """A place where two documents differ: JSON pointer by ids, and the values (None: not there)."""

    where: str
    before: object
    after: object
