"""The employers slice on a database, with real signatures and stand-ins for other slices that remember what they were asked."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from api.bootstrap.employers import CaSeals, Eip712Statements, V3Keystores
from api.employers.model import NewAccount, Prepared, SealCertificate
from api.employers.service import EmployersService
from api.employers.service.registration import Application
from api.employers.service.wiring import Wiring
from api.infra.auth import Principal
from api.infra.db import Base, Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.errors import conflict
from api.kernel.events import Bus, EventDraft, EventRef
from api.kernel.ids import new_id
from chain.deployer import DeployedContract, Deployment
from chain.errors import GatewayUnavailable

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
PDF = b"%PDF-1.7 licence"
REGISTRAR: LocalAccount = Account.from_key(b"\x0a" * 32)
OFFICER = Principal(
    kind="staff", account_id="officer-1", roles=frozenset({"review_officer"}), csrf_token="csrf"
)


def deployment(**changes: Any) -> Deployment:
    """A deployment record with one registrar."""
    address = "0x" + "11" * 20
    values: dict[str, Any] = {
        "v": 1,
        "chain_id": 7_341_009_553,
        "genesis_hash": "ab" * 32,
        "log_origin": "concord.test/employers",
        "test": True,
        "domain_name": "Concord TEST",
        "domain_salt": hashlib.sha256(b"concord.test/employers").hexdigest(),
        "deployer": address,
        "contracts": {"ParticipantRegistry": DeployedContract(address, "00" * 32, "00" * 32, 1)},
        "registrars": (REGISTRAR.address,),
        "issuers": (),
        "governance_signers": (),
        "governance_threshold": 2,
        "admin_delay": 3600,
    }
    return Deployment(**{**values, **changes})


class FakeAccounts:
    """Accounts by login; remembers who was disabled or moved."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.disabled: list[str] = []
        self.moved: list[tuple[str, str, str]] = []

    def create(self, **facts: Any) -> NewAccount:
        if any(known["login"] == facts["login"] for known in self.made.values()):
            raise conflict("identity.login_taken", pointer="/login")
        account_id = new_id()
        self.made[account_id] = facts
        return NewAccount(account_id, facts["login"], "one-time", "otpauth://totp/x")

    def display_name(self, account_id: str) -> str:
        return str(self.made[account_id]["display_name"])

    def disable(self, account_id: str) -> None:
        self.disabled.append(account_id)

    def enable(self, account_id: str, org_id: str, role: str) -> None:
        self.moved.append((account_id, org_id, role))


class FakeRegistry:
    """Registry calls in the order in which they were queued."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(_session: Any, **facts: Any) -> str:
            self.calls.append((name, facts))
            return new_id()

        return call


class FakeRecorder:
    """Drafts of evidence events in order; `fail` makes the next one break the transaction."""

    def __init__(self) -> None:
        self.drafts: list[EventDraft] = []
        self.fail = False

    def record(self, _session: Any, draft: EventDraft) -> EventRef:
        if self.fail:
            raise RuntimeError("recording failed")
        self.drafts.append(draft)
        return EventRef(draft.stream, len(self.drafts), hashlib.sha256(draft.type.encode()).hexdigest(), NOW)


class LocalCa(CaSeals):
    """Issues seal certificates without a CA service; requests and keys are the real thing."""

    def __init__(self) -> None:
        super().__init__(lambda: None)  # type: ignore[arg-type,return-value]
        self.issued: list[dict[str, str]] = []

    def certify(self, request: bytes, *, name: str, uscc: str, org_id: str) -> SealCertificate:
        self.issued.append({"name": name, "uscc": uscc, "org_id": org_id})
        key = x509.load_der_x509_csr(request).public_key()
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "TEST")])
        builder = x509.CertificateBuilder(subject, subject, key, 1, NOW, NOW + timedelta(days=9))  # type: ignore[arg-type]
        certificate = builder.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return SealCertificate(certificate, (b"root",), spki)


@dataclass
class World:
    """The slice and everything around it."""

    service: EmployersService
    clock: FixedClock
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    recorder: FakeRecorder = field(default_factory=FakeRecorder)
    bus: Bus = field(default_factory=Bus)
    ca: LocalCa = field(default_factory=LocalCa)

    def principal(self, account_id: str) -> Principal:
        """The principal of an account that was made here."""
        facts = self.accounts.made[account_id]
        return Principal(
            kind="employer",
            account_id=account_id,
            org_id=facts["org_id"],
            roles=frozenset({facts["role"]}),
            csrf_token="csrf",
        )

    def apply(self, uscc: str = "91500107MA5TEXT11A", login: str = "boss", **changes: Any) -> Principal:
        """Register an organisation; returns its representative."""
        done = self.service.registration.register(application(uscc=uscc, login=login, **changes))
        return self.principal(done.account.account_id)

    def complete(self, boss: Principal, wallet: LocalAccount) -> None:
        """Hand in all documents and prove a wallet."""
        for kind in ("licence", "representative_identity", "authorisation_letter"):
            self.service.registration.upload(boss, kind, PDF)
        self.prove(boss, wallet)

    def prove(self, who: Principal, wallet: LocalAccount) -> None:
        """Register an external wallet by its signature."""
        challenge = self.service.wallets.challenge(who, wallet.address)
        signature = wallet.sign_message(encode_defunct(text=challenge.text)).signature
        self.service.wallets.prove_external(who, challenge.challenge_id, bytes(signature))

    def officer(self) -> Principal:
        """The review officer with his registrar wallet."""
        if not self.service.wallets.own(OFFICER):
            self.prove(OFFICER, REGISTRAR)
        return OFFICER

    def sign(self, who: Principal, prepared: Prepared, wallet: LocalAccount) -> None:
        """Sign a statement as a wallet does and submit it."""
        self.service.statements.submit(
            who, prepared.statement_id, signature=typed_signature(wallet, prepared)
        )

    def verify(self, boss: Principal, wallet: LocalAccount, **confirmation: Any) -> str:
        """Take an application through the desk; returns the organisation's id."""
        self.complete(boss, wallet)
        officer = self.officer()
        assert boss.org_id is not None
        prepared = self.service.review.prepare_verification(officer, boss.org_id, **confirmation)
        self.sign(officer, prepared, REGISTRAR)
        return boss.org_id

    def agent(self, boss: Principal, login: str = "agent") -> Principal:
        """Open an agent's account."""
        account = self.service.agents.invite(
            boss, name="李四", phone="13900000001", id_number="500107199001010024", login=login
        )
        return self.principal(account.account_id)

    def grant(
        self, boss: Principal, wallet: LocalAccount, agent: Principal, own: LocalAccount, scope: int = 7
    ) -> None:
        """Authorise an agent's wallet."""
        until = self.clock.now() + timedelta(days=100)
        prepared = self.service.statements.prepare_grant(
            boss, agent.account_id or "", own.address, scope, until
        )
        self.sign(boss, prepared, wallet)


def typed_signature(wallet: LocalAccount, prepared: Prepared) -> bytes:
    """eth_signTypedData_v4 as a wallet does it."""
    return bytes(wallet.sign_typed_data(full_message=dict(prepared.typed_data)).signature)


def application(**changes: Any) -> Application:
    """A sound application of an organisation that does not exist."""
    values: dict[str, Any] = {
        "name": "渝州示例制造有限公司",
        "uscc": "91500107MA5TEXT11A",
        "region_code": 500107001,
        "domicile": "示例路 1 号",
        "legal_representative": "张三",
        "id_number": "500107199001010016",
        "phone": "13800000001",
        "login": "boss",
    }
    return Application(**{**values, **changes})


def png(width: int = 200, height: int = 200, extra: bytes = b"", pixels: bytes | None = None) -> bytes:
    """An RGBA picture, with room for mischief."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    raw = pixels if pixels is not None else (b"\x00" + b"\xc0\x10\x10\xff" * width) * height
    body = chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def text_chunk(text: bytes) -> bytes:
    """A PNG chunk of side information."""
    return struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))


def build_world(database: Database, *, test: bool = True, made: Deployment | None = None) -> World:
    """The slice over `database`; the chain does not answer, so the deployment's registrars count."""

    def silent(_target: str, _data: bytes) -> bytes:
        raise GatewayUnavailable("no chain in this test")

    Base.metadata.create_all(database.engine)
    found = made or deployment()
    clock, bus = FixedClock(NOW), Bus()
    accounts, registry, recorder, ca = FakeAccounts(), FakeRegistry(), FakeRecorder(), LocalCa()
    wiring = Wiring(
        uow=UnitOfWork(database),
        clock=clock,
        bus=bus,
        recorder=recorder,
        registry=registry,
        accounts=accounts,
        statements=Eip712Statements(lambda: found, silent),
        keystores=V3Keystores(),
        seals=ca,
        lookup=database.field_key.lookup,
        origin="http://localhost:8080",
        test=test,
    )
    return World(EmployersService(wiring), clock, accounts, registry, recorder, bus, ca)
