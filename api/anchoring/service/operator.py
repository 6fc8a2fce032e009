"""The operator's view: what is pending, parked, behind; alarms; the few things a person may do about them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.anchoring.model import AnchoringStatus, CallState, WitnessIdentity, WitnessState
from api.anchoring.repository import (
    alarms,
    calls,
    cosignatures,
    index_store,
    judicial,
    outbox,
    tree,
    witnesses,
)
from api.anchoring.rules import SEVERITY_INTEGRITY
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.clock import Clock, parse_utc
from api.kernel.errors import conflict, not_found


class Operator:
    """Status, parked calls, alarms."""

    def __init__(self, clock: Clock, witnesses: Sequence[WitnessIdentity] = (), origin: str = "") -> None:
        self._clock = clock
        self._witnesses = witnesses
        self._origin = origin

    def status(self, session: Session) -> AnchoringStatus:
        """Facts at this moment; a few counting queries."""
        now = self._clock.now()
        oldest = alarms.oldest_pending(session)
        checkpoint = tree.newest_checkpoint(session)
        mark = index_store.newest_mark(session)
        lease = alarms.lease(session, outbox.LEASE)
        open_ = alarms.open_alarms(session)
        return AnchoringStatus(
            events=alarms.event_counts(session),
            calls=alarms.call_counts(session),
            oldest_pending_seconds=0.0 if oldest is None else (now - parse_utc(oldest)).total_seconds(),
            log_size=tree.log_state(session)[0],
            checkpoint_size=checkpoint.size if checkpoint else 0,
            checkpoint_time=checkpoint.created_at if checkpoint else None,
            checkpoints_without_token=tree.count_without_token(session),
            witnessed_size=cosignatures.newest_witnessed(session),
            judicial=judicial.state(session),
            witnesses=self.witnesses(session),
            index_block=mark.number if mark else 0,
            worker=lease[0] if lease else None,
            worker_alive=lease is not None and lease[1] > now,
            alarms=open_,
            stopped=any(a.severity == SEVERITY_INTEGRITY for a in open_),
        )

    def witnesses(self, session: Session) -> list[WitnessState]:
        """How each witness of the settings stands."""
        return witnesses.states(session, self._witnesses, self._origin, self._clock.now())

    def parked(self, session: Session) -> list[CallState]:
        """Registry calls that the chain refused, and held ones."""
        return calls.listed(session, ("parked", "held"))

    def calls(self, session: Session, states: tuple[str, ...]) -> list[CallState]:
        """Registry calls in one of `states`."""
        return calls.listed(session, states)

    def retry(self, session: Session, principal: Principal, call_id: str) -> None:
        """Put a parked call back into the queue."""
        if not calls.move(session, call_id, ("parked",), "pending"):
            if calls.find(session, call_id) is None:
                raise not_found("anchoring.call_unknown")
            raise conflict("anchoring.call_not_parked")
        audit.record(session, principal, "anchoring.call.retried", "registry_call", call_id)

    def retry_checkpoint(self, session: Session, principal: Principal, size: int) -> None:
        """Send a checkpoint on its way to the judicial chain again that was parked."""
        if not judicial.retry_parked(session, size):
            raise conflict("anchoring.checkpoint_not_parked")
        audit.record(session, principal, "anchoring.checkpoint.retried", "checkpoint", str(size))

    def void(self, session: Session, principal: Principal, call_id: str, reason: str) -> None:
        """Give a parked call up, with a reason."""
        if not calls.move(session, call_id, ("parked",), "void", reason[:500]):
            if calls.find(session, call_id) is None:
                raise not_found("anchoring.call_unknown")
            raise conflict("anchoring.call_not_parked")
        audit.record(session, principal, "anchoring.call.voided", "registry_call", call_id, purpose=reason)

    def clear_alarm(self, session: Session, principal: Principal, alarm_id: str, reason: str) -> None:
        """Close an alarm after somebody has looked; after an integrity alarm the worker is to be started again."""
        if not alarms.clear(session, alarm_id, principal.actor, self._clock.now()):
            raise not_found("anchoring.alarm_unknown")
        audit.record(session, principal, "anchoring.alarm.cleared", "alarm", alarm_id, purpose=reason)
