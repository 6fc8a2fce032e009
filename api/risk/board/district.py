"""What the board shows: map, a town's list, trend, regional index, funnel, overview. Reads only.

The number of statements a page needs depends on neither enterprises nor warnings. Street officers see their own towns;
everything else is not found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import invalid, not_found
from api.risk.board import repository, rules
from api.risk.board.model import (
    COLOURS,
    DistrictMap,
    Edition,
    Funnel,
    Group,
    IndexGroup,
    Overview,
    RegionalIndex,
    Shade,
    Tile,
    Town,
    TownLine,
    TownList,
    Trend,
    TrendMonth,
)
from api.risk.board.ports import Disposal, Freshness
from api.risk.ports import Directory
from api.risk.rules import Sight, sight_of
from api.risk.tables import IndexRow

ELSEWHERE = "other"
"""In addresses: places that are in no row of the table."""
MOST_MONTHS = 36
QUARTER = 3
YEAR_AND_MONTH = 13
HIT_DAYS = 90
SHOWN_GRADES = 6


class District:
    """The board's pages as data."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, directory: Directory, disposal: Disposal, freshness: Freshness
    ) -> None:
        self._uow, self._clock, self._directory = uow, clock, directory
        self._disposal, self._freshness = disposal, freshness

    def month(self) -> int:
        """The present month."""
        return rules.month_of(shanghai_day(self._clock.now()))

    # -- map

    def map(
        self, who: Principal, month: int | None = None, shade: Shade = Shade.COUNT, colour: str = ""
    ) -> DistrictMap:
        """Open warnings by town, of now or of a month's end. Raises forbidden, invalid. Four statements."""
        with self._uow.read() as session:
            return self._map(session, _sight(who), month, shade, colour)

    def _map(
        self, session: Session, sight: Sight, month: int | None, shade: Shade, colour: str
    ) -> DistrictMap:
        now = self._clock.now()
        at = self._moment(month)
        edition = repository.edition_on(session, rules.last_day(month) if month else shanghai_day(now))
        firms = repository.firms_by_town(session, month)
        rows = repository.open_by_town(session, sight.towns, at)
        months = repository.indexed_months(session, MOST_MONTHS)
        known = {town.code for town in edition.towns}
        tiles = [
            _tile(town, [row for row in rows if row[0] == town.code], firms.get(town.code) if firms else None)
            for town in edition.towns
            if sight.covers(town.code)
        ]
        rest = [row for row in rows if row[0] not in known]
        chosen = COLOURS.index(colour) if colour else None
        shaded, steps = rules.shaded(tiles, shade, chosen)
        elsewhere = _tile(None, rest, None) if rest else None
        return DistrictMap(
            month, at or now, months, edition, shade, colour, shaded, elsewhere, steps, sight.towns is None
        )

    def _moment(self, month: int | None) -> datetime | None:
        if month is None:
            return None
        at = rules.ends(rules.checked_month(month))
        if at > self._clock.now():
            raise invalid("risk.month_not_over", pointer="/month", month=month)
        return at

    def town(
        self, who: Principal, code: str, month: int | None = None, after: str = "", limit: int = 50
    ) -> TownList:
        """A town's open warnings, worst first; `other`: of places that are in no row. Raises not_found. Three statements."""
        sight, place, at = _sight(who), _place(after), self._moment(month)
        with self._uow.read() as session:
            day = rules.last_day(month) if month else shanghai_day(self._clock.now())
            edition = repository.edition_on(session, day)
            town = _town(edition, sight, code)
            where = (
                repository.in_town(code) if town else repository.outside([one.code for one in edition.towns])
            )
            found = repository.open_in_town(session, where, at, place, limit + 1)
            names = self._directory.named([row[0].enterprise for row in found[:limit]])
        lines = [
            TownLine(
                warning.id, warning.enterprise, *names.get(warning.enterprise, ("", "")), grade, score,
                warning.issued_at, at is None and warning.pending > 0,
            )
            for warning, grade, score in found[:limit]
        ]  # fmt: skip
        last = f"{lines[-1].grade}.{lines[-1].warning_id}" if len(found) > limit else ""
        return TownList(town, month, lines, last)

    # -- trend and index

    def trend(self, who: Principal, town: str = "", span: int = 12) -> Trend:
        """Enterprises per grade, shown and computed, warnings issued and closed, by month, up to now. Raises not_found.

        Six statements.
        """
        sight = _sight(who)
        if not 1 <= span <= MOST_MONTHS:
            raise invalid("malformed", pointer="/span")
        if town and not sight.covers(town):
            raise not_found()
        towns = frozenset({town}) if town else sight.towns
        today = shanghai_day(self._clock.now())
        with self._uow.read() as session:
            edition = repository.edition_on(session, today)
            if town and town not in {one.code for one in edition.towns}:
                raise not_found()
            months = _months(repository.indexed_months(session, 1), rules.month_of(today), span)
            index = repository.index_rows(session, months, "all" if towns is None else "town", towns)
            ends = [(month, rules.ends(month)) for month in months]
            begin = rules.starts(months[0])
            issued = repository.warnings_by_month(session, "issued", ends, begin, towns)
            closed = repository.warnings_by_month(session, "closed", ends, begin, towns)
            shown = rules.standing_at_ends(
                repository.shown_changes(session, [end for _month, end in ends], towns), len(ends)
            )
        firms: dict[int, list[int]] = {}
        for row in index:
            sums = firms.setdefault(row.month, [0] * len(row.counts))
            firms[row.month] = [a + b for a, b in zip(sums, row.counts, strict=True)]
        lines = [
            TrendMonth(month, then, firms.get(month), _colours(issued, month), _colours(closed, month))
            for month, then in zip(months, shown, strict=True)
        ]
        return Trend(town, edition, lines)

    def index(self, who: Principal, month: int | None = None, by: Group = Group.TOWN) -> RegionalIndex:
        """The regional index (risk rules, C.3) of a month. Raises not_found for a month without one. Three or four statements.

        A street officer sees his towns, and as the whole their sum.
        """
        sight = _sight(who)
        if sight.towns is not None and by is not Group.TOWN:
            raise not_found()
        with self._uow.read() as session:
            edition = repository.edition_on(session, shanghai_day(self._clock.now()))
            months = repository.indexed_months(session, MOST_MONTHS)
            if not months:
                return RegionalIndex(None, by, (), edition, None, (), ())
            chosen = months[0] if month is None else rules.checked_month(month)
            if chosen not in months:
                raise not_found()
            earlier = rules.shifted(chosen, -QUARTER)
            rows = repository.index_rows(session, [chosen, earlier], str(by), sight.towns)
            line = [one for one in months if one <= chosen][:YEAR_AND_MONTH]
            over = repository.index_rows(session, line, "all" if sight.towns is None else "town", sight.towns)
        whole = {
            one: _summed([row for row in over if row.month == one]) for one in {row.month for row in over}
        }
        before = {row.group: _mean([row]) for row in rows if row.month == earlier}
        groups = [
            IndexGroup(row.group, row.firms, _mean([row]), row.counts, before.get(row.group))
            for row in rows
            if row.month == chosen
        ]
        total = whole.get(chosen)
        if total is not None:
            past = whole.get(earlier)
            total = IndexGroup("", total.firms, total.mean, total.counts, past.mean if past else None)
        groups.sort(key=lambda one: (-one.mean, one.group))
        means = [(one, whole[one].mean) for one in sorted(whole)]
        return RegionalIndex(chosen, by, months, edition, total, groups, means)

    # -- disposal and overview

    def funnel(self, who: Principal, first: int | None = None, last: int | None = None) -> Funnel:
        """Cases issued between two months (default: the last three). Raises invalid, forbidden."""
        sight = _sight(who)
        today = rules.month_of(shanghai_day(self._clock.now()))
        end = today if last is None else rules.checked_month(last, "/last")
        begin = rules.shifted(end, 1 - QUARTER) if first is None else rules.checked_month(first, "/first")
        if begin > end or rules.shifted(begin, MOST_MONTHS) <= end:
            raise invalid("risk.period_malformed", pointer="/first", most=MOST_MONTHS)
        found = self._disposal.flow(rules.starts(begin).date(), rules.last_day(end), sight.towns)
        return Funnel(begin, end, found is not None, found or ())

    def overview(self, who: Principal) -> Overview:
        """What a director sees first; a street officer gets not_found."""
        sight = _sight(who)
        if sight.towns is not None:
            raise not_found()
        today = shanghai_day(self._clock.now())
        with self._uow.read() as session:
            district = self._map(session, sight, None, Shade.COUNT, "")
            standing = repository.standing_counts(session, None)
            run = repository.last_run(session)
        return Overview(
            self._clock.now(),
            district,
            [standing.get(grade, 0) for grade in range(SHOWN_GRADES)],
            (run.kind, run.as_of, run.finished_at) if run else None,
            self._disposal.open(),
            self._disposal.confirmed(today - timedelta(days=HIT_DAYS - 1), today),
            self._freshness.sources(),
        )


def _sight(who: Principal) -> Sight:
    return sight_of(who.roles, who.attributes)


def _town(edition: Edition, sight: Sight, code: str) -> Town | None:
    if code == ELSEWHERE and sight.towns is None:
        return None
    found = next((town for town in edition.towns if town.code == code and sight.covers(code)), None)
    if found is None:
        raise not_found()
    return found


def _tile(town: Town | None, rows: Sequence[tuple[str, int, int, int]], firms: int | None) -> Tile:
    counts = [sum(count for _town, grade, count, _late in rows if grade == wanted) for wanted in (4, 3, 2, 1)]
    waiting = sum(late for _town, _grade, _count, late in rows)
    return Tile(town, (counts[0], counts[1], counts[2], counts[3]), waiting, firms)


def _place(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    grade, _dot, key = text.partition(".")
    if grade not in ("1", "2", "3", "4") or not key.isalnum() or len(key) > 26:
        raise invalid("risk.cursor_malformed")
    return int(grade), key


def _months(indexed: Sequence[int], present: int, span: int) -> list[int]:
    """The last `span` months: up to now, or up to the newest index where that is further back than the span."""
    end = present
    if indexed and indexed[0] < rules.shifted(present, 1 - span):
        end = indexed[0]
    return [rules.shifted(end, -back) for back in range(span - 1, -1, -1)]


def _colours(rows: Collection[tuple[int, int, int]], month: int) -> tuple[int, int, int, int]:
    found = {grade: count for one, grade, count in rows if one == month}
    return found.get(4, 0), found.get(3, 0), found.get(2, 0), found.get(1, 0)


def _mean(rows: Sequence[IndexRow]) -> int:
    size = sum(row.size for row in rows)
    return sum(row.weighted for row in rows) // size if size else 0


def _summed(rows: Sequence[IndexRow]) -> IndexGroup:
    counts = [sum(parts) for parts in zip(*(row.counts for row in rows), strict=True)]
    return IndexGroup("", sum(row.firms for row in rows), _mean(rows), counts, None)
