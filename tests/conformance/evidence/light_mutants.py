"""Light proofs, mutated: finished ones, and those of networks that never were, signed and stamped as they stand."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

from chain.light.encoding import varint
from chain.package import contents, read_package, write_package
from chain.trust_root import TrustRoot
from signing import jcs
from tests.attacks.evidence.stories import light, light_records
from tests.attacks.evidence.story import LATER, Made, Scene
from tests.conformance.evidence.light_spoilt import spoilt
from tests.factories import light_network
from tests.factories.evidence import Forge
from tests.factories.light_network import MEMBERS, Json, Plan, zigzag
from tests.factories.light_proofs import (
    PERIOD,
    START,
    LightForge,
    block_time,
    concluded,
    conclusion_forge,
    figure_forge,
    figure_proof,
    record_of,
)
from tests.factories.mutated_bytes import loosely
from tests.factories.mutations import ODD, Mutant, Mutator
from tests.factories.world import at

PEOPLE = (*MEMBERS, "new-one", "new-two", "new-three")
HASHES = (
    "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
    "last_results_hash", "evidence_hash",
)  # fmt: skip
Dice = random.Random
HONEST = [story for story in (*light.STORIES, *light_records.STORIES) if story.step == 0]
EXPORTS = 4
"""Weight of regulators' exports, which hold a conclusion's record like a contract's package, without its PDF."""


class LightMutator:
    """Mutants of the honest light proofs; the same for the same seed and number."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.seed = scene, seed
        self.source = Mutator(scene, HONEST, seed)
        for _ in range(EXPORTS):
            self.source.names.append("a regulator's export")
            self.source.bases.append(self._export())
            self.source.entries.append(read_package(self.source.bases[-1].package))
        self.light = [number for number, made in enumerate(self.source.bases) if self._cheap(made)]

    def _export(self) -> Made:
        """A regulator's export with the record of the conclusion."""
        forge = Forge(self.scene.world)
        who = (forge.contract_id, forge.opening["version"], forge.commitment)
        made = conclusion_forge(self.scene.world, *who)
        files = read_package(forge.supervision) | {
            contents.CHAIN_RECORD: jcs.canonical(record_of(made, *who))
        }
        return Made(write_package(self.source.sealed(files)), made.root(), LATER)

    def _cheap(self, made: Made) -> bool:
        """Contracts' packages hold a PDF, which costs most of the time: one in twelve mutants is of one."""
        return contents.PDF not in self.source.entries[self.source.bases.index(made)]

    def mutant(self, number: int) -> Mutant:
        """The mutant of this number."""
        dice = Dice(f"light {self.seed} {number}")
        everything = range(len(self.source.bases))
        base = dice.choice(list(everything) if dice.random() < 1 / 12 else self.light)
        files, made = dict(self.source.entries[base]), self.source.bases[base]
        entry = contents.FIGURE_PROOF if contents.FIGURE_PROOF in files else contents.CHAIN_RECORD
        proof: Any = jcs.parse_object(files[entry], max_bytes=8_000_000)
        recipe: list[str] = [self.source.names[base][:30]]
        root = made.root
        if dice.random() < 0.5:
            proof, root, files = self._forged(proof, files, dice, recipe)
        if dice.random() < 0.25 or len(recipe) == 1:
            for _ in range(dice.choice((1, 1, 1, 2))):
                proof, what = spoilt(proof, dice)
                recipe.append(what)
        try:
            files[entry] = jcs.canonical(proof)
        except ODD:
            files[entry] = loosely(proof)
        return Mutant(Made(write_package(self.source.sealed(files)), root, made.now), ": ".join(recipe))

    def _forged(
        self, proof: Json, files: dict[str, bytes], dice: Dice, recipe: list[str]
    ) -> tuple[Json, TrustRoot, dict[str, bytes]]:
        """Another network, honestly made, in the same package."""
        changes, what = _network(dice)
        recipe += what
        odd = dice.random() < 0.15
        with mock.patch.object(light_network, "zigzag", _odd_zigzag(dice) if odd else zigzag):
            recipe += ["odd nodes"] if odd else []
            if contents.FIGURE_PROOF in files:
                stated: Any = jcs.parse_object(files[contents.FIGURE_STATEMENT])
                value = dice.choice((0, 0, 1, 12, 2**53 - 1))
                changes |= {"shown": dice.randbytes(32)} if dice.random() < 0.05 else {}
                forge = figure_forge(self.scene.world, stated["region"], stated["month"], value, **changes)
                made = figure_proof(forge)
                block = forge.plans[-1].height - 1
                stated |= {"value": value, "block": max(block, 0)} if dice.random() < 0.95 else {}
                files[contents.FIGURE_STATEMENT] = jcs.canonical(stated)
            else:
                made, forge = self._record(proof["conclusion"], changes, dice, recipe)
        return made, _root(forge, dice, recipe), files

    def _record(
        self, said: Json, changes: dict[str, Any], dice: Dice, recipe: list[str]
    ) -> tuple[Json, LightForge]:
        who = (said["contract_id"], said["version"], bytes.fromhex(said["commitment"]))
        if dice.random() < 0.08:
            who = (dice.randbytes(32).hex(), *who[1:])
            recipe.append("another contract")
        forge = conclusion_forge(self.scene.world, *who, **changes)
        if dice.random() < 0.2:
            forge = dataclasses.replace(forge, data=self._events(who, dice))
            recipe.append("other events")
        elif dice.random() < 0.5 and forge.data:
            data, what = _protobuf(forge.data, dice)
            forge = dataclasses.replace(forge, data=data, code=dice.choice((0, 0, 0, 0, 5)))
            recipe.append(f"result {what}")
        return record_of(forge, *who), forge

    def _events(self, who: tuple[str, int, bytes], dice: Dice) -> bytes:
        """A result that was reverted, or that holds something else than the conclusion."""
        contracts = self.scene.world.trust_root().value["contracts"]
        odd: dict[str, Any] = dice.choice(
            (
                {"error": "execution reverted"},
                {"topics": []},
                {"topics": [dice.randbytes(32)]},
                {"kind": "/x"},
                {},
            )
        )
        return concluded(contracts[dice.choice(sorted(contracts))]["address"], *who, **odd)


# -- networks that never were


def _network(dice: Dice) -> tuple[dict[str, Any], list[str]]:
    """Arguments of a LightForge: a random trail, and what is odd about it."""
    height, seconds = START.height, START.seconds
    blocks = dice.choice((1, 1, 1, 2, 3, 5))
    moments = sorted(dice.sample(range(1, 640), blocks))
    powers = {
        name: dice.choice((1, 1, 1, 2, 5)) for name in dice.sample(PEOPLE, dice.choice((1, 3, 4, 4, 5)))
    }
    plans = [Plan(height, seconds, dict(powers), ())]
    for when in moments:
        announced = dict(powers)
        if dice.random() < 0.5:
            for name in dice.sample(PEOPLE, dice.choice((1, 1, 2, 5))):
                powers.pop(name, None) if name in powers and len(powers) > 1 else powers.update({name: 1})
        plans[-1] = dataclasses.replace(
            plans[-1], next_powers=dict(powers) if dice.random() < 0.8 else announced
        )
        height += dice.choice((1, 1, 2, 40, 0 if dice.random() < 0.1 else 3))
        before, seconds = seconds, block_time(when)
        if dice.random() < 0.05:
            seconds = before - dice.choice((0, 0, 1))
        plans.append(Plan(height, seconds, dict(powers), _signers(powers, dice)))
    changes: dict[str, Any] = {"plans": tuple(plans)}
    what = [f"{len(plans)} blocks"]
    last = seconds - int(at(0).timestamp())
    around = dice.choice((700, 700, 700, last - 61, last - 60, last - 59, 3_660, 3_661, None))
    changes["stamped"] = around
    if dice.random() < 0.5:  # full seconds, so that limits are met exactly
        changes["headers"] = {number: {"time": [plan.seconds, 0]} for number, plan in enumerate(plans)}
        what.append("full seconds")
    if dice.random() < 0.1:
        member = dice.choice(HASHES)
        number = dice.randrange(len(plans))
        headers = changes.setdefault("headers", {})
        headers[number] = headers.get(number, {}) | {member: dice.randbytes(32).hex()}
        what.append(f"another {member}")
    if dice.random() < 0.05:
        changes[dice.choice(("code_hash", "address"))] = dice.randbytes(32)
    if isinstance(changes.get("address"), bytes):
        changes["address"] = "0x" + "34" * 20
    return changes, [*what, f"stamped {around}"]


def _signers(powers: Mapping[str, int], dice: Dice) -> tuple[str, ...]:
    """Those who sign: just enough, all, or exactly too few."""
    names = dice.sample(sorted(powers), len(powers))
    enough, signed = sum(powers.values()) * 2 // 3, 0
    for count, name in enumerate(names):
        if signed > enough:
            return tuple(names[:count] if dice.random() < 0.9 else names[: count - 1])
        signed += powers[name]
    return tuple(names)


def _root(forge: LightForge, dice: Dice, recipe: list[str]) -> TrustRoot:
    """A trust root with this network, another one, or none."""
    change = dice.choice(("", "", "", "", "none", "name", "hash", "height", "more", "period", "period"))
    recipe.append(f"root {change}" if change else "its root")
    network = forge.network()
    known = network["headers"][0]
    if change == "none":
        return forge.world.trust_root()
    if change == "name":
        return forge.root(chain_id="another")
    if change == "hash":
        return forge.root(headers=[known | {"hash": "ab" * 32}])
    if change == "height":
        return forge.root(headers=[known | {"height": known["height"] + 1}])
    if change == "more":
        return forge.root(
            headers=[{"height": 1, "hash": "00" * 32}, known, {"height": 10**9, "hash": "11" * 32}]
        )
    if change == "period":
        until = 86_400 + (forge.stamped or 700) - (0 if dice.random() < 0.5 else 1)
        return forge.root(trusting_period=dice.choice((1, max(until, 1), max(until + 1, 1), PERIOD, 10**10)))
    return forge.root()


def _odd_zigzag(dice: Dice) -> Callable[[int], bytes]:
    """Numbers of all nodes of a tree, otherwise than IAVL writes them; roots and signatures agree with it."""
    odd: list[Callable[[int], bytes]] = [
        lambda value: zigzag(value)[:-1] + bytes([zigzag(value)[-1] | 0x80, 0]),  # not the shortest
        lambda value: varint((value << 1) + 1),  # negative
        lambda value: zigzag(value + 1),
        lambda value: zigzag(value if value < 3 else 2**53 - 1),
        lambda value: zigzag(value if value < 3 else 2**53),
        lambda value: zigzag(value if value < 3 else 2**62),
        lambda value: zigzag(max(value - 1, 0) if value == 77 else value),
    ]
    return dice.choice(odd)


def _protobuf(data: bytes, dice: Dice) -> tuple[bytes, str]:
    """Another spelling of a result's data, or another content."""
    at_byte = dice.randrange(len(data))
    way = dice.choice(("flip", "insert", "cut", "drop", "append", "twice"))
    if way == "flip":
        return data[:at_byte] + bytes([data[at_byte] ^ (1 << dice.randrange(8))]) + data[at_byte + 1 :], way
    if way == "insert":
        return data[:at_byte] + dice.randbytes(1) + data[at_byte:], way
    if way == "cut":
        return data[:at_byte], way
    if way == "drop":
        return data[:at_byte] + data[at_byte + 1 :], way
    if way == "twice":
        return data + data, way
    tail = dice.choice(
        (
            b"\x18\x05",
            b"\x18\x85\x00",
            b"\x1a\x01x",
            b"\x0a\x00",
            b"\x00\x00",
            b"\x12\x00",
            b"\x1d" + bytes(4),
        )
    )
    return data + tail, f"{way} {tail.hex()}"
