"""Pure rules of versions: which one is in force, who may publish, and where two documents differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from api.kernel.errors import conflict, forbidden, invalid
from api.risk.rulesets.model import Difference, State, Version
from api.risk.spec.document import RuleSetDoc

READERS = ("risk_analyst", "risk_director", "regulator", "auditor")
EDITORS = ("risk_analyst", "risk_director")
PUBLISHERS = ("risk_director",)
"""Analysts write rules and a director answers for them; a director may help to write and then cannot publish that version.
Regulators and auditors read. Operators run the machine and have no say in what counts as a risk."""
REASON_LEAST, REASON_MOST = 10, 400


def in_force(versions: Iterable[Version], on: date, known_at: datetime) -> Version | None:
    """The newest publication that holds on that day as known at that moment."""
    fitting = [version for version in versions if version.holds(on, known_at)]
    return max(fitting, key=lambda version: version.sequence or 0, default=None)


def check_publication(
    version: Version, actor: str, newest: int, seen: int, valid_from: date, valid_to: date | None, today: date
) -> None:
    """Whether `actor` may publish the version now. `seen` is the newest publication that the actor has looked at.

    Raises conflict when it is not validated, or another was published since it was begun or since the actor looked;
    forbidden for one of its authors; invalid for a period that is turned round or begins in the past.
    """
    if version.state is not State.VALIDATED:
        raise conflict("risk.rule_set_not_validated", state=version.state.value)
    if actor in version.authors:
        raise forbidden("risk.rule_set_second_person")
    if newest != version.base or newest != seen:
        raise conflict("risk.rule_set_overtaken", newest=newest, base=version.base)
    if valid_to is not None and valid_to < valid_from:
        raise invalid("risk.rule_set_period", pointer="/valid_to")
    if valid_from < today:
        raise invalid("risk.rule_set_backdated", pointer="/valid_from")


def checked_reason(reason: str) -> str:
    """The reason of a director who publishes without a backtest, in one line; empty when none was given.

    Raises invalid `risk.rule_set_reason` for one that says too little or too much.
    """
    text = " ".join(reason.split())
    if text and not REASON_LEAST <= len(text) <= REASON_MOST:
        raise invalid("risk.rule_set_reason", pointer="/reason", least=REASON_LEAST, most=REASON_MOST)
    return text


def _by_name(value: Any) -> Any:
    """Lists of things with an id become mappings, so that a moved point is no difference."""
    if isinstance(value, Mapping):
        return {key: _by_name(part) for key, part in value.items()}
    if isinstance(value, list) and value and all(isinstance(v, Mapping) and "id" in v for v in value):
        return {part["id"]: _by_name(part) for part in value}
    return value


def _differ(where: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differ(f"{where}/{key}", before.get(key), after.get(key))
    elif before != after:
        yield Difference(where, before, after)


def differences(before: RuleSetDoc, after: RuleSetDoc) -> tuple[Difference, ...]:
    """Where two documents differ, sorted by place."""
    one, other = (_by_name(document.model_dump(mode="json")) for document in (before, after))
    return tuple(_differ("", one, other))
