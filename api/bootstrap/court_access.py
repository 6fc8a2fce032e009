"""Where the court's own chain is, by the settings: one node, or a validator network of the court's. Nothing else is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.bootstrap.gateways import open_gateway

if TYPE_CHECKING:
    from api.infra.settings import Settings
    from chain.gateway_network import NetworkGateway
    from chain.gateway_rpc import RpcGateway


def has_court(settings: Settings) -> bool:
    """Whether the settings say where the court's chain is."""
    return bool(settings.judicial_rpc_url or settings.judicial_validators)


def court_gateway(
    settings: Settings, *, sending: bool = False, timeout: float = 10.0
) -> RpcGateway | NetworkGateway:
    """A gateway of one's own to the court's chain.

    sending: with the bearer tokens, which only the worker has use for. timeout: seconds that one address may take.
    """
    single = (settings.judicial_rpc_url, settings.judicial_rpc_token_file)
    return open_gateway("judicial", settings.judicial_validators, single, sending=sending, timeout=timeout)
