"""Who may see and do what: analysts and directors the whole district, a street officer his own street and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.kernel.errors import forbidden, invalid, not_found

ANALYST = frozenset({"risk_analyst", "regulator"})
DIRECTOR = frozenset({"risk_director"})
STREET = frozenset({"street_officer"})
LOOK = ANALYST | DIRECTOR | frozenset({"auditor"})
"""Roles that read the whole district."""
SIGN = ANALYST | DIRECTOR
TOWNS = "towns"
"""Attribute of a street officer: his towns' codes, nine digits each, separated by commas."""
REASON_LIMIT = 1000


@dataclass(frozen=True)
class Sight:
    """What somebody sees: every town (`towns` None) or these."""

    towns: frozenset[str] | None

    def covers(self, town: str) -> bool:
        """Whether an enterprise of that town is visible."""
        return self.towns is None or town in self.towns

    def require(self, town: str) -> None:
        """Raises not_found for a town outside: that it exists is not said."""
        if not self.covers(town):
            raise not_found()


def sight_of(roles: frozenset[str], attributes: Mapping[str, str]) -> Sight:
    """What these roles see. Raises forbidden `role_required` for anybody else."""
    if roles & LOOK:
        return Sight(None)
    if roles & STREET:
        named = (town.strip() for town in attributes.get(TOWNS, "").split(","))
        return Sight(frozenset(town for town in named if town))
    raise forbidden("role_required")


def may_look(roles: frozenset[str]) -> None:
    """Raises forbidden unless one of the roles reads the whole district."""
    if not roles & LOOK:
        raise forbidden("role_required")


def may_sign(roles: frozenset[str]) -> None:
    """Raises forbidden unless one of the roles decides about warnings."""
    if not roles & SIGN:
        raise forbidden("role_required")


def may_judge(roles: frozenset[str]) -> bool:
    """Whether one of the roles may put an enterprise off in the list: whoever works with warnings, no mere reader."""
    return bool(roles & (SIGN | STREET))


def second_person(first: str, second: str) -> None:
    """Raises forbidden `risk.second_person_required` when both are the same."""
    if not first or not second or first == second:
        raise forbidden("risk.second_person_required")


def written_reason(reason: str, pointer: str = "/reason") -> str:
    """The reason without blanks around it. Raises invalid when there is none or it is too long."""
    text = reason.strip()
    if not text or len(text) > REASON_LIMIT:
        raise invalid("risk.reason_missing", pointer=pointer, limit=REASON_LIMIT)
    return text
