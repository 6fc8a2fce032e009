"""Finished light proofs with something altered that nobody signed again."""

from __future__ import annotations

import base64
import copy
import random
from collections.abc import Callable
from typing import Any

from tests.factories.light_network import Json, b64
from tests.factories.mutated_json import altered_somewhere

Dice = random.Random


def spoilt(proof: Json, dice: Dice) -> tuple[Json, str]:
    """The proof with one member altered, anywhere or where it hurts, and what it was."""
    ways = (_anywhere, _anywhere, _octets, _octets, _swapped_blocks, _dropped_vote, _other_members, _paths)
    return dice.choice(ways)(copy.deepcopy(proof), dice)


def _anywhere(proof: Json, dice: Dice) -> tuple[Json, str]:
    return altered_somewhere(proof, dice)


def _octets(proof: Json, dice: Dice) -> tuple[Json, str]:
    """One octet of a digest, key, signature or path."""
    places: list[tuple[Any, Any]] = []

    def walk(at_value: Any) -> None:
        items = at_value.items() if isinstance(at_value, dict) else enumerate(at_value)
        for key, value in items:
            if isinstance(value, dict | list):
                walk(value)
            elif isinstance(value, str) and len(value) >= 4 and key not in ("type", "chain_id"):
                places.append((at_value, key))

    walk(proof)
    if not places:
        return _anywhere(proof, dice)
    holder, key = dice.choice(places)
    text = holder[key]
    try:
        data = bytearray(bytes.fromhex(text))
        back: Callable[[bytes], str] = bytes.hex
    except ValueError:
        try:
            data, back = bytearray(base64.b64decode(text, validate=True)), b64
        except ValueError:
            return _anywhere(proof, dice)
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    holder[key] = back(bytes(data))
    return proof, f"an octet of {key}"


def _trail(proof: Json) -> list[Any]:
    found = proof.get("light", {}).get("trail") if isinstance(proof.get("light"), dict) else None
    return found if isinstance(found, list) and all(isinstance(block, dict) for block in found) else []


def _swapped_blocks(proof: Json, dice: Dice) -> tuple[Json, str]:
    trail = _trail(proof)
    if len(trail) < 2:
        return _anywhere(proof, dice)
    i, j = dice.sample(range(len(trail)), 2)
    member = dice.choice(("header", "validators", "commit", "", "drop"))
    if member == "drop":
        del trail[i]
    elif member == "":
        trail[i], trail[j] = trail[j], trail[i]
    else:
        trail[i][member], trail[j][member] = trail[j].get(member), trail[i].get(member)
    return proof, f"blocks {i} and {j}: {member or 'swapped'}"


def _dropped_vote(proof: Json, dice: Dice) -> tuple[Json, str]:
    commits = [block["commit"] for block in _trail(proof) if isinstance(block.get("commit"), dict)]
    votes = dice.choice(commits).get("signatures") if commits else None
    if not isinstance(votes, list) or not votes:
        return _anywhere(proof, dice)
    i, j = dice.randrange(len(votes)), dice.randrange(len(votes))
    way = dice.choice(("dropped", "swapped", "copied"))
    if way == "dropped":
        votes[i] = None
    elif way == "swapped":
        votes[i], votes[j] = votes[j], votes[i]
    else:
        votes[i] = votes[j]
    return proof, f"vote {i} {way}"


def _other_members(proof: Json, dice: Dice) -> tuple[Json, str]:
    sets = [block["validators"] for block in _trail(proof) if isinstance(block.get("validators"), list)]
    if not sets or not (members := dice.choice(sets)):
        return _anywhere(proof, dice)
    way = dice.choice(("reversed", "one dropped", "one twice", "power"))
    if way == "reversed":
        members.reverse()
    elif way == "one dropped":
        members.pop()
    elif way == "one twice":
        members.append(copy.deepcopy(members[0]))
    elif isinstance(members[0], dict):
        members[0]["power"] = dice.choice((0, 2, 10**12, 10**12 + 1))
    return proof, f"validators {way}"


def _paths(proof: Json, dice: Dice) -> tuple[Json, str]:
    """Steps of the ICS-23 proofs dropped, doubled, exchanged; neighbours of an absence exchanged."""
    try:
        state = proof["state"]
        item = state["slots"][0]["proof"]
        if "left" in item and dice.random() < 0.5:
            item["left"], item["right"] = item["right"], item["left"] if dice.random() < 0.5 else None
            return proof, "neighbours"
        path = dice.choice([state["store"], state["code"]["path"], item.get("left", item)["path"]])
        i = dice.randrange(len(path))
        way = dice.choice(("dropped", "doubled", "reversed"))
        if way == "dropped":
            del path[i]
        elif way == "doubled":
            path.insert(i, copy.deepcopy(path[i]))
        else:
            path.reverse()
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        return _anywhere(proof, dice)
    return proof, f"a path {way}"
