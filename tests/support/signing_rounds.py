"""A signing round outside the platform: real rendering, PDF, database and outside services in memory, other slices as doubles.

`Bench` holds a wired service and plays worker and employer. Every outside service can be broken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.infra.auth import Principal
from api.infra.db import Base, Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError
from api.kernel.events import Bus, DomainEvent
from api.signing_round.model import (
    Certified,
    EmployerPrepared,
    EmployerSignature,
    Entered,
    RoundCompleted,
    RoundRequest,
    RoundSigned,
    RoundState,
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
    Consent,
    digest,
    preimage,
)
from signing.pades import Anchors
from signing.rendering import Renderer
from signing.timestamps import TimestampClient, Tsa
from signing.x509 import TrustAnchors
from tests.factories.agreement import agreement
from tests.support.signing_authorities import NOW, Authority, Stamper, der, transport
from tests.support.signing_doubles import (
    ACCOUNT,
    DOMAIN,
    ORG,
    PASSPHRASE,
    PERSON,
    RELEASE,
    Browser,
    CaDouble,
    Identity,
    Organisations,
    Recorder,
    Registry,
    Sessions,
)


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
                page_release=lambda: (RELEASE, None),
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
        data = agreement()
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


def refused(code: str, action: Callable[[], Any]) -> DomainError:
    """The error that `action` must raise, with exactly this code."""
    with pytest.raises(DomainError) as caught:
        action()
    assert caught.value.code == code, caught.value
    return caught.value


def state(bench: Bench, round_id: str) -> RoundState:
    """Where a round stands."""
    with bench.db.read() as session:
        return bench.service.view(session, round_id).state
