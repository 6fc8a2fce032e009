"""What this slice asks of others, in its own terms; `api.bootstrap.disposal` binds it.

Methods that take a `session` are part of the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from api.disposal.model import Subject
from api.kernel.calendars import Workdays
from api.kernel.events import EventRef


class Calendar(Protocol):
    """The house's calendar of working days."""

    def workdays(self, first: date, last: date) -> Workdays:
        """Working days between two days, both included."""
        ...

    def calendar_known(self, year: int) -> bool:
        """Whether the year's holiday notice is on record."""
        ...


class Figures(Protocol):
    """The slice's dated parameters."""

    def clocks(self, on: date) -> Mapping[str, Any] | None:
        """The structure `disposal.clocks` in force on a day; None: the delivered one holds."""
        ...


class Subjects(Protocol):
    """The register of enterprises."""

    def subjects(self, enterprises: Sequence[int]) -> Mapping[int, Subject]:
        """Those that are known, by number; one question to the database."""
        ...

    def of_organisation(self, org_id: str) -> int | None:
        """The enterprise of an organisation that has an account here."""
        ...

    def by_code(self, uscc: str) -> int | None:
        """The enterprise of a unified social credit code, if it is registered."""
        ...

    def accounts_of(self, enterprise: int) -> Sequence[str]:
        """Accounts of the organisation that the enterprise registered here; empty where it has none."""
        ...


@dataclass(frozen=True)
class Person:
    """A login of staff, as lists name it."""

    account_id: str
    login: str
    name: str


class People(Protocol):
    """Logins of staff."""

    def staff(self) -> Sequence[Person]:
        """Those that are not disabled, by name; one question to the database."""
        ...


@dataclass(frozen=True)
class SupportingRow:
    """A row that holds an episode up: control point, business key, tier 1–4."""

    point: str
    key: str
    tier: int


class SupportingRows(Protocol):
    """What holds an episode up, and what is settled at its closure."""

    def open_rows(self, episode: str) -> Sequence[SupportingRow]:
        """Supporting rows that nobody has settled."""
        ...

    def settle(
        self, session: Any, episode: str, rows: Sequence[SupportingRow], outcome: str, until: date | None
    ) -> None:
        """Settle exactly these rows; `until` None: until they change."""
        ...


@dataclass(frozen=True)
class Returned:
    """Rows of a dataset that were found wrong: its names, the accounts that send it, the keys of the rows (or none)."""

    dataset: str
    zh: str
    en: str
    accounts: Sequence[str]
    keys: Sequence[str]


class DataDepartments(Protocol):
    """The departments behind supporting rows."""

    def behind(self, rows: Sequence[SupportingRow]) -> Sequence[Returned]:
        """The datasets that these rows are from, by code; a row without a dataset of its own names all of its point's."""
        ...


@dataclass(frozen=True)
class Incident:
    """An event that a warning should have preceded.

    kind: arrears (verified), dispute, fled, closure (with unpaid wages). points: by which control points it counts.
    """

    enterprise: int
    kind: str
    on: date
    persons: int
    town: str
    key: str


class RiskHistory(Protocol):
    """What happened, and what was shown before."""

    def incidents(self, first: date, last: date) -> Sequence[Incident]:
        """Incidents of all enterprises between two days, both included, with any number of persons."""
        ...

    def highest_shown(self, enterprise: int, first: date, last: date) -> int:
        """The highest shown grade (0–4) between two days, both included."""
        ...

    def unwarned(self, month: int) -> Mapping[int, str]:
        """Enterprises without an open episode in the month YYYYMM, with their towns."""
        ...

    def point_names(self) -> Mapping[str, tuple[str, str]]:
        """Names of the control points in force, Chinese and English, by id."""
        ...


@dataclass(frozen=True)
class Notice:
    """A message to an account (inbox, SMS to its number) or to a number."""

    text: str
    about: str
    dedup: str
    account_id: str | None = None
    phone: str | None = None


class Messages(Protocol):
    """Messages with receipts and retry."""

    def queue(self, session: Any, notice: Notice) -> str:
        """Queue in the caller's transaction; the same `dedup` again sends nothing and gives the first one's id."""
        ...


class NoticePrinter(Protocol):
    """Typesets a notice."""

    def render(self, facts: Mapping[str, Any]) -> bytes:
        """A PDF; the same facts give the same bytes. Raises DomainError invalid for what can't be shown."""
        ...


class Recorder(Protocol):
    """Evidence events."""

    def record(self, session: Any, draft: Any) -> EventRef:
        """Append to the stream, in the caller's transaction."""
        ...
