"""What this slice needs of others, stated in its own terms; `api.bootstrap.econtract` binds it.

Methods that take a `session` are part of the caller's transaction; the others open their own and may be slow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from api.econtract.figures import LocalFigures
from api.kernel.calendars import Workdays
from api.kernel.events import EventRef, Json

SCOPE_DRAFT = 1
SCOPE_SEND = 2
SCOPE_SIGN = 4


@dataclass(frozen=True)
class Organisation:
    """An employer as a contract names it. Region is the code of its seat."""

    org_id: str
    name: str
    uscc: str
    address: str
    representative: str
    region: str
    demo: bool = False


@dataclass(frozen=True)
class WalletChoice:
    """A wallet an agent may sign with. Kind: keystore (here, unlocked per signature) or external."""

    address: str
    kind: str


class Employers(Protocol):
    """Organisations and their agents' authority."""

    def organisation(self, org_id: str) -> Organisation:
        """Raises DomainError not_found."""
        ...

    def require(self, org_id: str, account_id: str, scope: int) -> None:
        """Raises DomainError forbidden unless the account may do this for a verified organisation now."""
        ...

    def registration_event(self, session: Any, org_id: str) -> EventRef:
        """E01 of the organisation; raises conflict when it is not verified."""
        ...

    def signing_accounts(self, org_id: str) -> Sequence[str]:
        """Accounts that may sign for the organisation now."""
        ...

    def wallets(self, account_id: str) -> Sequence[WalletChoice]:
        """The account's active wallets."""
        ...


@dataclass(frozen=True)
class RoundRequest:
    """One document to be signed by worker and employer."""

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
class RoundOpened:
    """A round that waits for the worker; digests as 64 hex characters."""

    round_id: str
    commitment: str
    clause_root: str
    base_pdf_sha256: str
    template_sha256: str
    renderer_id: str


@dataclass(frozen=True)
class Opener:
    """Who opens a sealed text, and why; `session` of a person, or the process itself."""

    actor: str
    role: str
    purpose: str


@dataclass(frozen=True)
class WorkerAdmission:
    """A worker who was identified and agreed to the electronic form."""

    person_id: str
    name: str
    session_id: str


class SigningRounds(Protocol):
    """Documents on their way through two signatures."""

    def prepare(self, request: RoundRequest) -> object:
        """Renders and commits (slow, no transaction); raises DomainError invalid naming what can't be rendered."""
        ...

    def open_round(self, session: Any, prepared: object) -> RoundOpened:
        """Stores the prepared round; the worker's steps wait for `admit_worker`."""
        ...

    def admit_worker(self, session: Any, round_id: str, admission: WorkerAdmission) -> None:
        """Lets the identified worker enter the signing screen."""
        ...

    def close_round(self, session: Any, round_id: str, reason: str) -> None:
        """Ends a round; raises conflict when it is too late. Reasons: rejected, change_requested, recalled, expired,
        withdrawn, declined."""
        ...

    def base_pdf(self, round_id: str, opener: Opener) -> bytes:
        """The text as sent, without signatures."""
        ...

    def current_pdf(self, round_id: str, opener: Opener) -> bytes:
        """The last whole revision."""
        ...

    def page_image(self, round_id: str, number: int, opener: Opener, *, final: bool) -> bytes:
        """One page as PNG, counted from 1; raises not_found beyond the last."""
        ...


class Preview(Protocol):
    """Renders a draft without opening a round."""

    def render(self, template_id: str, data: Mapping[str, Json]) -> bytes:
        """A PDF; raises DomainError invalid naming the character or limit."""
        ...


@dataclass(frozen=True)
class CheckStarted:
    """An identity check under way; looks the same whether the person matched or not."""

    check_id: str
    phone_masked: str
    resend_after_s: int
    otp_expires_at: datetime
    attempts_left: int


@dataclass(frozen=True)
class WorkerIdentified:
    """A confirmed worker: his opaque person id, the E02 event, and his new session."""

    person_id: str
    event: EventRef
    session_token: str
    csrf_token: str
    session_id: str
    expires_at: datetime


@dataclass(frozen=True)
class IdentityForm:
    """What a worker typed on screen one, and what the contract says."""

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
class WorkerSession:
    """A worker's signing session. State: live, superseded, expired."""

    session_id: str
    person_id: str
    invitation_id: str
    state: str
    expires_at: datetime


class Identities(Protocol):
    """Who a worker is."""

    def acknowledge_privacy(self, contract_id: str, version: str, *, visitor: str) -> str:
        """Records that the privacy notice was shown; returns its id."""
        ...

    def start_check(self, form: IdentityForm) -> CheckStarted:
        """Asks provider and sends the OTP; errors never say which element was wrong."""
        ...

    def resend(self, check_id: str, *, contract_id: str) -> CheckStarted:
        """Sends another OTP; earlier ones stay valid for their time."""
        ...

    def confirm_check(self, check_id: str, otp: str, *, contract_id: str) -> WorkerIdentified:
        """Raises DomainError when the code or the person doesn't fit, without saying which."""
        ...

    def signing_session(self, session_id: str) -> WorkerSession | None:
        """The worker session behind a cookie, or None."""
        ...

    def session_state(self, invitation_id: str, session_id: str | None) -> str:
        """none, mine, elsewhere or expired."""
        ...

    def phone(self, session: Any, person_id: str) -> str | None:
        """The person's confirmed number: notices about a contract go there, not to what the employer typed."""
        ...

    def record_access(self, session: Any, person_id: str, authority: str, contract_id: str) -> None:
        """Notes an authority's reading where the person sees it."""
        ...

    def report_not_me(
        self, session: Any, *, contract_id: str, person_id: str | None, note: str, via: str
    ) -> None:
        """Records the report and publishes `WorkerDisputed`."""
        ...


@dataclass(frozen=True)
class Message:
    """A message to one person: template and its facts; `about` is the contract's hex id.

    `secrets` (links, codes) are used when the text is made and shown to no page and no log.
    """

    template: str
    about: str
    values: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    phone: str | None = None
    person_id: str | None = None
    account_id: str | None = None


class Notifications(Protocol):
    """Messages with receipts and retry."""

    def queue(self, session: Any, message: Message) -> str:
        """Queues a message in the caller's transaction; returns its id."""
        ...


class LocalParameters(Protocol):
    """Dated local figures."""

    def figures(self, region: str, seat_region: str, day: date) -> LocalFigures:
        """Minimum wages for the place of work and the employer's seat on `day`."""
        ...

    def workdays(self) -> Workdays:
        """The calendar of working days."""
        ...

    def days(self, name: str, day: date) -> int:
        """A period in days: worker_deadline_days, employer_alarm_workdays, employer_deadline_workdays."""
        ...


@dataclass(frozen=True)
class AnchorState:
    """How far a stream's events are on chain."""

    state: str = "pending"
    anchored: int = 0
    total: int = 0
    events: Sequence[Mapping[str, Json]] = field(default_factory=tuple)


class Anchors(Protocol):
    """What the log knows of a stream."""

    def stream(self, stream: str) -> AnchorState:
        """Events of the stream with their anchoring state, in order."""
        ...
