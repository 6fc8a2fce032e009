"""The identity slice with its real services on a database of its own; the outside is the running identity service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api.anchoring.service.recorder import Recorder
from api.bootstrap import identity as bootstrap
from api.identity import router
from api.identity.model import NewAccount
from api.identity.rules import PRIVACY_VERSION
from api.identity.service import Identity
from api.identity.service.accounts import Passwords
from api.identity.texts import TEXTS
from api.infra.auth import Principal
from api.infra.db import Database, UnitOfWork
from api.infra.settings import Settings
from api.kernel.events import Bus
from signing import wallets
from tests.support.programs import LOG_ORIGIN, Authorities
from tests.support.slice_application import ORIGIN, make_database, slice_application

OPERATOR = Principal(kind="staff", account_id="console", roles=frozenset({"operator"}))
OFFICER_KEY = bytes(range(1, 33))
PASSWORD = "Correct-horse-7-staple"


class MovingClock:
    """The machine's clock, shifted by what the test adds."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    """Provider, SMS gateway and identity service; one officer is known to it."""
    folder = tmp_path_factory.mktemp("authorities")
    officer = wallets.address_of(OFFICER_KEY)
    with Authorities(folder, officers=(officer,), with_pki=False) as running:
        yield running


@dataclass
class World:
    """The slice, its application and its neighbours."""

    identity: Identity
    database: Database
    clock: MovingClock
    bus: Bus
    authorities: Authorities
    app: Any

    def client(self) -> TestClient:
        """A fresh browser."""
        return TestClient(self.app, base_url=ORIGIN, follow_redirects=False)

    def totp(self, account: NewAccount) -> str:
        """The present code of an account's second factor (by the test's clock)."""
        return pyotp.parse_uri(account.totp_uri).at(int(self.clock.now().timestamp()))

    def staff(self, login: str, *roles: str) -> NewAccount:
        """An account of staff with a known password."""
        return self.identity.accounts.create_staff(
            login, login, frozenset(roles), by=OPERATOR, password=PASSWORD
        )

    def agent(
        self, login: str, org_id: str = "ab" * 32, role: str = "agent", phone: str | None = None
    ) -> NewAccount:
        """An employer's account with a known password."""
        return self.identity.accounts.create_employer_account(
            login,
            login,
            phone=phone,
            id_number=None,
            org_id=org_id,
            roles=frozenset({role}),
            password=PASSWORD,
        )

    def logged_in(self, account: NewAccount) -> TestClient:
        """A browser of somebody who has logged in."""
        client = self.client()
        body = {"login": account.login, "password": PASSWORD, "totp": self.totp(account)}
        answer = client.post("/api/v1/identity/login", json=body)
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    def person(self, number: int) -> dict[str, Any]:
        """A generated person of the TEST provider."""
        return self.authorities.persons()[number]

    def worker(self, number: int) -> TestClient:
        """A browser of a worker who has logged in to his own pages."""
        client, who = self.client(), self.person(number)
        ack = client.post("/api/v1/identity/worker-login/acknowledgement", json={"version": PRIVACY_VERSION})
        fields = {key: who[key] for key in ("name", "id_number", "phone")}
        started = client.post("/api/v1/identity/worker-login", json=fields | ack.json())
        assert started.status_code == 201, started.text
        code = {"check_id": started.json()["check_id"], "otp": self.authorities.code(who["phone"])}
        answer = client.post("/api/v1/identity/worker-login/confirm", json=code)
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client


@pytest.fixture(scope="session")
def officer() -> SimpleNamespace:
    """The review officer's keystore wallet (its scrypt cost is paid once)."""
    made = wallets.encrypt_key(OFFICER_KEY, "officer passphrase 1")
    return SimpleNamespace(state="active", kind="keystore", address=made.address, keystore=made.document)


@contextmanager
def slice_world(
    authorities: Authorities, officer: SimpleNamespace, database: Database, patch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The slice on `database` over the shared authorities, with a quick password hash."""
    quick = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    patch.setattr(bootstrap, "Passwords", lambda: Passwords(quick))
    clock, bus = MovingClock(), Bus()
    settings = Settings(
        public_origin=ORIGIN,
        identity_url=authorities.identity.url,
        identity_token_file=authorities.token_file,
        log_origin=LOG_ORIGIN,
    )
    container = SimpleNamespace(
        settings=settings,
        clock=clock,
        uow=UnitOfWork(database),
        field_key=database.field_key,
        bus=bus,
        recorder=Recorder(settings.log_origin, clock),
        employers=SimpleNamespace(wallets_of=lambda account_id: [officer]),
    )
    identity = bootstrap.build(container)  # type: ignore[arg-type]
    with slice_application(database, router, TEXTS, identity=identity, clock=clock) as made:
        made.app.state.container.authenticator = identity.sessions
        yield World(identity, database, clock, bus, authorities, made.app)


@pytest.fixture
def world(
    authorities: Authorities, officer: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A fresh slice on SQLite."""
    with slice_world(authorities, officer, make_database(tmp_path), monkeypatch) as made:
        yield made
