"""One clause shown by itself: a party's own act, recorded where the right people see it.

The worker may show his pay to a court, a bank, a union, without his employer being told: his showing stands in his own
stream and in the audit record, never in the contract's stream, which is in the employer's package. What the employer
shows of a worker's contract is an event of the contract (E15), and the worker finds it in the contract's course.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from api.evidence.model import Contract, Entitlement, Package
from api.evidence.ports import Contracts
from api.evidence.service.packages import Packages
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.events import EventDraft, EventRecorder, Json
from chain.package.disclosure import DisclosureRefused, disclose

PURPOSE = "clause"
SHOWN = "evidence.clause_shown/1"


class Disclosures:
    """Makes and records packages of one clause; nothing of them is stored."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        recorder: Callable[[], EventRecorder],
        contracts: Contracts,
        packages: Packages,
    ) -> None:
        self._uow, self._clock, self._recorder = uow, clock, recorder
        self._contracts, self._packages = contracts, packages

    def clause(self, who: Principal, ref: str, number: int) -> Package:
        """The package that shows clause `number` (from 1) of a concluded contract, for its worker or its employer.

        Raises not_found for strangers and for a clause that is not there, forbidden for authorities (they read whole
        packages on a case number) and for a system without the scope to read, conflict and unavailable as for whole packages.
        """
        if who.kind == "machine" and "read" not in who.scopes:
            raise forbidden("role_required")
        if not who.has("worker", "representative", "agent"):
            raise forbidden("evidence.parties_only")
        contract, role = self._packages.entitled(who, ref)
        whole, _ = self._packages.build(who, contract, role, purpose=PURPOSE)
        now = self._clock.now()
        try:
            data = disclose(whole.data, number, now=now)
        except DisclosureRefused as refusal:
            if refusal.code == "clause.unknown":
                raise not_found("evidence.clause_unknown", **refusal.facts) from refusal
            raise conflict("evidence.clause_not_showable", reason=refusal.code) from refusal
        made = Package(
            data,
            f"clause-{number}-{contract.contract_id[:16]}-v{contract.version}.zip",
            hashlib.sha256(data).hexdigest(),
            whole.checkpoint_size,
            now,
        )
        self._record(who, contract, role, number, made)
        return made

    def _record(
        self, who: Principal, contract: Contract, role: Entitlement, number: int, made: Package
    ) -> None:
        facts: dict[str, Json] = {"clause": number, "sha256": made.sha256}
        with self._uow() as session:
            audit.record(
                session,
                who,
                "evidence.clause.shown",
                "contract",
                contract.contract_id,
                by=role.value,
                clause=number,
                sha256=made.sha256,
            )
            if role is Entitlement.WORKER:
                own: dict[str, Json] = {"contract_id": contract.contract_id, **facts}
                draft = EventDraft(f"person/{who.person_id}", SHOWN, who.actor, role.value, own)
            else:
                told: dict[str, Json] = {"what": PURPOSE, "by": role.value, **facts}
                draft = EventDraft(contract.stream, "econtract.E15/1", who.actor, role.value, told)
                self._contracts.tell_worker_of_showing(session, contract, number)
            self._recorder().record(session, draft)
