"""The employer's voice: a question, an explanation or an appeal, answered by a person who did not decide (PIPL art. 24).

A warning is a lead, not a penalty. Where it rests on automated evaluation, who is affected may have it explained and
refuse a decision made by machines alone: every statement is answered by a person, in writing, within 5 working days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, undefer

from api.disposal import repository
from api.disposal.model import Colour, Page, Stage, Step
from api.disposal.ports import Notice
from api.disposal.rules import attachments
from api.disposal.rules.attachments import Checked, Given
from api.disposal.rules.clocks import WORKDAY, Period, due
from api.disposal.service.context import Context, clean_text, dedup_key, read_cursor
from api.disposal.tables import AttachmentRow, CaseRow, StatementRow
from api.disposal.views import Spoken
from api.infra.auth import Principal
from api.kernel.clock import shanghai_day
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

QUESTION, EXPLANATION, APPEAL = "question", "explanation", "appeal"
KINDS = frozenset({QUESTION, EXPLANATION, APPEAL})
ANSWER_DAYS = Period(5, WORKDAY)
APPEALED = frozenset({Stage.VERIFIED, Stage.ACTING, Stage.REVIEW})
"""Stages with a finding that an upheld appeal takes back; a closed case keeps the answer beside its outcome."""
_NAMES = {QUESTION: "说明请求", EXPLANATION: "情况说明", APPEAL: "申诉"}


class Voices:
    """Statements of enterprises and their answers."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def take(self, who: Principal, case_id: str, kind: str, text: str, files: Sequence[Given] = ()) -> str:
        """An officer writes down what the enterprise says at the desk or on site, with what it hands over."""
        checked = attachments.check(files)
        with self._c.uow() as session:
            row, _ = self._c.visible_case(session, who, case_id, lock=True)
            return self.add(session, row, who, kind, text, checked, own=False)

    def add(
        self,
        session: Session,
        row: CaseRow,
        who: Principal,
        kind: str,
        text: str,
        files: Sequence[Checked],
        *,
        own: bool,
    ) -> str:
        """Keep a statement and its files in the caller's transaction; the answer is due in 5 working days."""
        if kind not in KINDS:
            raise invalid("disposal.statement_kind", pointer="/kind")
        text = clean_text(text, "/text", needed=True)
        now = self._c.clock.now()
        ends = due(now, ANSWER_DAYS, self._c.rules(), self._c.days()).at
        made = StatementRow(
            id=new_id(), case_id=row.id, kind=kind, text=text, at=now, taken_by=who.actor, own=own,
            due_at=ends, answered_by="",
        )  # fmt: skip
        session.add(made)
        session.flush()
        digests = []
        for place, one in enumerate(files):
            digests.append(hashlib.sha256(one.body).hexdigest())
            session.add(
                AttachmentRow(
                    id=new_id(), statement_id=made.id, place=place, name=one.name, media_type=one.media_type,
                    size=len(one.body), sha256=digests[-1], body=one.body,
                )
            )  # fmt: skip
        facts = {"statement": made.id, "kind": kind, "own": own, "files": digests}
        role = "employer" if own else "regulator"
        self._c.happened(session, row, who.actor, "statement", unit=row.unit, facts=facts, role=role)
        text = f"预警 {row.number} 收到单位的{_NAMES[kind]}，请在 5 个工作日内答复。"
        self._c.tell(session, row, ("owner", "bureau"), text, f"statement/{made.id}")
        return made.id

    def answer(self, who: Principal, statement_id: str, text: str, upheld: bool) -> str:
        """Answer in writing; returns the case's id. The enterprise is told where it has an account or a number.

        An appeal is answered by the HR bureau, by a person who neither verified nor closed. One that is upheld sends an
        open case back to be verified again.
        """
        text = clean_text(text, "/answer", needed=True)
        with self._c.uow() as session:
            found = session.get(StatementRow, statement_id, with_for_update=True)
            if found is None:
                raise not_found()
            row, reach = self._c.visible_case(session, who, found.case_id, lock=True)
            if not (reach.district or (found.kind != APPEAL and reach.holds(row.unit))):
                raise forbidden("disposal.not_entitled", action="answer")
            if found.answered_at is not None:
                raise conflict("disposal.statement_answered")
            if found.kind == APPEAL and who.actor in (row.verifier, row.proposer, row.reviewer):
                raise conflict("disposal.own_decision")
            found.answer, found.upheld = text, upheld
            found.answered_by, found.answered_at = who.actor, self._c.clock.now()
            facts = {"statement": found.id, "upheld": upheld}
            before = Stage(row.stage)
            again = upheld and found.kind == APPEAL and before in APPEALED
            if again:
                self._verify_again(row, found.answered_at)
            self._c.happened(
                session, row, who.actor, "statement_answered", unit=row.unit, before=before, facts=facts
            )
            if again:
                told = f"预警 {row.number} 的申诉已被采纳，请重新核查。"
                self._c.tell_unit(session, row, row.unit, told, f"upheld/{found.id}")
            self._tell_enterprise(session, row, found)
            return row.id

    def _verify_again(self, row: CaseRow, now: datetime) -> None:
        """The finding was wrong: the case is verified again, and verification has its full time from the answer on."""
        row.stage = str(Stage.SIGNED)
        row.finding = row.verifier = row.proposer = ""
        row.proposal = None
        day = shanghai_day(row.clock_start)
        rules, days = self._c.rules(day), self._c.days(day)
        dues = repository.read_dues(row.dues)
        dues.pop(Step.FEEDBACK, None)
        dues[Step.VERIFY] = due(now, rules.colours[Colour(row.colour)].verify, rules, days)
        row.last_feedback = None
        self._c.set_clocks(row, dues, now)

    def _tell_enterprise(self, session: Session, row: CaseRow, statement: StatementRow) -> None:
        text = f"您单位就预警 {row.number} 提交的{_NAMES[statement.kind]}已经答复。"
        about = f"answered/{statement.id}"
        for account in self._c.subjects.accounts_of(row.enterprise):
            dedup = dedup_key(row.id, about, account)
            own = Notice(f"{text}请登录后在“风险提示”查看。", row.id, dedup, account_id=account)
            self._c.messages.queue(session, own)
        if row.contact_phone:
            unit = next((u.name for u in repository.units(session) if u.code == row.unit), "")
            sms = Notice(
                f"{text}请联系{unit}领取书面答复。", row.id, dedup_key(row.id, about, "contact"),
                phone=row.contact_phone,
            )  # fmt: skip
            self._c.messages.queue(session, sms)

    # -- reading

    def of_case(self, who: Principal, case_id: str) -> list[Spoken]:
        """Statements about a case with the names of their files, oldest first."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            return spoken(session, case_id)

    def attachment(self, who: Principal, attachment_id: str) -> AttachmentRow:
        """A file with its bytes, for who may see its case."""
        with self._c.uow.read() as session:
            found, case_id = attached(session, attachment_id)
            self._c.visible_case(session, who, case_id)
            return found

    def listing(
        self, who: Principal, *, answered: bool = False, kind: str = "", cursor: str = "", limit: int = 50
    ) -> Page:
        """Statements that the caller may see: those that wait by the day of their answer, or the answered, newest first."""
        key = StatementRow.answered_at if answered else StatementRow.due_at
        order = (key.desc(), StatementRow.id.desc()) if answered else (key, StatementRow.id)
        wanted = (
            select(StatementRow, CaseRow)
            .join(CaseRow, CaseRow.id == StatementRow.case_id)
            .where(StatementRow.answered_at.is_not(None) if answered else StatementRow.answered_at.is_(None))
            .order_by(*order)
            .limit(limit + 1)
        )
        if kind:
            wanted = wanted.where(StatementRow.kind == kind)
        if place := read_cursor(cursor):
            pair = tuple_(key, StatementRow.id)
            wanted = wanted.where(pair < place if answered else pair > place)
        with self._c.uow.read() as session:
            mine = repository.within(self._c.reach(session, who))
            if mine is not None:
                wanted = wanted.where(mine)
            rows = [(statement, case) for statement, case in session.execute(wanted)]
            shown = rows[:limit]
            files = _files(session, [statement.id for statement, _ in shown])
            subjects = self._c.subjects.subjects(sorted({case.enterprise for _, case in shown}))
        found = [
            Spoken(
                statement,
                files.get(statement.id, []),
                repository.view(case, subjects.get(case.enterprise)),
            )
            for statement, case in shown
        ]
        more = len(rows) > limit
        return Page(found, _cursor(shown[-1][0], answered) if more else "")


def _cursor(last: StatementRow, answered: bool) -> str:
    moment: datetime = (last.answered_at if answered else last.due_at) or last.at
    return f"{moment.isoformat()}~{last.id}"


def spoken(session: Session, case_id: str) -> list[Spoken]:
    """Statements of a case with their files, oldest first; two queries."""
    wanted = (
        select(StatementRow).where(StatementRow.case_id == case_id).order_by(StatementRow.at, StatementRow.id)
    )
    rows = list(session.scalars(wanted))
    files = _files(session, [row.id for row in rows])
    return [Spoken(row, files.get(row.id, [])) for row in rows]


def _files(session: Session, statements: Sequence[str]) -> Mapping[str, list[AttachmentRow]]:
    found: dict[str, list[AttachmentRow]] = {}
    wanted = (
        select(AttachmentRow)
        .where(AttachmentRow.statement_id.in_(statements))
        .order_by(AttachmentRow.statement_id, AttachmentRow.place)
    )
    for row in session.scalars(wanted):
        found.setdefault(row.statement_id, []).append(row)
    return found


def attached(session: Session, attachment_id: str) -> tuple[AttachmentRow, str]:
    """A file with its bytes and the id of its case; raises not_found."""
    wanted = (
        select(AttachmentRow, StatementRow.case_id)
        .join(StatementRow, StatementRow.id == AttachmentRow.statement_id)
        .where(AttachmentRow.id == attachment_id)
        .options(undefer(AttachmentRow.body))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise not_found()
    return found[0], found[1]
