"""Shares, the columns they may show, and how each is treated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ColumnKind(StrEnum):
    """What a column holds; the masking function goes by it. As in the catalogue."""

    USCC = "uscc"
    NAME = "name"
    KEY = "key"
    MONEY = "money"
    INT = "int"
    DATE = "date"
    MONTH = "month"
    FLAG = "flag"
    ENUM = "enum"
    TEXT = "text"


class Mask(StrEnum):
    """What the catalogue asks for a column."""

    NONE = "none"
    PARTIAL = "partial"
    HIDE = "hide"


class Treatment(StrEnum):
    """What a reader gets."""

    PLAIN = "plain"
    PARTIAL = "partial"
    HIDDEN = "hidden"


class State(StrEnum):
    """As stored; that an approved share is expired follows from the clock."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"


@dataclass(frozen=True)
class SharedColumn:
    """A column of a dataset."""

    name: str
    kind: ColumnKind
    mask: Mask
    zh: str
    en: str


@dataclass(frozen=True)
class SharedDataset:
    """A dataset that can be asked for. sensitivity: 1 open, 2 internal, 3 sensitive, 4 core."""

    code: str
    zh: str
    en: str
    sensitivity: int
    columns: Sequence[SharedColumn]


@dataclass(frozen=True)
class Asked:
    """A request. clearance: the level up to which values are shown plainly; days: how long it holds from approval."""

    dataset: str
    fields: Sequence[str]
    clearance: int
    purpose: str
    basis: str
    recipient: str
    days: int


@dataclass(frozen=True)
class Share:
    """A request and what became of it."""

    share_id: str
    asked: Asked
    state: State
    version: int
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    expires_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    revocation_reason: str | None

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True)
class Rows:
    """A page of masked rows: what a share gives. `treatments` by field; `next` is the cursor (empty at the end)."""

    share: Share
    columns: Sequence[SharedColumn]
    treatments: Mapping[str, Treatment]
    rows: Sequence[Mapping[str, Any]]
    next: str


@dataclass(frozen=True)
class Export:
    """A file that left."""

    export_id: str
    content: bytes
    rows: int
    media_type: str
    file_name: str


@dataclass(frozen=True)
class Page:
    """Shares, newest first, and the cursor of the next page (empty at the end)."""

    rows: Sequence[Share]
    next: str
