"""Builds the identity slice's services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.bootstrap.container import Container
from api.identity.service import Identity
from api.identity.service.accounts import AccountService, Passwords
from api.identity.service.desk import DeskService
from api.identity.service.login import LoginService
from api.identity.service.machines import MachineService
from api.identity.service.people import Lookup, PersonService
from api.identity.service.portal import PortalService
from api.identity.service.sessions import Sessions
from api.identity.service.workers import WorkerService
from api.infra.settings import read_secret
from api.kernel.events import EventDraft, EventRecorder, EventRef
from signing.identity_service.client import IdentityServiceClient


class _Recorder:
    """The anchoring slice's recorder, looked up when the first event comes: building identity must not need it."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        return self._container.recorder.record(session, draft)


class _OfficerWallets:
    """Officers' wallets as the employers slice keeps them."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def wallet_of(self, account_id: str) -> tuple[str, Mapping[str, Any] | None] | None:
        for wallet in self._container.employers.wallets_of(account_id):
            if wallet.state == "active":
                return wallet.address, wallet.keystore if wallet.kind == "keystore" else None
        return None


def build(container: Container) -> Identity:
    """`container.identity`."""
    settings, clock, uow = container.settings, container.clock, container.uow
    token = read_secret(settings.identity_token_file, "identity_token_file") if settings.identity_url else ""
    client = IdentityServiceClient(settings.identity_url or "http://127.0.0.1:9", token)
    lookup = Lookup(container.field_key)
    passwords = Passwords()
    recorder: EventRecorder = _Recorder(container)
    sessions = Sessions(uow, clock, secure=settings.cookies_secure)
    persons = PersonService(uow, clock, lookup)
    workers = WorkerService(uow, clock, client, sessions, persons, lookup, recorder, container.bus)
    return Identity(
        accounts=AccountService(uow, clock, passwords, lookup, test_installation=settings.test_installation),
        login=LoginService(uow, clock, passwords, sessions, lookup),
        sessions=sessions,
        machines=MachineService(uow, clock),
        persons=persons,
        workers=workers,
        portal=PortalService(uow, clock, client, workers, lookup, recorder),
        desk=DeskService(uow, clock, client, _OfficerWallets(container), lookup, settings.log_origin),
        client=client,
    )
