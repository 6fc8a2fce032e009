"""What a round gives to the evidence package: statements in the package's shapes, DER material, the PDF."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.kernel.errors import conflict
from api.kernel.events import Json
from api.signing_round import repository
from api.signing_round.model import EvidenceMaterial, Opener, RoundState, Signatory
from api.signing_round.service.documents import Documents
from api.signing_round.service.statements import statement_signature
from api.signing_round.service.wiring import Wiring, hex_of, required_round
from api.signing_round.service.work import Work
from api.signing_round.tables import RoundRow
from signing import jcs
from signing.eip712 import ROLE_EMPLOYER, ROLE_WORKER
from signing.p256 import PublicKey
from signing.wallets import key_hash


class Material:
    """Gathers a completed round's evidence."""

    def __init__(self, wiring: Wiring, documents: Documents) -> None:
        self._w = wiring
        self._documents = documents

    def gather(self, round_id: str, opener: Opener) -> EvidenceMaterial:
        """Everything of a completed round; the opening of the PDF is recorded. Conflict before completion."""
        with self._w.uow.read() as session:
            row = required_round(session, round_id)
            if row.state != RoundState.COMPLETED.value:
                raise conflict("signing.not_completed")
            worker = self._work(session, row, Signatory.WORKER)
            employer = self._work(session, row, Signatory.EMPLOYER)
        if row.person_id is None:
            raise conflict("signing.not_completed")
        return EvidenceMaterial(
            round_id=row.id,
            kind=row.kind,
            stream=row.stream,
            contract_id=row.contract_id,
            version=row.version,
            org_id=row.org_id,
            person_id=row.person_id,
            state=RoundState(row.state),
            wallet=employer.wallet,
            signed_at=datetime.fromisoformat(employer.answer["token_time"]),
            base_length=row.base_length,
            base_pdf_sha256=row.base_sha256,
            opening=json.loads(row.opening),
            clauses=json.loads(row.clauses),
            identity_check=_statement(
                worker.check_statement, ("commitment", "subject", "factors", "level", "time")
            ),
            attestation=_statement(
                worker.attestation,
                (
                    "commitment",
                    "contractId",
                    "signerKeyHash",
                    "subject",
                    "level",
                    "checkDigest",
                    "time",
                ),
            ),
            worker_consent={
                "v": 1,
                "consent": _consent(row, ROLE_WORKER, PublicKey.from_spki(worker.spki).key_hash),
                "spki": _b64(worker.spki),
                "signature": _b64(worker.consent_signature),
            },
            employer_consent={
                "v": 1,
                "consent": _consent(row, ROLE_EMPLOYER, key_hash(employer.wallet)),
                "wallet": employer.wallet,
                "signature": _b64(employer.consent_signature),
            },
            seal_binding={
                "v": 1,
                "statement": jcs.parse(employer.binding),
                "signature": _b64(employer.binding_signature),
            },
            intent=_intent(worker),
            final_pdf=self._documents.open(round_id, opener),
        )

    def _work(self, session: Session, row: RoundRow, signatory: Signatory) -> Work:
        done = repository.done_attempt(session, row.id, signatory)
        if done is None:
            raise conflict("signing.not_completed")
        return Work.load(done.work)


_NAMES = {
    "contractId": "contract_id",
    "signerKeyHash": "signer_key_hash",
    "checkDigest": "check_digest",
}


def _statement(signed: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Json]:
    """A signed statement of the identity service in the package's spelling."""
    message = signed["message"]
    values: dict[str, Json] = {}
    for name in fields:
        value = message[name]
        values[_NAMES.get(name, name)] = hex_of(value) if isinstance(value, str) else int(value)
    return {"v": 1, "statement": values, "signature": _b64(statement_signature(signed))}


def _consent(row: RoundRow, role: int, key: bytes) -> dict[str, Json]:
    return {
        "commitment": row.commitment,
        "contract_id": row.contract_id,
        "version": row.version,
        "prev": row.prev,
        "role": role,
        "signer_key_hash": key.hex(),
        "expiry": int(row.expiry.timestamp()),
    }


def _intent(work: Work) -> dict[str, Json]:
    """How the worker confirmed his intent; for a passkey the whole assertion, so that anyone can check it."""
    if work.factor != "passkey":
        return {"v": 1, "method": "otp", "nonce": work.nonce}
    response = work.assertion["response"]
    return {
        "v": 1,
        "method": "passkey",
        "nonce": work.nonce,
        "credential_id": _from_url(work.credential["credential_id"]),
        "public_key": work.credential["public_key"],
        "authenticator_data": _from_url(response["authenticatorData"]),
        "client_data_json": _from_url(response["clientDataJSON"]),
        "signature": _from_url(response["signature"]),
    }


def _from_url(text: str) -> str:
    """Standard base64 of a base64url value."""
    return _b64(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
