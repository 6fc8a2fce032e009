"""A node with our contracts on it, the keys of everybody who signs, and an anchoring slice over it."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chain.calls import Contracts
from chain.deployer import Deployment, DeploymentConfig, deploy
from chain.deployer_extension import extend
from chain.gateway_rpc import RpcGateway
from chain.transactions import Sender
from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from signing import eip712, p256, wallets

DEPLOYER, RELAY, REGISTRAR, ISSUER, REPRESENTATIVE, AGENT, RULE_RUN = (
    bytes([n] * 32) for n in (11, 12, 13, 14, 15, 16, 17)
)
ORIGIN = "log.test/anchoring"


def address(key: bytes) -> str:
    """Address of a secp256k1 key."""
    return wallets.address_of(key)


@dataclass
class RealChain:
    """A running node with deployed contracts."""

    node: RunningNode
    gateway: RpcGateway
    deployment: Deployment

    @property
    def contracts(self) -> Contracts:
        return Contracts.of({name: made.address for name, made in self.deployment.contracts.items()})

    @property
    def sender(self) -> Sender:
        return Sender(RELAY, self.deployment.chain_id)

    def domain(self, contract: str) -> eip712.Domain:
        d = self.deployment
        return eip712.Domain(d.domain_name, d.chain_id, d.address(contract), d.log_origin)

    def sign(self, key: bytes, statement: eip712.Statement, contract: str = "ParticipantRegistry") -> bytes:
        return wallets.sign_digest(key, eip712.digest(self.domain(contract), statement))


@contextmanager
def real_chain(folder: Path, block_interval: float = 0.1) -> Iterator[RealChain]:
    """Start a node in `folder`, deploy, and stop it at the end."""
    settings = NodeSettings(
        data_dir=folder / "node", senders=(address(DEPLOYER), address(RELAY)), block_interval=block_interval
    )
    with start_node(settings) as node, RpcGateway(node.rpc_url, token=node.token) as gateway:
        signers = tuple(address(bytes([n] * 32)) for n in (21, 22, 23))
        config = DeploymentConfig(ORIGIN, True, (address(REGISTRAR),), (address(ISSUER),), signers, 2, 3600)
        deploy(gateway, DEPLOYER, config, folder / "chain")
        yield RealChain(node, gateway, extend(gateway, DEPLOYER, folder / "chain", [address(RULE_RUN)]))


class WorkerKey:
    """A worker's one-time P-256 key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.spki = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.spki).digest()

    def sign(self, message: bytes) -> bytes:
        der = self._key.sign(message, ec.ECDSA(hashes.SHA256()))
        return p256.low_s(p256.to_raw(der))


class Ticking:
    """A worker that ticks in a thread, as the worker process does."""

    def __init__(self, worker: object) -> None:
        self.worker = worker
        self.errors: list[BaseException] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.worker.run(self._stop)  # type: ignore[attr-defined]
        except BaseException as error:
            self.errors.append(error)

    def __enter__(self) -> Ticking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def wait_for(condition: object, seconds: float = 30.0) -> None:
    """Poll until `condition()` holds; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
