"""Binds decisions about risk warnings: the registry's domain from the deployment, registrars as the chain knows them, the
logins that decide, reminders, and (for the pages only) the names of enterprises and towns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from api.anchoring.model import Holder
from api.anchoring.rules import DECIDERS
from api.anchoring.service.warning_inbox import WarningInbox
from api.anchoring.service.warning_officers import WarningOfficers
from api.anchoring.service.warnings import WarningDecisions
from api.kernel.errors import DomainError, unavailable
from chain.calls import Contracts
from chain.deployer import Deployment
from signing.eip712 import Domain

if TYPE_CHECKING:
    from api.bootstrap.container import Container
    from api.infra.auth import Principal

REGISTRY = "WarningDecisionRegistry"


class StaffLogins:
    """`Staff` over the identity slice."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def deciders(self) -> Sequence[Holder]:
        """Active logins that may hold an officer's wallet."""
        return sorted(
            (
                Holder(found.account_id, found.login, found.display_name)
                for found in self._c.identity.accounts.staff()
                if found.roles & DECIDERS and found.state == "active"
            ),
            key=lambda holder: holder.login,
        )


class Reminders:
    """`Messenger` over the notification slice."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def queue(self, session: Any, account: str, text: str, dedup: str) -> None:
        """To the account's inbox, once for a key."""
        self._c.notification.send(
            session, template="plain.notice", recipient_kind="account", recipient_id=account,
            facts={"text": text}, subject_type="warning-decisions", subject_id=account, dedup_key=dedup,
        )  # fmt: skip


class WarnedEnterprises:
    """`Subjects` over the risk slice: names for the people who may see them, and for nobody else."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def named(self, who: Principal, warnings: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Name and page by warning."""
        try:
            found = self._c.risk.desk.enterprises_of(who, warnings)
        except DomainError:  # another role, or no register: the pages show the warning's number instead
            return {}
        return {warning: (name, f"/risk/enterprises/{number}") for warning, (number, name) in found.items()}


class NamedTowns:
    """`Places` over the risk slice's table of towns."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Both names by code."""
        found: Mapping[str, tuple[str, str]] = self._c.risk.board.towns.names()
        return found


def domain_of(deployment: Callable[[], Deployment]) -> Callable[[], Domain]:
    """The registry's domain. Raises DomainError `anchoring.warnings_not_deployed` where it was not added yet."""

    def domain() -> Domain:
        made = deployment()
        if REGISTRY not in made.contracts:
            raise unavailable("anchoring.warnings_not_deployed")
        return Domain(made.domain_name, made.chain_id, made.address(REGISTRY), made.log_origin)

    return domain


def warning_decisions(
    c: Container, domain: Callable[[], Domain], deployment: Callable[[], Deployment],
    contracts: Callable[[], Contracts],
) -> WarningDecisions:  # fmt: skip
    """The service."""

    def ask(target: str, data: bytes) -> bytes:
        from api.bootstrap.chain_access import chain_gateway

        with chain_gateway(c.settings, timeout=2.0) as gateway:
            return gateway.call(target, data)

    def is_registrar(wallet: str) -> bool:
        from api.bootstrap.employers import Eip712Statements

        return Eip712Statements(deployment, ask).is_registrar(wallet)

    officers = WarningOfficers(contracts, domain, is_registrar, c.clock, StaffLogins(c))
    return WarningDecisions(contracts, domain, officers, c.clock)


def warning_inbox(c: Container) -> WarningInbox:
    """What waits for officers' wallets."""
    return WarningInbox(c.uow, c.clock, Reminders(c), time.monotonic)
