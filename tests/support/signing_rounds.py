"""A signing round outside the platform: real rendering, PDF, database and outside services in memory, other slices as doubles.

`Bench` holds a wired service and plays worker and employer. Every outside service can be broken.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import event as sql_event

from api.infra.auth import Principal
from api.infra.db import Base, Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.clock import FixedClock
from api.kernel.errors import forbidden
from api.kernel.events import Bus, DomainEvent, EventDraft, EventRef
from api.signing_round.model import (
    Certified,
    EmployerPrepared,
    EmployerSignature,
    Entered,
    RoundCompleted,
    RoundRequest,
    RoundSigned,
    SignedOff,
    WorkerAdmission,
    WorkerSession,
)
from api.signing_round.service import SigningRoundService
from api.signing_round.service.vault import Vault
from api.signing_round.service.wiring import Wiring
from signing import wallets
from signing.blobs import LocalBlobStore
from signing.ca_client import CaClient
from signing.eip712 import (
    ROLE_WORKER,
    Attestation,
    Consent,
    Domain,
    IdentityCheck,
    digest,
    message,
    preimage,
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
from signing.pades import Anchors
from signing.rendering import FontBook, Renderer
from signing.timestamps import TimestampClient, Tsa
from signing.x509 import TrustAnchors, read_csr
from tests.support.signing_authorities import NOW, Authority, Stamper, der, spki, transport

ORIGIN = "test.concord.invalid/log"
DOMAIN = Domain("Concord TEST", 31_337_001, "0x00000000000000000000000000000000000c0de1", ORIGIN)
ORG = "0f" * 32
PERSON = "p" * 26
ACCOUNT = "a" * 26
RELEASE = "5e" * 32
PASSPHRASE = "correct horse battery"
ROOT = Path(__file__).parents[2]


def node_fonts() -> list[Path]:
    """Folders of the fonts that npm installed."""
    return FontBook.npm(ROOT / "node_modules")


def document(version: int = 1) -> dict[str, Any]:
    """Data of the template agreement/1."""
    code = "abcdefghijklmnopqrst234567"
    return {
        "v": 1,
        "schema": "concord:econtract.document/1",
        "lang": "zh",
        "test": True,
        "date": "2026-11-22",
        "title": "劳动合同书",
        "subtitle": "固定期限",
        "document_no": "7f3a9c1d20b84e65",
        "version": version,
        "lookup": {"code": code, "url": f"https://example.test/d/{code}"},
        "text_template": {"id": "concord-labour-fixed", "version": "1.0.0", "sha256": "0" * 64},
        "parties": [
            {"role": "employer", "label": "甲方（用人单位）", "rows": [["名称", "示例机械（测试）"]]},
            {"role": "worker", "label": "乙方（劳动者）", "rows": [["姓名", "李小龘"]]},
        ],
        "key_facts": [{"id": "pay", "label": "劳动报酬", "value": "每月 8000.00 元"}],
        "clauses": [
            {"id": "M3", "title": "合同期限", "text": "自2026年12月1日起。\n试用期两个月。"},
            {"id": "M4", "title": "工作内容", "text": "数控操作。"},
        ],
        "notices": ["双方平等自愿订立本合同。"],
        "signatures": [
            {"field": "Worker", "label": "乙方（劳动者）签名"},
            {"field": "Employer", "label": "甲方（用人单位）盖章"},
        ],
        "facts": {"monthly_pay": "8000.00"},
    }


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

    def passkey_event(self, person_id: str, credential_id: str) -> EventRef | None:
        return EventRef(f"person/{person_id}", 3, "ab" * 32, NOW)


class Browser:
    """The worker's key in his browser: signs three inputs and dies."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.spki = spki(self.key)

    def sign(self, data: bytes) -> bytes:
        return to_raw(self.key.sign(data, ec.ECDSA(hashes.SHA256())))


class Bench:
    """A wired service with everything around it in memory."""

    def __init__(
        self,
        folder: Path,
        renderer: Renderer,
        clock: FixedClock | None = None,
        database: Database | None = None,
    ) -> None:
        self.clock = clock or FixedClock(NOW)
        self.folder = folder
        self.db = database or Database(f"sqlite:///{folder / 'bench.db'}", FieldKey(bytes(range(32))))
        if database is None:
            Base.metadata.create_all(self.db.engine)
        self.authority = Authority()
        self.tsas = (Stamper("one"), Stamper("two"))
        self.identity = Identity(self.clock)
        self.ca = CaDouble(self.authority)
        self.organisations = Organisations(self.authority)
        self.ca.seals.append(self.organisations.held.certificate)
        self.registry, self.sessions = Registry(), Sessions()
        self.recorder = Recorder(self.clock)
        self.bus = Bus()
        self.heard: list[DomainEvent] = []
        self.bus.subscribe(RoundSigned, lambda _, event: self.heard.append(event))
        self.bus.subscribe(RoundCompleted, lambda _, event: self.heard.append(event))
        self.renderer = renderer
        self.service = self.wire()

    def wire(self) -> SigningRoundService:
        """A service as a fresh process would build it."""
        uow = UnitOfWork(self.db)
        anchors = Anchors(
            TrustAnchors((der(self.authority.root),), (der(self.authority.issuer),)),
            {stamper.name: stamper.roots for stamper in self.tsas},
        )
        tsas = [Tsa(stamper.name, f"http://{stamper.name}.invalid/", stamper.roots) for stamper in self.tsas]
        return SigningRoundService(
            Wiring(
                uow=uow,
                clock=self.clock,
                recorder=self.recorder,
                bus=self.bus,
                renderer=self.renderer,
                identity=self.identity,  # type: ignore[arg-type]
                ca=CaClient(
                    "http://ca.invalid", "t", httpx.Client(transport=httpx.MockTransport(self.ca.answer))
                ),
                timestamps=TimestampClient(tsas, self.clock, transport(*self.tsas)),
                blobs=LocalBlobStore(self.folder / "blobs"),
                vault=Vault(uow, self.clock, bytes(range(1, 33)), None),
                sessions=self.sessions,
                employers=self.organisations,
                registry=self.registry,
                anchors=anchors,
                domain=DOMAIN,
                rp_id="localhost",
                test=True,
                page_release=RELEASE,
            )
        )

    # ----------------------------------------------------------- the players

    @property
    def worker(self) -> Principal:
        return Principal(kind="worker", roles=frozenset({"worker"}), person_id=PERSON, session_id="s1")

    @property
    def agent(self) -> Principal:
        return Principal(kind="employer", roles=frozenset({"agent"}), account_id=ACCOUNT, org_id=ORG)

    def request(self, **changes: Any) -> RoundRequest:
        contract = changes.pop("contract_id", secrets.token_hex(32))
        data = document()
        values: dict[str, Any] = {
            "kind": "labour_contract",
            "stream": f"econtract/{contract}",
            "event_prefix": "econtract",
            "contract_id": contract,
            "version": 1,
            "prev": "0" * 64,
            "template_id": "agreement/1",
            "data": data,
            "clauses": [(item["id"], item["title"], item["text"]) for item in data["clauses"]],
            "org_id": ORG,
            "org_name": "示例机械（测试）",
            "worker_name": "李小龘",
            "agent_account_id": ACCOUNT,
            "deadline_worker": NOW + dt.timedelta(days=7),
            "deadline_employer": NOW + dt.timedelta(days=14),
            "expiry": NOW + dt.timedelta(days=30),
        }
        return RoundRequest(**{**values, **changes})

    def open(self, *, admit: bool = True, **changes: Any) -> str:
        """A round that waits for the worker (admitted, with a living session)."""
        prepared = self.service.prepare(self.request(**changes))
        with self.db.transaction() as session:
            opened = self.service.open_round(session, prepared)
        if admit:
            self.admit(opened.round_id, opened.commitment)
        return opened.round_id

    def admit(self, round_id: str, commitment: str) -> None:
        with self.db.transaction() as session:
            view = self.service.view(session, round_id)
            self.service.admit_worker(session, round_id, WorkerAdmission(PERSON, "李小龘", "s1"))
        self.session("s1", view.contract_id, commitment)

    def session(self, session_id: str, contract_id: str, commitment: str, **changes: Any) -> None:
        values: dict[str, Any] = {
            "session_id": session_id,
            "person_id": PERSON,
            "contract_id": contract_id,
            "check_id": "c1",
            "service_session": "service-session-s1",
            "commitment": commitment,
            "level": 2,
            "check_statement": self.identity.check(commitment),
            "phone_masked": "138****0000",
            "state": "live",
        }
        self.sessions.by_id[session_id] = WorkerSession(**{**values, **changes})

    def certify(self, round_id: str, entered: Entered, browser: Browser, otp: str = "123456") -> Certified:
        worker = self.service.worker
        accepted = worker.accept_key(round_id, entered.attempt_id, browser.spki, self.worker)
        return worker.certify(
            round_id,
            entered.attempt_id,
            request_signature=browser.sign(accepted.request_info),
            page_release=RELEASE,
            otp=otp,
            assertion=None,
            who=self.worker,
        )

    def consent_preimage(self, entered: Entered, browser: Browser) -> bytes:
        given = entered.consent
        consent = Consent(
            bytes.fromhex(given["commitment"][2:]),
            bytes.fromhex(given["contractId"][2:]),
            given["version"],
            bytes.fromhex(given["prev"][2:]),
            ROLE_WORKER,
            hashlib.sha256(browser.spki).digest(),
            given["expiry"],
        )
        return preimage(DOMAIN, consent)

    def sign_worker(self, round_id: str) -> SignedOff:
        """The whole of the worker's path by one-time password."""
        entered = self.service.worker.enter(round_id, self.worker)
        browser = Browser()
        self.service.worker.send_otp(round_id, entered.attempt_id, self.worker)
        certified = self.certify(round_id, entered, browser)
        return self.service.worker.finish(
            round_id,
            entered.attempt_id,
            browser.sign(certified.attributes),
            browser.sign(self.consent_preimage(entered, browser)),
            self.worker,
        )

    def employer_signature(self, prepared: EmployerPrepared) -> EmployerSignature:
        """External wallet, platform-held seal."""
        consent = Consent(
            bytes.fromhex(prepared.typed_data["message"]["commitment"][2:]),
            bytes.fromhex(prepared.typed_data["message"]["contractId"][2:]),
            prepared.typed_data["message"]["version"],
            bytes.fromhex(prepared.typed_data["message"]["prev"][2:]),
            prepared.typed_data["message"]["role"],
            bytes.fromhex(prepared.typed_data["message"]["signerKeyHash"][2:]),
            prepared.typed_data["message"]["expiry"],
        )
        signature = wallets.sign_digest(self.organisations.wallet_key, digest(DOMAIN, consent))
        return EmployerSignature(wallet_signature=signature, seal_passphrase=PASSPHRASE)

    def sign_employer(self, round_id: str) -> SignedOff:
        prepared = self.service.employer.prepare(round_id, self.agent)
        return self.service.employer.finish(
            round_id, prepared.attempt_id, self.employer_signature(prepared), self.agent
        )
