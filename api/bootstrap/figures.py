"""The registry's counters as the API reads them: from the chain node, at one final block.

A network's counter is proven by a light proof, where the settings name validators that can be asked for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from api.bootstrap.light import light_network, trusted_network
from api.kernel.errors import unavailable
from chain.abi import load
from chain.deployer import load_deployment
from chain.errors import CallReverted, GatewayUnavailable, ProofInvalid, RpcRefused
from chain.trust_root import REGISTRY

if TYPE_CHECKING:
    from api.bootstrap.container import Container
    from chain.deployer import DeployedContract
    from chain.gateway_network import NetworkGateway
    from chain.gateway_rpc import RpcGateway
    from chain.light.maker import Stamp
    from chain.light.network import LightNetwork
    from chain.light.rpc import CometSource
    from chain.trust_root import ValidatorNetwork
    from signing.timestamps import TimestampClient, Token

WORD = 32
PATIENCE = 5.0
"""Seconds: a page waits for the node no longer."""


class RegistryCounters:
    """`Counters` over JSON-RPC; reading needs no token."""

    def __init__(self, container: Container) -> None:
        self._settings = container.settings
        self._clock = container.clock

    @cached_property
    def _gateway(self) -> RpcGateway | NetworkGateway:
        from api.bootstrap.chain_access import chain_gateway

        return chain_gateway(self._settings, timeout=PATIENCE)

    @cached_property
    def _light(self) -> LightNetwork | None:
        return light_network(self._settings, timeout=PATIENCE)

    @cached_property
    def _authorities(self) -> TimestampClient:
        from api.bootstrap.authorities import timestamp_client

        return timestamp_client(self._settings, self._clock)

    @cached_property
    def _registry(self) -> DeployedContract:
        found = load_deployment(self._settings.effective_deployment_file.parent)
        if found is None:
            raise unavailable("evidence.chain_unreachable", reason="no deployment")
        return found.contracts[REGISTRY]

    @cached_property
    def _address(self) -> str:
        address = self._registry.address
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

        if self._light is not None:
            return self._prove_light(self._light, slot)
        try:
            block = self._gateway.final_head().number
            proof = build_storage_proof(self._gateway, self._address, [slot], block)
            return block, proof, verify_storage_proof(proof).values[slot]
        except (GatewayUnavailable, RpcRefused, ProofInvalid) as error:
            raise unavailable("evidence.chain_unreachable", reason=error.code) from error

    def _prove_light(self, network: LightNetwork, slot: bytes) -> tuple[int, Mapping[str, Any], int]:
        """The same by a light proof at the newest block that another one follows, with a token over its trail."""
        from chain.light.maker import with_token
        from chain.light.network import is_ahead, period_left
        from signing.errors import SigningError

        trusted = trusted_network(self._settings)
        if trusted is None:
            raise unavailable("evidence.no_trusted_header")
        try:
            made, _ = network.first(lambda source: self._light_proof(source, trusted, slot))
        except (GatewayUnavailable, ProofInvalid) as error:
            raise unavailable("evidence.chain_unreachable", reason=error.code) from error
        tokens: list[Token] = []
        if period_left(made["light"], trusted.trusting_period, self._clock.now()) <= 0:
            raise unavailable("evidence.no_trusted_header")
        try:
            made = with_token(made, self._stamp_into(tokens))
        except SigningError as error:
            raise unavailable("evidence.no_timestamp") from error
        if is_ahead(made["light"], tokens[0].gen_time):
            raise unavailable("evidence.chain_unreachable", reason="the block's clock is ahead")
        value = int(made["state"]["slots"][0]["value"] or "0", 16)
        return made["light"]["trail"][-1]["header"]["height"] - 1, made, value

    def _light_proof(self, source: CometSource, trusted: ValidatorNetwork, slot: bytes) -> dict[str, Any]:
        from chain.light.maker import light_slot, newest_height
        from chain.light.network import start_below

        height = newest_height(source) - 1
        start = start_below(trusted, height)
        if start is None:
            raise GatewayUnavailable("the validator is behind the trusted header")
        return light_slot(
            source,
            trusted_height=start,
            trusted_hash=trusted.headers[start],
            address=self._address,
            code_hash=bytes.fromhex(self._registry.code_hash),
            slot=slot,
            height=height,
        )

    def _stamp_into(self, tokens: list[Token]) -> Stamp:
        """The installation's authorities as a stamp; each token is kept in `tokens`."""

        def stamp(imprint: bytes) -> bytes:
            tokens.append(self._authorities.stamp(imprint))
            return tokens[-1].der

        return stamp
