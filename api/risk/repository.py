"""Rows of runs, standings, episodes and warnings in SQL. Every list is one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, insert, select, text, true, tuple_
from sqlalchemy.orm import Session

from api.infra import bulk
from api.infra.db import UtcDateTime, json_text
from api.risk import tables as t
from api.risk.episodes.force import Outcome, Settled, newest
from api.risk.model import Opened, Run, RunKind, RunState

LIVE = (RunKind.MONTHLY.value, RunKind.DAILY.value)


def run_of(row: t.RunRow) -> Run:
    """The row as model object."""
    return Run(
        row.id, RunKind(row.kind), row.month, row.as_of, row.known_at, RunState(row.state), row.ruleset_hash,
        row.input_hash, row.sha256, row.digest, row.firms, row.place, row.counts, row.started_at,
        row.finished_at,
    )  # fmt: skip


def run_by_slot(session: Session, slot: str) -> t.RunRow | None:
    """The run that has a slot."""
    return session.scalars(select(t.RunRow).where(t.RunRow.slot == slot)).one_or_none()


def run(session: Session, run_id: str) -> t.RunRow | None:
    """The run."""
    return session.get(t.RunRow, run_id)


def lock_run(session: Session, run_id: str) -> t.RunRow | None:
    """The run, locked for a step."""
    return session.get(t.RunRow, run_id, with_for_update=True)


def unfinished(session: Session) -> list[t.RunRow]:
    """Runs that are not finished, in the order in which they were started."""
    query = select(t.RunRow).where(t.RunRow.state != RunState.FINISHED.value)
    return list(session.scalars(query.order_by(t.RunRow.started_at, t.RunRow.id)))


def newest_live(session: Session) -> t.RunRow | None:
    """The newest monthly or daily run."""
    query = select(t.RunRow).where(t.RunRow.kind.in_(LIVE))
    return session.scalars(query.order_by(t.RunRow.as_of.desc(), t.RunRow.started_at.desc()).limit(1)).first()


def monthly_runs(session: Session, months: Iterable[int] | None = None) -> dict[int, t.RunRow]:
    """Finished monthly runs by month."""
    query = select(t.RunRow).where(
        t.RunRow.kind == RunKind.MONTHLY.value, t.RunRow.state == RunState.FINISHED.value
    )
    if months is not None:
        query = query.where(t.RunRow.month.in_(list(months)))
    return {row.month: row for row in session.scalars(query)}


def corrections(session: Session, since: datetime) -> list[t.RunRow]:
    """Correction runs with decisions, oldest first."""
    query = select(t.RunRow).where(
        t.RunRow.kind == RunKind.CORRECTION.value, t.RunRow.file != "", t.RunRow.started_at >= since
    )
    return list(session.scalars(query.order_by(t.RunRow.started_at, t.RunRow.id)))


def newest_correction(session: Session) -> str:
    """Slot of the correction that was started last; empty without one."""
    query = select(t.RunRow.slot).where(t.RunRow.kind == RunKind.CORRECTION.value)
    return session.scalar(query.order_by(t.RunRow.started_at.desc(), t.RunRow.id.desc()).limit(1)) or ""


def runs_of_month(session: Session, month: int, until: datetime | None) -> list[t.RunRow]:
    """Monthly run of a month and corrections that may hold it, newest first."""
    query = select(t.RunRow).where(
        t.RunRow.file != "",
        ((t.RunRow.kind == RunKind.MONTHLY.value) & (t.RunRow.month == month))
        | (t.RunRow.kind == RunKind.CORRECTION.value),
    )
    if until is not None:
        query = query.where(t.RunRow.started_at <= until)
    found = session.scalars(query.order_by(t.RunRow.started_at.desc(), t.RunRow.id))
    return [row for row in found if row.kind == RunKind.MONTHLY.value or str(month) in row.scope["months"]]


def holders(session: Session, month: int) -> list[t.RunRow]:
    """Finished monthly run of a month and finished corrections of it, oldest first; empty without a monthly run."""
    query = select(t.RunRow).where(
        t.RunRow.state == RunState.FINISHED.value,
        ((t.RunRow.kind == RunKind.MONTHLY.value) & (t.RunRow.month == month))
        | (t.RunRow.kind == RunKind.CORRECTION.value),
    )
    rows = session.scalars(query.order_by(t.RunRow.started_at, t.RunRow.id))
    found = [row for row in rows if row.kind == RunKind.MONTHLY.value or str(month) in row.scope["months"]]
    first = next((n for n, row in enumerate(found) if row.kind == RunKind.MONTHLY.value), len(found))
    return found[first:]


def named_files(session: Session) -> set[str]:
    """Decision files that a run names."""
    return set(session.scalars(select(t.RunRow.file))) - {""}


def runs(session: Session, before: datetime | None, limit: int) -> list[t.RunRow]:
    """Runs, newest first."""
    query = select(t.RunRow).order_by(t.RunRow.started_at.desc(), t.RunRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(t.RunRow.started_at < before)
    return list(session.scalars(query))


def keep_ruleset(session: Session, name: str, version: str, digest: str, document: Any) -> None:
    """Keep a rule set as it was used, once."""
    if session.get(t.UsedRuleSetRow, digest) is None:
        session.add(t.UsedRuleSetRow(hash=digest, name=name, version=version, document=document))
        session.flush()


def used_ruleset(session: Session, digest: str) -> t.UsedRuleSetRow:
    """A rule set that a run used."""
    return session.get_one(t.UsedRuleSetRow, digest)


def standings(session: Session, enterprises: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Standings of an ascending list of enterprises by column, `memory` as it is stored; locked."""
    found: dict[int, dict[str, Any]] = {}
    firm = t.STANDING.c.enterprise
    for start in range(0, len(enterprises), 1000):
        query = select(t.STANDING).where(firm.in_(list(enterprises[start : start + 1000])))
        for row in session.execute(query.order_by(firm).with_for_update()).mappings():
            found[row["enterprise"]] = dict(row)
    return found


STANDING_NUMBERS = (
    "enterprise", "resting", "quiet", "town", "industry", "size", "tiers_a", "tiers_b", "missing", "score",
    "coverage_bp", "raw",
)  # fmt: skip


STANDINGS_READ = 500
"""Standings read at a time: rows that are gone before the next come are never gone through by the garbage collector."""


def standing_numbers(session: Session, first: int, last: int) -> Iterator[Sequence[Any]]:
    """`STANDING_NUMBERS` of the standings in a range of enterprises, some at a time: what a run compares its decisions with.

    Asked of the table and not of its class: a district's rows are looked at every night, and none is changed here.
    """
    named = [t.STANDING.c[name] for name in STANDING_NUMBERS]
    query = select(*named).where(t.STANDING.c.enterprise.between(first, last))
    found = session.connection().execute(query.execution_options(yield_per=STANDINGS_READ))
    yield from found.partitions()


def last_finished_live(session: Session, run: t.RunRow) -> t.RunRow | None:
    """The newest finished monthly or daily run besides `run`."""
    query = select(t.RunRow).where(
        t.RunRow.kind.in_(LIVE), t.RunRow.state == RunState.FINISHED.value, t.RunRow.id != run.id
    )
    return session.scalars(query.order_by(t.RunRow.as_of.desc(), t.RunRow.started_at.desc()).limit(1)).first()


def write_standings(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add standings or replace them: whole rows, `memory` as it is stored."""
    bulk.put(session, t.STANDING, rows, key="enterprise")


def write_opened(session: Session, opened: Sequence[Opened]) -> None:
    """Write new episodes and their warnings."""
    bulk.put(session, cast(Table, t.EpisodeRow.__table__), [one.episode for one in opened])
    bulk.put(session, cast(Table, t.WarningRow.__table__), [one.warning for one in opened])


def write_changes(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the log of grades that moved."""
    bulk.put(session, cast(Table, t.ChangeRow.__table__), rows)


def settled_mark(session: Session) -> int:
    """Number of the last settlement; it changes with every new one."""
    return session.scalar(select(func.max(t.SettledRow.no))) or 0


def settled(session: Session, enterprises: Sequence[int]) -> dict[int, list[Settled]]:
    """Settlements by enterprise, in the order in which they were made."""
    found: dict[int, list[Settled]] = defaultdict(list)
    if not enterprises:
        return found
    column = t.SettledRow.enterprise
    where: ColumnElement[bool] = (
        column.between(enterprises[0], enterprises[-1])
        if len(enterprises) > 300
        else column.in_(list(enterprises))
    )
    for row in session.scalars(select(t.SettledRow).where(where).order_by(t.SettledRow.no)):
        found[row.enterprise].append(settled_of(row))
    return found


def settled_enterprises(session: Session, first: int, last: int) -> list[int]:
    """Enterprises in a range that have settled rows."""
    column = t.SettledRow.enterprise
    return list(session.scalars(select(column).where(column.between(first, last)).distinct()))


def settled_of(row: t.SettledRow) -> Settled:
    """The row as the rules take it."""
    return Settled(row.point, row.key, row.tier, Outcome(row.outcome), row.digest, row.until)


def settled_in(session: Session, episode_id: str) -> list[Settled]:
    """Settlements that were made in an episode and not taken back by reopening it."""
    query = select(t.SettledRow).where(t.SettledRow.episode_id == episode_id).order_by(t.SettledRow.no)
    made = [settled_of(row) for row in session.scalars(query)]
    last = newest(made)
    return [item for item in made if last[item.point, item.key].outcome is not Outcome.REOPENED]


def settled_before(session: Session, enterprise: int, episode_id: str) -> list[Settled]:
    """Settlements of an enterprise that were made in other episodes."""
    query = select(t.SettledRow).where(
        t.SettledRow.enterprise == enterprise, t.SettledRow.episode_id != episode_id
    )
    return [settled_of(row) for row in session.scalars(query.order_by(t.SettledRow.no))]


def episode_and_warning(session: Session, enterprise: int, number: int) -> tuple[t.EpisodeRow, t.WarningRow]:
    """The episode with that number and its warning, locked."""
    query = (
        select(t.EpisodeRow, t.WarningRow)
        .join(t.WarningRow, t.WarningRow.episode_id == t.EpisodeRow.id)
        .where(t.EpisodeRow.enterprise == enterprise, t.EpisodeRow.number == number)
        .with_for_update()
    )
    episode, warning = session.execute(query).one()
    return episode, warning


_NOTE = {
    "sqlite": ("value", "json_each(:named)"),
    "postgresql": ("CAST(value AS bigint)", "json_array_elements_text(CAST(:named AS json)) AS value"),
}


def add_pending(session: Session, months: Mapping[int, Collection[int]], at: datetime) -> None:
    """Note the enterprises by month whose rows a delivery changed, one statement a month. Who waits already stays, and is from
    now on a small delivery's if this one reaches less."""
    value, source = _NOTE[session.connection().dialect.name]
    statement = text(
        f"INSERT INTO risk_pending (enterprise, month, at, reach) SELECT {value}, :month, :at, :reach FROM {source}"  # noqa: S608
        " WHERE true ON CONFLICT (enterprise, month) DO UPDATE SET reach = excluded.reach"
        " WHERE excluded.reach < risk_pending.reach"
    ).bindparams(bindparam("at", at, UtcDateTime()))
    named = {month: sorted(set(enterprises)) for month, enterprises in sorted(months.items())}
    reach = sum(map(len, named.values()))
    for month, enterprises in named.items():
        session.execute(statement, {"named": json_text(enterprises), "month": month, "reach": reach})


def take_pending(
    session: Session, rules: Mapping[int, str], limit: int, small: int
) -> tuple[dict[int, list[int]], bool]:
    """Enterprises by month that wait for a correction, and whether they went before others; they wait no more when the
    transaction commits.

    rules: rule set by month that was scored; months of one are taken together. Everything where it is no more than `limit`
    enterprise-months. Else first the enterprises that a delivery of at most `small` enterprise-months named, each with all months
    that it waits for, so that its months keep their order. Without such: whole months, the oldest first, as many as stay within
    `limit`, and one at least. What waits in another month waits for nothing and is forgotten.
    """
    row = t.PendingRow
    session.execute(delete(row).where(row.month.not_in(list(rules))))
    counts = waiting(session)
    if sum(count for _month, count in counts) > limit and (
        found := _take_small(session, rules, limit, small)
    ):
        return found, True
    found, taken = {}, 0
    for month, count in counts:
        if found and (rules[month] != rules[min(found)] or taken + count > limit):
            break
        query = select(row.enterprise).where(row.month == month).order_by(row.enterprise)
        found[month] = list(session.scalars(query))
        taken += count
    if found:
        session.execute(delete(row).where(row.month.in_(list(found))))
    return found, False


def _take_small(session: Session, rules: Mapping[int, str], limit: int, small: int) -> dict[int, list[int]]:
    row = t.PendingRow
    firms = row.enterprise.in_(select(row.enterprise).where(row.reach.between(1, small)).distinct())
    oldest = session.scalar(select(func.min(row.month)).where(firms))
    if oldest is None:
        return {}
    later = [month for month in rules if month > oldest and rules[month] != rules[oldest]]
    alike = row.month < min(later) if later else true()
    query = select(row.enterprise, row.month).where(firms, alike).order_by(row.enterprise, row.month)
    rows = session.execute(query.limit(limit + 1)).all()
    if len(rows) > limit and rows[0].enterprise != rows[-1].enterprise:
        rows = [one for one in rows if one.enterprise != rows[-1].enterprise]  # its other months are cut off
    found: dict[int, list[int]] = defaultdict(list)
    for enterprise, month in rows:
        found[month].append(enterprise)
    session.execute(delete(row).where(firms, alike, row.enterprise <= rows[-1].enterprise))
    return {month: found[month] for month in sorted(found)}


def waiting(session: Session) -> list[tuple[int, int]]:
    """Months that wait for a correction and of how many enterprises, the oldest first."""
    row = t.PendingRow
    query = select(row.month, func.count()).group_by(row.month).order_by(row.month)
    return [(month, count) for month, count in session.execute(query)]


def active_shadows(session: Session, on: date) -> list[t.ShadowRow]:
    """Shadow rule sets of a day that nobody stopped."""
    query = select(t.ShadowRow).where(
        t.ShadowRow.first_day <= on, t.ShadowRow.last_day >= on, t.ShadowRow.stopped_at.is_(None)
    )
    return list(session.scalars(query.order_by(t.ShadowRow.id)))


def write_index(session: Session, month: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace a month's regional index."""
    session.execute(delete(t.IndexRow).where(t.IndexRow.month == month))
    if rows:
        session.execute(insert(t.IndexRow), rows)


def due_red(session: Session, now: datetime, limit: int) -> list[t.WarningRow]:
    """Warnings whose red grade was not signed in time, oldest first, locked."""
    query = (
        select(t.WarningRow)
        .where(t.WarningRow.pending > 0, t.WarningRow.due_signoff <= now)
        .order_by(t.WarningRow.due_signoff)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query))


def newest_backtest(session: Session, candidate_hash: str) -> t.BacktestRow | None:
    """The last finished backtest of a candidate."""
    query = select(t.BacktestRow).where(
        t.BacktestRow.candidate_hash == candidate_hash, t.BacktestRow.state == "finished"
    )
    return session.scalars(query.order_by(t.BacktestRow.requested_at.desc()).limit(1)).first()


def open_backtest(session: Session, states: Sequence[str]) -> str | None:
    """The oldest backtest that is not at its end."""
    query = select(t.BacktestRow.id).where(t.BacktestRow.state.in_(states))
    return session.scalar(query.order_by(t.BacktestRow.requested_at, t.BacktestRow.id).limit(1))


def backtest_files(session: Session, states: Sequence[str]) -> Sequence[Any]:
    """(id, file, first month, last month) of backtests that have a file or are still at work."""
    row = t.BacktestRow
    query = select(row.id, row.file, row.first_month, row.last_month)
    return session.execute(query.where((row.file != "") | row.state.in_(states))).all()


def backtests(session: Session, before: str, limit: int) -> list[t.BacktestRow]:
    """Backtests, newest first, after the one named `before`."""
    query = select(t.BacktestRow).order_by(t.BacktestRow.requested_at.desc(), t.BacktestRow.id.desc())
    last = session.get(t.BacktestRow, before) if before else None
    if last is not None:
        place = (t.BacktestRow.requested_at, t.BacktestRow.id)
        query = query.where(tuple_(*place) < (last.requested_at, last.id))
    return list(session.scalars(query.limit(limit)))


def names_of_rulesets(session: Session, hashes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name and version of used rule sets by hash, without their documents."""
    row = t.UsedRuleSetRow
    found = session.execute(select(row.hash, row.name, row.version).where(row.hash.in_(list(hashes))))
    return {digest: (name, version) for digest, name, version in found}


def shadows(session: Session) -> list[t.ShadowRow]:
    """All shadow rule sets, newest first."""
    return list(session.scalars(select(t.ShadowRow).order_by(t.ShadowRow.made_at.desc(), t.ShadowRow.id)))


def shadows_between(session: Session, first: date, last: date) -> list[t.ShadowRow]:
    """Those that run on a day of the period and were not stopped."""
    query = select(t.ShadowRow).where(
        t.ShadowRow.first_day <= last, t.ShadowRow.last_day >= first, t.ShadowRow.stopped_at.is_(None)
    )
    return list(session.scalars(query))


def shadow_runs(session: Session, shadow_id: str = "") -> list[t.RunRow]:
    """Shadow runs, of one rule set or of all, newest first."""
    query = select(t.RunRow).where(t.RunRow.kind == RunKind.SHADOW.value)
    if shadow_id:
        query = query.where(t.RunRow.slot.startswith(f"shadow/{shadow_id}/", autoescape=True))
    return list(session.scalars(query.order_by(t.RunRow.started_at.desc(), t.RunRow.id.desc())))


def runs_of_kind(session: Session, kind: str, before: str, limit: int) -> list[t.RunRow]:
    """Runs of a kind (empty: all but shadow runs), newest first, after the one named `before`."""
    place = (t.RunRow.started_at, t.RunRow.id)
    query = select(t.RunRow).where(t.RunRow.kind == kind if kind else t.RunRow.kind != RunKind.SHADOW.value)
    last = session.get(t.RunRow, before) if before else None
    if last is not None:
        query = query.where(tuple_(*place) < (last.started_at, last.id))
    return list(session.scalars(query.order_by(*(column.desc() for column in place)).limit(limit)))


def facts_of_run(session: Session, run_id: str) -> list[t.FactsRow]:
    """Files of facts that a run left, by month."""
    query = select(t.FactsRow).where(t.FactsRow.run_id == run_id)
    return list(session.scalars(query.order_by(t.FactsRow.month)))


def replays(session: Session, run_id: str, limit: int = 20) -> list[t.ReplayRow]:
    """The last replays of a run, newest first."""
    query = select(t.ReplayRow).where(t.ReplayRow.run_id == run_id)
    return list(
        session.scalars(query.order_by(t.ReplayRow.asked_at.desc(), t.ReplayRow.id.desc()).limit(limit))
    )


def changes(session: Session, run_id: str, reason: str, before: int, limit: int) -> list[t.ChangeRow]:
    """The log of a run, or of a reason, newest first, below a number (0: from the newest)."""
    query = select(t.ChangeRow)
    if run_id:
        query = query.where(t.ChangeRow.run_id == run_id)
    if reason:
        query = query.where(t.ChangeRow.reason == reason)
    if before:
        query = query.where(t.ChangeRow.no < before)
    return list(session.scalars(query.order_by(t.ChangeRow.no.desc()).limit(limit)))
