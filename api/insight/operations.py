"""The operator's view: one question to each part, and the few things a person may do."""

from __future__ import annotations

from api.infra import loops
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.insight import repository
from api.insight.model import AuditLine, PlatformStatus
from api.insight.ports import AnchoringFacts, Calendar, Messages, NodeStatus
from api.insight.rules import warnings
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import invalid


class Operations:
    """State of the running platform."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        anchoring: AnchoringFacts,
        node: NodeStatus,
        messages: Messages,
        calendar: Calendar,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._anchoring = anchoring
        self._node = node
        self._messages = messages
        self._calendar = calendar

    def status(self) -> PlatformStatus:
        """Facts at this moment; the node is asked first, with no transaction open."""
        node = self._node.read()
        now = self._clock.now()
        with self._uow.read() as session:
            anchoring = self._anchoring.status(session)
            parked = self._anchoring.parked(session)
            failing = loops.failing(session)
        messages = self._messages.backlog()
        behind = max(0, node.height - anchoring.index_block) if node is not None else 0
        waiting = (now - messages.oldest_open).total_seconds() if messages.oldest_open else 0.0
        # Deadlines of the next weeks may fall into the new year.
        year = shanghai_day(now).year + (1 if shanghai_day(now).month == 12 else 0)
        found = warnings(
            node,
            anchoring,
            len([call for call in parked if call.state == "parked"]),
            messages,
            behind,
            self._calendar.calendar_known(year),
            waiting,
            bool(failing),
        )
        return PlatformStatus(now, node, anchoring, parked, messages, behind, found, failing)

    def retry_call(self, who: Principal, call_id: str) -> None:
        """Put a parked registry call back into the queue; audited."""
        with self._uow() as session:
            self._anchoring.retry(session, who, call_id)

    def clear_alarm(self, who: Principal, alarm_id: str, reason: str) -> None:
        """Close an alarm, with what was found; audited."""
        if len(reason.strip()) < 4:
            raise invalid("insight.reason_missing", pointer="/reason")
        with self._uow() as session:
            self._anchoring.clear_alarm(session, who, alarm_id, reason.strip()[:400])

    def audit_lines(
        self,
        *,
        action: str = "",
        object_id: str = "",
        actor: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> list[AuditLine]:
        """The audit record, newest first."""
        with self._uow.read() as session:
            return repository.audit_lines(
                session, action=action, object_id=object_id, actor=actor, before=before, limit=min(limit, 500)
            )
