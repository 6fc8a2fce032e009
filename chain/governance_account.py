"""The k-of-n account that administers an installation's contracts, read through a gateway (docs/operations/governance.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chain.abi import load
from chain.deployer import Deployment
from chain.gateway import ChainGateway
from chain.transactions import checksum_address

_CONTRACT = "GovernanceAccount"
_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class AccountState:
    """`threshold` of `signers` must sign an act; `acts` so far; `delay` seconds between scheduling and executing one."""

    address: str
    threshold: int
    signers: tuple[str, ...]
    acts: int
    delay: int


def read_account(gateway: ChainGateway, deployment: Deployment) -> AccountState | None:
    """Present state; None where the installation has no such account. Raises GatewayUnavailable."""
    try:
        address = deployment.address(_CONTRACT)
    except KeyError:
        return None
    contract = load(_CONTRACT)
    if not contract.matches(gateway.code(address)):
        return None

    def ask(name: str, *arguments: Any) -> Any:
        function = contract.function(name)
        return function.decode(gateway.call(address, function.encode(*arguments)))[0]

    signers = ask("getSigners", 0, ask("getSignerCount"))
    return AccountState(
        address=address,
        threshold=int(ask("threshold")),
        signers=tuple(checksum_address(s) if len(s) == _ADDRESS else s.hex() for s in signers),
        acts=int(ask("nonce")),
        delay=deployment.admin_delay,
    )
