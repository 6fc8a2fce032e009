"""Episodes and warnings as rows: opened and raised by a run, issued by a person's signature or, red, by two hours' silence.

Each decision step is an evidence event of the stream ``warning/<id>``: input hash, rule-set hash, grade and who decided,
never a name. The chain's registry is told of the first six; what each means for it stands in ADR 0095.

W01 issued · W02 raised · W03 confirmed (the rules issued it, a person stands by it) · W04 lifted (the rules issued it, and it
ends as unfounded or wrong data) · W05 closed · W06 reopened · W07 another episode followed within the window.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.kernel.events import Bus, EpisodeClosed, EventDraft, EventRecorder, WarningIssued, WarningRaised
from api.kernel.ids import new_id
from api.risk import repository
from api.risk.episodes.grading import RED
from api.risk.episodes.state import Observed
from api.risk.model import Opened, WarningState
from api.risk.ports import Step, WarningSteps
from api.risk.tables import EpisodeRow, RunRow, WarningRow

SILENCE = timedelta(hours=2)
"""Red issues itself when nobody has signed for so long (domain C.4)."""
ENGINE = "risk-run"
"""Actor of what no person decided."""
NOWHERE = 0
_TOWN = re.compile(r"[1-9]\d{8}\Z")


class Issuing:
    """Writes episodes and warnings in the caller's transaction."""

    def __init__(
        self,
        bus: Bus,
        recorder: EventRecorder,
        steps: WarningSteps | None = None,
        district: int = NOWHERE,
    ) -> None:
        """Without `steps` no registry on chain is told; the events are recorded all the same.

        district: six digits, stated on chain where the register knows no town of nine digits for the enterprise.
        """
        self._bus, self._recorder, self._steps, self._district = bus, recorder, steps, district

    def open(
        self, session: Session, run: RunRow, enterprise: int, town: str, seen: Observed, now: datetime
    ) -> Opened:
        """A new episode and its one warning, waiting for a signature, as rows that the caller writes."""
        opened = seen.state.episode
        if opened is None:
            raise ValueError("nothing was opened")
        episode = {
            "id": new_id(),
            "enterprise": enterprise,
            "number": opened.number,
            "opened_on": opened.opened,
            "grade": opened.grade,
            "lift": opened.lift,
            "clocks_from": opened.clocks_from,
            "run_id": run.id,
            "closed_at": None,
            "closed_by": "",
            "second": "",
        }
        warning = {
            "id": new_id(),
            "episode_id": episode["id"],
            "enterprise": enterprise,
            "town": town,
            "state": WarningState.PROPOSED.value,
            "grade": 0,
            "due_signoff": _due(opened.grade, now),
            "auto": False,
            "signed_by": "",
            "unconfirmed": False,
            "confirmed_by": "",
            "confirmed_at": None,
            "issued_at": None,
            "raised_at": None,
            "closed_at": None,
            "created_at": now,
            **_waiting(run, opened.grade, now),
        }
        if opened.lift:
            _before, last = repository.episode_and_warning(session, enterprise, opened.number - 1)
            self._record(session, last, "risk.W07/1", ENGINE, {"again": warning["id"]})
        return Opened(episode, warning)

    def raise_(
        self, session: Session, run: RunRow, enterprise: int, seen: Observed, now: datetime
    ) -> WarningRow:
        """The open episode's grade rose: its warning waits for a signature again, also while it is issued."""
        risen = seen.state.episode
        if risen is None:
            raise ValueError("no episode is open")
        episode, warning = repository.episode_and_warning(session, enterprise, risen.number)
        episode.grade, episode.clocks_from = risen.grade, risen.clocks_from
        if warning.pending != RED or risen.grade != RED:
            warning.due_signoff = _due(risen.grade, now)
        for name, value in _waiting(run, risen.grade, now).items():
            setattr(warning, name, value)
        return warning

    def sign(self, session: Session, warning: WarningRow, actor: str, now: datetime, *, auto: bool) -> None:
        """Issue or raise what waits; the clocks of the case start with the published event."""
        first = warning.state == WarningState.PROPOSED.value
        due = warning.due_signoff
        warning.grade, warning.pending = warning.pending, 0
        warning.pending_since, warning.due_signoff = None, None
        warning.auto, warning.signed_by = auto, "" if auto else actor
        payload = {"auto": auto, "signed_by": "" if auto else actor}
        if first:
            warning.state, warning.issued_at, warning.unconfirmed = WarningState.ISSUED.value, now, auto
            self._record(session, warning, "risk.W01/1", actor, payload)
            self._tell(session, warning, "issue", automatic=auto)
            self._bus.publish(
                session,
                WarningIssued(
                    warning.id,
                    warning.episode_id,
                    warning.enterprise,
                    warning.grade,
                    warning.town,
                    now,
                    auto,
                    due,
                ),
            )
            return
        warning.raised_at = now
        self._record(session, warning, "risk.W02/1", actor, payload)
        self._tell(session, warning, "raise")
        self._bus.publish(
            session,
            WarningRaised(warning.id, warning.episode_id, warning.enterprise, warning.grade, now),
        )

    def confirm(self, session: Session, warning: WarningRow, actor: str, now: datetime, basis: str) -> None:
        """A person stands by what the rules issued. `basis`: person, verification or closure."""
        warning.unconfirmed, warning.confirmed_by, warning.confirmed_at = False, actor, now
        self._record(session, warning, "risk.W03/1", actor, {"basis": basis})
        self._tell(session, warning, "confirm")

    def close(
        self,
        session: Session,
        episode: EpisodeRow,
        warning: WarningRow,
        by: str,
        second: str,
        now: datetime,
        *,
        outcome: str = "",
        unfounded: bool = False,
    ) -> None:
        """The episode has ended. An issue of the rules that nobody confirmed is lifted when it was unfounded; otherwise the
        second person, who says that there was something, confirms it with the closure.
        """
        episode.closed_at, episode.closed_by, episode.second = now, by, second
        issued = warning.state == WarningState.ISSUED.value
        lifted = warning.unconfirmed and unfounded
        if warning.unconfirmed and not lifted:
            self.confirm(session, warning, second, now, "closure")
        warning.state, warning.closed_at, warning.unconfirmed = WarningState.CLOSED.value, now, False
        warning.pending, warning.pending_since, warning.due_signoff = 0, None, None
        kind = "risk.W04/1" if lifted else "risk.W05/1"
        self._record(session, warning, kind, second, {"closed_by": by, "outcome": outcome})
        if issued:
            self._tell(session, warning, "lift" if lifted else "close")
        self._bus.publish(session, EpisodeClosed(episode.id, warning.id, episode.enterprise, now))

    def reopen(
        self, session: Session, episode: EpisodeRow, warning: WarningRow, grade: int, by: str, now: datetime
    ) -> None:
        """The closure is taken back by a person: the same warning holds again at `grade`."""
        episode.closed_at, episode.closed_by, episode.second = None, "", ""
        warning.state, warning.closed_at, warning.raised_at = WarningState.ISSUED.value, None, now
        warning.grade, warning.auto, warning.signed_by = grade, False, by
        self._record(session, warning, "risk.W06/1", by, {})
        self._tell(session, warning, "reopen")

    def _tell(self, session: Session, warning: WarningRow, kind: str, *, automatic: bool = False) -> None:
        """The rule-run's own key can only issue: a raise that nobody signed waits for an officer's wallet."""
        if self._steps is not None:
            town = int(warning.town) if _TOWN.match(warning.town) else self._district
            self._steps.take(
                session,
                Step(
                    warning.id, kind, warning.grade, town, warning.input_hash, warning.ruleset_hash, automatic
                ),
            )

    def _record(
        self, session: Session, warning: WarningRow, kind: str, actor: str, payload: dict[str, Any]
    ) -> None:
        facts: dict[str, Any] = {
            "grade": warning.grade,
            "input": warning.input_hash,
            "ruleset": warning.ruleset_hash,
        }
        role = "platform" if actor == ENGINE else "regulator"
        self._recorder.record(
            session, EventDraft(f"warning/{warning.id}", kind, actor, role, {**facts, **payload})
        )


def _due(grade: int, now: datetime) -> datetime | None:
    return now + SILENCE if grade == RED else None


def _waiting(run: RunRow, grade: int, now: datetime) -> dict[str, Any]:
    """What a warning that waits for a signature says of that."""
    return {
        "pending": grade,
        "pending_since": now,
        "input_hash": run.input_hash,
        "ruleset_hash": run.ruleset_hash,
        "run_id": run.id,
    }
