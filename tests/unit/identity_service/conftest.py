"""An identity service in memory: fake provider and gateway, a clock that the test moves."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from signing.identity_service.assembly import IdentityDesk
from signing.identity_service.checks import Claimed
from signing.identity_service.errors import GatewayUnavailable, ProviderUnavailable
from signing.identity_service.intents import IntentRequest
from signing.identity_service.persons import Claim
from signing.identity_service.ports import ProviderResult, SmsReceipt
from signing.identity_service.settings import ServiceSettings
from signing.testing.demo_persons import generate

SESSION = "session-of-the-worker-1"


@dataclass
class Clock:
    """Unix seconds, moved by hand."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Provider:
    """Knows the generated persons; counts what it was asked."""

    claims: dict[str, Claim]
    asked: int = 0
    down: bool = False

    def confirm(self, claim: Claim, trace: str) -> ProviderResult:
        self.asked += 1
        if self.down:
            raise ProviderUnavailable("down")
        known = self.claims.get(claim.id_number)
        result = "no_record" if known is None else "match" if known == claim else "mismatch"
        return ProviderResult("memory", f"trace-{trace}", result, test=True)


@dataclass
class Gateway:
    """Keeps texts by number; can be broken before or after taking the message."""

    texts: list[tuple[str, str, str, str]] = field(default_factory=list)
    broken: str = ""

    def send(self, message_id: str, phone: str, text: str, kind: str) -> SmsReceipt:
        if self.broken == "before":
            raise GatewayUnavailable("down")
        if message_id not in {entry[0] for entry in self.texts}:
            self.texts.append((message_id, phone, text, kind))
        if self.broken == "after":
            raise GatewayUnavailable("answer lost")
        return SmsReceipt("g-" + message_id, "accepted")

    def status(self, gateway_id: str) -> SmsReceipt:
        return SmsReceipt(gateway_id, "delivered")

    def code(self, phone: str, back: int = 0) -> str:
        found = [re.search(r"验证码(\d{6})", text) for _, to, text, _ in self.texts if to == phone]
        matched = [m[1] for m in found if m]
        return matched[-1 - back]


@dataclass
class Service:
    """The service and its surroundings."""

    desk: IdentityDesk
    clock: Clock
    provider: Provider
    gateway: Gateway
    persons: list[Claim]

    def start(
        self, claim: Claim, *, contract: str, commitment: str, session: str = SESSION, **more: object
    ) -> str:
        claimed = Claimed("contract", session, claim, commitment, contract, **more)  # type: ignore[arg-type]
        return str(self.desk.checks.start(claimed)["check_id"])

    def confirmed(
        self, claim: Claim, *, contract: str, commitment: str, session: str = SESSION
    ) -> dict[str, object]:
        check = self.start(claim, contract=contract, commitment=commitment, session=session)
        return self.desk.checks.confirm(check, session, self.gateway.code(claim.phone))

    def intent(
        self, check_id: str, *, contract: str, commitment: str, nonce: str, method: str = "otp"
    ) -> str:
        request = IntentRequest(
            check_id, SESSION, nonce, commitment, contract, 1, "0" * 64, 1_900_000_000, method
        )
        return str(self.desk.intents.open(request)["intent_id"])

    def reopened(self) -> Service:
        """The same folder in a new process's eyes."""
        self.desk.store.close()
        desk = IdentityDesk(self.desk.settings, self.provider, self.gateway, self.clock)
        return Service(desk, self.clock, self.provider, self.gateway, self.persons)


def hex32() -> str:
    return secrets.token_hex(32)


def build(folder: Path, officers: tuple[str, ...] = ()) -> Service:
    """A fresh service in `folder`."""
    persons = [Claim.normalised(p.name, "resident_id", p.id_number, p.phone) for p in generate(7, 8)]
    clock, provider, gateway = Clock(), Provider({c.id_number: c for c in persons}), Gateway()
    settings = ServiceSettings(
        data_dir=folder,
        log_origin="test.concord.invalid/log",
        domain_name="Concord TEST",
        chain_id=31_337_001,
        verifying_contract="0x00000000000000000000000000000000000c0de1",
        public_origin="http://localhost:8080",
        officers=officers,
    )
    return Service(IdentityDesk(settings, provider, gateway, clock), clock, provider, gateway, persons)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own."""
    made = build(tmp_path)
    yield made
    made.desk.store.close()
