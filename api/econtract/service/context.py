"""What every service of this slice holds: unit of work, clock, recorder, ports, and the words of the installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from api.econtract import repository
from api.econtract.lifecycle import may_move
from api.econtract.model import State
from api.econtract.ports import (
    Anchors,
    Employers,
    Identities,
    LocalParameters,
    Notifications,
    Preview,
    SigningRounds,
)
from api.econtract.tables import ContractRow
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import conflict, integrity, not_found
from api.kernel.events import EventDraft, EventRecorder, EventRef, Json


class Transactions(Protocol):
    """The unit of work of infra."""

    def __call__(self) -> AbstractContextManager[Session]: ...

    def read(self) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True)
class Context:
    """Built once in bootstrap; services share it."""

    uow: Transactions
    clock: Clock
    recorder: EventRecorder
    employers: Employers
    rounds: SigningRounds
    identities: Identities
    notifications: Notifications
    parameters: LocalParameters
    anchors: Anchors
    preview: Preview
    lookup_hash: Callable[[str, str], str]
    public_origin: str
    test: bool
    template_release: Callable[[str], EventRef | None] = lambda _sha256: None
    """The event that released the layout template of this digest; None where templates are not released."""

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    def today(self) -> date:
        """Today in China."""
        return shanghai_day(self.clock.now())

    def worker_key(self, id_kind: str, id_number: str) -> str:
        """Keyed hash of a worker's document: finds the pair without storing the number in the clear."""
        return self.lookup_hash("econtract.worker", f"{id_kind}:{id_number.strip().upper()}")

    def record(
        self,
        session: Session,
        row: ContractRow,
        kind: str,
        actor: str,
        role: str,
        payload: Mapping[str, Json],
    ) -> EventRef:
        """Adds an event to the contract's stream, in the caller's transaction."""
        return self.recorder.record(
            session,
            EventDraft(
                f"econtract/{row.contract_id}",
                kind,
                actor,
                role,
                {"contract_id": row.contract_id, "version": row.version, **payload},
            ),
        )

    def move(
        self,
        session: Session,
        row: ContractRow,
        wanted: State,
        *,
        what: str,
        role: str,
        note: str | None = None,
    ) -> None:
        """Takes one step of the order of business and notes it in the history.

        Raises conflict `econtract.state` when the step isn't allowed now, or somebody else was faster.
        """
        current = State(row.state)
        if not may_move(current, wanted) or not repository.move(session, row, current, wanted, self.now()):
            raise conflict("econtract.state", state=row.state, wanted=wanted.value)
        repository.add_history(session, row, self.now(), what, role, note)


def worker_phone(context: Context, session: Session, row: ContractRow) -> str | None:
    """Where the worker is reached: his confirmed number once he is known, the invitation's before."""
    if row.worker_person_id is not None:
        confirmed = context.identities.phone(session, row.worker_person_id)
        if confirmed is not None:
            return confirmed
    invitation = repository.live_invitation(session, row.id, row.version)
    return invitation.phone if invitation is not None else None


def must(row: Any) -> Any:
    """`row`, or not_found: the same answer for what is absent and what belongs to others."""
    if row is None:
        raise not_found()
    return row


def current_version(session: Session, row: ContractRow) -> Any:
    """The sent text that a contract's state is about."""
    found = repository.version(session, row.id, row.version)
    if found is None:
        raise integrity("econtract.version_missing", contract_id=row.contract_id, version=row.version)
    return found
