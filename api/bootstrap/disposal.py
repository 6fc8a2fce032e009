"""Wires disposal: calendar and clocks from the parameters, messages, the notice's typesetter, the register and the risk side."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

import api.disposal
from api.bootstrap.disposal_risk import Departments, Part, RiskSide
from api.bootstrap.rendering import font_folders
from api.bootstrap.reports import exporter
from api.disposal.model import Subject
from api.disposal.ports import Notice, Person
from api.disposal.service.context import Context
from api.disposal.service.facade import Disposal
from api.kernel.calendars import Workdays
from api.kernel.errors import invalid
from api.kernel.events import DomainEvent, EventDraft, EventRef, WarningIssued, WarningRaised

if TYPE_CHECKING:
    from api.bootstrap.container import Container

_TEMPLATE = Path(api.disposal.__file__).parent / "print_templates" / "notice.typ"
CLOCKS = "disposal.clocks"
NATIONAL = "000000"
VERIFIED = "verified"


class HouseCalendar(Part):
    """`Calendar` on the parameters slice."""

    def workdays(self, first: date, last: date) -> Workdays:
        found: Workdays = self._container.parameters.workdays(first, last)
        return found

    def calendar_known(self, year: int) -> bool:
        return bool(self._container.parameters.calendar_known(year))


class ClockFigures(Part):
    """`Figures` on the parameters slice."""

    def clocks(self, on: date) -> Mapping[str, Any] | None:
        found = self._container.parameters.figure(CLOCKS, NATIONAL, on)
        return None if found is None else found.value


class Register(Part):
    """`Subjects` on the exchange's register and the organisations that have accounts."""

    def subjects(self, enterprises: Sequence[int]) -> Mapping[int, Subject]:
        if not enterprises:
            return {}
        return {
            row["enterprise"]: Subject(
                enterprise=row["enterprise"],
                name=row["name"],
                uscc=row["uscc"],
                registered_town=row["town"] or "",
                address=row["operating_address"] or row["address"] or "",
                operating_address=row["operating_address"] or "",
            )
            for row in self._container.exchange.subjects.details(list(enterprises))
        }

    def of_organisation(self, org_id: str) -> int | None:
        if not org_id:
            return None
        org = self._container.employers.organisation(org_id)
        if org.state != VERIFIED:  # anybody may claim a code; the desk has checked it only then
            return None
        return self.by_code(org.uscc)

    def by_code(self, uscc: str) -> int | None:
        found: int | None = self._container.exchange.subjects.by_code(uscc)
        return found

    def accounts_of(self, enterprise: int) -> Sequence[str]:
        subject = self.subjects([enterprise]).get(enterprise)
        if subject is None:
            return []
        employers = self._container.employers
        return sorted(
            account.account_id
            for org_id in employers.find_by_name_or_uscc(subject.uscc)
            if (org := employers.organisation(org_id)).uscc == subject.uscc and org.state == VERIFIED
            for account in self._container.identity.accounts.by_org(org_id)
            if account.state == "active"
        )


class Staff(Part):
    """`People` on the identity slice."""

    def staff(self) -> Sequence[Person]:
        found = [
            Person(account.account_id, account.login, account.display_name)
            for account in self._container.identity.accounts.staff()
            if account.state == "active"
        ]
        return sorted(found, key=lambda one: (one.name, one.login))


class QueuedMessages(Part):
    """`Messages` on the notification slice: to an account's inbox and number, or to a number."""

    def queue(self, session: Any, notice: Notice) -> str:
        found: str = self._container.notification.send(
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
        return found


class TypstNotices:
    """`NoticePrinter` with Typst and the installation's own fonts; one notice after the other, safe for threads."""

    def __init__(self, folders: Sequence[Path], *, test: bool) -> None:
        self._folders, self._test = folders, test
        self._lock = threading.Lock()
        self._compiler: Any = None

    def render(self, facts: Mapping[str, Any]) -> bytes:
        import typst  # half a hundred milliseconds, and only for paper

        from signing.rendering import FontBook

        with self._lock:
            if self._compiler is None:
                fonts = FontBook.load(list(self._folders)).typst_fonts
                self._compiler = typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=fonts)
            data = json.dumps({**facts, "test": self._test}, ensure_ascii=False)
            try:
                pdf = self._compiler.compile(format="pdf", sys_inputs={"data": data}, pdf_standards="a-2a")
            except typst.TypstError as error:
                raise invalid("disposal.notice_text", reason=str(error)[:200]) from error
        if not isinstance(pdf, bytes):
            raise TypeError("no single file came out")
        return pdf


class LateRecorder(Part):
    """The evidence recorder, looked up when the first event comes."""

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        return self._container.recorder.record(session, draft)


def build(c: Container) -> Disposal:
    """The slice's service."""
    risk = RiskSide(c)

    def announce(session: Session, event: DomainEvent) -> None:
        c.bus.publish(session, event)

    return Disposal.over(
        Context(
            uow=c.uow,
            clock=c.clock,
            calendar=HouseCalendar(c),
            figures=ClockFigures(c),
            subjects=Register(c),
            rows=risk,
            history=risk,
            departments=Departments(c),
            people=Staff(c),
            messages=QueuedMessages(c),
            printer=TypstNotices(font_folders(c), test=c.settings.test_installation),
            recorder=LateRecorder(c),
            announce=announce,
            exporter=exporter(c),
        )
    )


def subscribe(c: Container) -> None:
    """Warnings open and raise cases, receipts serve notices, in the transaction in which they happen."""
    from api.notification.model import DeliveryReceived

    def issued(session: Session, event: WarningIssued) -> None:
        c.disposal.cases.opened(session, event)

    def raised(session: Session, event: WarningRaised) -> None:
        c.disposal.cases.raised(session, event)

    def delivered(session: Session, event: DeliveryReceived) -> None:
        if event.subject_type == "disposal" and event.channel == "sms":
            c.disposal.papers.sms_delivered(session, event.message_id, event.at)

    c.bus.subscribe(WarningIssued, issued)
    c.bus.subscribe(WarningRaised, raised)
    c.bus.subscribe(DeliveryReceived, delivered)
