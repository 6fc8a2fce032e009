"""Three-valued evaluation of one condition with values at hand: for the explanation and for the lint."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from api.risk.spec.model import Compare, Condition, Every, Negation, Ratio, Some, TierAtLeast

Truth = bool | None
"""True, false, or None: unknown."""
Atom = Compare | Ratio | TierAtLeast


def holds(op: str, left: int, right: int) -> bool:
    """A comparison of two whole numbers; `op` is ge, gt, le, lt or eq."""
    match op:
        case "ge":
            return left >= right
        case "gt":
            return left > right
        case "le":
            return left <= right
        case "lt":
            return left < right
        case _:
            return left == right


def every(parts: Iterable[Truth]) -> Truth:
    """False if any part is, else unknown if any part is, else true."""
    result: Truth = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            result = None
    return result


def some(parts: Iterable[Truth]) -> Truth:
    """True if any part is, else unknown if any part is, else false."""
    result: Truth = False
    for part in parts:
        if part is True:
            return True
        if part is None:
            result = None
    return result


def opposite(part: Truth) -> Truth:
    """Not; unknown stays unknown."""
    return None if part is None else not part


def truth(condition: Condition, atom: Callable[[Atom], Truth]) -> Truth:
    """The condition's truth when `atom` says that of each leaf."""
    match condition:
        case Every(of):
            return every([truth(part, atom) for part in of])
        case Some(of):
            return some([truth(part, atom) for part in of])
        case Negation(part):
            return opposite(truth(part, atom))
        case _:
            return atom(condition)
