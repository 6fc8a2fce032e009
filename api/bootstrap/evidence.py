"""Wires the evidence slice to signing rounds, anchoring, contracts and employers, and publishes the trust root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.bootstrap.figures import RegistryCounters
from api.bootstrap.light import trusted_network
from api.bootstrap.releases import releases
from api.bootstrap.trust_root_files import trust_files
from api.evidence.model import Contract, Disclosure, Entitlement, SigningMaterial
from api.evidence.service import EvidenceService
from api.evidence.service.disclosure import Disclosures
from api.evidence.service.figures import Figures
from api.evidence.service.packages import Packages
from api.evidence.service.paper import PaperCopies
from api.evidence.service.printing import Printer
from api.evidence.service.publications import Publications
from api.evidence.service.verification import Verification
from api.kernel.errors import DomainError, ErrorKind, unavailable
from api.signing_round.model import Opener
from chain.checkpoint import LogKey, SignedNote
from chain.trust_root import TrustRoot

if TYPE_CHECKING:
    from api.bootstrap.container import Container

RELEASE = "0.1.0"
RECORD_PATIENCE = timedelta(seconds=60)
"""How long a package waits for the light record of a young conclusion before it is made without it."""


class AnchoredLog:
    """`LogView` over the anchoring slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @property
    def _proofs(self) -> Any:
        return self._container.anchoring.proofs

    def events(self, session: Any, stream: str) -> Sequence[Any]:
        """All events of a stream."""
        found: Sequence[Any] = self._proofs.events(session, stream)
        return found

    def event(self, session: Any, stream: str, seq: int) -> Any:
        """One event."""
        return self._proofs.event(session, stream, seq)

    def inclusion(self, session: Any, log_index: int, size: int) -> Sequence[bytes]:
        """Inclusion path."""
        path: Sequence[bytes] = self._proofs.inclusion(session, log_index, size)
        return path

    def checkpoint(self, session: Any, covering: int) -> Any:
        """The checkpoint that holds an entry."""
        return self._proofs.checkpoint(session, covering)

    def receipts(self, session: Any, contract_id: str | None, log_index: int) -> Sequence[Mapping[str, Any]]:
        """Receipts of the append and of the conclusion, as far as they were made."""
        return list(self._receipts(session, contract_id, log_index))

    def _receipts(self, session: Any, contract_id: str | None, log_index: int) -> Iterator[Mapping[str, Any]]:
        append = self._proofs.append_receipt(session, log_index)
        if append is not None:
            yield append
        conclusion = self._proofs.conclusion(session, contract_id) if contract_id else None
        if conclusion is None:
            return
        if conclusion.receipt_proof is not None:
            yield conclusion.receipt_proof
        elif self._record_is_due(conclusion.anchored_at):
            raise unavailable("evidence.no_chain_record_yet")

    def _record_is_due(self, anchored_at: datetime | None) -> bool:
        """Whether a light record is on its way: it is waited for as long as for witnesses, and no longer."""
        if anchored_at is None or trusted_network(self._container.settings) is None:
            return False
        named = any(item.comet for item in self._container.settings.chain_validators)
        return named and self._container.clock.now() - anchored_at < RECORD_PATIENCE

    def sign_note(self, text: bytes) -> bytes:
        """The log key's signed note of a manifest's text."""
        key: LogKey = self._proofs.log_key
        return SignedNote(text, (key.sign(text),)).encode()


class KnownContracts:
    """`Contracts` over the econtract slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def find(self, ref: str) -> Contract | None:
        """By URL id or contract id."""
        portal = self._container.econtract.facts
        try:
            facts = portal.facts(ref) if len(ref) == 64 else portal.facts_of(ref)
        except DomainError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return Contract(
            contract_id=facts.contract_id,
            id=facts.id,
            version=facts.version,
            state=str(facts.state),
            org_id=facts.org_id,
            worker_person_id=facts.worker_person_id,
            round_id=facts.round_id,
            title=facts.title,
        )

    def tell_worker(self, session: Any, who: Any, contract: Contract, ground: Disclosure) -> None:
        """The worker sees authority and date."""
        portal = self._container.econtract.facts
        portal.note_authority_reading(session, who, contract.contract_id, ground.case_no, ground.purpose)

    def tell_worker_of_showing(self, session: Any, contract: Contract, number: int) -> None:
        """The showing stands in the contract's course."""
        self._container.econtract.facts.note_clause_shown(session, contract.contract_id, number)


class SignedRounds:
    """`Rounds` over the signing_round slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def material(
        self, round_id: str, who: Any, role: Entitlement, purpose: str = "evidence"
    ) -> SigningMaterial:
        """Everything that the round keeps for the evidence; the opening is recorded."""
        opener = Opener(who.actor, role.value, purpose)
        found = self._container.signing_round.evidence_material(round_id, opener)
        return SigningMaterial(
            pdf=found.final_pdf,
            base_pdf_size=found.base_length,
            opening=found.opening,
            clauses=found.clauses,
            identity_check=found.identity_check,
            attestation=found.attestation,
            worker_consent=found.worker_consent,
            employer_consent=found.employer_consent,
            seal_binding=found.seal_binding,
            intent=found.intent,
            employer_signed_at=found.signed_at,
        )


class EmployerAuthorities:
    """`Authorities` over the employers slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def statements(self, org_id: str, wallet: str, at: datetime) -> Sequence[Mapping[str, Any]]:
        """Statements behind a wallet as they stood at `at`."""
        found: Sequence[Mapping[str, Any]] = self._container.employers.authority_statements(
            org_id, wallet, at
        )
        return found


def build(c: Container) -> EvidenceService:
    """The slice's service."""
    from api.bootstrap.rendering import font_folders
    from signing.rendering import FontBook

    @cache
    def fonts() -> Any:
        return FontBook.load(font_folders(c)).typst_fonts

    def trust_root() -> TrustRoot | None:
        found = None if c.settings.trust_root_file is None else trust_files(c.settings).current()
        return None if found is None else found.root

    def needed_root() -> TrustRoot:
        root = trust_root()
        if root is None:
            raise unavailable("evidence.trust_root_missing")
        return root

    def folders() -> tuple[Path, ...]:
        return tuple(folder for folder in font_folders(c) if folder.is_dir())

    publications = Publications(lambda: trust_files(c.settings), lambda: releases(c))
    packages = Packages(
        uow=c.uow,
        clock=c.clock,
        recorder=lambda: c.recorder,
        contracts=KnownContracts(c),
        rounds=SignedRounds(c),
        authorities=EmployerAuthorities(c),
        log_view=AnchoredLog(c),
        trust_root=needed_root,
        release=f"{RELEASE}+{publications.source[0]}",
    )
    printer = Printer(fonts)
    paper = PaperCopies(
        c.uow, c.clock, packages, printer, c.settings.public_origin, c.settings.test_installation
    )
    log_view, release = AnchoredLog(c), f"{RELEASE}+{publications.source[0]}"
    return EvidenceService(
        packages,
        paper,
        Verification(needed_root, folders),
        printer,
        trust_root,
        c.clock,
        publications,
        disclosures=Disclosures(c.uow, c.clock, lambda: c.recorder, KnownContracts(c), packages),
        figures=Figures(c.uow, c.clock, RegistryCounters(c), log_view, needed_root, release),
    )
