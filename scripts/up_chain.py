"""The chain of an installation as its programs: the embedded node, or a validator network of this machine.

Both give `scripts.up` the same: children to start, a gateway to deploy through, and the settings that choose them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scripts.installation import Installation, InstallationError
from scripts.processes import Child
from signing.accounts import Account

if TYPE_CHECKING:
    from chain.gateway import ChainGateway
    from node.network.local import LocalNetwork, LocalNode

TRANSACT, TRANSACT_AND_DEPLOY = 1, 3
SENDERS = ("relay", "deployer")
MINED_WITHIN = 120.0
"""Seconds: a network that just starts on a busy machine is slow."""


def address_of(key: bytes) -> str:
    """EIP-55 address of a secp256k1 key."""
    return str(Account.from_key(key).address)


def _until_blocks(engines: ChainGateway) -> None:
    """Return when there is a block: a network that was founded a moment ago answers questions only after its first.

    Raises GatewayUnavailable after `MINED_WITHIN`.
    """
    from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

    from chain.errors import GatewayUnavailable

    @retry(
        retry=retry_if_exception_type(GatewayUnavailable),
        wait=wait_fixed(0.3),
        stop=stop_after_delay(MINED_WITHIN),
        reraise=True,
    )
    def first() -> None:
        if engines.head().number < 1:
            raise GatewayUnavailable("the network has no block yet")

    first()


class ChainPrograms(Protocol):
    """The chain as `Platform` starts it."""

    def prepare(self) -> None:
        """Make what is missing before anything is started. Raises InstallationError."""
        ...

    def complete(self) -> bool:
        """Whether everything that only the first start makes is there."""
        ...

    def children(self) -> list[Child]:
        """The programs, which are ready when transactions are taken."""
        ...

    def permit(self) -> None:
        """Let the installation's accounts send. They may deploy until `close_deployment`."""
        ...

    def gateway(self) -> AbstractContextManager[ChainGateway]:
        """A gateway that may send."""
        ...

    def close_deployment(self) -> None:
        """The contracts stand: nobody of the installation may create further ones."""
        ...

    def settings(self) -> dict[str, Any]:
        """The settings that choose this chain."""
        ...


class EmbeddedChain:
    """One node of the platform's own."""

    def __init__(self, installation: Installation) -> None:
        self._made = installation
        self._folder = installation.root / "node"

    def prepare(self) -> None:
        pass  # the node makes its folder itself

    def complete(self) -> bool:
        return (self._folder / "chain.json").exists()

    def children(self) -> list[Child]:
        command = ["-m", "node", "--data", str(self._folder), "--port", str(self._made.ports["node"])]
        for name in SENDERS:
            command += ["--sender", address_of(self._made.key(name))]
        return [Child("node", command, self._made.logs / "node.log")]

    def permit(self) -> None:
        pass  # the node's list of senders is all there is

    def gateway(self) -> AbstractContextManager[ChainGateway]:
        from chain.gateway_rpc import RpcGateway

        token = (self._folder / "rpc-token").read_text("ascii").strip()
        return RpcGateway(self._made.url("node"), token=token)

    def close_deployment(self) -> None:
        pass  # the deployer renounced every role in the contracts; an address that may send harms nobody

    def settings(self) -> dict[str, Any]:
        chain = json.loads((self._folder / "chain.json").read_text("utf-8"))
        return {
            "chain_rpc_url": self._made.url("node"),
            "chain_rpc_token_file": self._folder / "rpc-token",
            "chain_id": chain["chain_id"],
        }


class ValidatorChain:
    """A network whose members all live in this installation's folder, and an RPC gateway in front of each.

    block_ms: pause after a block, milliseconds, when it is founded.
    """

    def __init__(
        self, installation: Installation, say: Callable[[str], None], *, block_ms: int = 1_000
    ) -> None:
        self._made = installation
        self._say = say
        self._block_ms = block_ms
        self._data = installation.network_folder

    def prepare(self) -> None:
        from node.errors import NodeError
        from node.network import program
        from node.network.local import RECORD, LocalNetwork

        try:
            built = program.build(self._say)
            if not (self._data / RECORD).exists():
                self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._say(f"network: founding {', '.join(self._made.validators)}")
                LocalNetwork.found(self._data, built, self._made.validators, block_ms=self._block_ms)
        except NodeError as error:
            raise InstallationError(str(error)) from error

    def complete(self) -> bool:
        return all((self._made.front_folder(name) / "rpc-token").exists() for name in self._made.validators)

    def _network(self) -> LocalNetwork:
        from node.network import program
        from node.network.local import LocalNetwork

        return LocalNetwork(self._data, program.find())

    def children(self) -> list[Child]:
        network = self._network()
        chain_id = int(network.record()["evm_chain_id"])
        nodes = network.nodes()
        return [
            *(self._engine(network, node) for node in nodes),
            *(self._front(node, chain_id) for node in nodes),
        ]

    def _engine(self, network: LocalNetwork, node: LocalNode) -> Child:
        return Child(
            f"validator_{node.member.name}",
            network.arguments(node),
            node.home / "node.log",
            network.limits(),
            ready_line=False,
            program=network.program,
            on_launch=lambda pid: network.remember(node, pid),
        )

    def _front(self, node: LocalNode, chain_id: int) -> Child:
        name = f"rpc_{node.member.name}"
        command = ["-m", "node.network", "--data", str(self._made.front_folder(node.member.name))]
        command += ["--engine", node.evm_url, "--chain-id", str(chain_id)]
        command += ["--port", str(self._made.ports[name])]
        for sender in SENDERS:
            command += ["--sender", address_of(self._made.key(sender))]
        return Child(name, command, self._made.logs / f"{name}.log")

    def permit(self) -> None:
        self._grant({"relay": TRANSACT, "deployer": TRANSACT_AND_DEPLOY})

    def close_deployment(self) -> None:
        self._grant({"deployer": 0})

    def _grant(self, wanted: dict[str, int]) -> None:
        """By the first member's operator, as a member of a real network would for the platform that it answers for."""
        from chain.errors import ChainError
        from chain.gateway_network import NetworkGateway
        from node.errors import NodeError
        from node.network.gate import Gate
        from node.network.member import operator_key

        nodes = self._network().nodes()
        try:
            with NetworkGateway([node.evm_url for node in nodes], timeout=30.0) as engines:
                _until_blocks(engines)
                gate = Gate(engines, mined_within=MINED_WITHIN)
                for name, permissions in wanted.items():
                    account = address_of(self._made.key(name))
                    if gate.permissions(account) != permissions:
                        gate.grant(operator_key(nodes[0].home), [account], permissions)
        except (NodeError, ChainError) as error:
            raise InstallationError(f"network: {error}") from error

    def gateway(self) -> AbstractContextManager[ChainGateway]:
        from chain.gateway_network import NetworkGateway

        urls = [self._made.url(f"rpc_{name}") for name in self._made.validators]
        tokens = [self._token(name).read_text("ascii").strip() for name in self._made.validators]
        return NetworkGateway(urls, tokens=tokens, timeout=30.0)

    def _token(self, name: str) -> Path:
        return self._made.front_folder(name) / "rpc-token"

    def settings(self) -> dict[str, Any]:
        network = self._network()
        comet = {node.member.name: f"http://127.0.0.1:{node.ports.rpc}" for node in network.nodes()}
        return {
            "chain_validators": [
                {
                    "name": name,
                    "url": self._made.url(f"rpc_{name}"),
                    "token_file": str(self._token(name)),
                    "comet": comet[name],
                }
                for name in self._made.validators
            ],
            "chain_id": int(network.record()["evm_chain_id"]),
        }


def chain_of(installation: Installation, say: Callable[[str], None]) -> ChainPrograms:
    """The chain that the installation was made with."""
    return ValidatorChain(installation, say) if installation.network else EmbeddedChain(installation)
