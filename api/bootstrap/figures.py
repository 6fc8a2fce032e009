"""The registry's counters as the API reads them: from the chain node, at one final block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from api.kernel.errors import unavailable
from chain.abi import load
from chain.deployer import load_deployment
from chain.errors import CallReverted, GatewayUnavailable, ProofInvalid, RpcRefused
from chain.trust_root import REGISTRY

if TYPE_CHECKING:
    from api.bootstrap.container import Container
    from chain.gateway_network import NetworkGateway
    from chain.gateway_rpc import RpcGateway

WORD = 32
PATIENCE = 5.0
"""Seconds: a page waits for the node no longer."""


class RegistryCounters:
    """`Counters` over JSON-RPC; reading needs no token."""

    def __init__(self, container: Container) -> None:
        self._settings = container.settings

    @cached_property
    def _gateway(self) -> RpcGateway | NetworkGateway:
        from api.bootstrap.chain_access import chain_gateway

        return chain_gateway(self._settings, timeout=PATIENCE)

    @cached_property
    def _address(self) -> str:
        found = load_deployment(self._settings.effective_deployment_file.parent)
        if found is None:
            raise unavailable("evidence.chain_unreachable", reason="no deployment")
        address = found.address(REGISTRY)
        # A registry of an earlier release has no counters: its empty slots would be proven zeros.
        asked = load(REGISTRY).function("concludedCount").encode(0, 0)
        try:
            if len(self._gateway.call(address, asked)) != WORD:
                raise unavailable("evidence.chain_unreachable", reason="registry without counters")
        except CallReverted as error:
            raise unavailable("evidence.chain_unreachable", reason="registry without counters") from error
        return address

    def read(self, slots: Sequence[bytes]) -> tuple[int, Sequence[int]]:
        """Values of storage slots at the newest final block."""
        try:
            block = self._gateway.final_head().number
            return block, self._gateway.storage(self._address, slots, block)
        except (GatewayUnavailable, RpcRefused) as error:
            raise unavailable("evidence.chain_unreachable", reason=error.code) from error

    def prove(self, slot: bytes) -> tuple[int, Mapping[str, Any], int]:
        """Block, proof and value of one slot at the newest final block; the proof was verified."""
        from chain.state_proofs import build_storage_proof, verify_storage_proof

        try:
            block = self._gateway.final_head().number
            proof = build_storage_proof(self._gateway, self._address, [slot], block)
            return block, proof, verify_storage_proof(proof).values[slot]
        except (GatewayUnavailable, RpcRefused, ProofInvalid) as error:
            raise unavailable("evidence.chain_unreachable", reason=error.code) from error
