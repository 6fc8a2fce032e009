"""Numbered notices to enterprises without an account: PDF, SMS, record of service.

The number is given and the row written first, the file is made outside any transaction, then kept with its digest. A
process that dies in between leaves a drafted notice, which the worker makes: no number is lost, none is given twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from api.disposal import repository
from api.disposal.model import Colour, Contact, Due, Stage, Step
from api.disposal.ports import Notice
from api.disposal.service.context import SYSTEM, Context, clean_text, dedup_key
from api.disposal.tables import NoticeRow, ServiceRow
from api.infra.auth import Principal
from api.kernel.clock import shanghai_day
from api.kernel.errors import DomainError, conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

log = structlog.get_logger(__name__)
KINDS = {
    "warning": ("劳动关系风险提示书", "Notice of a labour-relations risk"),
    "self_correction": ("自查整改提示书", "Notice to check and correct"),
    "answer": ("情况说明告知书", "Notice of the right to explain"),
}
ANSWERED_BEFORE = (Step.VERIFY, Step.ACT, Step.FEEDBACK, Step.CLOSE)
RESULTS: Mapping[str, Sequence[str]] = {
    "hand": ("received", "refused"),
    "left": ("left",),
    "post": ("sent", "received", "returned"),
    "public": ("published",),
}
"""What a person can record of 直接送达, 留置送达, 邮寄送达, 公告送达; 短信 and 系统送达 record themselves."""
_NEEDED: Mapping[tuple[str, str], Sequence[str]] = {
    ("hand", "received"): ("receiver",),
    ("hand", "refused"): ("note",),
    ("left", "left"): ("note", "witness"),
    ("post", "sent"): ("tracking",),
    ("post", "received"): ("tracking", "receiver"),
    ("post", "returned"): ("tracking", "note"),
    ("public", "published"): ("note",),
}
SERVED = frozenset({"received", "left", "published", "opened"})
"""Results by which a notice counts as served; a refusal, a letter on its way and a returned one do not."""
MOBILE = re.compile(r"1[3-9]\d{9}\Z")


def _reply_by(dues: Mapping[Step, Due], today: date) -> str:
    """The day by which an answer still helps: the next deadline of the case after `today`; empty when none is to come."""
    days = [shanghai_day(due.at) for step, due in dues.items() if step in ANSWERED_BEFORE]
    return min((day.isoformat() for day in days if day > today), default="")


class Papers:
    """Makes notices, keeps records of service."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def contact(self, who: Principal, case_id: str, name: str, phone: str) -> None:
        """Keep whom to reach at the enterprise (an empty number takes it away). The event tells that, never the number.

        The register has no telephone numbers: officers enter the one that they were given. Raises invalid.
        """
        name, phone = clean_text(name, "/name", most=40), re.sub(r"[\s-]", "", phone)
        if phone and not MOBILE.match(phone):
            raise invalid("disposal.phone_malformed", pointer="/phone")
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            if not (reach.holds(row.unit) or reach.district):
                raise forbidden("disposal.not_entitled", action="contact")
            row.contact_name, row.contact_phone = name or None, phone or None
            facts = {"phone": bool(phone), "name": bool(name)}
            self._c.happened(session, row, who.actor, "contact_entered", unit=row.unit, facts=facts)

    def contact_of(self, who: Principal, case_id: str) -> Contact:
        """The contact, for the owner's people and the bureau; empty for the parties of a task."""
        with self._c.uow.read() as session:
            row, reach = self._c.visible_case(session, who, case_id)
            if not (reach.holds(row.unit) or reach.district or reach.command):
                return Contact()
            return Contact(row.contact_name or "", row.contact_phone or "")

    def issue(self, who: Principal, case_id: str, kind: str, text: str) -> NoticeRow:
        """Give a number, typeset, queue the SMS; returns the issued notice. Raises invalid, forbidden, unavailable,
        conflict once the case is closed.

        With it the case is disclosed to its enterprise: an account of its own hears of it and sees it from then on.
        """
        if kind not in KINDS:
            raise invalid("disposal.notice_kind", pointer="/kind")
        text = clean_text(text, "/text", most=1500, needed=True)
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            if not (reach.holds(row.unit) or reach.district):
                raise forbidden("disposal.not_entitled", action="notice")
            if row.stage == str(Stage.CLOSED):
                raise conflict("disposal.case_closed")
            now = self._c.clock.now()
            year = shanghai_day(now).year
            number = repository.next_number(session, f"notice/{year}")
            subject = self._c.subject(row.enterprise)
            names = {unit.code: unit.name for unit in repository.units(session)}
            facts = {
                "kind": kind,
                "title": KINDS[kind][0],
                "title_en": KINDS[kind][1],
                "number": f"劳预〔{year}〕{number}号",
                "case": row.number,
                "enterprise": subject.name if subject else "",
                "uscc": subject.uscc if subject else "",
                "address": subject.address if subject else "",
                "text": text,
                "colour": Colour(row.colour).name.lower(),
                "reply_by": _reply_by(repository.read_dues(row.dues), shanghai_day(now)),
                "unit": names.get(row.unit, ""),
                "date": shanghai_day(now).isoformat(),
            }
            made = NoticeRow(
                id=new_id(), number=facts["number"], case_id=case_id, kind=kind,
                facts=json.dumps(facts, ensure_ascii=False), phone=row.contact_phone,
                state="drafted", sha256="", created_at=now, created_by=who.actor, unit=row.unit,
            )  # fmt: skip
            session.add(made)
        return self.finish(made.id)

    def finish(self, notice_id: str) -> NoticeRow:
        """Typeset a drafted notice and keep it; doing it again changes nothing."""
        with self._c.uow.read() as session:
            found = session.get(NoticeRow, notice_id)
            if found is None:
                raise not_found()
            if found.state == "issued":
                return found
            facts: dict[str, Any] = json.loads(found.facts)
        pdf = self._c.printer.render(facts)  # outside a transaction: it takes a while
        with self._c.uow() as session:
            row = session.get(NoticeRow, notice_id, with_for_update=True)
            if row is None:
                raise not_found()
            if row.state == "drafted":
                row.pdf, row.sha256, row.state = pdf, hashlib.sha256(pdf).hexdigest(), "issued"
                self._issued(session, row)
            return row

    def _issued(self, session: Session, row: NoticeRow) -> None:
        case = repository.case_row(session, row.case_id, lock=True)
        if row.phone:
            text = (
                f"您单位有一份提示书（{row.number}），请联系{json.loads(row.facts)['unit']}领取，"
                "可以说明情况或者提出申诉。"
            )
            notice = Notice(text, row.case_id, f"disposal/notice/{row.id}", phone=row.phone)
            row.message_id = self._c.messages.queue(session, notice)
        for account in self._c.subjects.accounts_of(case.enterprise):
            own = f"您单位有一份提示书（{row.number}），请登录后在“风险提示”查看，可以说明情况或者提出申诉。"
            dedup = dedup_key(row.case_id, f"notice/{row.id}", account)
            self._c.messages.queue(session, Notice(own, row.case_id, dedup, account_id=account))
        facts = {"notice": row.id, "kind": row.kind, "sha256": row.sha256}
        self._c.happened(session, case, row.created_by, "notice_issued", unit=row.unit, facts=facts)

    def finish_drafted(self) -> int:
        """Make the notices whose process died; the number made (worker)."""
        with self._c.uow.read() as session:
            waiting = list(
                session.scalars(
                    select(NoticeRow.id)
                    .where(
                        NoticeRow.state == "drafted",
                        NoticeRow.created_at < self._c.clock.now() - timedelta(minutes=1),
                    )
                    .limit(20)
                )
            )
        made = 0
        for notice_id in waiting:
            try:
                self.finish(notice_id)
                made += 1
            except DomainError as error:  # the others don't wait for the one that can't be typeset
                log.warning("disposal.notice.not_made", notice=notice_id, code=error.code)
        return made

    def pdf(self, who: Principal, notice_id: str) -> tuple[str, bytes]:
        """Number and file; raises conflict while it is being made."""
        with self._c.uow.read() as session:
            wanted = select(NoticeRow).where(NoticeRow.id == notice_id).options(undefer(NoticeRow.pdf))
            found = session.scalar(wanted)
            if found is None:
                raise not_found()
            self._c.visible_case(session, who, found.case_id)
            if found.pdf is None:
                raise conflict("disposal.notice_not_ready")
            return found.number, found.pdf

    def serve(
        self,
        who: Principal,
        notice_id: str,
        channel: str,
        at: datetime,
        receiver: str = "",
        note: str = "",
        *,
        result: str = "",
        witness: str = "",
        tracking: str = "",
    ) -> str:
        """Record that a notice was served, refused, left, posted or published; returns the record's id.

        result: by default the first of `RESULTS`. A refusal needs its reason, leaving it a witness too, a letter its
        number. Raises invalid naming what is missing, conflict while the notice is being made.
        """
        given = {
            "receiver": clean_text(receiver, "/receiver", most=80),
            "note": clean_text(note, "/note", most=500),
            "witness": clean_text(witness, "/witness", most=80),
            "tracking": clean_text(tracking, "/tracking", most=40),
        }
        result = result or next(iter(RESULTS.get(channel, ("",))))
        self._check_service(channel, result, at, given)
        with self._c.uow() as session:
            found = session.get(NoticeRow, notice_id, with_for_update=True)
            if found is None:
                raise not_found()
            row, reach = self._c.visible_case(session, who, found.case_id, lock=True)
            if not reach.holds(row.unit):
                raise forbidden("disposal.not_entitled", action="serve")
            if found.state != "issued":
                raise conflict("disposal.notice_not_ready")
            made = self._record(session, found, channel, result, at, who.actor, **given)
            self._c.happened(
                session, row, who.actor, "notice_served", unit=row.unit,
                facts={"notice": found.id, "channel": channel, "result": result},
            )  # fmt: skip
            return made.id

    def _check_service(self, channel: str, result: str, at: datetime, given: Mapping[str, str]) -> None:
        if channel not in RESULTS:
            raise invalid("disposal.service_channel", pointer="/channel")
        if result not in RESULTS[channel]:
            raise invalid("disposal.service_result", pointer="/result")
        if at.tzinfo is None or at > self._c.clock.now() + timedelta(minutes=10):
            raise invalid("disposal.service_future", pointer="/at")
        for name in _NEEDED[channel, result]:
            if not given[name]:
                raise invalid(f"disposal.service_{name}", pointer=f"/{name}")

    @staticmethod
    def _record(
        session: Session,
        notice: NoticeRow,
        channel: str,
        result: str,
        at: datetime,
        by: str,
        receiver: str = "",
        note: str = "",
        witness: str = "",
        tracking: str = "",
    ) -> ServiceRow:
        made = ServiceRow(
            id=new_id(), notice_id=notice.id, channel=channel, result=result, at=at, by=by,
            receiver=receiver or None, note=note or None, witness=witness or None, tracking=tracking or None,
        )  # fmt: skip
        session.add(made)
        return made

    def opened(self, session: Session, notice: NoticeRow, by: str) -> None:
        """The enterprise's own account opened the notice: a record of service, once, in the caller's transaction."""
        self._once(session, notice, "account", "opened", self._c.clock.now(), by, "employer")

    def sms_delivered(self, session: Session, message_id: str, at: datetime) -> None:
        """The operator's receipt for a notice's SMS becomes a record of service, once."""
        found = session.scalar(select(NoticeRow).where(NoticeRow.message_id == message_id))
        if found is None:
            return
        self._once(session, found, "sms", "received", at, SYSTEM)

    def _once(
        self,
        session: Session,
        notice: NoticeRow,
        channel: str,
        result: str,
        at: datetime,
        by: str,
        role: str = "platform",
    ) -> None:
        case = repository.case_row(session, notice.case_id, lock=True)
        known = select(ServiceRow.id).where(ServiceRow.notice_id == notice.id, ServiceRow.channel == channel)
        if session.scalar(known.limit(1)) is not None:
            return
        self._record(session, notice, channel, result, at, by)
        facts = {"notice": notice.id, "channel": channel, "result": result}
        self._c.happened(session, case, by, "notice_served", unit=notice.unit, facts=facts, role=role)

    def of_case(self, who: Principal, case_id: str) -> list[tuple[NoticeRow, list[ServiceRow]]]:
        """Notices of a case with their records of service; two queries."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            notices = list(
                session.scalars(
                    select(NoticeRow).where(NoticeRow.case_id == case_id).order_by(NoticeRow.created_at)
                )
            )
            served = list(
                session.scalars(
                    select(ServiceRow)
                    .where(ServiceRow.notice_id.in_([notice.id for notice in notices]))
                    .order_by(ServiceRow.at, ServiceRow.id)
                )
            )
        return [(notice, [one for one in served if one.notice_id == notice.id]) for notice in notices]
