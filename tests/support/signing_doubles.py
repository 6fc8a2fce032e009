"""Doubles of what surrounds a signing round: recorder, identity service, CA, organisations, registry, sessions, browser."""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import event as sql_event

from api.kernel.clock import FixedClock
from api.kernel.errors import forbidden
from api.kernel.events import EventDraft, EventRef
from api.signing_round.model import (
    WorkerSession,
)
from signing import wallets
from signing.eip712 import (
    Attestation,
    Domain,
    IdentityCheck,
    digest,
    message,
)
from signing.identity_service.client import (
    Attested,
    IdentityServiceError,
    IntentOpened,
    IntentResent,
    OpenIntent,
    SignedStatement,
)
from signing.p256 import PublicKey, to_raw
from signing.x509 import read_csr
from tests.support.signing_authorities import NOW, Authority, spki

ORIGIN = "test.concord.invalid/log"
DOMAIN = Domain("Concord TEST", 31_337_001, "0x00000000000000000000000000000000000c0de1", ORIGIN)
ORG = "0f" * 32
PERSON = "p" * 26
ACCOUNT = "a" * 26
RELEASE = "5e" * 32
PASSPHRASE = "correct horse battery"


class Recorder:
    """Keeps drafts; like the real one inside the caller's transaction: a rollback forgets them."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock
        self.kept: list[EventDraft] = []

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        seq = len(self.kept) + 1
        pending = session.info.setdefault("drafts", [])
        if not pending:
            sql_event.listen(session, "after_commit", self._commit, once=True)
            sql_event.listen(session, "after_rollback", self._forget, once=True)
        pending.append(draft)
        return EventRef(draft.stream, seq, secrets.token_hex(32), self._clock.now())

    def _commit(self, session: Any) -> None:
        self.kept += session.info.pop("drafts", [])

    def _forget(self, session: Any) -> None:
        session.info.pop("drafts", None)

    def types(self) -> list[str]:
        return [draft.type.removeprefix("econtract.").removesuffix("/1") for draft in self.kept]

    def payload(self, kind: str) -> Mapping[str, Any]:
        return [draft.payload for draft in self.kept if draft.type == f"econtract.{kind}/1"][-1]


@dataclass
class Identity:
    """The identity service in memory: one code, real signatures, idempotent attestation."""

    clock: FixedClock
    key: bytes = field(default_factory=lambda: secrets.token_bytes(31).rjust(32, b"\1"))
    code: str = "123456"
    down: bool = False
    level: int = 2
    other_key: bool = False
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    subject: bytes = b"\7" * 32

    def _answer(self) -> None:
        if self.down:
            raise IdentityServiceError("identity.service_unavailable", 503, {})

    def check(self, commitment: str) -> dict[str, Any]:
        statement = IdentityCheck(
            bytes.fromhex(commitment), self.subject, 3, self.level, int(self.clock.now().timestamp())
        )
        return self._signed(statement).to_json()

    def _signed(self, statement: IdentityCheck | Attestation) -> SignedStatement:
        hashed = digest(DOMAIN, statement)
        signature = wallets.sign_digest(self.key, hashed)
        return SignedStatement(
            dict(message(statement)),
            "0x" + hashed.hex(),
            base64.b64encode(signature).decode(),
            wallets.address_of(self.key),
        )

    def open_intent(self, intent: OpenIntent) -> IntentOpened:
        self._answer()
        if intent.method == "passkey":
            raise IdentityServiceError("identity.passkey_missing", 409, {})
        found = secrets.token_hex(16)
        self.intents[found] = {"request": intent, "attested": None}
        soon = int(self.clock.now().timestamp()) + 300
        return IntentOpened(found, intent.method, soon, soon, 30, "138****0000", (), "localhost")

    def resend_intent(self, intent_id: str, session: str) -> IntentResent:
        self._answer()
        if self.intents[intent_id]["attested"] is not None:
            raise IdentityServiceError("identity.intent_used", 409, {})
        return IntentResent(intent_id, int(self.clock.now().timestamp()) + 300, 30, "138****0000")

    def attest(
        self,
        intent_id: str,
        *,
        session: str,
        nonce: str,
        spki: bytes,
        otp: str | None = None,
        assertion: Any = None,
    ) -> Attested:
        self._answer()
        kept = self.intents[intent_id]
        request: OpenIntent = kept["request"]
        if (session, nonce) != (request.session, request.nonce):
            raise IdentityServiceError("identity.intent_mismatch", 409, {})
        if otp != self.code:
            raise IdentityServiceError("identity.not_confirmed", 422, {"attempts_left": 4})
        if kept["attested"] is not None:
            if kept["attested"][0] != spki:
                raise IdentityServiceError("identity.intent_used", 409, {})
            answer: Attested = kept["attested"][1]
            return answer
        check = self.check(request.commitment)
        named = bytes(32) if self.other_key else PublicKey.from_spki(spki).key_hash
        statement = Attestation(
            bytes.fromhex(request.commitment),
            bytes.fromhex(request.contract_id),
            named,
            self.subject,
            self.level,
            bytes.fromhex(check["digest"][2:]),
            int(self.clock.now().timestamp()),
        )
        answer = Attested(self._signed(statement), "otp", None)
        kept["attested"] = (spki, answer)
        return answer


@dataclass
class CaDouble:
    """The CA's HTTP face over an authority in memory."""

    authority: Authority
    down: bool = False
    foreign: Authority | None = None
    other_key: bool = False
    revoked: bool = False
    life: dt.timedelta = dt.timedelta(minutes=10)
    issued: dict[bytes, bytes] = field(default_factory=dict)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        encode = lambda data: base64.b64encode(data).decode()  # noqa: E731
        authority = self.foreign or self.authority
        if request.url.path == "/v1/event-certificates":
            wanted = base64.b64decode(json.loads(request.content)["csr"])
            facts = read_csr(wanted)
            if wanted not in self.issued:
                public = serialization.load_der_public_key(facts.spki)
                if self.other_key:
                    public = ec.generate_private_key(ec.SECP256R1()).public_key()
                self.issued[wanted] = authority.issue(
                    facts.common_name, public, end=authority.moment + self.life
                )
            certificate = self.issued[wanted]
            return httpx.Response(
                200, json={"certificate": encode(certificate), "chain": [encode(x) for x in authority.chain]}
            )
        if request.url.path == "/ocsp":
            from asn1crypto import ocsp

            serial = ocsp.OCSPRequest.load(request.content)["tbs_request"]["request_list"][0]["req_cert"][
                "serial_number"
            ].native
            certificate = next(item for item in self.known() if _serial(item) == serial)
            revoked_at = self.authority.moment - dt.timedelta(minutes=5) if self.revoked else None
            return httpx.Response(200, content=authority.ocsp(certificate, revoked_at=revoked_at))
        if request.url.path == "/crl/root.crl":
            return httpx.Response(200, content=authority.crl())
        return httpx.Response(404)

    def known(self) -> list[bytes]:
        return [*self.issued.values(), *self.seals]

    seals: list[bytes] = field(default_factory=list)


def _serial(certificate: bytes) -> int:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(certificate).serial_number


@dataclass
class HeldWallet:
    address: str
    kind: str = "keystore"
    keystore: Mapping[str, Any] | None = None


@dataclass
class HeldSeal:
    mode: str
    certificate: bytes
    chain: tuple[bytes, ...]
    encrypted_key: bytes | None
    picture: bytes | None = None


@dataclass
class Granted:
    kind: str
    scope: int
    wallet: str | None


class Organisations:
    """One organisation with one agent, a wallet and a seal."""

    def __init__(self, authority: Authority) -> None:
        self.wallet_key = secrets.token_bytes(31).rjust(32, b"\1")
        self.address = wallets.address_of(self.wallet_key)
        self.wallets = {self.address: HeldWallet(self.address, "external")}
        self.seal_key = ec.generate_private_key(ec.SECP256R1())
        pem = self.seal_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSPHRASE.encode()),
        )
        certificate = authority.issue(
            "示例机械（测试）", self.seal_key.public_key(), end=authority.moment + dt.timedelta(days=900)
        )
        self.held = HeldSeal("platform", certificate, authority.chain, pem)
        self.revoked: set[str] = set()
        self.accounts = {ACCOUNT: self.address}

    def authority(self, org_id: str, account_id: str, need: int, *, wallet: str | None = None) -> Granted:
        if account_id in self.revoked or account_id not in self.accounts:
            raise forbidden("employers.not_authorised")
        if wallet is not None and wallet != self.accounts[account_id]:
            raise forbidden("employers.wallet_not_yours")
        return Granted("agent", need, self.accounts[account_id])

    def wallet(self, address: str) -> HeldWallet:
        return self.wallets[address]

    def seal(self, org_id: str) -> HeldSeal:
        return self.held


class Registry:
    """Remembers conclude calls and what became of them."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, Any]] = {}

    def conclude(self, session: Any, **values: Any) -> str:
        found = secrets.token_hex(13)
        self.calls[found] = {**values, "state": "held" if values["hold"] else "pending"}
        return found

    def release(self, session: Any, call_id: str) -> None:
        self.calls[call_id]["state"] = "pending"

    def void(self, session: Any, call_id: str, reason: str) -> None:
        self.calls[call_id]["state"] = "void"


class Sessions:
    """The identity slice's signing sessions."""

    def __init__(self) -> None:
        self.by_id: dict[str, WorkerSession] = {}

    def signing_session(self, session_id: str) -> WorkerSession | None:
        return self.by_id.get(session_id)

    def phone_masked(self, person_id: str) -> str:
        return "138****0000"

    def passkey_event(self, person_id: str, credential_id: str) -> EventRef | None:
        return EventRef(f"person/{person_id}", 3, "ab" * 32, NOW)


class Browser:
    """The worker's key in his browser: signs three inputs and dies."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.spki = spki(self.key)

    def sign(self, data: bytes) -> bytes:
        return to_raw(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
