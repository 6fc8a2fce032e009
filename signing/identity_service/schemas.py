"""Request bodies of the identity service. Unknown fields are refused; digests are 64 lower-case hex characters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Ident = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Session = Annotated[str, StringConstraints(min_length=16, max_length=200)]
Typed = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Base64 = Annotated[str, StringConstraints(max_length=4096)]


class Body(BaseModel):
    """Strict base of all bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ClaimBody(Body):
    """The elements a person claims."""

    name: Typed
    id_kind: Typed = "resident_id"
    id_number: Typed
    phone: Typed


class CheckBody(ClaimBody):
    """Start of an identity check."""

    purpose: Literal["contract", "login"]
    session: Session
    commitment: Hex32 | None = None
    contract_id: Hex32 | None = None
    shared_with: tuple[Literal["agent", "representative", "worker"], ...] = ()
    expected_match: bool = True


class SessionBody(Body):
    """A step of a running session."""

    session: Session


class ConfirmBody(SessionBody):
    """The code that came by SMS."""

    otp: Typed


class DisputeBody(Body):
    """'This was not me'."""

    reason: Typed


class IntentBody(SessionBody):
    """What is about to be signed."""

    check_id: Ident
    nonce: Hex32
    commitment: Hex32
    contract_id: Hex32
    version: int = Field(ge=1, le=2**32 - 1)
    prev: Hex32
    expiry: int = Field(ge=0, lt=2**53)
    method: Literal["otp", "passkey"]


class AttestBody(SessionBody):
    """The key to be attested and the intent's factor."""

    nonce: Hex32
    spki: Base64
    otp: Typed | None = None
    assertion: dict[str, Any] | None = None


class PasskeyOptionsBody(SessionBody):
    """Start of an enrolment."""

    check_id: Ident
    display_name: Typed


class PasskeyBody(SessionBody):
    """What `navigator.credentials.create` returned."""

    registration_id: Ident
    credential: dict[str, Any]


class AssertionBody(Body):
    """What `navigator.credentials.get` returned."""

    assertion: dict[str, Any]


class DeskBody(ClaimBody):
    """An officer's signed statement."""

    time: int = Field(ge=0, lt=2**53)
    nonce: Hex32
    signature: Base64
