"""Rows of runs, standings, episodes and warnings in SQL. Every list is one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from api.risk import tables as t
from api.risk.episodes.force import Outcome, Settled, newest
from api.risk.model import Run, RunKind, RunState

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


def standings(session: Session, enterprises: Sequence[int]) -> dict[int, t.StandingRow]:
    """Standings of an ascending list of enterprises, locked."""
    found: dict[int, t.StandingRow] = {}
    column = t.StandingRow.enterprise
    for start in range(0, len(enterprises), 1000):
        query = select(t.StandingRow).where(column.in_(list(enterprises[start : start + 1000])))
        found |= {row.enterprise: row for row in session.scalars(query.order_by(column).with_for_update())}
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
    table = t.StandingRow.__table__
    query = select(*[table.c[name] for name in STANDING_NUMBERS]).where(
        table.c.enterprise.between(first, last)
    )
    found = session.connection().execute(query.execution_options(yield_per=STANDINGS_READ))
    yield from found.partitions()


def last_finished_live(session: Session, run: t.RunRow) -> t.RunRow | None:
    """The newest finished monthly or daily run besides `run`."""
    query = select(t.RunRow).where(
        t.RunRow.kind.in_(LIVE), t.RunRow.state == RunState.FINISHED.value, t.RunRow.id != run.id
    )
    return session.scalars(query.order_by(t.RunRow.as_of.desc(), t.RunRow.started_at.desc()).limit(1)).first()


def write_standings(
    session: Session, new: Sequence[Mapping[str, Any]], old: Sequence[Mapping[str, Any]]
) -> None:
    """Add and change standings, two statements at most."""
    if new:
        session.execute(insert(t.StandingRow), new)
    if old:
        session.execute(update(t.StandingRow), old)


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


def add_pending(session: Session, pairs: Iterable[tuple[int, int]], at: datetime) -> int:
    """Note enterprise-months whose rows changed; those that wait already stay. Returns how many are new."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for enterprise, month in pairs:
        wanted[month].add(enterprise)
    row, added = t.PendingRow, 0
    for month, named in sorted(wanted.items()):
        known = set(session.scalars(select(row.enterprise).where(row.month == month)))
        fresh = sorted(named - known)
        if fresh:
            session.execute(insert(row), [{"enterprise": e, "month": month, "at": at} for e in fresh])
        added += len(fresh)
    return added


def take_pending(
    session: Session, months: Collection[int], limit: int, rules: Mapping[int, str] | None = None
) -> dict[int, list[int]]:
    """Enterprises by month that wait for a correction; they wait no more when the transaction commits.

    Whole months of `months`, the oldest first, as many as stay within `limit` enterprise-months, and one at least. What waits
    in another month waits for nothing and is forgotten. rules: rule set by month; months of one are taken together.
    """
    row = t.PendingRow
    found: dict[int, list[int]] = {}
    session.execute(delete(row).where(row.month.not_in(list(months))))
    taken = 0
    for month, count in waiting(session):
        other = rules is not None and found and rules[month] != rules[min(found)]
        if found and (other or taken + count > limit):
            break
        query = select(row.enterprise).where(row.month == month).order_by(row.enterprise)
        found[month] = list(session.scalars(query))
        taken += count
    if found:
        session.execute(delete(row).where(row.month.in_(list(found))))
    return found


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
