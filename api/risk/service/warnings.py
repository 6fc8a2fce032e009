"""Warnings: signed by a person, issued by themselves when red and unsigned for two hours, closed by two persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.events import CaseClosed, CaseReopened, CaseVerified
from api.kernel.ids import new_id
from api.risk import repository
from api.risk.episodes.closure import Decided, NotClosable, finish, settle, supporting_rows
from api.risk.episodes.force import Outcome, Row, Settled, rows_of
from api.risk.episodes.grading import RED, Grading
from api.risk.episodes.reopening import NotReopenable, reopen, reopened_episode, taken_back
from api.risk.episodes.state import State
from api.risk.ports import FactSource
from api.risk.rules import may_judge, may_sign, second_person, sight_of, written_reason
from api.risk.runs.issuing import ENGINE, Issuing
from api.risk.tables import ChangeRow, EpisodeRow, JudgementRow, SettledRow, StandingRow, WarningRow

LONGEST = 366
"""Days for which a reason, an override or a snooze may hold at most."""
AT_ONCE = 50
CASE = "case"
"""Who decided when the case doesn't say it."""
BORNE_OUT = frozenset({str(Outcome.CONFIRMED), str(Outcome.PARTLY)})
"""Findings on site by which a person stands by the warning."""
UNFOUNDED = frozenset({str(Outcome.UNFOUNDED), str(Outcome.WRONG_DATA)})
"""Outcomes by which a warning that the rules issued was none."""


@dataclass(frozen=True)
class _Open:
    """An open episode with everything that its closure looks at."""

    episode: EpisodeRow
    warning: WarningRow
    standing: StandingRow
    state: State
    grading: Grading
    tiers: Mapping[str, int]
    rows: Sequence[Row]
    earlier: Sequence[Settled]
    day: date

    @property
    def supporting(self) -> list[Row]:
        """Rows to be settled."""
        return supporting_rows(self.state, self.tiers, self.rows, self.earlier, self.day)


class Warnings:
    """What happens to warnings between the run that opens them and the case that ends them."""

    def __init__(self, uow: UnitOfWork, clock: Clock, facts: FactSource, issuing: Issuing) -> None:
        self._uow, self._clock, self._facts, self._issuing = uow, clock, facts, issuing

    # -- issue

    def sign(self, who: Principal, warning_id: str, grade: int) -> WarningRow:
        """Sign what waits, at the grade the person saw; audited. Raises not_found, forbidden, conflict."""
        may_sign(who.roles)
        with self._uow() as session:
            warning = session.get(WarningRow, warning_id, with_for_update=True)
            if warning is None:
                raise not_found()
            if not warning.pending:
                raise conflict("risk.nothing_to_sign")
            if warning.pending != grade:
                raise conflict("risk.grade_changed", grade=warning.pending)
            self._issuing.sign(session, warning, who.actor, self._clock.now(), auto=False)
            audit.record(session, who, "risk.warning_signed", "warning", warning.id, grade=grade)
            return warning

    def issue_due(self) -> int:
        """Let every red grade that nobody signed for two hours issue itself, labelled so; how many there were."""
        with self._uow() as session:
            due = repository.due_red(session, self._clock.now(), AT_ONCE)
            for warning in due:
                self._issuing.sign(session, warning, ENGINE, self._clock.now(), auto=True)
            return len(due)

    # -- what the rules issued

    def confirm(self, who: Principal, warning_id: str) -> WarningRow:
        """Stand by a red warning that the rules issued; audited. Raises not_found, forbidden, conflict."""
        may_sign(who.roles)
        with self._uow() as session:
            warning = session.get(WarningRow, warning_id, with_for_update=True)
            if warning is None:
                raise not_found()
            if not warning.unconfirmed:
                raise conflict("risk.nothing_to_confirm")
            self._issuing.confirm(session, warning, who.actor, self._clock.now(), "person")
            audit.record(session, who, "risk.warning_confirmed", "warning", warning.id, grade=warning.grade)
            return warning

    def case_verified(self, session: Session, event: CaseVerified) -> None:
        """Somebody looked on site. True or partly true: whoever found it so confirms what the rules issued."""
        if event.finding not in BORNE_OUT:
            return
        warning = session.get(WarningRow, event.warning_id, with_for_update=True)
        if warning is not None and warning.unconfirmed:
            self._issuing.confirm(
                session, warning, event.verified_by or CASE, event.verified_at, "verification"
            )

    # -- close

    def open_rows(self, episode_id: str) -> list[Row]:
        """Supporting rows of an open episode that nobody has settled in it. Raises not_found, conflict."""
        with self._uow.read() as session:
            found = self._open(session, episode_id)
            done = {(item.point, item.key) for item in repository.settled_in(session, episode_id)}
            return [row for row in found.supporting if (row.point, row.key) not in done]

    def settle(self, session: Session, episode_id: str, decided: Sequence[Decided], by: str) -> None:
        """Settle rows of an open episode in the caller's transaction. Raises not_found, conflict."""
        found = self._open(session, episode_id)
        try:
            made = settle(found.state, found.tiers, found.rows, found.earlier, decided, found.day)
        except NotClosable as refused:
            raise _refused(refused) from refused
        reasons = {(item.point, item.key): item.reason for item in decided}
        self._keep(session, found.episode, made, {item: reasons[item.point, item.key] for item in made}, by)

    def _keep(
        self,
        session: Session,
        episode: EpisodeRow,
        made: Sequence[Settled],
        reasons: Mapping[Settled, str],
        by: str,
    ) -> None:
        """Append settlements of an episode."""
        for item in made:
            session.add(
                SettledRow(
                    enterprise=episode.enterprise,
                    episode_id=episode.id,
                    point=item.point,
                    key=item.key,
                    tier=item.tier,
                    outcome=item.outcome.value,
                    digest=item.digest,
                    until=item.until,
                    reason=reasons[item],
                    settled_by=by,
                    settled_at=self._clock.now(),
                )
            )
        session.flush()

    def end(self, session: Session, episode_id: str, closed_by: str, second: str, outcome: str = "") -> None:
        """End an episode whose supporting rows are settled; people see the effective grade. Raises conflict, forbidden.

        outcome: of the whole case; without one the rows' outcomes say it, where they agree.
        """
        second_person(closed_by, second)
        found = self._open(session, episode_id)
        made = repository.settled_in(session, episode_id)
        try:
            state = finish(
                found.state, found.tiers, found.rows, found.earlier, made, found.grading, found.day
            )
        except NotClosable as refused:
            raise _refused(refused) from refused
        now = self._clock.now()
        self._stand(session, found.standing, state, found.day, now, "closure")
        said = {str(item.outcome) for item in made}
        word = outcome or (said.pop() if len(said) == 1 else "")
        unfounded = word in UNFOUNDED if word else bool(said) and said <= UNFOUNDED
        self._issuing.close(
            session, found.episode, found.warning, closed_by, second, now, outcome=word, unfounded=unfounded
        )

    @staticmethod
    def _stand(
        session: Session, standing: StandingRow, state: State, day: date, now: datetime, reason: str
    ) -> None:
        """What people see after a closure or a reopening, with its line in the log."""
        session.add(
            ChangeRow(
                at=now,
                as_of=day,
                enterprise=standing.enterprise,
                month=standing.month,
                reason=reason,
                run_id=None,
                raw_before=standing.raw,
                raw_after=standing.raw,
                shown_before=standing.shown,
                shown_after=state.shown,
            )
        )
        standing.memory, standing.shown, standing.resting = state.to_json(), state.shown, False
        standing.effective, standing.changed_at = state.shown if state.shown <= 4 else 0, now

    def close(self, who: Principal, episode_id: str, decided: Sequence[Decided], closed_by: str) -> None:
        """Review and close: `who` is the second person, `closed_by` proposed it. Audited."""
        may_sign(who.roles)
        with self._uow() as session:
            self.settle(session, episode_id, decided, closed_by)
            self.end(session, episode_id, closed_by, who.actor)
            audit.record(session, who, "risk.episode_closed", "episode", episode_id, rows=len(decided))

    def case_closed(self, session: Session, event: CaseClosed) -> None:
        """The case of an episode was closed, its rows settled in this transaction by two persons already."""
        by = event.proposed_by or f"case:{event.case_id}"
        self.end(session, event.episode_id, by, event.reviewed_by or "case-review", event.outcome)

    # -- reopen

    def case_reopened(self, session: Session, event: CaseReopened) -> None:
        """The case was opened again: so is its episode, one grade up, and the rows that it settled count again.

        Raises conflict `risk.newer_episode` where another episode of the enterprise has followed, `risk.episode_open`.
        """
        by, now = event.reopened_by or CASE, self._clock.now()
        episode, standing, warning = self._rows(session, event.episode_id)
        if episode.closed_at is None:
            raise conflict("risk.episode_open")
        settled, tiers, grading, rows, day = self._read(session, standing, episode.id)
        taken = taken_back(repository.settled_in(session, episode.id))
        grade = min(RED, warning.grade + 1)
        state = State.of_json(standing.memory)
        goes_on = reopened_episode(episode.number, episode.opened_on, warning.grade, episode.lift, day)
        try:
            state = reopen(state, goes_on, tiers, rows, [*settled, *taken], grading)
        except NotReopenable as refused:
            raise conflict("risk.newer_episode") from refused
        self._keep(session, episode, taken, dict.fromkeys(taken, "reopened"), by)
        episode.grade, episode.lift, episode.clocks_from = grade, goes_on.lift, day
        self._stand(session, standing, state, day, now, "reopening")
        self._issuing.reopen(session, episode, warning, grade, by, now)

    # -- inside

    def _rows(self, session: Session, episode_id: str) -> tuple[EpisodeRow, StandingRow, WarningRow]:
        """The episode with its enterprise's standing and its warning, locked in this order. Raises not_found."""
        episode = session.get(EpisodeRow, episode_id)
        if episode is None:
            raise not_found()
        standing = session.get_one(StandingRow, episode.enterprise, with_for_update=True)
        episode, warning = repository.episode_and_warning(session, episode.enterprise, episode.number)
        return episode, standing, warning

    def _open(self, session: Session, episode_id: str) -> _Open:
        episode, standing, warning = self._rows(session, episode_id)
        if episode.closed_at is not None:
            raise conflict("risk.episode_closed")
        earlier, tiers, grading, rows, day = self._read(session, standing, episode_id)
        state = State.of_json(standing.memory)
        return _Open(episode, warning, standing, state, grading, tiers, rows, earlier, day)

    def _read(
        self, session: Session, standing: StandingRow, episode_id: str
    ) -> tuple[list[Settled], Mapping[str, int], Grading, list[Row], date]:
        """Settlements of other episodes, tiers, grading and event rows of an enterprise as its last run read it; today."""
        run = repository.run(session, standing.run_id)
        if run is None:
            raise not_found()
        document = repository.used_ruleset(session, run.ruleset_hash).document
        grading = Grading.of(document)
        tiers = grading.unpack(standing.tiers_a, standing.tiers_b)
        coloured = sorted(rows_of(tiers, ()))
        earlier = repository.settled_before(session, standing.enterprise, episode_id)
        rows = (
            self._facts.rows(
                {standing.enterprise: coloured}, document, run.month, run.as_of, run.known_at,
                {standing.enterprise: earlier},
            ).get(standing.enterprise, ())
            if coloured
            else ()
        )  # fmt: skip
        own = [replace(row, tier=min(row.tier, tiers[row.point])) for row in rows]
        return earlier, tiers, grading, own, shanghai_day(self._clock.now())

    # -- judgements

    def judge(
        self, who: Principal, enterprise: int, kind: str, grade: int | None, reason: str, expires_on: date
    ) -> JudgementRow:
        """Override the displayed grade or snooze an enterprise in the list until a day; audited. No warning is withheld."""
        today = shanghai_day(self._clock.now())
        if not today < expires_on <= today + timedelta(days=LONGEST):
            raise invalid("risk.expiry_malformed", pointer="/expires_on", days=LONGEST)
        if kind == "override" and (grade is None or not 0 <= grade <= 4):
            raise invalid("risk.grade_malformed", pointer="/grade")
        text = written_reason(reason)
        if kind == "override":
            may_sign(who.roles)
        elif not may_judge(who.roles):
            raise forbidden("role_required")
        sight = sight_of(who.roles, who.attributes)
        with self._uow() as session:
            standing = session.get(StandingRow, enterprise)
            if standing is None or not sight.covers(standing.town):
                raise not_found()
            row = JudgementRow(
                id=new_id(),
                enterprise=enterprise,
                kind=kind,
                grade=grade if kind == "override" else None,
                author=who.actor,
                reason=text,
                made_at=self._clock.now(),
                expires_on=expires_on,
                withdrawn_at=None,
            )
            session.add(row)
            audit.record(session, who, f"risk.{kind}_made", "judgement", row.id, expires=str(expires_on))
            return row

    def withdraw(self, who: Principal, judgement_id: str) -> None:
        """Take an override or a snooze back; audited. Raises not_found, conflict."""
        sight = sight_of(who.roles, who.attributes)
        with self._uow() as session:
            row = session.get(JudgementRow, judgement_id, with_for_update=True)
            standing = None if row is None else session.get(StandingRow, row.enterprise)
            if row is None or standing is None or not sight.covers(standing.town):
                raise not_found()
            if row.kind == "override":
                may_sign(who.roles)
            elif not may_judge(who.roles):
                raise forbidden("role_required")
            if row.withdrawn_at is not None:
                raise conflict("risk.already_withdrawn")
            row.withdrawn_at = self._clock.now()
            audit.record(session, who, "risk.judgement_withdrawn", "judgement", judgement_id)


def outcome_of(text: str) -> Outcome:
    """The outcome of that name. Raises invalid `risk.row_unknown` for another one."""
    if text not in {str(one) for one in Outcome if one is not Outcome.REOPENED}:
        raise invalid("risk.row_unknown", pointer="/outcome")
    return Outcome(text)


def _refused(refused: NotClosable) -> Exception:
    return conflict(
        f"risk.{'episode_closed' if refused.code == 'no_episode' else refused.code}",
        count=len(refused.rows),
        rows=[{"point": row.point, "key": row.key} for row in refused.rows],
    )
