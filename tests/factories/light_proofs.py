"""Whole light proofs, honest and altered: of a contract's conclusion, and of a figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chain.abi import load
from chain.figures import counter_slot
from chain.light import TYPE, encoding
from chain.light.state import commitment_slot
from chain.trust_root import TrustRoot
from tests.factories.evidence import World, at
from tests.factories.light_network import (
    CHAIN,
    MEMBERS,
    Json,
    Plan,
    b64,
    equal,
    evm_result,
    evm_store,
    header,
    result_proof,
    sha256,
    signed,
    state_of,
    trusted,
)

FOUR = equal(*MEMBERS)
PERIOD = 30 * 86_400
STAMPED = 700
"""Seconds after the worker's signature at which the trail is stamped."""
START = Plan(5, int(at(-86_400).timestamp()), FOUR, ())


def block_time(seconds: int) -> int:
    """Unix seconds of a block, relative to the worker's signature."""
    return int(at(seconds).timestamp())


def end(**changes: Any) -> Plan:
    """The last block: three of four have signed."""
    plan: dict[str, Any] = {"height": 90, "seconds": block_time(650), "powers": FOUR, "signers": MEMBERS[:3]}
    return Plan(**(plan | changes))


@dataclass
class LightForge:
    """A proof in the making. What is altered here is signed and stamped as it stands; `spoil` comes after that."""

    world: World
    slot: bytes
    value: bytes | None
    plans: Sequence[Plan] = field(default_factory=lambda: (START, end()))
    chain: str = CHAIN
    stored: Mapping[bytes, bytes] = field(default_factory=dict)
    address: str | None = None
    code_hash: bytes | None = None
    data: bytes | None = None
    code: int = 0
    shown: bytes | None = None
    headers: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Members of headers, by number of the block, that are replaced before the block is signed."""
    stamped: int | None = STAMPED
    stamp_over: Callable[[Json], Any] = encoding.trail_imprint
    alter: Callable[[Json], None] = lambda light: None
    """A change of `light` between signatures and token."""

    def build(self) -> Json:
        """`light`, `state` and `result`."""
        root = self.world.trust_root()
        registry = root.value["contracts"]["LaborContractRegistry"]
        address = self.address or registry["address"]
        stored = dict(self.stored) | ({} if self.value is None else {self.slot: self.value})
        store = evm_store(address, self.code_hash or bytes.fromhex(registry["code_hash"]), stored)
        state, app_hash = state_of(store, address, self.shown or self.slot)
        result, results_root = (None, None) if self.data is None else result_proof(self.data, code=self.code)
        trail: list[Json] = []
        for number, plan in enumerate(self.plans):
            changes = dict(self.headers.get(number, {}))
            if number == len(self.plans) - 1:
                changes = {"app_hash": app_hash.hex()} | changes
                if results_root is not None:
                    changes = {"last_results_hash": results_root.hex()} | changes
            head = header(plan, **changes)
            trail.append(signed(plan, head, chain=self.chain) if number else trusted(plan, head))
        light: Json = {"chain_id": self.chain, "trail": trail, "token": None}
        self.alter(light)
        if self.stamped is not None:
            token = self.world.stamp(self.world.tsa_one, self.stamp_over(light), at(self.stamped))
            light["token"] = b64(token.der)
        return {"light": light, "state": state, "result": result}

    def network(self, **changes: Any) -> Json:
        """The trust root's member."""
        first = self.plans[0]
        head = header(first, **self.headers.get(0, {}))
        known = {"height": first.height, "hash": encoding.header_hash(self.chain, head).hex()}
        return {"chain_id": self.chain, "trusting_period": PERIOD, "headers": [known], **changes}

    def root(self, **changes: Any) -> TrustRoot:
        """The installation's trust root with this network; `changes` replace members of `network`."""
        return self.world.trust_root(network=self.network(**changes))


def conclusion_forge(
    world: World, contract_id: str, version: int, commitment: bytes, **changes: Any
) -> LightForge:
    """The conclusion of a contract, with the registry's event."""
    slot = commitment_slot(bytes.fromhex(contract_id), version)
    registry = world.trust_root().value["contracts"]["LaborContractRegistry"]["address"]
    made = {"slot": slot, "value": commitment, "data": concluded(registry, contract_id, version, commitment)}
    return LightForge(world, **(made | changes))


def concluded(address: str, contract_id: str, version: int, commitment: bytes, **changes: Any) -> bytes:
    """A result's data with the registry's event."""
    topics = [load("LaborContractRegistry").event("Concluded").topic0]
    topics += [bytes.fromhex(contract_id), sha256(b"org"), commitment]
    made = {"topics": topics, "data": version.to_bytes(32, "big") + bytes(32 * 8)} | changes
    return evm_result(address, **made)


def event_words(contract_id: str, version: int, commitment: bytes) -> bytes:
    """The registry's event as words: four topics, then the data."""
    topic = load("LaborContractRegistry").event("Concluded").topic0
    topics = topic + bytes.fromhex(contract_id) + sha256(b"org") + commitment
    return topics + version.to_bytes(32, "big") + bytes(32 * 8)


def record_of(forge: LightForge, contract_id: str, version: int, commitment: bytes, **changes: Any) -> Json:
    """`chain/record.json`; `changes` replace its members."""
    stated = {"contract_id": contract_id, "version": version, "commitment": commitment.hex()}
    return {"v": 1, "type": TYPE, "conclusion": stated, **forge.build(), **changes}


def figure_forge(
    world: World, region: int | None, month: str | None, value: int, **changes: Any
) -> LightForge:
    """A counter of the registry; 0 is one that was never written."""
    slot = counter_slot(region, month)
    other = {counter_slot(None, None): (99).to_bytes(32, "big"), bytes(32): (5).to_bytes(32, "big")}
    made: dict[str, Any] = {
        "slot": slot,
        "value": value.to_bytes(32, "big") if value else None,
        "stored": other,
    }
    return LightForge(world, **(made | changes))


def figure_proof(forge: LightForge, **changes: Any) -> Json:
    """`figure/proof.json`; `changes` replace its members."""
    made = forge.build()
    del made["result"]
    return {"v": 1, "type": TYPE, **made, **changes}


def when_stamped() -> dt.datetime:
    """The moment of the honest token."""
    return at(STAMPED)
