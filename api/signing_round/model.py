"""Words of the slice: rounds, attempts, signatories, and what the evidence needs. Pure values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from api.kernel.events import DomainEvent, Json


class RoundState(StrEnum):
    """OPEN waits for the worker; EMPLOYER_SIGNED waits for the document timestamp of a second authority."""

    OPEN = "open"
    WORKER_SIGNED = "worker_signed"
    EMPLOYER_SIGNED = "employer_signed"
    COMPLETED = "completed"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why a round ended without both signatures."""

    REJECTED = "rejected"
    CHANGE_REQUESTED = "change_requested"
    RECALLED = "recalled"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"


class Step(StrEnum):
    """How far an attempt to sign came. From SIGNED on, everything the signatory can give is here."""

    PREPARED = "prepared"
    CERTIFIED = "certified"
    SIGNED = "signed"
    DONE = "done"
    DROPPED = "dropped"


class Signatory(StrEnum):
    """Who signs, and the name of his field in the PDF."""

    WORKER = "worker"
    EMPLOYER = "employer"

    @property
    def field(self) -> str:
        """Name of the PDF signature field."""
        return "Worker" if self is Signatory.WORKER else "Employer"


@dataclass(frozen=True)
class RoundRequest:
    """One document to be signed by worker and employer; digests as 64 hex characters."""

    kind: str
    stream: str
    event_prefix: str
    contract_id: str
    version: int
    prev: str
    template_id: str
    data: Mapping[str, Json]
    clauses: Sequence[tuple[str, str, str]]
    org_id: str
    org_name: str
    worker_name: str
    agent_account_id: str
    deadline_worker: datetime
    deadline_employer: datetime
    expiry: datetime


@dataclass(frozen=True)
class SealedFile:
    """An encrypted document in the block store and its key, sealed for each recipient."""

    cid: str
    sha256: str
    length: int
    envelopes: Mapping[str, bytes]


@dataclass(frozen=True)
class PreparedRound:
    """A rendered, committed and sealed document: all that is slow is done."""

    round_id: str
    request: RoundRequest
    domain: Mapping[str, Any]
    commitment: str
    opening: Mapping[str, Json]
    clause_root: str
    clauses: Sequence[Mapping[str, Json]]
    boxes: Mapping[str, Sequence[float]]
    base: SealedFile
    worker_recipient: tuple[str, bytes, bytes]


@dataclass(frozen=True)
class RoundOpened:
    """A round that waits for the worker; digests as 64 hex characters."""

    round_id: str
    commitment: str
    clause_root: str
    base_pdf_sha256: str
    template_sha256: str
    renderer_id: str


@dataclass(frozen=True)
class WorkerAdmission:
    """A worker who was identified, read the notice and agreed to the electronic form."""

    person_id: str
    name: str
    session_id: str


@dataclass(frozen=True)
class Opener:
    """Who opens a sealed text, in which role and why."""

    actor: str
    role: str
    purpose: str


@dataclass(frozen=True)
class RoundView:
    """Where a round stands."""

    round_id: str
    contract_id: str
    version: int
    org_id: str
    state: RoundState
    closed_reason: str | None
    worker_signed_at: datetime | None
    employer_signed_at: datetime | None
    completed_at: datetime | None
    base_pdf_sha256: str
    final_pdf_sha256: str | None


@dataclass(frozen=True)
class WorkerSession:
    """The identified worker behind a session, as the identity slice knows him. Digests hex, signature base64."""

    session_id: str
    person_id: str
    contract_id: str
    check_id: str
    service_session: str
    commitment: str
    level: int
    check_statement: Mapping[str, Any]
    state: str


@dataclass(frozen=True)
class Entered:
    """What the signing page needs to check and show before anything is signed."""

    attempt_id: str
    lock_until: datetime
    prepared_sha256: str
    base_pdf_sha256: str
    base_length: int
    opening: Mapping[str, Json]
    commitment: str
    domain: Mapping[str, Any]
    consent: Mapping[str, Any]
    nonce: str
    phone_hint: str
    passkey: Mapping[str, Any] | None


@dataclass(frozen=True)
class IntentSent:
    """A one-time password is on its way."""

    sent_to: str
    expires_at: datetime
    resend_at: datetime


@dataclass(frozen=True)
class KeyAccepted:
    """The request for the new key to sign, and the digest of the consent that names it."""

    request_info: bytes
    consent_digest: str
    passkey_challenge: str | None


@dataclass(frozen=True)
class Certified:
    """The certificate for this one signature and the attributes that the key signs."""

    certificate: bytes
    attributes: bytes
    not_after: datetime


@dataclass(frozen=True)
class SignedOff:
    """A signature that stands."""

    state: RoundState
    signed_at: datetime
    token_time: datetime


@dataclass(frozen=True)
class EmployerPrepared:
    """What wallet and seal have to sign. `binding` is set where the seal has not yet been tied to this wallet."""

    attempt_id: str
    lock_until: datetime
    typed_data: Mapping[str, Any]
    attributes: bytes
    prepared_sha256: str
    seal_mode: str
    seal_certificate: bytes
    wallet: str
    wallet_mode: str
    binding: bytes | None


@dataclass(frozen=True)
class EmployerSignature:
    """What the employer hands in: a signature or the passphrase that unlocks the platform-held key, each once."""

    wallet_signature: bytes | None = None
    wallet_passphrase: str | None = None
    seal_signature: bytes | None = None
    seal_passphrase: str | None = None
    binding_signature: bytes | None = None


@dataclass(frozen=True)
class Opening:
    """One opening of a sealed text, as the person whose contract it is may see it."""

    at: datetime
    actor: str
    role: str
    purpose: str


@dataclass(frozen=True)
class EvidenceMaterial:
    """All that one round gives to the evidence: statements in the shapes of the package format, DER material, PDF."""

    round_id: str
    kind: str
    stream: str
    contract_id: str
    version: int
    org_id: str
    person_id: str
    state: RoundState
    wallet: str
    signed_at: datetime
    base_length: int
    base_pdf_sha256: str
    opening: Mapping[str, Json]
    clauses: Sequence[Mapping[str, Json]]
    identity_check: Mapping[str, Json]
    attestation: Mapping[str, Json]
    worker_consent: Mapping[str, Json]
    employer_consent: Mapping[str, Json]
    seal_binding: Mapping[str, Json]
    intent: Mapping[str, Json]
    final_pdf: bytes


@dataclass(frozen=True)
class RoundSigned(DomainEvent):
    """One signatory's signature stands."""

    round_id: str
    contract_id: str
    stream: str
    role: str
    at: datetime


@dataclass(frozen=True)
class RoundCompleted(DomainEvent):
    """Both signatures and the document timestamp stand: the document is in force."""

    round_id: str
    contract_id: str
    stream: str
    at: datetime
    final_sha256: str
