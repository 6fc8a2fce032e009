"""Typed client of the identity service for the platform (sync httpx). Digests are 64 lower-case hex characters."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import httpx

UNAVAILABLE = "identity.service_unavailable"


class IdentityServiceError(Exception):
    """The service refused (`code` of its table, HTTP `status`, `facts`) or did not answer (`code` UNAVAILABLE)."""

    def __init__(self, code: str, status: int, facts: Mapping[str, Any]) -> None:
        super().__init__(f"{code} ({status})")
        self.code = code
        self.status = status
        self.facts = dict(facts)

    @property
    def unavailable(self) -> bool:
        """Nobody decided anything: trying again may help."""
        return self.status == 503


@dataclass(frozen=True)
class StartCheck:
    """What a person typed, and what the platform knows about the number."""

    purpose: str
    session: str
    name: str
    id_number: str
    phone: str
    id_kind: str = "resident_id"
    commitment: str | None = None
    contract_id: str | None = None
    shared_with: tuple[str, ...] = ()
    expected_match: bool = True


@dataclass(frozen=True)
class CheckStarted:
    """A code is on its way, or so it looks."""

    check_id: str
    phone_masked: str
    resend_after: int
    otp_expires_at: int
    attempts_left: int


@dataclass(frozen=True)
class SignedStatement:
    """An EIP-712 message as typed data has it, its digest (hex) and the issuer's 65-byte signature (base64)."""

    message: dict[str, Any]
    digest: str
    signature: str
    issuer: str

    @property
    def signature_bytes(self) -> bytes:
        """r ‖ s ‖ v."""
        return base64.b64decode(self.signature)

    def to_json(self) -> dict[str, Any]:
        """As it stands in events, requests to the CA and evidence packages."""
        return asdict(self)


@dataclass(frozen=True)
class ProviderRecord:
    """The provider's result and trace number."""

    name: str
    trace_no: str
    result: str
    test: bool


@dataclass(frozen=True)
class CheckConfirmed:
    """A confirmed person. `statement` is None for a login."""

    check_id: str
    person_ref: str
    subject: str | None
    level: int
    factors: int
    shared_phone: bool
    phone_usable_from: int | None
    valid_until: int
    provider: ProviderRecord | None
    statement: SignedStatement | None
    credentials: tuple[str, ...]


@dataclass(frozen=True)
class OpenIntent:
    """What is about to be signed."""

    check_id: str
    session: str
    nonce: str
    commitment: str
    contract_id: str
    version: int
    prev: str
    expiry: int
    method: str


@dataclass(frozen=True)
class IntentOpened:
    """An intent; for a code when it may be asked again and until when it is valid, for a passkey which ones."""

    intent_id: str
    method: str
    expires_at: int
    otp_expires_at: int | None
    resend_after: int | None
    phone_masked: str
    credentials: tuple[str, ...]
    rp_id: str


@dataclass(frozen=True)
class IntentResent:
    """A further code is on its way."""

    intent_id: str
    otp_expires_at: int
    resend_after: int
    phone_masked: str


@dataclass(frozen=True)
class Passkey:
    """A credential: COSE key and SPKI in base64; the digest is what an identity event commits."""

    credential_id: str
    public_key: str
    spki: str
    credential_digest: str
    level: int
    enrolled_at: int


@dataclass(frozen=True)
class Attested:
    """The key statement, and by which factor the intent was verified."""

    statement: SignedStatement
    factor: str
    credential: Passkey | None


@dataclass(frozen=True)
class LoggedIn:
    """Who logged in by passkey."""

    person_ref: str
    level: int
    credential_id: str


@dataclass(frozen=True)
class DeskRecorded:
    """A desk check on record."""

    desk_check_id: str
    person_ref: str
    officer: str
    valid_until: int


class IdentityServiceClient:
    """One method per route; every method raises IdentityServiceError."""

    def __init__(
        self, base_url: str, token: str, timeout: float = 20.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/v1",
            headers={"authorization": f"Bearer {token}"},
            timeout=timeout,
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as exc:
            raise IdentityServiceError(UNAVAILABLE, 503, {}) from exc
        if answer.status_code == 204:
            return None
        try:
            data = answer.json()
        except ValueError as exc:
            raise IdentityServiceError(UNAVAILABLE, 503, {}) from exc
        if answer.is_success:
            return data
        code = str(data.get("code", UNAVAILABLE)) if isinstance(data, dict) else UNAVAILABLE
        facts = data.get("facts", {}) if isinstance(data, dict) else {}
        if answer.status_code >= 500:
            raise IdentityServiceError(code if code != "identity.internal" else UNAVAILABLE, 503, facts)
        raise IdentityServiceError(code, answer.status_code, facts)

    def info(self) -> dict[str, Any]:
        """Issuer, domain, origin, officers."""
        data: dict[str, Any] = self._call("GET", "/info")
        return data

    # ------------------------------------------------------------------- checks

    def start_check(self, start: StartCheck) -> CheckStarted:
        """Have the three elements confirmed and a code sent."""
        return CheckStarted(**self._call("POST", "/checks", asdict(start)))

    def resend_check(self, check_id: str, session: str) -> CheckStarted:
        """Another code."""
        return CheckStarted(**self._call("POST", f"/checks/{quote(check_id)}/resend", {"session": session}))

    def confirm_check(self, check_id: str, session: str, otp: str) -> CheckConfirmed:
        """Hand in the code; repeatable."""
        data = self._call("POST", f"/checks/{quote(check_id)}/confirm", {"session": session, "otp": otp})
        provider = data.pop("provider")
        statement = data.pop("statement")
        return CheckConfirmed(
            **(data | {"credentials": tuple(data["credentials"])}),
            provider=None if provider is None else ProviderRecord(**provider),
            statement=None if statement is None else SignedStatement(**statement),
        )

    def dispute_check(self, check_id: str, reason: str) -> None:
        """'This was not me': nothing is attested on the check any more."""
        self._call("POST", f"/checks/{quote(check_id)}/dispute", {"reason": reason})

    # ------------------------------------------------------------------ intents

    def open_intent(self, intent: OpenIntent) -> IntentOpened:
        """Open a signing intent; by code, one is sent."""
        data = self._call("POST", "/intents", asdict(intent))
        return IntentOpened(**(data | {"credentials": tuple(data["credentials"])}))

    def resend_intent(self, intent_id: str, session: str) -> IntentResent:
        """Another code."""
        return IntentResent(**self._call("POST", f"/intents/{quote(intent_id)}/resend", {"session": session}))

    def attest(
        self,
        intent_id: str,
        *,
        session: str,
        nonce: str,
        spki: bytes,
        otp: str | None = None,
        assertion: Mapping[str, Any] | None = None,
    ) -> Attested:
        """The key statement for `spki` (91 bytes, P-256), once per intent; repeatable with the same key and factor."""
        body: dict[str, Any] = {"session": session, "nonce": nonce, "spki": base64.b64encode(spki).decode()}
        body |= {"otp": otp} if otp is not None else {"assertion": dict(assertion or {})}
        data = self._call("POST", f"/intents/{quote(intent_id)}/attest", body)
        credential = data.pop("credential")
        factor = data.pop("factor")
        return Attested(
            SignedStatement(**data), factor, None if credential is None else Passkey(**credential)
        )

    # ----------------------------------------------------------------- passkeys

    def passkey_options(self, check_id: str, session: str, display_name: str) -> tuple[str, dict[str, Any]]:
        """(registration id, options for `navigator.credentials.create`)."""
        body = {"check_id": check_id, "session": session, "display_name": display_name}
        data = self._call("POST", "/passkeys/options", body)
        return data["registration_id"], data["options"]

    def enrol_passkey(self, registration_id: str, session: str, credential: Mapping[str, Any]) -> Passkey:
        """Keep a new credential; repeatable."""
        body = {"registration_id": registration_id, "session": session, "credential": dict(credential)}
        return Passkey(**self._call("POST", "/passkeys", body))

    def passkeys(self, person_ref: str) -> list[Passkey]:
        """Living credentials."""
        return [Passkey(**item) for item in self._call("GET", f"/persons/{quote(person_ref)}/passkeys")]

    def revoke_passkey(self, person_ref: str, credential_id: str) -> None:
        """End a credential."""
        self._call("DELETE", f"/persons/{quote(person_ref)}/passkeys/{quote(credential_id)}")

    def begin_login(self) -> tuple[str, dict[str, Any]]:
        """(login id, options for `navigator.credentials.get`)."""
        data = self._call("POST", "/logins", {})
        return data["login_id"], data["options"]

    def finish_login(self, login_id: str, assertion: Mapping[str, Any]) -> LoggedIn:
        """Who answered the challenge."""
        return LoggedIn(**self._call("POST", f"/logins/{quote(login_id)}", {"assertion": dict(assertion)}))

    # ------------------------------------------------------------------ persons

    def person(self, person_ref: str) -> dict[str, Any]:
        """Masked number, level, last confirmation, pending change of number."""
        data: dict[str, Any] = self._call("GET", f"/persons/{quote(person_ref)}")
        return data

    def forget(self, person_ref: str) -> None:
        """Destroy everything about a person; an unknown one is no error."""
        self._call("DELETE", f"/persons/{quote(person_ref)}")

    def object_phone_change(self, change_id: str) -> None:
        """The old number's holder objects."""
        self._call("POST", f"/phone-changes/{quote(change_id)}/object", {})

    def desk_message(self, name: str, id_kind: str, id_number: str, phone: str) -> dict[str, Any]:
        """Typed data for the officer's wallet."""
        body = {"name": name, "id_kind": id_kind, "id_number": id_number, "phone": phone}
        data: dict[str, Any] = self._call("POST", "/desk-checks/message", body)
        return data

    def record_desk_check(
        self, name: str, id_kind: str, id_number: str, phone: str, *, time: int, nonce: str, signature: bytes
    ) -> DeskRecorded:
        """Record an officer's signed desk check (L3)."""
        body = {"name": name, "id_kind": id_kind, "id_number": id_number, "phone": phone}
        signed = {"time": time, "nonce": nonce, "signature": base64.b64encode(signature).decode()}
        return DeskRecorded(**self._call("POST", "/desk-checks", body | signed))

    def clear_lock(self, contract_id: str) -> None:
        """Let a worker try again on one contract's identity screen, on the review desk's word."""
        self._call("POST", f"/locks/{quote(contract_id)}/clear", {})
