"""A district with two streets, a bureau, a department, a union, the government; a register and a risk side in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.anchoring.service.recorder import Recorder
from api.bootstrap.disposal import TypstNotices
from api.bootstrap.reports import TypstReports
from api.disposal.model import Action, Capacity, Subject, Unit, UnitKind
from api.disposal.ports import Incident, Notice, Person, Returned, SupportingRow
from api.disposal.service.context import Context
from api.disposal.service.facade import Disposal
from api.infra.auth import Principal
from api.infra.db import Database, UnitOfWork
from api.infra.reports import Exporter
from api.kernel.clock import SHANGHAI, FixedClock
from api.kernel.events import CaseClosed, DomainEvent, WarningIssued
from api.notification.repository import MessageRow
from api.notification.service import NotificationService
from api.parameters.service import ParametersService
from signing.rendering import FontBook

ROOT = Path(__file__).resolve().parents[2]
ISSUED = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)
"""A Monday morning without a holiday near."""
S1, S2 = "500107001", "500107002"
UNITS = (
    Unit(S1, UnitKind.STREET, "示例一街道", "Example Street One"),
    Unit(S2, UnitKind.STREET, "示例二街道", "Example Street Two"),
    Unit("hr", UnitKind.HR, "示例区人社部门", "Example HR bureau"),
    Unit("tax", UnitKind.DEPARTMENT, "示例税务部门", "Example tax office"),
    Unit("union", UnitKind.UNION, "示例区工会", "Example union"),
    Unit("federation", UnitKind.FEDERATION, "示例企业联合会", "Example federation"),
    Unit("gov", UnitKind.GOVERNMENT, "示例区政府", "Example government"),
)
POSTS = {
    "officer1": (S1, Capacity.OFFICER),
    "second1": (S1, Capacity.OFFICER),
    "lead1": (S1, Capacity.LEAD),
    "officer2": (S2, Capacity.OFFICER),
    "bureau": ("hr", Capacity.OFFICER),
    "head": ("hr", Capacity.LEAD),
    "tax": ("tax", Capacity.OFFICER),
    "union": ("union", Capacity.OFFICER),
    "governor": ("gov", Capacity.COMMAND),
}
DEVICE = "abcdefghijklmnopqrstuvwxyz"
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50


def staff(account: str, role: str = "review_officer") -> Principal:
    """A login of staff."""
    return Principal(
        kind="staff",
        account_id=account,
        roles=frozenset({role}),
        csrf_token="csrf",
        session_id=f"session-{account}",
    )


OPERATOR = staff("operator", "operator")


@cache
def printer() -> TypstNotices:
    """The installation's typesetter over the npm fonts."""
    return TypstNotices(FontBook.npm(ROOT / "node_modules"), test=True)


@dataclass
class Register:
    """The register of enterprises."""

    known: dict[int, Subject] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    accounts: dict[int, list[str]] = field(default_factory=dict)
    questions: int = 0

    def subjects(self, enterprises: Sequence[int]) -> Mapping[int, Subject]:
        self.questions += 1
        return {number: self.known[number] for number in enterprises if number in self.known}

    def of_organisation(self, org_id: str) -> int | None:
        return self.organisations.get(org_id)

    def by_code(self, uscc: str) -> int | None:
        return next((number for number, known in self.known.items() if known.uscc == uscc), None)

    def accounts_of(self, enterprise: int) -> Sequence[str]:
        return self.accounts.get(enterprise, [])


class Staff:
    """Logins of staff: everybody who holds a post."""

    def staff(self) -> Sequence[Person]:
        return [Person(account, account, f"示例 {account}") for account in POSTS]


class Senders:
    """Departments behind rows: one dataset, sent by one account."""

    def behind(self, rows: Sequence[SupportingRow]) -> Sequence[Returned]:
        keys = sorted(row.key for row in rows)
        return [Returned("arrears_clue", "欠薪线索", "wage arrears clues", ["hotline"], keys)] if rows else []


@dataclass
class Risk:
    """Supporting rows that can be settled, incidents and shown grades."""

    rows: dict[str, list[SupportingRow]] = field(default_factory=dict)
    settled: list[tuple[str, tuple[SupportingRow, ...], str, date | None]] = field(default_factory=list)
    happened: list[Incident] = field(default_factory=list)
    shown: dict[tuple[int, date], int] = field(default_factory=dict)
    quiet: dict[int, str] = field(default_factory=dict)

    def open_rows(self, episode: str) -> Sequence[SupportingRow]:
        return list(self.rows.get(episode, ()))

    def settle(
        self, session: Any, episode: str, rows: Sequence[SupportingRow], outcome: str, until: date | None
    ) -> None:
        self.settled.append((episode, tuple(rows), outcome, until))
        self.rows[episode] = [row for row in self.rows.get(episode, ()) if row not in rows]

    def incidents(self, first: date, last: date) -> Sequence[Incident]:
        return [one for one in self.happened if first <= one.on <= last]

    def highest_shown(self, enterprise: int, first: date, last: date) -> int:
        found = [g for (e, day), g in self.shown.items() if e == enterprise and first <= day <= last]
        return max(found, default=0)

    def unwarned(self, month: int) -> Mapping[int, str]:
        return dict(self.quiet)

    def point_names(self) -> Mapping[str, tuple[str, str]]:
        return {"GZ01": ("工资拖欠", "Wages overdue")}


class Messages:
    """The notification slice as bootstrap binds it."""

    def __init__(self, service: NotificationService) -> None:
        self._service = service

    def queue(self, session: Any, notice: Notice) -> str:
        return self._service.send(
            session,
            template="plain.notice",
            recipient_kind="account" if notice.account_id else "address",
            recipient_id=notice.account_id,
            phone=notice.phone,
            facts={"text": notice.text},
            subject_type="disposal",
            subject_id=notice.about,
            dedup_key=notice.dedup,
        )


class Clocks:
    """The parameter `disposal.clocks`."""

    document: Mapping[str, Any] | None = None

    def clocks(self, on: date) -> Mapping[str, Any] | None:
        return self.document


class World:
    """The slice over a real database, with real parameters, messages, evidence recorder and typesetter."""

    def __init__(self, database: Database, at: datetime = ISSUED) -> None:
        self.database, self.uow = database, UnitOfWork(database)
        self.clock = FixedClock(at)
        self.register, self.risk, self.clocks = Register(), Risk(), Clocks()
        self.parameters = ParametersService(self.uow, self.clock)
        self.notification = NotificationService(self.uow, self.clock)
        self.closed: list[CaseClosed] = []
        self.told: list[DomainEvent] = []
        self.disposal = Disposal.over(
            Context(
                uow=self.uow, clock=self.clock, calendar=self.parameters, figures=self.clocks,
                subjects=self.register, rows=self.risk, history=self.risk, departments=Senders(),
                people=Staff(), messages=Messages(self.notification),
                printer=printer(), recorder=Recorder("log.test.example", self.clock), announce=self._announce,
                exporter=Exporter(self.uow, self.clock, TypstReports(FontBook.npm(ROOT / "node_modules"), test=True)),
            )
        )  # fmt: skip
        for unit in UNITS:
            self.disposal.desk.put_unit(OPERATOR, unit)
        for account, (unit_code, capacity) in POSTS.items():
            self.disposal.desk.give_post(OPERATOR, account, unit_code, capacity, date(2026, 1, 1))
        for number, (registered, operating) in enumerate([(S1, S1), (S1, S2), (S2, S2)], 1):
            self.register.known[number] = Subject(
                number, f"示例科技{number}号有限公司", f"91500107MA5TEXT1{number}A", registered, operating,
                "示例区示例路 1 号",
            )  # fmt: skip

    def _announce(self, session: Session, event: DomainEvent) -> None:
        self.told.append(event)
        if isinstance(event, CaseClosed):
            self.closed.append(event)

    def warn(
        self, enterprise: int = 1, grade: int = 2, rows: Sequence[SupportingRow] = (), **more: Any
    ) -> str:
        """Issue a warning now; returns the case's id."""
        name = hashlib.sha256(f"{enterprise}-{grade}-{self.clock.now()}".encode()).hexdigest()[:26]
        warning = WarningIssued(
            **{
                "warning_id": f"w-{name}", "episode_id": f"e-{name}", "enterprise": enterprise, "grade": grade,
                "town": S1, "issued_at": self.clock.now(), "auto": False, **more,
            }
        )  # fmt: skip
        self.risk.rows[warning.episode_id] = list(rows)
        with self.uow() as session:
            return self.disposal.cases.opened(session, warning)

    def do(self, account: str, case_id: str, action: Action, **given: Any) -> Any:
        """One step."""
        return self.disposal.cases.step(staff(account), case_id, action, given)

    def visit(self, account: str, case_id: str, finding: str = "confirmed", body: bytes = JPEG) -> None:
        """Sign in, fill in the form with one photo, verify."""
        self.do(account, case_id, Action.SIGN_IN)
        self.fill(account, case_id, body)
        self.do(account, case_id, Action.VERIFY, finding=finding)

    def fill(self, account: str, case_id: str, body: bytes = JPEG) -> None:
        """The form's needed fields and one photo."""
        at = self.clock.now()
        answers = [
            {"name": n, "value": "yes", "counter": 1, "at": at}
            for n in ("premises", "operating", "wages_paid")
        ]
        sha256 = hashlib.sha256(body).hexdigest()
        photos = [{"sha256": sha256, "captured_at": at}]
        self.disposal.field.sync(staff(account), case_id, DEVICE, answers, photos)
        self.disposal.field.put_photo(staff(account), case_id, sha256, body)

    def messages(self) -> list[tuple[str, str]]:
        """Recipient and text of every queued message, in order."""
        with self.uow.read() as session:
            rows = session.scalars(select(MessageRow).order_by(MessageRow.created_at, MessageRow.message_id))
            return [(row.recipient_id or row.phone or "", row.fact_values()["text"]) for row in rows]

    def actions(self, case_id: str, account: str = "bureau") -> list[str]:
        """Actions of a case's events in order."""
        return [event.action for event in self.disposal.cases.history(staff(account), case_id)]
