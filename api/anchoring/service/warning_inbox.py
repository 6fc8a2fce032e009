"""Decisions about warnings that wait for an officer's wallet: listed, reminded of, never lost.

A decision holds for the platform from the moment it was made; only the chain waits. Each officer is reminded once a day while
something is older than four hours; the operator is told when nobody could sign at all, and when something waits for three
days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.anchoring.model import WaitingStep
from api.anchoring.ports import Messenger
from api.anchoring.repository import alarms
from api.anchoring.repository import warnings as repository
from api.anchoring.rules import SEVERITY_WARNING
from api.anchoring.service.warnings import missing_signatures
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from chain.warning_rules import StepKind

REMIND_AFTER = timedelta(hours=4)
OVERDUE_AFTER = timedelta(days=3)
EVERY = 600.0
"""Seconds between two looks at what waits."""
NO_OFFICER, UNSIGNED = "warnings.no_officer", "warnings.unsigned"


class WarningInbox:
    """What waits for signatures, for those who sign."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, messenger: Messenger, monotonic: Callable[[], float]
    ) -> None:
        self._uow, self._clock, self._messenger, self._monotonic = uow, clock, messenger, monotonic
        self._next = 0.0

    def waiting(
        self,
        session: Session,
        who: Principal,
        after: tuple[datetime, str, int] | None = None,
        limit: int = 50,
    ) -> Sequence[WaitingStep]:
        """Decisions without their statements, oldest first, those included that this officer has signed as first of two."""
        own = repository.wallet_of(session, who.account_id) if who.account_id else None
        return [
            WaitingStep(
                row.warning,
                row.sequence,
                StepKind(row.kind).name.lower(),
                row.grade,
                town,
                row.stated_at,
                missing_signatures(row),
                own is not None and row.officer == own,
            )
            for row, town in repository.waiting(session, after=after, limit=limit)
        ]

    def counts(self, session: Session) -> tuple[int, datetime | None, int]:
        """How many decisions wait for people, since when the oldest one does, and how many for the rule run's key."""
        count, oldest = repository.count_waiting(session)
        return count, oldest, repository.count_unsigned_by_rules(session)

    def run_due(self) -> int:
        """Remind and raise or clear the operator's alarms; every ten minutes at most. How many messages were queued."""
        now = self._monotonic()
        if now < self._next:
            return 0
        self._next = now + EVERY
        with self._uow() as session:
            return self._remind(session)

    def _remind(self, session: Session) -> int:
        now = self._clock.now()
        accounts = repository.deciding_accounts(session)
        count, oldest = repository.count_waiting(session, now - REMIND_AFTER)
        overdue, _ = repository.count_waiting(session, now - OVERDUE_AFTER)
        self._alarm(session, NO_OFFICER, bool(count) and not accounts, now)
        self._alarm(session, UNSIGNED, bool(overdue), now)
        if oldest is None:
            return 0
        day = shanghai_day(now)
        for account in accounts:
            text = (
                f"有 {count} 项预警决定等待您的钱包签名，最早一项自 {shanghai_day(oldest)} 起等待。"
                f"请登录后打开“预警决定签名”。"
            )
            self._messenger.queue(session, account, text, f"warning-decisions/{account}/{day}")
        return len(accounts)

    @staticmethod
    def _alarm(session: Session, code: str, wanted: bool, now: datetime) -> None:
        known = [alarm for alarm in alarms.open_alarms(session) if alarm.code == code]
        if wanted and not known:
            alarms.raise_alarm(session, code, SEVERITY_WARNING, {}, now)
        for alarm in known if not wanted else []:
            alarms.clear(session, alarm.id, "anchoring", now)
