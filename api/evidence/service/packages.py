"""Evidence packages for those who are entitled: the parties always, authorities on a case number and a purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from api.evidence import rules
from api.evidence.model import Contract, Disclosure, Entitlement, Package, Requester, SigningMaterial
from api.evidence.ports import Authorities, Contracts, LogView, Rounds
from api.evidence.service import assembly
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.events import EventDraft, EventRecorder
from chain.package import contents
from chain.trust_root import TrustRoot

log = structlog.get_logger(__name__)


class Packages:
    """Builds packages from what the other slices keep; nothing of them is stored."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        recorder: Callable[[], EventRecorder],
        contracts: Contracts,
        rounds: Rounds,
        authorities: Authorities,
        log_view: LogView,
        trust_root: Callable[[], TrustRoot],
        release: str,
    ) -> None:
        self._uow, self._clock, self._recorder = uow, clock, recorder
        self._contracts, self._rounds, self._authorities = contracts, rounds, authorities
        self._log, self._trust_root, self._release = log_view, trust_root, release

    def entitled(
        self, who: Principal, ref: str, ground: Disclosure | None = None
    ) -> tuple[Contract, Entitlement]:
        """The contract and the capacity in which `who` may have its evidence.

        Raises not_found for strangers (so that nobody learns which contracts exist), forbidden
        `evidence.ground_required` for an authority without case number and purpose.
        """
        contract = self._contracts.find(ref)
        if contract is None:
            raise not_found()
        role = rules.entitlement(_requester(who), contract)
        if role is None:
            raise not_found()
        if rules.needs_ground(role) and not rules.ground_is_sufficient(ground):
            raise forbidden("evidence.ground_required")
        return contract, role

    def package(self, who: Principal, ref: str, ground: Disclosure | None = None) -> Package:
        """The package of a concluded contract, with everything anchored so far."""
        contract, role = self.entitled(who, ref, ground)
        made, _ = self.build(who, contract, role)
        self.note_access(who, contract, role, ground, what="evidence_package", sha256=made.sha256)
        return made

    def build(
        self, who: Principal, contract: Contract, role: Entitlement, *, purpose: str = "evidence"
    ) -> tuple[Package, SigningMaterial]:
        """Put the package together; raises conflict before the contract is effective, unavailable before anchoring."""
        if contract.state not in rules.CONCLUDED or contract.round_id is None:
            raise conflict("evidence.not_effective")
        with self._uow.read() as session:
            story = assembly.tell_story(self._log, session, contract.stream, complete=True)
            files = assembly.log_entries(self._log, session, story, contract.stream, payloads=True)
            receipts = self._log.receipts(session, contract.contract_id, story.last_index)
        material = self._rounds.material(contract.round_id, who, role, purpose)
        wallet = str(material.employer_consent["wallet"])
        authority = self._authorities.statements(contract.org_id, wallet, material.employer_signed_at)
        files |= assembly.signing_entries(material, authority) | assembly.chain_record(receipts)
        made = assembly.seal(
            self._log,
            self._trust_root(),
            files,
            kind=contents.CONTRACT,
            subject=assembly.contract_subject(contract, material),
            release=self._release,
            now=self._clock.now(),
            filename=f"evidence-{contract.contract_id[:16]}-v{contract.version}.zip",
            checkpoint_size=story.checkpoint.size,
        )
        log.info("evidence.package.built", bytes=len(made.data), checkpoint=made.checkpoint_size)
        return made, material

    def supervision(self, who: Principal, contract_id: str, ground: Disclosure | None) -> Package:
        """One contract's events with inclusion proofs, for regulator, court or auditor: no text, no payloads."""
        if not who.has("regulator", "court", "auditor"):
            raise not_found()
        stream = f"econtract/{contract_id}"
        with self._uow.read() as session:
            story = assembly.tell_story(self._log, session, stream, complete=False)
            story = assembly.Story(story.own, (), story.checkpoint, story.last_index)
            files = assembly.log_entries(self._log, session, story, stream, payloads=False)
            files |= assembly.chain_record(self._log.receipts(session, contract_id, story.last_index))
        with self._uow() as session:
            audit.record(
                session,
                who,
                "evidence.supervision.exported",
                "contract",
                contract_id,
                purpose=ground.purpose if ground else None,
                case_no=ground.case_no if ground else None,
            )
        return assembly.seal(
            self._log,
            self._trust_root(),
            files,
            kind=contents.SUPERVISION,
            subject={"stream": stream},
            release=self._release,
            now=self._clock.now(),
            filename=f"supervision-{contract_id[:16]}.zip",
            checkpoint_size=story.checkpoint.size,
        )

    def note_access(
        self,
        who: Principal,
        contract: Contract,
        role: Entitlement,
        ground: Disclosure | None,
        *,
        what: str,
        **facts: Any,
    ) -> None:
        """Audit every access; the parties' own become event E15, an authority's is told to the worker alone."""
        with self._uow() as session:
            audit.record(
                session,
                who,
                f"evidence.{what}.read",
                "contract",
                contract.contract_id,
                purpose=ground.purpose if ground else None,
                case_no=ground.case_no if ground else None,
                **facts,
            )
            if rules.leaves_a_trace_in_the_stream(role):
                payload = {"what": what, "by": role.value, **facts}
                draft = EventDraft(contract.stream, "econtract.E15/1", who.actor, role.value, payload)
                self._recorder().record(session, draft)
            elif ground is not None:
                self._contracts.tell_worker(session, who, contract, ground)


def _requester(who: Principal) -> Requester:
    return Requester(who.kind, who.actor, who.roles, who.org_id, who.person_id)
