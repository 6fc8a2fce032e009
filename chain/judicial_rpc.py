"""The court's chain over JSON-RPC: receipts with header and seal, and the questions that anybody may ask the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chain.abi import JUDICIAL_ANCHOR, load
from chain.errors import GatewayUnavailable, RpcRefused
from chain.gate import has_gate
from chain.gateway import ChainGateway
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway
from chain.judicial_port import CourtReceipts
from chain.judicial_receipt import receipt_entry, reference_entry
from chain.state_proofs import build_receipt_proof

METHOD_NOT_FOUND = -32601


class RpcReceipts:
    """Receipts (E13) of one JudicialAnchor."""

    def __init__(self, gateway: RpcGateway, chain_id: int, address: str) -> None:
        self._gateway = gateway
        self._chain_id = chain_id
        self._address = address

    def make(self, number: int, index: int) -> Mapping[str, Any]:
        """See `chain.judicial_port.CourtReceipts`; a chain that seals nothing gives receipts without a seal."""
        proof = build_receipt_proof(self._gateway, number, index)
        return receipt_entry(self._chain_id, self._address, proof, self._seal(number))

    def _seal(self, number: int) -> str | None:
        try:
            seal = self._gateway.request("concord_blockSeal", hex(number))
        except RpcRefused as refusal:
            if refusal.rpc_code == METHOD_NOT_FOUND:
                return None
            raise
        if not isinstance(seal, str):
            raise GatewayUnavailable(f"block {number} is not sealed yet")
        return seal


class NetworkReceipts:
    """Receipts of one JudicialAnchor on a validator network: where the acceptance stands, without a proof of it.

    The engine's blocks hold no trie of receipts in the form of `anvil-mpt`, so step 18 of a verification stays open
    (UNSUPPORTED) for these; anybody may ask the court's contract itself.
    """

    def __init__(self, gateway: ChainGateway, chain_id: int, address: str) -> None:
        self._gateway = gateway
        self._chain_id = chain_id
        self._address = address

    def make(self, number: int, index: int) -> Mapping[str, Any]:
        """See `chain.judicial_port.CourtReceipts`."""
        hashes = [log.transaction for log in self._gateway.logs(number, number, [self._address])]
        for receipt in self._gateway.receipts(list(dict.fromkeys(hashes))):
            if receipt is not None and (receipt.block_number, receipt.index) == (number, index):
                return reference_entry(
                    self._chain_id, self._address, number, receipt.block_hash, receipt.transaction
                )
        raise GatewayUnavailable(
            f"the contract's events of block {number} are not there yet", code="gateway.behind"
        )


def receipts_of(gateway: RpcGateway | NetworkGateway, chain_id: int, address: str) -> CourtReceipts:
    """What makes receipts on the court's chain, by the kind of the chain."""
    if isinstance(gateway, NetworkGateway):
        return NetworkReceipts(gateway, chain_id, address)
    return RpcReceipts(gateway, chain_id, address)


def open_court(
    urls: Sequence[str], *, token: str | None = None, timeout: float = 10.0
) -> RpcGateway | NetworkGateway:
    """A gateway to the court's chain: a network's where several addresses are given, or the chain at the only one is one.

    token: bearer token for sending, the same at each address. Raises GatewayUnavailable.
    """
    if len(urls) == 1:
        single = RpcGateway(urls[0], token=token, timeout=timeout)
        if not has_gate(single):
            return single
        single.close()
    return NetworkGateway(urls, tokens=[token] * len(urls), timeout=timeout)


class AnchorReader:
    """What JudicialAnchor answers to anybody. It knows nothing but the court's RPC address and the contract's."""

    def __init__(self, gateway: ChainGateway, address: str) -> None:
        self._gateway = gateway
        self.address = address

    def _ask(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        function = load(JUDICIAL_ANCHOR).function(name)
        return function.decode(self._gateway.call(self.address, function.encode(*arguments)))

    def chain_id(self) -> int:
        """Chain id of the court's chain."""
        return self._gateway.chain_id()

    def is_anchor(self) -> bool:
        """Whether a JudicialAnchor of this release stands at the address."""
        return load(JUDICIAL_ANCHOR).matches(self._gateway.code(self.address))

    def origin(self) -> str:
        """Name of the log whose checkpoints are accepted."""
        return str(self._ask("origin")[0])

    def latest_size(self) -> int:
        """Size of the last accepted checkpoint, 0 before the first."""
        return int(self._ask("latest")[0])

    def root_at(self, size: int) -> bytes | None:
        """Root accepted at `size`, None where none was."""
        root = bytes(self._ask("rootAt", size)[0])
        return None if root == bytes(32) else root

    def includes(self, entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bool:
        """The contract's own answer: whether `entry` stands at `index` of the tree accepted at `size`."""
        return bool(self._ask("verifyInclusion", entry, index, size, list(path))[0])
