"""Wires governance to the chain: its present state through a gateway, its events into the slice's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from api.governance import repository
from api.governance.service import Governance
from api.infra.db import UnitOfWork
from api.kernel.errors import unavailable
from chain.deployer import load_deployment
from chain.errors import CallReverted, DecodingError, GatewayUnavailable, RpcRefused
from chain.gate import Followed, GateEvent, GateState, follow, has_gate, read_gate
from chain.governance_account import AccountState, read_account

if TYPE_CHECKING:
    from api.bootstrap.container import Container
    from chain.gateway import ChainGateway

PATIENCE = 5.0
"""Seconds: a page waits for the node no longer."""
_TROUBLE = (GatewayUnavailable, RpcRefused, CallReverted, DecodingError)


class KeptHistory:
    """`chain.gate.GateHistory` over the slice's tables."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def mark(self) -> Followed | None:
        """How far the events reach."""
        with self._uow.read() as session:
            found = repository.mark(session)
        return None if found is None else Followed(*found)

    def keep(self, events: Sequence[GateEvent], mark: Followed, names: Mapping[str, str]) -> None:
        """Add events."""
        with self._uow() as session:
            repository.keep(session, events, mark.number, mark.hash, names)

    def forget(self) -> None:
        """Drop everything."""
        with self._uow() as session:
            repository.forget(session)


class ObservedChain:
    """`Chain` over a gateway; reading needs no token."""

    def __init__(self, container: Container, gateway: ChainGateway | None = None) -> None:
        self._container = container
        self._given = gateway

    @cached_property
    def _gateway(self) -> ChainGateway:
        from api.bootstrap.chain_access import chain_gateway

        return self._given or chain_gateway(self._container.settings, timeout=PATIENCE)

    def state(self) -> GateState | None:
        """The network contract's state."""
        try:
            return read_gate(self._gateway)
        except _TROUBLE as error:
            raise unavailable("governance.chain_unreachable", reason=error.code) from error

    def account(self) -> AccountState | None:
        """The contracts' k-of-n account."""
        deployment = load_deployment(self._container.settings.effective_deployment_file.parent)
        if deployment is None:
            return None
        try:
            return read_account(self._gateway, deployment)
        except _TROUBLE as error:
            raise unavailable("governance.chain_unreachable", reason=error.code) from error

    def follow(self) -> bool:
        """One step of reading events."""
        try:
            if not has_gate(self._gateway):
                return False
            return follow(self._gateway, KeptHistory(self._container.uow)) > 0
        except _TROUBLE as error:
            raise unavailable("governance.chain_unreachable", reason=error.code) from error


def build(c: Container) -> Governance:
    """The slice's service."""
    return Governance(c.uow, c.clock, ObservedChain(c))
