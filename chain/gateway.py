"""The port through which everything else sees a chain, and the values that travel through it.

Adapters: `gateway_rpc` (JSON-RPC of one node), `gateway_network` (of several validators) and `gateway_memory` (simulation
without an EVM); one conformance suite runs over all.
A gateway decides what is final: on the embedded chain a block that has been mined, because the node journals its content
before mining; elsewhere a number of blocks on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True)
class BlockRef:
    """A block's place in the chain. `timestamp` in unix seconds; legal state never depends on it."""

    number: int
    hash: bytes
    parent: bytes
    timestamp: int


@dataclass(frozen=True)
class Log:
    """An event as a contract emitted it. `address` is EIP-55; `index` counts within the block."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    transaction: bytes
    index: int


@dataclass(frozen=True)
class Receipt:
    """What became of a mined transaction; `contract` is the address it created."""

    transaction: bytes
    block_number: int
    block_hash: bytes
    index: int
    ok: bool
    gas_used: int
    contract: str | None
    logs: tuple[Log, ...]


@dataclass(frozen=True)
class ChainTransaction:
    """A transaction that the chain knows; `block_number` is None while it waits."""

    hash: bytes
    sender: str
    to: str | None
    nonce: int
    data: bytes
    block_number: int | None


class SendOutcome(StrEnum):
    """Answer to a broadcast. KNOWN means: read back before anything else."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True)
class SendResult:
    """Outcome for one raw transaction; `reason` is the node's own text."""

    hash: bytes
    outcome: SendOutcome
    reason: str = ""


class ChainGateway(Protocol):
    """A chain to read from and to send to.

    Every method raises GatewayUnavailable when no usable answer came: then nothing is known about what happened, and a
    transaction that was being sent may well be in the chain.

    index_lag: blocks after which a mined transaction is certainly found by its hash; 0 where that is so at once.
    """

    index_lag: int

    def chain_id(self) -> int:
        """Chain id (EIP-155)."""
        ...

    def head(self) -> BlockRef:
        """The newest block; a reorganisation may still remove it."""
        ...

    def final_head(self) -> BlockRef:
        """The newest block that stays."""
        ...

    def block(self, number: int) -> BlockRef | None:
        """The canonical block of that number, None above the head. 0 gives the first block, whatever its number."""
        ...

    def transaction_count(self, address: str) -> int:
        """Mined transactions of `address`: the next nonce that the chain will take."""
        ...

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        """Hand over signed transactions in this order; one result each. Sending a known one again is harmless."""
        ...

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        """Receipt of each mined transaction, None for the others, without waiting."""
        ...

    def transactions(self, hashes: Sequence[bytes]) -> list[ChainTransaction | None]:
        """Each transaction that is mined or waiting, None for the others."""
        ...

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Events of `addresses` in blocks `first` to `last`, both included, in chain order."""
        ...

    def call(self, to: str, data: bytes) -> bytes:
        """Result of a read-only call at the newest block; raises CallReverted."""
        ...

    def code(self, address: str) -> bytes:
        """Code at `address`; empty where no contract is."""
        ...


class ProofSource(Protocol):
    """What state proofs are made from: the chain's own structures, as JSON-RPC gives them."""

    def header(self, number: int) -> Mapping[str, Any]:
        """The block object of eth_getBlockByNumber without transactions."""
        ...

    def block_receipts(self, number: int) -> Sequence[Mapping[str, Any]]:
        """All receipts of a block, eth_getBlockReceipts."""
        ...

    def account_proof(self, address: str, slots: Sequence[bytes], number: int) -> Mapping[str, Any]:
        """eth_getProof of `address` and its storage `slots` at a block."""
        ...
