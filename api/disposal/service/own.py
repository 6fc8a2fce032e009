"""What an enterprise's own account sees and does: notices addressed to it, its statements and their answers.

A case is disclosed by a notice that was issued; until then it is not there for its enterprise, and of a disclosed one
it sees the notices, what it said, what was answered, and whether it is over: no rows, no points, no other's words.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, undefer

from api.disposal import repository
from api.disposal.model import Stage
from api.disposal.rules import attachments
from api.disposal.rules.attachments import Given
from api.disposal.service.context import Context
from api.disposal.service.papers import Papers
from api.disposal.service.voices import Voices, attached, spoken
from api.disposal.tables import AttachmentRow, CaseRow, NoticeRow, StatementRow
from api.disposal.views import OwnCase
from api.infra.auth import Principal
from api.kernel.errors import conflict, not_found

CASES_MOST = 200
STATEMENTS_MOST = 30
"""So many statements about one case can be sent by its enterprise."""


class OwnVoice:
    """For representatives and agents of an organisation whose code is an enterprise of the register."""

    def __init__(self, context: Context, voices: Voices, papers: Papers) -> None:
        self._c, self._voices, self._papers = context, voices, papers

    def cases(self, who: Principal) -> list[OwnCase]:
        """Disclosed cases of the caller's enterprise, newest notice first; empty where it has none. Five statements."""
        enterprise = self._c.subjects.of_organisation(who.org_id or "")
        if enterprise is None:
            return []
        wanted = (
            select(CaseRow)
            .where(CaseRow.enterprise == enterprise, self._disclosed())
            .order_by(CaseRow.issued_at.desc(), CaseRow.id)
            .limit(CASES_MOST)
        )
        with self._c.uow.read() as session:
            rows = list(session.scalars(wanted))
            found = self._shown(session, rows)
        return sorted(found, key=lambda case: case.notices[-1].created_at, reverse=True)

    def case(self, who: Principal, case_id: str) -> OwnCase:
        """One disclosed case with everything the enterprise said; not_found for another's and for an undisclosed one."""
        with self._c.uow.read() as session:
            row = self._mine(session, who, case_id)
            (found,) = self._shown(session, [row])
            words = spoken(session, case_id)
        return OwnCase(**{**found.__dict__, "statements": words})

    def notice(self, who: Principal, notice_id: str) -> tuple[str, bytes]:
        """Number and file of a notice; the first opening is a record of service. Raises not_found."""
        with self._c.uow() as session:
            wanted = select(NoticeRow).where(NoticeRow.id == notice_id).options(undefer(NoticeRow.pdf))
            found = session.scalar(wanted)
            if found is None or found.pdf is None:
                raise not_found()
            self._mine(session, who, found.case_id)
            self._papers.opened(session, found, who.actor)
            return found.number, found.pdf

    def state(self, who: Principal, case_id: str, kind: str, text: str, files: Sequence[Given] = ()) -> str:
        """A question, an explanation or an appeal with at most five files; returns its id."""
        checked = attachments.check(files)
        with self._c.uow() as session:
            row = self._mine(session, who, case_id, lock=True)
            said = session.scalars(
                select(StatementRow.id).where(StatementRow.case_id == case_id, StatementRow.own.is_(True))
            ).all()
            if len(said) >= STATEMENTS_MOST:
                raise conflict("disposal.statements_too_many", most=STATEMENTS_MOST)
            return self._voices.add(session, row, who, kind, text, checked, own=True)

    def attachment(self, who: Principal, attachment_id: str) -> AttachmentRow:
        """A file of the enterprise's own with its bytes."""
        with self._c.uow.read() as session:
            found, case_id = attached(session, attachment_id)
            self._mine(session, who, case_id)
            return found

    # -- inside

    @staticmethod
    def _disclosed() -> ColumnElement[bool]:
        told = select(NoticeRow.id).where(NoticeRow.case_id == CaseRow.id, NoticeRow.state == "issued")
        return told.exists()

    def _mine(self, session: Session, who: Principal, case_id: str, *, lock: bool = False) -> CaseRow:
        row = repository.case_row(session, case_id, lock=lock)
        enterprise = self._c.subjects.of_organisation(who.org_id or "")
        told = select(NoticeRow.id).where(NoticeRow.case_id == case_id, NoticeRow.state == "issued")
        if enterprise != row.enterprise or session.scalar(told.limit(1)) is None:
            raise not_found()
        return row

    @staticmethod
    def _shown(session: Session, rows: Sequence[CaseRow]) -> list[OwnCase]:
        units = {unit.code: unit for unit in repository.units(session)}
        ids = [row.id for row in rows]
        notices: dict[str, list[NoticeRow]] = {}
        issued = (
            select(NoticeRow)
            .where(NoticeRow.case_id.in_(ids), NoticeRow.state == "issued")
            .order_by(NoticeRow.created_at, NoticeRow.id)
        )
        for notice in session.scalars(issued):
            notices.setdefault(notice.case_id, []).append(notice)
        waiting: dict[str, int] = {}
        open_ = select(StatementRow.case_id).where(
            StatementRow.case_id.in_(ids), StatementRow.answered_at.is_(None)
        )
        for case_id in session.scalars(open_):
            waiting[case_id] = waiting.get(case_id, 0) + 1
        return [
            OwnCase(
                case_id=row.id,
                number=row.number,
                unit=units[row.unit],
                disclosed_at=notices[row.id][0].created_at,
                over=row.stage == str(Stage.CLOSED),
                notices=notices[row.id],
                waiting=waiting.get(row.id, 0),
            )
            for row in rows
        ]
