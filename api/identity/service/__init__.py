"""Services of the slice, gathered in one facade that bootstrap builds."""

from __future__ import annotations

from dataclasses import dataclass

from api.identity.service.accounts import AccountService
from api.identity.service.desk import DeskService
from api.identity.service.login import LoginService
from api.identity.service.machines import MachineService, require_scope
from api.identity.service.people import PersonService
from api.identity.service.portal import PortalService
from api.identity.service.sessions import Sessions
from api.identity.service.workers import WorkerService
from api.kernel.events import EventRef
from signing.identity_service.client import IdentityServiceClient


@dataclass(frozen=True)
class Identity:
    """`container.identity`."""

    accounts: AccountService
    login: LoginService
    sessions: Sessions
    machines: MachineService
    persons: PersonService
    workers: WorkerService
    portal: PortalService
    desk: DeskService
    client: IdentityServiceClient

    def passkey_event(self, person_id: str, credential_id: str) -> EventRef | None:
        """The identity event that commits a person's passkey (cited by E08)."""
        return self.portal.passkey_event(credential_id, person_id)


__all__ = ["Identity", "require_scope"]
