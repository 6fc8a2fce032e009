"""Bodies and answers of the JSON API. Digests are 64 hex digits, binary is base64, times are UTC."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.kernel.clock import utc_text
from api.kernel.errors import invalid
from api.signing_round.model import Certified, EmployerPrepared, Entered, IntentSent, RoundView, SignedOff


class Body(BaseModel):
    """Requests: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Empty(Body):
    """A request that says nothing more than its address."""


class AttemptBody(Body):
    """Names the preparation."""

    attempt_id: str = Field(max_length=26)


class KeyBody(AttemptBody):
    """The browser's public key: 91 bytes of SubjectPublicKeyInfo."""

    spki: str = Field(max_length=200)


class CertificateBody(AttemptBody):
    """Proof of possession, the intent factor, and the page's release."""

    request_signature: str = Field(max_length=120)
    page_release: str = Field(pattern=r"^[0-9a-f]{64}$")
    otp: str | None = Field(None, pattern=r"^[0-9]{6}$")
    assertion: dict[str, Any] | None = None


class FinishBody(AttemptBody):
    """Both signatures of the browser's key, raw r‖s."""

    attributes_signature: str = Field(max_length=120)
    consent_signature: str = Field(max_length=120)


class EmployerPrepareBody(Body):
    """The wallet that will sign; without it the account's active one."""

    wallet: str | None = Field(None, pattern=r"^0x[0-9a-fA-F]{40}$")


class EmployerFinishBody(AttemptBody):
    """Signatures, or passphrases of keys that the platform holds; each once, none is kept."""

    wallet_signature: str | None = Field(None, pattern=r"^0x[0-9a-fA-F]{130}$")
    wallet_passphrase: str | None = Field(None, max_length=500)
    seal_signature: str | None = Field(None, max_length=200)
    seal_passphrase: str | None = Field(None, max_length=500)
    seal_binding_signature: str | None = Field(None, max_length=200)


class PasskeyOut(BaseModel):
    """Passkeys that may answer."""

    rp_id: str
    credential_ids: list[str]


class IntentOptions(BaseModel):
    """How the intent may be confirmed."""

    otp: bool = True
    phone_hint: str
    passkey: PasskeyOut | None


class EnteredOut(BaseModel):
    """What the signing page checks and shows."""

    attempt_id: str
    lock_until: str
    prepared_url: str
    prepared_sha256: str
    base_pdf_sha256: str
    base_length: int
    commitment_opening: dict[str, Any]
    commitment: str
    domain: dict[str, Any]
    consent: dict[str, Any]
    nonce: str
    intent: IntentOptions
    test: bool

    @classmethod
    def of(cls, entered: Entered, url: str, test: bool) -> EnteredOut:
        """From the service's answer."""
        return cls(
            attempt_id=entered.attempt_id,
            lock_until=utc_text(entered.lock_until),
            prepared_url=url,
            prepared_sha256=entered.prepared_sha256,
            base_pdf_sha256=entered.base_pdf_sha256,
            base_length=entered.base_length,
            commitment_opening=dict(entered.opening),
            commitment=entered.commitment,
            domain=dict(entered.domain),
            consent=dict(entered.consent),
            nonce=entered.nonce,
            intent=IntentOptions(
                phone_hint=entered.phone_hint,
                passkey=PasskeyOut(**entered.passkey) if entered.passkey else None,
            ),
            test=test,
        )


class IntentOut(BaseModel):
    """A one-time password is on its way."""

    sent_to: str
    expires_at: str
    resend_at: str

    @classmethod
    def of(cls, sent: IntentSent) -> IntentOut:
        """From the service's answer."""
        return cls(
            sent_to=sent.sent_to, expires_at=utc_text(sent.expires_at), resend_at=utc_text(sent.resend_at)
        )


class KeyOut(BaseModel):
    """The request (0x30) to sign, and what the page compares."""

    request_info: str
    consent_digest: str
    passkey_challenge: str | None


class CertificateOut(BaseModel):
    """The certificate and the attributes (0x31) to sign."""

    certificate: str
    attributes: str
    not_after: str

    @classmethod
    def of(cls, certified: Certified) -> CertificateOut:
        """From the service's answer."""
        return cls(
            certificate=b64(certified.certificate),
            attributes=b64(certified.attributes),
            not_after=utc_text(certified.not_after),
        )


class SignedOut(BaseModel):
    """A signature that stands."""

    state: str
    signed_at: str
    token_time: str

    @classmethod
    def of(cls, signed: SignedOff) -> SignedOut:
        """From the service's answer."""
        return cls(
            state=signed.state.value,
            signed_at=utc_text(signed.signed_at),
            token_time=utc_text(signed.token_time),
        )


class RoundOut(BaseModel):
    """Where a round stands."""

    round_id: str
    state: str
    closed_reason: str | None
    worker_signed_at: str | None
    employer_signed_at: str | None
    completed_at: str | None
    base_pdf_sha256: str
    final_pdf_sha256: str | None

    @classmethod
    def of(cls, view: RoundView) -> RoundOut:
        """From the service's view."""
        return cls(
            round_id=view.round_id,
            state=view.state.value,
            closed_reason=view.closed_reason,
            worker_signed_at=_text(view.worker_signed_at),
            employer_signed_at=_text(view.employer_signed_at),
            completed_at=_text(view.completed_at),
            base_pdf_sha256=view.base_pdf_sha256,
            final_pdf_sha256=view.final_pdf_sha256,
        )


class SealOut(BaseModel):
    """Where the seal key is, and its certificate."""

    mode: str
    certificate: str


class EmployerPreparedOut(BaseModel):
    """What wallet and seal sign."""

    attempt_id: str
    lock_until: str
    prepared_url: str
    prepared_sha256: str
    typed_data: dict[str, Any]
    attributes: str
    wallet: str
    wallet_mode: str
    seal: SealOut
    seal_binding: str | None

    @classmethod
    def of(cls, prepared: EmployerPrepared, url: str) -> EmployerPreparedOut:
        """From the service's answer."""
        return cls(
            attempt_id=prepared.attempt_id,
            lock_until=utc_text(prepared.lock_until),
            prepared_url=url,
            prepared_sha256=prepared.prepared_sha256,
            typed_data=dict(prepared.typed_data),
            attributes=b64(prepared.attributes),
            wallet=prepared.wallet,
            wallet_mode=prepared.wallet_mode,
            seal=SealOut(mode=prepared.seal_mode, certificate=b64(prepared.seal_certificate)),
            seal_binding=None if prepared.binding is None else b64(prepared.binding),
        )


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def unb64(text: str, field: str) -> bytes:
    """Bytes of a base64 field; 422 naming the field otherwise."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("malformed", pointer=f"/{field}") from error


def optional_b64(text: str | None, field: str) -> bytes | None:
    """As `unb64`, None for an absent field."""
    return None if text is None else unb64(text, field)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
