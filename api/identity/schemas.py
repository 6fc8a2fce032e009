"""Bodies and answers of the JSON API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def plain_text(value: str) -> str:
    """Text that every database and hash can take: no NUL, no lone surrogate."""
    if "\x00" in value or (not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value)):
        raise ValueError("characters that no text can hold")
    return value


Text = Annotated[str, AfterValidator(plain_text)]
Opaque = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,400}$")]


class Body(BaseModel):
    """Strict base of request bodies."""

    model_config = ConfigDict(extra="forbid")


class LoginBody(Body):
    """Password and second factor in one call; `new_password` when the old one is a one-time password."""

    login: Text = Field(max_length=60)
    password: Text = Field(max_length=200)
    totp: Text = Field(max_length=12)
    new_password: Text | None = Field(None, max_length=200)


class LoginAnswer(BaseModel):
    """The session is in the cookie; state-changing calls send `csrf_token` in the header X-CSRF-Token."""

    csrf_token: str
    roles: list[str]
    expires_at: datetime
    home: str


class PasswordBody(Body):
    """Change of one's own password."""

    old: Text = Field(max_length=200)
    new: Text = Field(max_length=200)


class MeAnswer(BaseModel):
    """Who the caller is."""

    kind: str
    display_name: str
    roles: list[str]
    org_id: str | None
    person_id: str | None
    csrf_token: str
    session: str | None
    home: str


class StaffBody(Body):
    """A new account of staff."""

    login: Text = Field(max_length=40)
    display_name: Text = Field(max_length=60)
    roles: list[Text] = Field(max_length=5)
    phone: Text | None = Field(None, max_length=20)


class NewAccountAnswer(BaseModel):
    """Credentials, shown once."""

    account_id: str
    login: str
    one_time_password: str
    totp_uri: str


class AccountAnswer(BaseModel):
    """An account without secrets."""

    account_id: str
    login: str
    display_name: str
    kind: str
    roles: list[str]
    state: str
    last_login_at: datetime | None


class MachineBody(Body):
    """A credential for an employer's own system."""

    label: Text = Field(max_length=80)
    scopes: list[Text] = Field(max_length=4)


class MachineAnswer(BaseModel):
    """A credential; `secret` only in the answer to its creation."""

    credential_id: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    secret: str | None = None


class AcknowledgeBody(Body):
    """The privacy notice was read."""

    version: Text = Field(max_length=20)


class WorkerLoginBody(Body):
    """Name, document, number: confirmed together."""

    acknowledgement_id: Opaque
    name: Text = Field(max_length=60)
    id_kind: Text = Field("resident_id", max_length=30)
    id_number: Text = Field(max_length=30)
    phone: Text = Field(max_length=20)


class CodeBody(Body):
    """The code that came by SMS."""

    check_id: Opaque
    otp: Text = Field(max_length=12)


class CheckBody(Body):
    """A running check."""

    check_id: Opaque


class CheckAnswer(BaseModel):
    """A code is on its way, or so it looks."""

    check_id: str
    phone_masked: str
    resend_after_s: int
    otp_expires_at: datetime
    attempts_left: int


class CredentialBody(Body):
    """What `navigator.credentials.create` returned."""

    registration_id: Opaque
    credential: dict[str, Any]
    label: Text = Field("", max_length=60)


class AssertionBody(Body):
    """What `navigator.credentials.get` returned."""

    login_id: Opaque
    assertion: dict[str, Any]


class OptionsAnswer(BaseModel):
    """Options for the browser's passkey call and the id to hand back with its answer."""

    id: str
    options: dict[str, Any]


class PasskeyAnswer(BaseModel):
    """One passkey."""

    credential_id: str
    label: str
    level: int
    enrolled_at: datetime


class ConsentBody(Body):
    """A consent given."""

    purpose: Text = Field(max_length=40)
    version: Text = Field(max_length=20)


class ConsentAnswer(BaseModel):
    """A consent and whether it still stands."""

    purpose: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None


class AccessAnswer(BaseModel):
    """An authority opened the person's data."""

    at: datetime
    authority: str
    action: str
    contract_id: str | None


class DeskBody(Body):
    """A person before the officer."""

    name: Text = Field(max_length=60)
    id_kind: Text = Field("resident_id", max_length=30)
    id_number: Text = Field(max_length=30)
    phone: Text = Field(max_length=20)
    contract_id: Text | None = Field(None, max_length=64)


class DeskPrepared(BaseModel):
    """What the officer's wallet signs."""

    case_id: str
    typed_data: dict[str, Any]
    signer: str
    signer_kind: str


class DeskSignBody(Body):
    """A signature from outside (0x, 65 bytes), or the keystore's passphrase."""

    signature: Text | None = Field(None, max_length=140)
    passphrase: Text | None = Field(None, max_length=200)


class DeskRecorded(BaseModel):
    """Until when the desk check counts."""

    valid_until: datetime
