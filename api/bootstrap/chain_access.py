"""Which chain an installation runs on: the embedded one behind one address, or a network behind its validators'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.bootstrap.gateways import open_gateway

if TYPE_CHECKING:
    from api.infra.settings import Settings
    from chain.gateway_network import NetworkGateway
    from chain.gateway_rpc import RpcGateway


def chain_gateway(
    settings: Settings, *, sending: bool = False, timeout: float = 10.0
) -> RpcGateway | NetworkGateway:
    """A gateway of one's own to the chain of the settings. Imported late: most processes never need it.

    sending: with the bearer tokens, which only the worker has use for. timeout: seconds that one address may take.
    """
    own = (settings.chain_rpc_url, settings.chain_rpc_token_file)
    return open_gateway("chain", settings.chain_validators, own, sending=sending, timeout=timeout)


def node_addresses(settings: Settings) -> list[str]:
    """The RPC gateways whose `/status` tells how the chain is."""
    return [item.url for item in settings.chain_validators] or [settings.chain_rpc_url]
