"""Registry calls: signed statements of parties, registrars and issuer on their way to the contracts.

A call is queued in the transaction that makes it true for the platform, and staged by the relay in an order that the chain
can follow: whoever changes who may act waits for what was done under the old rules.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from api.anchoring.model import CallState
from api.anchoring.repository import calls as repository
from api.anchoring.rules import ROLE_METHODS, VOIDABLE
from api.kernel.clock import Clock
from api.kernel.errors import conflict, invalid, not_found
from api.kernel.ids import is_hex32, new_id
from chain import calls
from chain.calls import Call, Contracts
from chain.errors import DecodingError
from chain.transactions import address_bytes, checksum_address

SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""DER of a P-256 SubjectPublicKeyInfo up to the coordinates (RFC 5480)."""


def _b32(value: str, field: str) -> bytes:
    if not is_hex32(value):
        raise invalid("anchoring.call_malformed", field=field)
    return bytes.fromhex(value)


def _address(value: str, field: str) -> str:
    try:
        return checksum_address(address_bytes(value))
    except DecodingError as exc:
        raise invalid("anchoring.call_malformed", field=field) from exc


def _halves(value: bytes, field: str) -> tuple[bytes, bytes]:
    if len(value) != 64:
        raise invalid("anchoring.call_malformed", field=field)
    return value[:32], value[32:]


class RegistryCalls:
    """Queue of registry calls. Ids and digests are 64 hex characters, addresses EIP-55, signatures raw bytes."""

    def __init__(self, contracts: Callable[[], Contracts], clock: Clock) -> None:
        self._contracts = contracts
        self._clock = clock

    def register_organisation(
        self,
        session: Session,
        *,
        org_id: str,
        region_code: int,
        representative: str,
        seal_key_hash: str | None,
        nonce: int,
        registrar: str,
        signature: bytes,
    ) -> str:
        """Queue an organisation's registration on a registrar's statement; returns the call's id."""
        call = calls.register_organisation(
            self._contracts(),
            org_id=_b32(org_id, "org_id"),
            region_code=region_code,
            representative=_address(representative, "representative"),
            seal_key_hash=bytes(32) if seal_key_hash is None else _b32(seal_key_hash, "seal_key_hash"),
            nonce=nonce,
            registrar=_address(registrar, "registrar"),
            signature=signature,
        )
        return self._queue(session, "registerOrganisation", call, org_id)

    def replace_representative(
        self,
        session: Session,
        *,
        org_id: str,
        representative: str,
        nonce: int,
        registrar: str,
        signature: bytes,
    ) -> str:
        """Queue another representative's wallet on a registrar's statement."""
        call = calls.replace_representative(
            self._contracts(),
            org_id=_b32(org_id, "org_id"),
            representative=_address(representative, "representative"),
            nonce=nonce,
            registrar=_address(registrar, "registrar"),
            signature=signature,
        )
        return self._queue(session, "replaceRepresentative", call, org_id)

    def set_seal_key(
        self, session: Session, *, org_id: str, seal_key_hash: str, nonce: int, signature: bytes
    ) -> str:
        """Queue the organisation's seal key on the representative's statement."""
        call = calls.set_seal_key(
            self._contracts(),
            org_id=_b32(org_id, "org_id"),
            seal_key_hash=_b32(seal_key_hash, "seal_key_hash"),
            nonce=nonce,
            signature=signature,
        )
        return self._queue(session, "setSealKey", call, org_id)

    def grant_agent(
        self,
        session: Session,
        *,
        org_id: str,
        agent: str,
        scope: int,
        valid_until: int,
        nonce: int,
        signature: bytes,
    ) -> str:
        """Queue an agent's grant on the representative's statement; scope bits 1 draft, 2 send, 4 sign."""
        call = calls.grant_agent(
            self._contracts(),
            org_id=_b32(org_id, "org_id"),
            agent=_address(agent, "agent"),
            scope=scope,
            valid_until=valid_until,
            nonce=nonce,
            signature=signature,
        )
        return self._queue(session, "grantAgent", call, org_id)

    def revoke_agent(self, session: Session, *, org_id: str, agent: str, nonce: int, signature: bytes) -> str:
        """Queue an agent's revocation on the representative's statement."""
        call = calls.revoke_agent(
            self._contracts(),
            org_id=_b32(org_id, "org_id"),
            agent=_address(agent, "agent"),
            nonce=nonce,
            signature=signature,
        )
        return self._queue(session, "revokeAgent", call, org_id)

    def conclude(
        self,
        session: Session,
        *,
        commitment: str,
        contract_id: str,
        version: int,
        prev: str,
        expiry: int,
        org_id: str,
        wallet: str,
        wallet_signature: bytes,
        worker_spki: bytes,
        worker_signature: bytes,
        subject: str,
        level: int,
        check_digest: str,
        attested_at: int,
        attestation_signature: bytes,
        hold: bool = True,
    ) -> str:
        """Queue a contract's conclusion; `hold` keeps it back until `release` (E11) or `void`.

        worker_spki: 91 bytes of P-256 SPKI; worker_signature: raw r‖s, low s.
        """
        if len(worker_spki) != len(SPKI_PREFIX) + 64 or not worker_spki.startswith(SPKI_PREFIX):
            raise invalid("anchoring.call_malformed", field="worker_spki")
        call = calls.conclude(
            self._contracts(),
            commitment=_b32(commitment, "commitment"),
            contract_id=_b32(contract_id, "contract_id"),
            version=version,
            prev=_b32(prev, "prev"),
            expiry=expiry,
            org_id=_b32(org_id, "org_id"),
            wallet=_address(wallet, "wallet"),
            wallet_signature=wallet_signature,
            worker_key=_halves(worker_spki[len(SPKI_PREFIX) :], "worker_spki"),
            worker_signature=_halves(worker_signature, "worker_signature"),
            subject=_b32(subject, "subject"),
            level=level,
            check_digest=_b32(check_digest, "check_digest"),
            attested_at=attested_at,
            attestation_signature=attestation_signature,
        )
        return self._queue(session, "conclude", call, org_id, contract_id, version, held=hold)

    def _queue(
        self,
        session: Session,
        method: str,
        call: Call,
        org: str,
        contract: str | None = None,
        version: int | None = None,
        *,
        held: bool = False,
    ) -> str:
        call_id = new_id()
        repository.add(
            session,
            call_id=call_id,
            method=method,
            role=method in ROLE_METHODS,
            org=org,
            contract=contract,
            version=version,
            target=call.to,
            data=call.data,
            gas=call.gas,
            held=held,
            now=self._clock.now(),
        )
        return call_id

    def release(self, session: Session, call_id: str) -> None:
        """A held call may go; releasing it again changes nothing. Conflict when it was voided."""
        if repository.move(session, call_id, ("held",), "pending"):
            return
        if self.state(session, call_id).state == "void":
            raise conflict("anchoring.call_void")

    def void(self, session: Session, call_id: str, reason: str) -> None:
        """Take a call back that has not been staged; idempotent. Conflict once it is under way."""
        if repository.move(session, call_id, VOIDABLE, "void", reason[:500]):
            return
        if self.state(session, call_id).state != "void":
            raise conflict("anchoring.call_in_flight")

    def state(self, session: Session, call_id: str) -> CallState:
        """Where a call stands."""
        found = repository.find(session, call_id)
        if found is None:
            raise not_found("anchoring.call_unknown")
        return found

    def of_organisation(self, session: Session, org_id: str) -> list[CallState]:
        """All calls of an organisation, oldest first."""
        return repository.of_organisation(session, org_id)
