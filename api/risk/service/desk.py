"""What an analyst reads each morning: the list with its search, warnings, runs, the regional index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, cursor_text, parse_utc, shanghai_day
from api.kernel.errors import invalid, not_found
from api.risk import reading, repository
from api.risk.episodes.grading import months_to
from api.risk.model import Page, Run
from api.risk.ports import CaseLine, Cases, Directory, Places
from api.risk.rules import SIGN, Sight, sight_of
from api.risk.tables import IndexRow, JudgementRow, StandingRow, WarningRow
from api.risk.views import Found, IndexLine, Line, Morning, Wanted

EVERYTHING = Wanted()
MOST_FOUND = 2_000
"""Enterprises that a search looks at; more than that need more of the name."""
BESIDE = 20
"""Found enterprises without a line that are named beside the list."""
SEARCH_LENGTH = 60
QUARTER = 3
"""Months between an index and the one that its trend compares with."""


class Desk:
    """Reads only; the number of statements does not grow with the number of enterprises."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, directory: Directory, places: Places, cases: Cases
    ) -> None:
        self._uow, self._clock = uow, clock
        self._directory, self._places, self._cases = directory, places, cases

    def _sight(self, who: Principal) -> Sight:
        return sight_of(who.roles, who.attributes)

    def may_sign(self, who: Principal) -> bool:
        """Whether the person decides about warnings."""
        return bool(who.roles & SIGN)

    def towns(self, who: Principal) -> dict[str, tuple[str, str]]:
        """Names by code of the towns that the person may choose from."""
        sight = self._sight(who)
        return {code: name for code, name in sorted(self._places.names().items()) if sight.covers(code)}

    def morning(
        self, who: Principal, wanted: Wanted = EVERYTHING, after: str = "", limit: int = 50
    ) -> Morning:
        """Open warnings by what needs a person; a snoozed enterprise is left out unless a signature is missing.

        A search looks among names and codes of the register; what it finds beside the list is told as well.
        Raises forbidden, invalid.
        """
        sight, place, today = self._sight(who), _place(after), shanghai_day(self._clock.now())
        text = _searched(wanted.text)
        with self._uow.read() as session:
            met = self._directory.search(text, MOST_FOUND + 1) if text else None
            among = None if met is None else met[:MOST_FOUND]
            found = reading.morning(session, sight, wanted, today, place, limit + 1, among)
            counts, waiting = reading.morning_counts(session, sight, wanted, today, among)
            beside = [] if among is None else reading.standings_of(session, sight, among, BESIDE)
            shown = found[:limit]
            numbers = [row[0].enterprise for row in shown]
            said = reading.judgements(session, numbers, today)
            names = self._directory.named([*numbers, *(row.enterprise for row in beside)])
            cases = self._cases.of_warnings(who, [row[0].id for row in shown])
        lines = [
            _line(warning, standing, said.get(warning.enterprise, ()), names, cases)
            for warning, standing, _need in shown
        ]
        listed = set(numbers)
        last = "" if len(found) <= limit else f"{shown[-1][2]}.{shown[-1][1].score}.{shown[-1][0].id}"
        return Morning(
            lines, last, counts, waiting,
            [
                Found(row.enterprise, *names.get(row.enterprise, ("", "")), row.town, row.shown)
                for row in beside
                if row.enterprise not in listed
            ],
            met is not None and len(met) > MOST_FOUND,
        )  # fmt: skip

    def warnings(
        self, who: Principal, state: str = "", grade: int | None = None, town: str = "", before: str = "",
        limit: int = 50,
    ) -> Page:  # fmt: skip
        """Warnings, newest first, by state, grade and town."""
        sight, place = self._sight(who), _moment(before)
        with self._uow.read() as session:
            found = reading.warnings(session, sight, state, grade, town, place, limit + 1)
        shown = found[:limit]
        last = "" if len(found) <= limit else f"{cursor_text(shown[-1].created_at)}/{shown[-1].id}"
        return Page(shown, last)

    def warning(self, who: Principal, warning_id: str) -> WarningRow:
        """One warning. Raises not_found."""
        sight = self._sight(who)
        with self._uow.read() as session:
            row = reading.warning(session, warning_id)
        if row is None or not sight.covers(row.town):
            raise not_found()
        return row

    def enterprises_of(self, who: Principal, warnings: Sequence[str]) -> Mapping[str, tuple[int, str]]:
        """Number and name of the enterprise by warning, of those that the person may see."""
        sight = self._sight(who)
        with self._uow.read() as session:
            found = reading.enterprises_of(session, sight, warnings)
        names = self._directory.named(sorted(set(found.values())))
        return {
            warning: (number, names.get(number, (str(number), ""))[0]) for warning, number in found.items()
        }

    def episode(self, who: Principal, episode_id: str) -> None:
        """Raises not_found for an episode that the person may not see."""
        sight = self._sight(who)
        with self._uow.read() as session:
            town = reading.town_of_episode(session, episode_id)
        if town is None or not sight.covers(town):
            raise not_found()

    def runs(self, who: Principal, before: str = "", limit: int = 50) -> Page:
        """Runs, newest first; not for street officers. Raises not_found for them."""
        if self._sight(who).towns is not None:
            raise not_found()
        with self._uow.read() as session:
            found = repository.runs(session, parse_moment(before) if before else None, limit + 1)
        rows: list[Run] = [repository.run_of(row) for row in found[:limit]]
        return Page(rows, "" if len(found) <= limit else cursor_text(rows[-1].started_at))

    def index(self, who: Principal, by: str, month: int | None = None) -> tuple[int, list[IndexLine]]:
        """The month (default: newest) and its groups; a street officer sees his own towns only. Raises not_found."""
        sight = self._sight(who)
        if sight.towns is not None and by != "town":
            raise not_found()
        with self._uow.read() as session:
            chosen = month or reading.last_indexed(session)
            if chosen is None:
                raise not_found()
            earlier = months_to(chosen, QUARTER + 1)[-1]
            rows = reading.index(session, [chosen, earlier], by)
        before = {row.group: _mean(row) for row in rows if row.month == earlier}
        return chosen, [
            IndexLine(row.group, row.firms, _mean(row), row.counts, before.get(row.group))
            for row in rows
            if row.month == chosen and (sight.towns is None or row.group in sight.towns)
        ]


def _mean(row: IndexRow) -> int:
    return row.weighted // row.size


def _line(
    warning: WarningRow,
    standing: StandingRow,
    said: Sequence[JudgementRow],
    names: Mapping[int, tuple[str, str]],
    cases: Mapping[str, CaseLine],
) -> Line:
    name, uscc = names.get(warning.enterprise, ("", ""))
    override = next((row for row in said if row.kind == "override"), None)
    return Line(warning, standing, name, uscc, displayed(standing, said), override, cases.get(warning.id))


def _searched(text: str) -> str:
    return " ".join(text.split())[:SEARCH_LENGTH]


def displayed(standing: StandingRow, said: Sequence[JudgementRow]) -> int:
    """The shown grade, or what a person put over it; `said`: what holds today, newest first."""
    return next(
        (row.grade for row in said if row.kind == "override" and row.grade is not None), standing.shown
    )


def _place(text: str) -> tuple[int, int, str] | None:
    if not text:
        return None
    parts = text.split(".")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()) or len(text) > 60:
        raise invalid("risk.cursor_malformed")
    return int(parts[0]), int(parts[1]), parts[2]


def parse_moment(text: str) -> datetime:
    """A moment as cursors spell it. Raises invalid."""
    try:
        return parse_utc(text)
    except ValueError:
        raise invalid("risk.cursor_malformed") from None


def _moment(text: str) -> tuple[datetime, str] | None:
    if not text:
        return None
    moment, _slash, key = text.partition("/")
    return parse_moment(moment), key
