"""The table of towns and subdistricts: read by everybody who sees risks, edited by operator and director, audited.

An edit makes a whole new edition that holds from a day on; nothing is overwritten. Two editors at once: the second gets 409
`risk.towns_changed` and sees what the first one made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.exc import IntegrityError

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import conflict, forbidden
from api.risk.board import repository
from api.risk.board.model import Edition, Town
from api.risk.board.rules import checked_start, checked_towns
from api.risk.board.tables import TownEditionRow
from api.risk.rules import DIRECTOR, LOOK, STREET, written_reason

EDIT = DIRECTOR | frozenset({"operator"})
_HISTORY = 20


class Towns:
    """Editions of the table."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    def may_edit(self, who: Principal) -> bool:
        """Operator and director."""
        return bool(who.roles & EDIT)

    def table(self, who: Principal, no: int | None = None) -> tuple[Edition, int, Sequence[TownEditionRow]]:
        """An edition (default: of today), the newest number, and the newest 20 editions. Raises forbidden, not_found."""
        if not who.roles & (LOOK | EDIT | STREET):
            raise forbidden("role_required")
        with self._uow.read() as session:
            found = (
                repository.edition_on(session, shanghai_day(self._clock.now()))
                if no is None
                else repository.edition(session, no)
            )
            history = repository.editions(session, _HISTORY)
        return found, history[0].no if history else 0, history

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Chinese and English name of every town of today by code; one statement."""
        with self._uow.read() as session:
            found = repository.edition_on(session, shanghai_day(self._clock.now()))
        return {town.code: (town.name_zh, town.name_en) for town in found.towns}

    def save(
        self, who: Principal, based_on: int, valid_from: date, reason: str, towns: Sequence[Town]
    ) -> Edition:
        """Make the next edition. based_on: the newest number that the editor saw. Raises invalid, forbidden, conflict.

        Without a difference to the edition of that day nothing is made, and that edition comes back.
        """
        if not who.roles & EDIT:
            raise forbidden("role_required")
        start, text, checked = checked_start(valid_from), written_reason(reason), checked_towns(towns)
        try:
            with self._uow() as session:
                newest = repository.last_edition(session)
                if newest != based_on:
                    raise conflict("risk.towns_changed", newest=newest)
                before = repository.edition_on(session, start)
                if before.no and tuple(before.towns) == checked:
                    return before
                made = Edition(newest + 1, start, self._clock.now(), who.actor, text[:300], checked)
                repository.add_edition(session, made)
                audit.record(
                    session, who, "risk.towns_changed", "towns", str(made.no), text,
                    valid_from=start.isoformat(), towns=len(checked), changed=_changed(before, made),
                )  # fmt: skip
        except IntegrityError:  # somebody else's edition was written between the question and our insert
            raise conflict("risk.towns_changed", newest=based_on + 1) from None
        return made


def _changed(before: Edition, after: Edition) -> list[str]:
    """Codes that came, went or say something else."""
    old, new = {town.code: town for town in before.towns}, {town.code: town for town in after.towns}
    return sorted(code for code in old.keys() | new.keys() if old.get(code) != new.get(code))


def with_blank(towns: Sequence[Town], lines: int) -> list[Town]:
    """The towns and empty lines below them, for the form."""
    blank = Town("", "", "", 0, 0, "")
    return [*towns, *(replace(blank) for _ in range(lines))]
