"""Bodies and answers of the JSON API. Digests are 64 hex digits, binary is base64, addresses are EIP-55."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.employers.model import Prepared, Signed
from api.employers.tables import OrganisationRow, PictureRow, SealRow, StatementRow
from api.kernel.errors import invalid


class Body(BaseModel):
    """Requests: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class RegistrationBody(Body):
    """An organisation's application."""

    name: str
    uscc: str
    region_code: int
    domicile: str
    legal_representative: str
    id_number: str
    phone: str
    login: str
    id_kind: str = "resident_id"
    demo: bool = False


class PassphraseBody(Body):
    """A passphrase; it is used once and not kept."""

    passphrase: str = Field(max_length=200)


class AddressBody(Body):
    """A wallet address."""

    address: str = Field(max_length=42)


class ProofBody(Body):
    """The signature over a wallet challenge."""

    challenge_id: str
    signature: str


class KeystoreBody(Body):
    """A V3 keystore."""

    keystore: dict[str, Any]


class AgentBody(Body):
    """A new agent."""

    name: str
    phone: str
    id_number: str
    login: str


class GrantBody(Body):
    """An agent's authority."""

    account_id: str
    wallet: str
    scope: int
    valid_until: datetime


class RevocationBody(Body):
    """The end of an agent's authority."""

    account_id: str
    reason: str


class SubmitBody(Body):
    """Either the wallet's signature or the keystore's passphrase."""

    signature: str | None = None
    passphrase: str | None = Field(None, max_length=200)


class SealBody(Body):
    """Either a passphrase for a key kept here, or a PKCS#10 request (base64 DER) by an external key."""

    passphrase: str | None = Field(None, max_length=200)
    request: str | None = None


class VerificationBody(Body):
    """The desk's word on a code whose check fails."""

    uscc_confirmed: bool = False
    note: str = ""


class ReasonBody(Body):
    """A reason."""

    reason: str


class DisputeBody(Body):
    """Decision on a claim: refuse or uphold."""

    decision: str
    note: str


class PictureDecision(Body):
    """Decision on a seal picture."""

    approve: bool


class AccountOut(BaseModel):
    """Credentials of a new account, shown once."""

    account_id: str
    login: str
    one_time_password: str
    totp_uri: str


class RegisteredOut(BaseModel):
    """Outcome of a registration."""

    org_id: str
    state: str
    uscc_check: str
    account: AccountOut


class OrganisationOut(BaseModel):
    """An organisation for its own people and for the desk."""

    org_id: str
    name: str
    uscc: str
    uscc_check: str
    kind: str
    region_code: int
    domicile: str
    state: str
    reason: str | None
    representative_wallet: str | None
    disputes: str | None
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: OrganisationRow) -> OrganisationOut:
        """From its row."""
        return cls(
            org_id=row.org_id,
            name=row.name,
            uscc=row.uscc,
            uscc_check="passed" if row.uscc_passed else "failed",
            kind=row.kind,
            region_code=row.region_code,
            domicile=row.domicile,
            state=row.state,
            reason=row.reason,
            representative_wallet=row.representative_wallet,
            disputes=row.disputes,
            created_at=row.created_at,
            decided_at=row.decided_at,
        )


class MaterialOut(BaseModel):
    """An uploaded document."""

    kind: str
    media_type: str
    sha256: str
    size: int


class WalletOut(BaseModel):
    """A wallet; the keystore document is given to its holder only."""

    address: str
    kind: str
    state: str
    keystore: dict[str, Any] | None = None


class ChallengeOut(BaseModel):
    """A text to be signed with personal_sign (EIP-191)."""

    challenge_id: str
    text: str
    expires_at: datetime


class AgentOut(BaseModel):
    """An agent as the representative sees him."""

    account_id: str
    name: str
    login: str
    active: bool
    wallet: str | None
    scope: int | None
    valid_until: datetime | None
    expired: bool


class PreparedOut(BaseModel):
    """A statement ready to be signed with eth_signTypedData_v4."""

    statement_id: str
    org_id: str
    type: str
    typed_data: dict[str, Any]
    digest: str
    signer: str
    signer_kind: str
    expires_at: datetime

    @classmethod
    def of(cls, prepared: Prepared) -> PreparedOut:
        """From the service's value."""
        return cls(**{**vars(prepared), "typed_data": dict(prepared.typed_data)})


class SignedOut(BaseModel):
    """A signed statement and the id of its call to the registry."""

    statement_id: str
    org_id: str
    type: str
    state: str = "signed"
    call_id: str
    signed_at: datetime

    @classmethod
    def of(cls, signed: Signed) -> SignedOut:
        """From the service's value."""
        return cls(**vars(signed))


class StatementOut(BaseModel):
    """A statement in the organisation's list."""

    statement_id: str
    type: str
    message: dict[str, Any]
    digest: str
    signer: str
    signed_at: datetime | None
    call_id: str | None

    @classmethod
    def of(cls, row: StatementRow) -> StatementOut:
        """From its row."""
        return cls(
            statement_id=row.statement_id,
            type=row.type,
            message=row.message,
            digest=row.digest,
            signer=row.signer,
            signed_at=row.signed_at,
            call_id=row.call_id,
        )


class SealOut(BaseModel):
    """A seal."""

    mode: str
    certificate: str
    spki_sha256: str
    in_use: bool

    @classmethod
    def of(cls, row: SealRow) -> SealOut:
        """From its row."""
        return cls(
            mode=row.mode,
            certificate=base64.b64encode(row.certificate).decode("ascii"),
            spki_sha256=row.spki_sha256,
            in_use=row.named_at is not None,
        )


class SealsOut(BaseModel):
    """The seal in use, one that waits to be named on chain, and the state of the picture."""

    current: SealOut | None
    waiting: SealOut | None
    picture: str

    @classmethod
    def of(cls, current: SealRow | None, waiting: SealRow | None, picture: PictureRow | None) -> SealsOut:
        """From rows."""
        return cls(
            current=SealOut.of(current) if current else None,
            waiting=SealOut.of(waiting) if waiting else None,
            picture=picture.state if picture else "none",
        )


class DossierOut(BaseModel):
    """What the desk reads of an application."""

    organisation: OrganisationOut
    legal_representative: str
    id_kind: str
    id_number: str
    contact_phone: str
    body_check: bool
    materials: list[MaterialOut]
    missing: list[str]
    disputed: OrganisationOut | None
    claims: list[OrganisationOut]
    picture: str
    replacement_for: str | None


def signature_bytes(text: str | None) -> bytes | None:
    """65 bytes of `0x…`; None stays None. Raises DomainError `employers.signature_form`."""
    if text is None or text == "":
        return None
    try:
        data = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        data = b""
    if len(data) != 65:
        raise invalid("employers.signature_form", pointer="/signature")
    return data


def request_bytes(text: str | None) -> bytes | None:
    """DER of a PKCS#10 request given as base64 or PEM. Raises DomainError `employers.request_form`."""
    if text is None or not text.strip():
        return None
    lines = [line for line in text.strip().splitlines() if not line.startswith("-----")]
    try:
        return base64.b64decode("".join(lines), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("employers.request_form", pointer="/request") from None
