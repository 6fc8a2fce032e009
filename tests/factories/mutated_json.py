"""One change somewhere in a JSON value, by what stands there."""

from __future__ import annotations

import random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**53 - 1, 2**53, "", "0", "a" * 64, "00" * 32, "0x" + "00" * 20, "é𠮷", "\u0000",
    "A===", "AA==", "2026-02-30T00:00:00.000Z", "2026-11-22T24:00:00.000Z", "9999-12-31T23:59:59.999Z", [], {}, [[]],
)  # fmt: skip


HEX = "0123456789abcdef"


def altered_somewhere(value: Any, dice: random.Random) -> tuple[Any, str]:
    """The value with one change, and what it was; `value` may be altered in place."""
    path: list[Any] = []
    place, parent = value, None
    while isinstance(place, (dict, list)) and place and (dice.random() < 0.93 or parent is None):
        step = dice.choice(sorted(place)) if isinstance(place, dict) else dice.randrange(len(place))
        parent, place = place, place[step]
        path.append(step)
    if parent is None:
        return value, "as it was"
    name = "/".join(str(step) for step in path)
    kind = dice.random()
    if kind < 0.06:
        if isinstance(parent, dict):
            del parent[path[-1]]
        else:
            parent.pop(path[-1])
        return value, f"{name} removed"
    if kind < 0.1:
        if isinstance(parent, dict):
            parent[dice.choice(["extra", "v", "type", "kind"])] = dice.choice(ODD)
        else:
            parent.insert(path[-1], place)
        return value, f"{name} has a new neighbour"
    if kind < 0.16 and isinstance(parent, list) and len(parent) > 1:
        other = dice.randrange(len(parent))
        parent[path[-1]], parent[other] = parent[other], parent[path[-1]]
        return value, f"{name} and {other} exchanged"
    parent[path[-1]] = dice.choice(ODD) if dice.random() < 0.15 else _nudged(place, dice)
    return value, f"{name} is {str(parent[path[-1]])[:80]!r}"


def _nudged(value: Any, dice: random.Random) -> Any:
    """The smallest change that keeps the kind."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + dice.choice([-1, 1, 2, 60, 3601, -86400, 2**32])
    if not isinstance(value, str) or not value:
        return dice.choice(ODD)
    place = dice.randrange(len(value))
    way = dice.random()
    if value[place] in HEX and dice.random() < 0.75:
        # A digit for a digit keeps the shape, so that the mutation reaches the step that judges the value.
        letter = dice.choice("0123456789" if value[place].isdigit() else "abcdef")
        return value[:place] + letter + value[place + 1 :]
    if way < 0.6:
        letter = dice.choice("0123456789abcdefABCDEFxZ+/=- ")
        return value[:place] + letter + value[place + 1 :]
    if way < 0.75:
        return value[:place] + value[place + 1 :]
    if way < 0.9:
        return value.swapcase()
    return value + dice.choice(["0", " ", "\n", "=", "\u0430"])
