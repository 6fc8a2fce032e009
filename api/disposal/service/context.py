"""What every part of the service works with, and the one way in which something happens to a case."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import structlog
from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import Colour, Due, Reach, Stage, Step, Subject
from api.disposal.ports import (
    Calendar,
    DataDepartments,
    Figures,
    Messages,
    Notice,
    NoticePrinter,
    People,
    Recorder,
    RiskHistory,
    Subjects,
    SupportingRows,
)
from api.disposal.rules import machine, supervision
from api.disposal.rules.calendar import DayCount
from api.disposal.rules.clocks import DELIVERED, ClockRules, read_rules
from api.disposal.tables import CaseRow, EventRow
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.infra.reports import Exporter
from api.kernel.clock import SHANGHAI, Clock, shanghai_day
from api.kernel.errors import DomainError, forbidden, invalid, not_found
from api.kernel.events import DomainEvent, EventDraft, Json

log = structlog.get_logger(__name__)
NOTE_MOST = 4_000
SYSTEM = "disposal"
"""Actor of what the platform does by itself."""


@dataclass(frozen=True)
class Context:
    """Ports and settings. `announce` tells the other slices what happened to a case, in the caller's transaction."""

    uow: UnitOfWork
    clock: Clock
    calendar: Calendar
    figures: Figures
    subjects: Subjects
    rows: SupportingRows
    history: RiskHistory
    departments: DataDepartments
    people: People
    messages: Messages
    printer: NoticePrinter
    recorder: Recorder
    announce: Callable[[Session, DomainEvent], None]
    exporter: Exporter

    # -- time

    def today(self) -> date:
        """The day in China."""
        return shanghai_day(self.clock.now())

    @staticmethod
    def midnight(day: date) -> datetime:
        """The beginning of a day in China."""
        return datetime.combine(day, time(0), SHANGHAI)

    def days(self, first: date | None = None) -> DayCount:
        """The calendar from the year of `first` (default: today) to two years on."""
        start = first or self.today()
        years = range(start.year, start.year + 3)
        known = frozenset(year for year in years if self.calendar.calendar_known(year))
        return DayCount(
            self.calendar.workdays(date(years[0], 1, 1), date(years[-1], 12, 31)), frozenset(known)
        )

    def rules(self, on: date | None = None) -> ClockRules:
        """The clocks in force on a day; the delivered ones while the parameter is malformed.

        No warning is withheld and no case left without a clock because somebody mistyped a parameter; `GET /clocks` names
        the mistake.
        """
        day = on or self.today()
        try:
            return read_rules(self.figures.clocks(day))
        except DomainError as error:
            log.error("disposal.clocks.malformed", day=day.isoformat(), facts=error.facts)
            return DELIVERED

    # -- people

    def reach(self, session: Session, who: Principal) -> Reach:
        """What the principal may see and do today; raises forbidden for who holds no post."""
        found = repository.reach(session, who.account_id or "", self.today())
        if not found.capacities:
            raise forbidden("role_required")
        return found

    def visible_case(
        self, session: Session, who: Principal, case_id: str, *, lock: bool = False
    ) -> tuple[CaseRow, Reach]:
        """The case and the caller's reach; another street's case is not_found."""
        reach = self.reach(session, who)
        row = repository.case_row(session, case_id, lock=lock)
        parties = repository.parties(session, case_id)
        if not machine.visible(reach, row.unit, row.transfer_to, parties, Colour(row.colour)):
            raise not_found()
        return row, reach

    def subject(self, enterprise: int) -> Subject | None:
        """The enterprise as the register knows it."""
        return self.subjects.subjects([enterprise]).get(enterprise)

    def tell(self, session: Session, row: CaseRow, audience: Iterable[str], text: str, key: str) -> None:
        """A message to everybody who holds a post in the audience, once per account and key."""
        for account in sorted(self.accounts(session, row, audience)):
            self.messages.queue(
                session,
                Notice(text, row.id, dedup_key(row.id, key, account), account_id=account),
            )

    def tell_unit(self, session: Session, row: CaseRow, unit: str, text: str, key: str) -> None:
        """A message to everybody who holds a post in one unit today, once per account and key."""
        held = repository.posts_on(session, self.today(), unit=[unit])
        for account in sorted({post.account_id for post, _ in held}):
            self.messages.queue(
                session, Notice(text, row.id, dedup_key(row.id, key, account), account_id=account)
            )

    def accounts(self, session: Session, row: CaseRow, audience: Iterable[str]) -> set[str]:
        """Accounts behind the words of `rules.supervision`."""
        wanted = set(audience)
        found: set[str] = set()
        for post, kind in repository.posts_on(session, self.today()):
            own, lead = post.unit == row.unit, str(post.capacity) == "lead"
            hr = str(kind) == "hr"
            if (
                (supervision.OWNER in wanted and own)
                or (supervision.LEAD in wanted and own and lead)
                or (supervision.BUREAU in wanted and hr)
                or (supervision.HEAD in wanted and hr and lead)
                or (supervision.GOVERNMENT in wanted and str(kind) == "government")
            ):
                found.add(post.account_id)
        return found

    # -- what happens to a case

    def happened(
        self,
        session: Session,
        row: CaseRow,
        actor: str,
        action: str,
        *,
        unit: str = "",
        before: Stage | None = None,
        facts: Mapping[str, Any] | None = None,
        note: str = "",
        role: str = "regulator",
    ) -> EventRow:
        """Write the event and hand it to the log of evidence: opaque ids, codes and times, no names and no texts.

        role: in which capacity a person acted (regulator, employer); what the platform does by itself says so.
        """
        row.seq += 1
        kept = dict(facts or {})
        stage = before.value if before is not None else row.stage
        payload: dict[str, Json] = {
            "warning": row.warning_id,
            "case_seq": row.seq,
            "action": action,
            "unit": unit,
            "before": stage,
            "after": row.stage,
            "colour": row.colour,
            "cycle": row.cycle,
            "facts": kept,
        }
        role = "platform" if actor == SYSTEM else role
        ref = self.recorder.record(
            session, EventDraft(f"disposal/{row.id}", f"disposal.{action}/1", actor, role, payload)
        )
        made = EventRow(
            case_id=row.id,
            seq=row.seq,
            at=self.clock.now(),
            actor=actor,
            unit=unit,
            action=action,
            before=stage,
            after=row.stage,
            facts=kept,
            note=note or None,
            digest=ref.digest,
        )
        session.add(made)
        session.flush()
        return made

    def set_clocks(self, row: CaseRow, dues: Mapping[Step, Due], now: datetime) -> None:
        """Keep these deadlines and when to look at the case again."""
        row.dues = repository.dues_json(dues)
        row.provisional = any(due.provisional for due in dues.values())
        row.due_at = supervision.first_due(Stage(row.stage), dues)[1]
        rules, days = self.rules(shanghai_day(row.clock_start)), self.days(shanghai_day(row.clock_start))
        row.next_look = supervision.next_look(
            Colour(row.colour), Stage(row.stage), dues, row.clock_start, now, rules, days
        )


def dedup_key(about: str, key: str, account: str) -> str:
    """A message's name of bounded length: the same about, key and account give the same."""
    return f"disposal/{about}/{hashlib.sha256(f'{key}/{account}'.encode()).hexdigest()}"


def clean_text(text: Any, pointer: str, *, most: int = NOTE_MOST, needed: bool = False) -> str:
    """A free text without control characters; raises invalid when it is too long or, if needed, missing."""
    found = "".join(c for c in str(text or "") if c.isprintable() or c == "\n").strip()
    if len(found) > most:
        raise invalid("disposal.text_too_long", pointer=pointer, most=most)
    if needed and not found:
        raise invalid("disposal.reason_missing", pointer=pointer)
    return found


def read_cursor(text: str) -> tuple[datetime, str] | None:
    """Moment and id of the last row that a page showed, out of `moment~id`; None for the first page. Raises invalid."""
    if not text:
        return None
    at, _, last = text.partition("~")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise invalid("malformed", pointer="/cursor") from None
    if when.tzinfo is None:
        raise invalid("malformed", pointer="/cursor")
    return when, last[:26]
