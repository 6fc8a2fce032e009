"""The statements of a round in the forms that signing, events and evidence share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.kernel.errors import invalid
from api.kernel.events import Json
from api.signing_round.model import RoundState, SignedOff
from api.signing_round.service.work import Work
from api.signing_round.tables import RoundRow
from signing.eip712 import Consent
from signing.x509 import load_certificate


def consent_of(row: RoundRow, role: int, key_hash: bytes) -> Consent:
    """The consent of a round's party."""
    return Consent(
        commitment=bytes.fromhex(row.commitment),
        contract_id=bytes.fromhex(row.contract_id),
        version=row.version,
        prev=bytes.fromhex(row.prev),
        role=role,
        signer_key_hash=key_hash,
        expiry=int(row.expiry.timestamp()),
    )


def signature_facts(
    row: RoundRow, work: Work, token_sha256: str, tsa: str, token_time: datetime, document_sha256: str
) -> dict[str, Json]:
    """What E09 and E10 say alike about a signature."""
    return {
        "commitment": row.commitment,
        "version": row.version,
        "cert_sha256": hashlib.sha256(work.certificate).hexdigest(),
        "certificate_serial": f"{load_certificate(work.certificate).serial_number:x}",
        "algorithm": "ECDSA P-256 SHA-256",
        "token_sha256": token_sha256,
        "tsa": tsa,
        "token_time": token_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "document_sha256": document_sha256,
    }


def answer_of(work: Work) -> SignedOff:
    """The answer that was given when the signature was kept."""
    kept = work.answer
    return SignedOff(
        RoundState(kept["state"]),
        datetime.fromisoformat(kept["signed_at"]),
        datetime.fromisoformat(kept["token_time"]),
    )


def statement_signature(statement: Mapping[str, Any]) -> bytes:
    """The 65 bytes of a statement of the identity service, which gives them in base64."""
    try:
        return base64.b64decode(str(statement["signature"]), validate=True)
    except ValueError as error:
        raise invalid("malformed", pointer="signature") from error
