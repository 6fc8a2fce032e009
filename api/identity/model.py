"""What the slice speaks about: accounts, persons, sessions, identified workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.kernel.events import EventRef

STAFF_ROLES = frozenset(
    {
        "operator", "review_officer", "regulator", "court", "auditor", "risk_analyst", "risk_director",
        "street_officer",
    }
)  # fmt: skip
EMPLOYER_ROLES = frozenset({"representative", "agent"})
MACHINE_SCOPES = frozenset({"read", "draft", "send", "sign"})
CONSENT_PURPOSES = frozenset({"real_person_check", "email_notice", "wechat_notice"})
"""What rests on a consent of its own (PIPL art. 29); everything else rests on duty or contract."""


@dataclass(frozen=True)
class NewAccount:
    """A fresh account's credentials, shown once."""

    account_id: str
    login: str
    one_time_password: str
    totp_uri: str


@dataclass(frozen=True)
class Account:
    """A login of staff or of an employer's person."""

    account_id: str
    login: str
    display_name: str
    kind: str
    roles: frozenset[str]
    org_id: str | None
    state: str
    must_change_password: bool
    last_login_at: datetime | None


@dataclass(frozen=True)
class LoginOutcome:
    """What a login step led to: `second_factor`, `password_change` or `done`; the token goes into the cookie."""

    step: str
    token: str
    csrf_token: str
    roles: frozenset[str]
    expires_at: datetime


@dataclass(frozen=True)
class Person:
    """A worker as others may see him; clear data only through `PersonService.open`, which is audited."""

    person_id: str
    name: str
    id_number_masked: str
    phone_masked: str
    demo: bool


@dataclass(frozen=True)
class ClearPerson:
    """A worker's data in clear."""

    person_id: str
    name: str
    id_kind: str
    id_number: str
    phone: str


@dataclass(frozen=True)
class StartIdentity:
    """The first screen as filled in, and what the contract expects."""

    contract_id: str
    commitment: str
    invitation_id: str
    acknowledgement_id: str
    expected_name: str
    expected_id_number: str
    name: str
    id_number: str
    phone: str
    id_kind: str = "resident_id"


@dataclass(frozen=True)
class CheckStarted:
    """A code is on its way, or so it looks; the same whether the person matched or not."""

    check_id: str
    phone_masked: str
    resend_after_s: int
    otp_expires_at: datetime
    attempts_left: int


@dataclass(frozen=True)
class WorkerIdentified:
    """An identified worker with his signing session; `event` is E02, cited by the contract's next events."""

    person_id: str
    subject: str
    level: int
    factors: int
    statement: Mapping[str, Any]
    event: EventRef
    check_id: str
    session_id: str
    session_token: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True)
class SigningSession:
    """A worker's signing session: 60 minutes, one at a time per person and invitation."""

    session_id: str
    person_id: str
    contract_id: str
    invitation_id: str
    check_id: str
    service_session: str
    commitment: str
    subject: str
    level: int
    check_statement: Mapping[str, Any]
    check_digest: str
    event: EventRef
    expires_at: datetime
    state: str


@dataclass(frozen=True)
class PasskeyView:
    """One of a person's passkeys."""

    credential_id: str
    label: str
    level: int
    enrolled_at: datetime
    event: EventRef | None


@dataclass(frozen=True)
class MachineView:
    """A machine credential without its secret."""

    credential_id: str
    label: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class AccessView:
    """A reading of a person's data by an authority, as the person sees it."""

    at: datetime
    authority: str
    action: str
    contract_id: str | None


@dataclass(frozen=True)
class ConsentView:
    """A consent given and perhaps withdrawn."""

    purpose: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None
