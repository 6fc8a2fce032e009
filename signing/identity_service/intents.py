"""Signing intents and key statements: one intent, verified here, gives one Attestation for one key.

An intent is bound to {commitment, session, nonce}. With a passkey the challenge is
SHA-256("concord-wa-v1" ‖ Consent digest ‖ SHA-256(SPKI) ‖ nonce), which this service computes itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signing.eip712 import ROLE_WORKER, Attestation, Consent, digest, message
from signing.errors import SigningError
from signing.identity_service.checks import Checks, Desk
from signing.identity_service.codes import Issued
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.passkeys import Passkeys
from signing.identity_service.store import Row, Transaction
from signing.p256 import PublicKey
from signing.webauthn_check import signing_challenge

INTENT_TEXT = (
    "验证码{code}，5分钟内有效，用于确认签署劳动合同（识别码{tag}）。输入即表示您本人同意签署，请勿告知他人。"
)


@dataclass(frozen=True)
class IntentRequest:
    """What is about to be signed; digests as 64 hex characters, expiry in unix seconds."""

    check_id: str
    session: str
    nonce: str
    commitment: str
    contract_id: str
    version: int
    prev: str
    expiry: int
    method: str


class Intents:
    """Open, resend, attest."""

    def __init__(self, desk: Desk, checks: Checks, passkeys: Passkeys) -> None:
        self._d = desk
        self._checks = checks
        self._passkeys = passkeys

    def open(self, request: IntentRequest) -> dict[str, Any]:
        """Store an intent; by code: send one. Raises intent_mismatch, passkey_missing, check_expired, rate_limited."""
        d, intent_id = self._d, secrets.token_hex(16)
        issued: Issued | None = None
        with d.store.transaction() as tx:
            check = self._checks.valid(tx, request.check_id, request.session)
            if (check["commitment"], check["contract_id"]) != (request.commitment, request.contract_id):
                raise IdentityRefused("identity.intent_mismatch")
            keys = self._passkeys.living(tx, check["person_ref"])
            if request.method == "passkey" and not keys:
                raise IdentityRefused("identity.passkey_missing")
            now = int(d.clock())
            tx.insert(
                "intent",
                id=intent_id,
                check_id=request.check_id,
                nonce=request.nonce,
                version=request.version,
                prev=request.prev,
                expiry=request.expiry,
                method=request.method,
                tries=0,
                state="open",
                created_at=now,
            )
            if request.method == "otp":
                issued = d.codes.issue(tx, intent_id, check["phone_hash"])
            d.audit(tx, "intent.opened", intent_id, check=request.check_id, method=request.method)
        if issued is not None:
            self._deliver(check, issued)
        return {
            "intent_id": intent_id,
            "method": request.method,
            "expires_at": now + d.limits.intent_seconds,
            "otp_expires_at": issued.expires_at if issued else None,
            "resend_after": issued.resend_after if issued else None,
            "phone_masked": check["phone_masked"],
            "credentials": [row["credential_id"] for row in keys],
            "rp_id": self._passkeys.rp_id,
        }

    def resend(self, intent_id: str, session: str) -> dict[str, Any]:
        """Another code for an open intent; earlier ones stay valid."""
        d = self._d
        with d.store.transaction() as tx:
            intent, check = self._own(tx, intent_id, session)
            self._living(intent)
            if intent["method"] != "otp":
                raise IdentityRefused("identity.intent_mismatch")
            issued = d.codes.issue(tx, intent_id, check["phone_hash"])
        self._deliver(check, issued)
        return {
            "intent_id": intent_id,
            "otp_expires_at": issued.expires_at,
            "resend_after": issued.resend_after,
            "phone_masked": check["phone_masked"],
        }

    def attest(
        self,
        intent_id: str,
        *,
        session: str,
        nonce: str,
        spki: bytes,
        otp: str | None,
        assertion: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """Verify the intent and sign the key statement, once per intent.

        The same key with the same factor again gives the same statement (an answer may get lost); another key is
        identity.intent_used. A wrong code counts; five end the intent.
        """
        try:
            key = PublicKey.from_spki(spki)
        except SigningError as exc:
            raise IdentityRefused("identity.input_invalid", field="spki") from exc
        d = self._d
        with d.store.transaction() as tx:
            intent, check = self._own(tx, intent_id, session)
            if not hmac.compare_digest(intent["nonce"], nonce):
                raise IdentityRefused("identity.intent_mismatch")
            factor = self._factor_hash(intent_id, intent["method"], otp, assertion)
            if intent["state"] == "attested":
                return self._again(tx, intent, check, spki, factor)
            self._living(intent)
            if intent["method"] == "otp":
                if d.codes.matches(tx, intent_id, otp or ""):
                    return self._sign(tx, intent, check, key, factor, credential=None)
                left = d.limits.code_tries - intent["tries"] - 1
                tx.update(
                    "intent",
                    "id",
                    intent_id,
                    tries=intent["tries"] + 1,
                    state="open" if left > 0 else "failed",
                )
                d.audit(tx, "intent.refused", intent_id, attempts_left=left)
            else:
                challenge = signing_challenge(
                    self._consent_digest(intent, check, key), spki, bytes.fromhex(nonce)
                )
                row = self._passkeys.verify(tx, assertion or {}, challenge, check["person_ref"])
                return self._sign(tx, intent, check, key, factor, credential=row)
        # Reached only with a wrong code: its count is committed above and must not be undone by the refusal.
        if left > 0:
            raise IdentityRefused("identity.code_wrong", attempts_left=left)
        raise IdentityRefused("identity.intent_expired", attempts_left=0)

    # ---------------------------------------------------------------- details

    def _deliver(self, check: Row, issued: Issued) -> None:
        # The tag lets the signatory see that the text belongs to what the page shows; a digest's tail reveals nothing.
        text = INTENT_TEXT.replace("{tag}", check["commitment"][-6:].upper())
        self._d.codes.deliver(issued, self._d.seal.open(check["phone_sealed"]), text)

    def _own(self, tx: Transaction, intent_id: str, session: str) -> tuple[Row, Row]:
        intent = tx.one("SELECT * FROM intent WHERE id=?", intent_id)
        if intent is None:
            raise IdentityRefused("identity.intent_unknown")
        return intent, self._checks.valid(tx, intent["check_id"], session)

    def _living(self, intent: Row) -> None:
        late = self._d.clock() > intent["created_at"] + self._d.limits.intent_seconds
        if intent["state"] != "open" or late:
            raise IdentityRefused("identity.intent_expired")

    def _factor_hash(
        self, intent_id: str, method: str, otp: str | None, assertion: Mapping[str, Any] | None
    ) -> str:
        if method == "otp":
            return self._d.names.code(intent_id, otp or "")
        shown = json.dumps(assertion, sort_keys=True, default=str)
        return hashlib.sha256(shown.encode()).hexdigest()

    def _consent_digest(self, intent: Row, check: Row, key: PublicKey) -> bytes:
        consent = Consent(
            commitment=bytes.fromhex(check["commitment"]),
            contract_id=bytes.fromhex(check["contract_id"]),
            version=intent["version"],
            prev=bytes.fromhex(intent["prev"]),
            role=ROLE_WORKER,
            signer_key_hash=key.key_hash,
            expiry=intent["expiry"],
        )
        return digest(self._d.issuer.domain, consent)

    def _sign(
        self, tx: Transaction, intent: Row, check: Row, key: PublicKey, factor: str, credential: Row | None
    ) -> dict[str, Any]:
        d, now = self._d, int(self._d.clock())
        level = check["level"] if credential is None else min(check["level"], credential["level"])
        statement = self._statement(check, key.key_hash, level, now)
        signed = d.issuer.sign(statement)
        tx.update(
            "intent",
            "id",
            intent["id"],
            state="attested",
            spki=key.spki,
            factor_hash=factor,
            credential_id=credential["credential_id"] if credential else None,
            level=level,
            time=now,
            digest=signed.digest.hex(),
            signature=signed.signature,
        )
        d.codes.spent(tx, intent["id"])
        d.audit(tx, "intent.attested", intent["id"], level=level, method=intent["method"])
        return self._answer(statement, signed.digest.hex(), signed.signature, intent["method"], credential)

    def _again(self, tx: Transaction, intent: Row, check: Row, spki: bytes, factor: str) -> dict[str, Any]:
        if intent["spki"] != spki:
            raise IdentityRefused("identity.intent_used")
        if not hmac.compare_digest(intent["factor_hash"], factor):
            raise IdentityRefused("identity.intent_expired")
        key = PublicKey.from_spki(spki)
        statement = self._statement(check, key.key_hash, intent["level"], intent["time"])
        credential = None
        if intent["credential_id"]:
            credential = tx.one("SELECT * FROM passkey WHERE credential_id=?", intent["credential_id"])
        return self._answer(statement, intent["digest"], intent["signature"], intent["method"], credential)

    @staticmethod
    def _statement(check: Row, key_hash: bytes, level: int, time: int) -> Attestation:
        return Attestation(
            commitment=bytes.fromhex(check["commitment"]),
            contract_id=bytes.fromhex(check["contract_id"]),
            signer_key_hash=key_hash,
            subject=bytes.fromhex(check["subject"]),
            level=level,
            check_digest=bytes.fromhex(check["digest"]),
            time=time,
        )

    def _answer(
        self, statement: Attestation, digest_hex: str, signature: bytes, factor: str, credential: Row | None
    ) -> dict[str, Any]:
        return {
            "message": message(statement),
            "digest": digest_hex,
            "signature": base64.b64encode(signature).decode(),
            "issuer": self._d.issuer.address,
            "factor": factor,
            "credential": None if credential is None else self._passkeys.shown(credential),
        }
