"""Cases: opened by warnings, moved on by people, listed for those who may see them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import (
    Action,
    CaseView,
    Colour,
    Due,
    EventView,
    Outcome,
    Page,
    Reach,
    Reason,
    Stage,
    Step,
    UnitKind,
)
from api.disposal.ports import Notice, SupportingRow
from api.disposal.rules import forms, machine
from api.disposal.rules.clocks import deadlines, due, next_feedback
from api.disposal.rules.machine import ClosureProposal
from api.disposal.service.context import SYSTEM, Context, clean_text, dedup_key, read_cursor
from api.disposal.service.field import FieldWork
from api.disposal.tables import CaseRow, InspectionRow, NoticeRow, PhotoRow
from api.infra.auth import Principal
from api.kernel.clock import SHANGHAI, shanghai_day
from api.kernel.errors import DomainError, conflict, invalid
from api.kernel.events import CaseClosed, CaseReopened, CaseVerified, WarningIssued, WarningRaised
from api.kernel.ids import new_id


class Cases:
    """The life of a case from issue to closure and back."""

    def __init__(self, context: Context, field: FieldWork) -> None:
        self._c = context
        self._field = field

    # -- from the engine

    def opened(self, session: Session, warning: WarningIssued) -> str:
        """Open the case of a warning, in the transaction in which it was issued; the same warning opens one case."""
        known = session.scalar(select(CaseRow.id).where(CaseRow.warning_id == warning.warning_id))
        if known is not None:
            return known
        subject = self._c.subject(warning.enterprise)
        units = repository.units(session)
        kinds = {unit.code: str(unit.kind) for unit in units}
        streets = repository.streets(session)
        registered = subject.registered_town if subject else ""
        operating = machine.place_of_work(subject, streets) if subject else ""
        unit, cooperating, basis = machine.owner(registered, operating, warning.town, kinds)
        year = shanghai_day(warning.issued_at).year
        number = repository.next_number(session, f"case/{year}")
        row = CaseRow(
            id=new_id(),
            number=f"YJ{year}-{number:06d}",
            warning_id=warning.warning_id,
            episode_id=warning.episode_id,
            enterprise=warning.enterprise,
            colour=warning.grade,
            auto=warning.auto,
            stage=str(Stage.ISSUED),
            unit=unit,
            registered_unit=registered if registered in kinds else "",
            basis=basis,
            points=[],
            issued_at=warning.issued_at,
            clock_start=warning.issued_at,
            cycle=1,
            dues={},
            provisional=False,
            finding="",
            outcome="",
            verifier="",
            proposer="",
            reviewer="",
            transfer_to="",
            seq=0,
        )
        session.add(row)
        session.flush()
        for code in cooperating:
            repository.add_party(session, row.id, code, "registered")
        self._start_clocks(row, warning.issued_at)
        self._c.happened(
            session, row, SYSTEM, "open", unit=unit, facts={"basis": basis, "auto": warning.auto}
        )
        self._announce_issue(session, row)
        return row.id

    def raised(self, session: Session, warning: WarningRaised) -> None:
        """A rise inside the episode: colour up, back to sign-in, clocks from now. A fall or an echo changes nothing."""
        wanted = select(CaseRow).where(CaseRow.warning_id == warning.warning_id).with_for_update()
        row = session.scalar(wanted)
        if row is None or row.stage == str(Stage.CLOSED) or warning.grade <= row.colour:
            return
        before = Stage(row.stage)
        row.stage = str(machine.after(before, Action.RAISE))
        row.colour, row.cycle = warning.grade, row.cycle + 1
        row.proposer = row.finding = row.verifier = ""
        row.proposal = None
        self._start_clocks(row, warning.raised_at)
        self._c.happened(session, row, SYSTEM, str(Action.RAISE), unit=row.unit, before=before)
        self._announce_issue(session, row)

    def _announce_issue(self, session: Session, row: CaseRow) -> None:
        at = repository.read_dues(row.dues)[Step.SIGN_IN].at.astimezone(SHANGHAI)
        colour = ("", "蓝色", "黄色", "橙色", "红色")[row.colour]
        text = f"{colour}预警 {row.number} 待签收，时限 {at:%m-%d %H:%M}。"
        self._c.tell(session, row, ("owner",), text, f"issued/{row.cycle}/{row.unit}")

    def _start_clocks(self, row: CaseRow, start: datetime) -> None:
        row.clock_start = start
        row.last_feedback = None
        day = shanghai_day(start)
        kept = repository.read_dues(row.dues)
        dues = deadlines(start, Colour(row.colour), self._c.rules(day), self._c.days(day))
        if row.transfer_to and Step.TRANSFER in kept:  # an offer goes on: its day is its own
            dues[Step.TRANSFER] = kept[Step.TRANSFER]
        self._c.set_clocks(
            row, dues, start - timedelta(microseconds=1)
        )  # what begins at the start begins, too

    # -- by people

    def step(
        self, who: Principal, case_id: str, action: Action, given: Mapping[str, Any] | None = None
    ) -> CaseView:
        """Do one step. Raises conflict with the reason when it is not possible now, forbidden, not_found, invalid.

        given: `note`; verify: `finding`, `reason`; propose_closure: `outcome`, `reason`, `until`; offer_transfer:
        `to`, `note`.
        """
        data = dict(given or {})
        data["note"] = clean_text(data.get("note"), "/note")
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            before = Stage(row.stage)
            kind = next((u.kind for u in repository.units(session) if u.code == row.unit), UnitKind.HR)
            after = machine.after(before, action, Outcome(row.finding) if row.finding else None)
            unit = machine.check_entitled(
                reach, row.unit, row.transfer_to, action,
                district_unit=kind in (UnitKind.STREET, UnitKind.HR),
            )  # fmt: skip
            facts = getattr(self, f"_{action.value}")(session, row, who, data)
            row.stage = str(after)
            self._reckon(row, action)
            if unit in reach.deputy_of:
                facts = {**facts, "deputy_of": reach.deputy_of[unit]}
            self._c.happened(
                session, row, who.actor, str(action), unit=unit, before=before, facts=facts, note=data["note"]
            )
            self._tell(session, row, action, facts)
            if action is Action.APPROVE:
                self._closed(session, row)
            elif action is Action.VERIFY:
                verified = CaseVerified(
                    row.id, row.warning_id, row.episode_id, row.enterprise, row.finding, who.actor,
                    self._c.clock.now(),
                )  # fmt: skip
                self._c.announce(session, verified)
            elif action is Action.REOPEN:
                again = CaseReopened(
                    row.id, row.warning_id, row.episode_id, row.enterprise, who.actor, self._c.clock.now()
                )
                self._c.announce(session, again)
            return self._shown(session, row, reach)

    def _sign_in(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        return {}

    def _verify(self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]) -> dict[str, Any]:
        finding = _outcome(data.get("finding"), "/finding")
        machine.check_finding(finding)
        reason = _reason(data.get("reason") or Reason.MODEL)
        if reason is Reason.RANDOM:
            raise invalid("disposal.random_by_sample", pointer="/reason")
        missing = forms.missing(self._field.form(session, row.id, row.cycle))
        if missing and finding is not Outcome.DUPLICATE:
            raise invalid("disposal.form_incomplete", pointer="/form", fields=", ".join(missing))
        row.points = sorted({one.point for one in self._c.rows.open_rows(row.episode_id)})
        row.finding, row.verifier, row.verified_at = str(finding), who.actor, self._c.clock.now()
        self._inspected(session, row, who, finding, reason)
        return {"finding": str(finding), "reason": str(reason)}

    def _inspected(
        self, session: Session, row: CaseRow, who: Principal, finding: Outcome, reason: Reason
    ) -> None:
        made = session.scalar(select(InspectionRow).where(InspectionRow.case_id == row.id))
        if made is None:
            made = InspectionRow(id=new_id(), case_id=row.id, rank=0)
            session.add(made)
        today = self._c.today()
        made.enterprise, made.town, made.month = row.enterprise, row.unit, today.year * 100 + today.month
        made.reason, made.state, made.finding, made.persons = str(reason), "done", str(finding), 0
        made.made_at, made.by = self._c.clock.now(), who.actor
        session.flush()

    def _act(self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]) -> dict[str, Any]:
        clean_text(data["note"], "/note", needed=True)
        first = row.last_feedback is None
        if (
            first and row.colour == Colour.BLUE
        ):  # blue is acted on by telling the enterprise to correct itself
            notice = select(NoticeRow.id).where(
                NoticeRow.case_id == row.id, NoticeRow.kind == "self_correction", NoticeRow.state == "issued",
                NoticeRow.created_at >= row.clock_start,
            )  # fmt: skip
            if session.scalar(notice.limit(1)) is None:
                raise conflict("disposal.self_correction_missing")
        return {"first": first}

    def _feedback(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        clean_text(data["note"], "/note", needed=True)
        return {}

    def _propose_closure(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        outcome = _outcome(data.get("outcome"), "/outcome")
        if row.transfer_to:
            raise conflict("disposal.transfer_pending", to=row.transfer_to)
        until = _day(data.get("until"), "/until")
        reason = clean_text(data.get("reason"), "/reason")
        self._check_closure(session, row, outcome, reason, until)
        row.proposer = who.actor
        kept = {"outcome": str(outcome), "reason": reason, "until": until.isoformat() if until else ""}
        row.proposal = json.dumps(kept, ensure_ascii=False)
        return {"outcome": str(outcome), "until": kept["until"]}

    def _check_closure(
        self, session: Session, row: CaseRow, outcome: Outcome, reason: str, until: date | None
    ) -> None:
        evidence = session.scalar(
            select(func.count()).where(
                PhotoRow.case_id == row.id, PhotoRow.cycle == row.cycle, PhotoRow.received_at.is_not(None)
            )
        )
        stage = Stage(row.stage)
        machine.check_proposal(
            ClosureProposal(outcome, evidence or 0, reason, until),
            Stage.ACTING if stage is Stage.REVIEW else stage,
            Outcome(row.finding),
            self._c.rows.open_rows(row.episode_id),
            repository.open_tasks(session, row.id),
            self._c.today(),
            repository.open_appeals(session, row.id),
        )

    def _approve_closure(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        machine.check_second_person(who.actor, row.proposer, row.verifier)
        kept = json.loads(row.proposal or "{}")
        outcome, until = Outcome(kept["outcome"]), _day(kept["until"], "/until")
        self._check_closure(session, row, outcome, kept["reason"], until)
        rows = self._c.rows.open_rows(row.episode_id)
        if outcome is Outcome.DATA_ERROR:
            self._return_data(session, row, rows)
        settle_until = None if outcome in machine.SETTLED_UNTIL_CHANGED else until
        self._c.rows.settle(session, row.episode_id, rows, str(outcome), settle_until)
        row.outcome, row.reviewer, row.closed_at = str(outcome), who.actor, self._c.clock.now()
        row.transfer_to = ""
        return {"outcome": str(outcome), "settled": len(rows), "until": kept["until"]}

    def _closed(self, session: Session, row: CaseRow) -> None:
        closed = CaseClosed(
            row.id,
            row.warning_id,
            row.episode_id,
            row.enterprise,
            row.outcome,
            row.closed_at or row.issued_at,
            row.proposer,
            row.reviewer,
        )
        self._c.announce(session, closed)

    def _return_data(self, session: Session, row: CaseRow, rows: Sequence[SupportingRow]) -> None:
        """Wrong data goes back to the departments that sent it: their data officers hear which rows, the bureau that it did."""
        found = self._c.departments.behind(rows)
        facts = {"points": list(row.points), "datasets": [one.dataset for one in found]}
        self._c.happened(session, row, SYSTEM, "data_returned", unit=row.unit, facts=facts)
        for one in found:
            keys = f"（{'、'.join(one.keys[:10])}）" if one.keys else ""
            text = f"预警 {row.number} 经核查为数据错误，请核对并更正“{one.zh}”{keys}后重新报送。"
            for account in one.accounts:
                dedup = dedup_key(row.id, f"returned/{row.cycle}/{one.dataset}", account)
                self._c.messages.queue(session, Notice(text, row.id, dedup, account_id=account))
        text = f"预警 {row.number} 经核查为数据错误，已退回数据来源部门更正。"
        self._c.tell(session, row, ("bureau",), text, f"returned/{row.cycle}")

    def _reject_closure(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        machine.check_second_person(who.actor, row.proposer, row.verifier)
        clean_text(data["note"], "/note", needed=True)
        row.proposer, row.proposal = "", None
        if (
            Outcome(row.finding) in machine.NOTHING_TO_ACT_ON
        ):  # it was not believed: nobody has found anything yet
            row.finding = row.verifier = ""
        return {}

    def _reopen(self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]) -> dict[str, Any]:
        clean_text(data["note"], "/note", needed=True)
        now = self._c.clock.now()
        raised = machine.reopened_colour(Colour(row.colour), row.closed_at or row.issued_at, now)
        facts = {"from": row.colour, "to": int(raised)}
        row.colour, row.cycle = int(raised), row.cycle + 1
        row.finding = row.outcome = row.verifier = row.proposer = row.reviewer = ""
        row.proposal, row.closed_at = None, None
        return facts

    def _offer_transfer(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        to = str(data.get("to") or "")
        owners = [unit.code for unit in repository.units(session) if unit.kind in machine.OWNERS]
        machine.check_transfer(row.unit, to, row.transfer_to, data["note"], owners)
        row.transfer_to = to
        return {"to": to}

    def _accept_transfer(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        giver = row.unit
        repository.add_party(session, row.id, giver, "former")
        row.unit, row.transfer_to, row.basis = row.transfer_to, "", "transfer"
        row.cycle += 1
        row.finding = row.verifier = ""
        return {"from": giver, "to": row.unit}

    def _refuse_transfer(
        self, session: Session, row: CaseRow, who: Principal, data: dict[str, Any]
    ) -> dict[str, Any]:
        clean_text(data["note"], "/note", needed=True)
        refused, row.transfer_to = row.transfer_to, ""
        return {"refused": refused}

    def _reckon(self, row: CaseRow, action: Action) -> None:
        """Deadlines after a step: some steps start the clocks again, feedback follows its rhythm, a transfer has a day."""
        now = self._c.clock.now()
        if action in (Action.REOPEN, Action.ACCEPT):
            self._start_clocks(row, now)
            return
        dues: dict[Step, Due] = repository.read_dues(row.dues)
        day = shanghai_day(row.clock_start)
        rules, days = self._c.rules(day), self._c.days(day)
        if action is Action.REJECT and row.stage == str(Stage.SIGNED):
            dues[Step.VERIFY] = due(now, rules.colours[Colour(row.colour)].verify, rules, days)
        if action in (Action.ACT, Action.FEEDBACK):
            row.last_feedback = now
        if row.last_feedback is not None and action in (Action.ACT, Action.FEEDBACK, Action.REJECT):
            colour = Colour(row.colour)
            dues[Step.FEEDBACK] = next_feedback(row.clock_start, row.last_feedback, colour, rules, days)
        if action is Action.OFFER:
            dues[Step.TRANSFER] = due(now, rules.transfer, rules, days)
        elif not row.transfer_to:
            dues.pop(Step.TRANSFER, None)
        self._c.set_clocks(row, dues, now)

    def _tell(self, session: Session, row: CaseRow, action: Action, facts: Mapping[str, Any]) -> None:
        """Who has to know of a step that others took: the unit that is offered a case, its giver, a reopened case's owner."""
        about = f"{action}/{row.seq}"
        if action in (Action.REOPEN, Action.ACCEPT):
            self._announce_issue(session, row)
        if action is Action.OFFER:
            at = repository.read_dues(row.dues)[Step.TRANSFER].at.astimezone(SHANGHAI)
            text = f"预警 {row.number} 请贵单位接收或者拒绝移交，时限 {at:%m-%d %H:%M}。"
            self._c.tell_unit(session, row, row.transfer_to, text, about)
        elif action is Action.ACCEPT:
            self._c.tell_unit(session, row, facts["from"], f"预警 {row.number} 的移交已被接收。", about)
        elif action is Action.REFUSE:
            text = f"预警 {row.number} 的移交已被拒绝或者收回，由原单位继续办理。"
            for unit in {row.unit, facts["refused"]}:
                self._c.tell_unit(session, row, unit, text, about)

    # -- reading

    def _shown(self, session: Session, row: CaseRow, reach: Reach) -> CaseView:
        return replace(
            repository.view(row, self._c.subject(row.enterprise)), allowed=self._allowed(session, row, reach)
        )

    def _allowed(self, session: Session, row: CaseRow, reach: Reach) -> list[Action]:
        found = []
        for action in machine.allowed(Stage(row.stage)):
            if action in (Action.OFFER, Action.PROPOSE) and row.transfer_to:
                continue
            acting_needed = row.stage == str(Stage.VERIFIED) and row.finding not in machine.NOTHING_TO_ACT_ON
            if action is Action.PROPOSE and acting_needed:
                continue
            try:
                machine.check_entitled(reach, row.unit, row.transfer_to, action, district_unit=True)
            except DomainError:
                continue
            found.append(action)
        return found

    def get(self, who: Principal, case_id: str) -> CaseView:
        """One case with its explained deadlines and what the caller may do; not_found for another street's."""
        with self._c.uow.read() as session:
            row, reach = self._c.visible_case(session, who, case_id)
            shown = self._shown(session, row, reach)
            day = shanghai_day(row.clock_start)
            explained = deadlines(row.clock_start, Colour(row.colour), self._c.rules(day), self._c.days(day))
            dues = {
                step: explained[step] if step in explained and explained[step].at == kept.at else kept
                for step, kept in sorted(shown.dues.items(), key=lambda due: list(Step).index(due[0]))
            }
            return replace(shown, dues=dues)

    def history(self, who: Principal, case_id: str) -> list[EventView]:
        """All events of a case the caller may see."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            return repository.events(session, case_id)

    def listing(
        self,
        who: Principal,
        *,
        stages: Iterable[Stage] = (),
        colours: Iterable[Colour] = (),
        unit: str = "",
        enterprise: int | None = None,
        overdue: bool = False,
        cursor: str = "",
        limit: int = 50,
    ) -> Page:
        """Cases that the caller may see, newest first; the number of queries does not depend on how many there are."""
        place = read_cursor(cursor)
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            rows = repository.cases(
                session, reach, stages=stages, colours=colours, unit=unit, enterprise=enterprise,
                overdue_at=self._c.clock.now() if overdue else None, after=place, limit=limit + 1,
            )  # fmt: skip
            shown = rows[:limit]
            subjects = self._c.subjects.subjects(sorted({row.enterprise for row in shown}))
            measures = repository.measures_of(session, [row.id for row in shown])
            found = [
                (repository.view(row, subjects.get(row.enterprise)), measures.get(row.id, ""))
                for row in shown
            ]
        more = len(rows) > limit
        return Page(found, f"{shown[-1].issued_at.isoformat()}~{shown[-1].id}" if more else "")

    def funnel(self, who: Principal) -> dict[str, dict[int, int]]:
        """Number of the caller's cases by stage and colour."""
        with self._c.uow.read() as session:
            return repository.funnel(session, self._c.reach(session, who))


def _outcome(value: Any, pointer: str) -> Outcome:
    try:
        return Outcome(str(value))
    except ValueError:
        raise invalid("disposal.finding_unknown", pointer=pointer) from None


def _reason(value: Any) -> Reason:
    try:
        return Reason(str(value))
    except ValueError:
        raise invalid("malformed", pointer="/reason") from None


def _day(value: Any, pointer: str) -> date | None:
    if not value:
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise invalid("malformed", pointer=pointer) from None
