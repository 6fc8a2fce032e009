"""An application with one slice's routers on a database of its own, and clients that are logged in as whoever a test names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from api.infra import problems
from api.infra.auth import SESSION_COOKIE, Principal, guard, principal
from api.infra.db import Base, Database, UnitOfWork
from api.infra.middleware import BodyLimit, RequestContext
from api.infra.sealing import FieldKey
from api.infra.settings import Settings
from api.infra.web import Visitor, WebConfig, install_web

ORIGIN = "http://localhost:8080"
NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"


def person(role: str, **changes: Any) -> Principal:
    """A principal of one role whose ids are made of the role's name."""
    kind = "worker" if role == "worker" else "employer" if role in {"agent", "representative"} else "staff"
    values: dict[str, Any] = {
        "kind": kind,
        "account_id": None if kind == "worker" else f"account-{role}",
        "person_id": "person-1" if kind == "worker" else None,
        "org_id": "ab" * 32 if kind == "employer" else None,
        "roles": frozenset({role}),
        "csrf_token": "csrf",
        "session_id": f"session-{role}",
    }
    return Principal(**{**values, **changes})


class Authenticator:
    """Session tokens are names of the people the test put in."""

    def __init__(self) -> None:
        self.people: dict[str, Principal] = {}

    def by_session(self, token: str) -> Principal | None:
        return self.people.get(token)

    def by_bearer(self, token: str) -> Principal | None:
        return self.people.get(token)


def make_database(folder: Path) -> Database:
    """A SQLite database with all tables of the slices that are imported."""
    database = Database(f"sqlite:///{folder / 'test.db'}", FieldKey(hashlib.sha256(b"test").digest()))
    Base.metadata.create_all(database.engine)
    return database


class SliceApplication:
    """The application; `as_(role)` gives a client of somebody with that role, `anonymous` one of nobody."""

    def __init__(self, app: FastAPI, authenticator: Authenticator, database: Database) -> None:
        self.app, self.database, self._authenticator = app, database, authenticator
        self._clients: list[TestClient] = []

    def as_(self, role: str | Principal) -> TestClient:
        who = role if isinstance(role, Principal) else person(role)
        token = f"token-{who.actor}-{'-'.join(sorted(who.roles))}"
        self._authenticator.people[token] = who
        client = self._client()
        client.cookies.set(SESSION_COOKIE, token)
        client.headers["X-CSRF-Token"] = who.csrf_token
        return client

    @property
    def anonymous(self) -> TestClient:
        return self._client()

    def _client(self) -> TestClient:
        client = TestClient(self.app, base_url=ORIGIN, follow_redirects=False)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.database.close()


@contextmanager
def slice_application(
    database: Database,
    router: Any,
    texts: Mapping[str, tuple[str, str]],
    **services: Any,
) -> Iterator[SliceApplication]:
    """Serve `router.api`, and `router.pages` where there are any, over the given services (attributes of the container)."""
    authenticator = Authenticator()
    settings = Settings(public_origin=ORIGIN, node_modules=NODE_MODULES)
    app = FastAPI(dependencies=[guard()])
    app.state.container = SimpleNamespace(
        db=database, uow=UnitOfWork(database), authenticator=authenticator, settings=settings, **services
    )
    problems.register(texts)
    problems.install(app)
    api: APIRouter = router.api
    app.include_router(api, prefix="/api/v1")
    if hasattr(router, "pages"):
        app.include_router(router.pages, include_in_schema=False)

    def visitor(request: Any) -> Visitor:
        who = principal(request)
        return Visitor(who, who.csrf_token)

    install_web(
        app,
        WebConfig(
            public_origin=ORIGIN,
            test=True,
            visitor=visitor,
            secure=False,
            hotline="12333",
            node_modules=NODE_MODULES,
        ),
    )
    streams = getattr(router, "STREAMS", ())
    app.add_middleware(
        BodyLimit, max_body=2_000_000, max_upload=20_000_000, max_stream=60_000_000, streams=streams
    )
    app.add_middleware(RequestContext)
    made = SliceApplication(app, authenticator, database)
    try:
        yield made
    finally:
        made.close()
