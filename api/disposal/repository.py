"""Cases and what belongs to them in SQL. Reads return model objects; writers get rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.disposal.model import (
    Capacity,
    CaseView,
    Colour,
    Due,
    EventView,
    Post,
    Reach,
    Stage,
    Step,
    Subject,
    Unit,
    UnitKind,
)
from api.disposal.tables import (
    CaseRow,
    DutyRow,
    EventRow,
    MeasureRow,
    NumberRow,
    PartyRow,
    PostRow,
    StatementRow,
    TaskRow,
    UnitRow,
)
from api.infra.db import UtcDateTime
from api.kernel.clock import parse_utc, utc_text
from api.kernel.errors import not_found

NO_DEADLINE = datetime(9999, 1, 1, tzinfo=UTC)
"""Where a case stands in the order of deadlines for which none runs."""

# -- units, posts, duty


def units(session: Session) -> list[Unit]:
    """All units, streets first by code."""
    rows = session.scalars(select(UnitRow).order_by(UnitRow.kind.desc(), UnitRow.code))
    return [Unit(row.code, UnitKind(row.kind), row.name, row.name_en) for row in rows]


def streets(session: Session) -> dict[str, str]:
    """Names of the streets by code."""
    return {unit.code: unit.name for unit in units(session) if unit.kind is UnitKind.STREET}


def post_of(row: PostRow) -> Post:
    """The row as it is read."""
    return Post(
        row.id,
        row.account_id,
        row.unit,
        Capacity(row.capacity),
        row.valid_from,
        row.valid_to,
        row.deputy_of,
    )


def posts_on(
    session: Session, day: date, *, account: str = "", unit: Sequence[str] = ()
) -> list[tuple[Post, UnitKind]]:
    """Posts held on a day, with the kind of their unit."""
    wanted = (
        select(PostRow, UnitRow.kind)
        .join(UnitRow, UnitRow.code == PostRow.unit)
        .where(PostRow.valid_from <= day, or_(PostRow.valid_to.is_(None), PostRow.valid_to >= day))
        .order_by(PostRow.unit, PostRow.account_id)
    )
    if account:
        wanted = wanted.where(PostRow.account_id == account)
    if unit:
        wanted = wanted.where(PostRow.unit.in_(unit))
    return [(post_of(row), UnitKind(kind)) for row, kind in session.execute(wanted)]


def holds_post(session: Session, account: str, unit: str, from_day: date) -> bool:
    """Whether somebody holds a post of his own in a unit on a day or later: he can be stood in for."""
    wanted = select(PostRow.id).where(
        PostRow.account_id == account, PostRow.unit == unit, PostRow.deputy_of.is_(None),
        or_(PostRow.valid_to.is_(None), PostRow.valid_to >= from_day),
    )  # fmt: skip
    return session.scalar(wanted.limit(1)) is not None


def reach(session: Session, account: str, day: date) -> Reach:
    """What an account may see and do on a day: posts of the HR bureau open the whole district."""
    capacities: dict[str, set[Capacity]] = {}
    deputies: dict[str, str] = {}
    district = command = False
    for post, kind in posts_on(session, day, account=account):
        capacities.setdefault(post.unit, set()).add(post.capacity)
        district = district or kind is UnitKind.HR
        command = command or post.capacity is Capacity.COMMAND
        if post.deputy_of:
            deputies[post.unit] = post.deputy_of
    return Reach(account, {u: frozenset(c) for u, c in capacities.items()}, district, command, deputies)


def on_duty(session: Session, at: datetime, unit: Sequence[str]) -> list[DutyRow]:
    """Who has the duty phone of these units at a moment."""
    wanted = select(DutyRow).where(DutyRow.starts_at <= at, DutyRow.ends_at > at).order_by(DutyRow.unit)
    if unit:
        wanted = wanted.where(DutyRow.unit.in_(unit))
    return list(session.scalars(wanted))


def next_number(session: Session, series: str) -> int:
    """The next number of a series; no two callers get the same and none is left out after a commit.

    Two that begin a year's series at once wait for each other: the row is made by whoever is first.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    begun = insert(NumberRow).values(series=series, last=1)
    wanted = begun.on_conflict_do_update(
        index_elements=[NumberRow.series], set_={NumberRow.last: NumberRow.last + 1}
    ).returning(NumberRow.last)
    return int(session.execute(wanted).scalar_one())


# -- cases


def dues_json(dues: Mapping[Step, Due]) -> dict[str, Any]:
    """What is kept of deadlines: time and whether it is provisional; the count is explained from the calendar."""
    return {str(step): [utc_text(due.at), due.provisional] for step, due in dues.items()}


def read_dues(kept: Mapping[str, Any]) -> dict[Step, Due]:
    """Inverse of `dues_json`."""
    return {Step(step): Due(parse_utc(at), bool(provisional)) for step, (at, provisional) in kept.items()}


def case_row(session: Session, case_id: str, *, lock: bool = False) -> CaseRow:
    """The row; raises not_found."""
    row = session.get(CaseRow, case_id, with_for_update=lock or None)
    if row is None:
        raise not_found()
    return row


def view(row: CaseRow, subject: Subject | None) -> CaseView:
    """The row as it is shown."""
    return CaseView(
        case_id=row.id,
        number=row.number,
        warning_id=row.warning_id,
        episode_id=row.episode_id,
        enterprise=row.enterprise,
        subject=subject,
        colour=Colour(row.colour),
        auto=row.auto,
        stage=Stage(row.stage),
        unit=row.unit,
        registered_unit=row.registered_unit,
        basis=row.basis,
        issued_at=row.issued_at,
        cycle=row.cycle,
        finding=row.finding,
        outcome=row.outcome,
        closed_at=row.closed_at,
        transfer_to=row.transfer_to,
        dues=read_dues(row.dues),
    )


def parties(session: Session, case_id: str) -> list[str]:
    """Units that may read the case besides its owner."""
    return list(
        session.scalars(select(PartyRow.unit).where(PartyRow.case_id == case_id).order_by(PartyRow.unit))
    )


def add_party(session: Session, case_id: str, unit: str, why: str) -> None:
    """Let a unit read the case; nothing if it may already."""
    if session.get(PartyRow, (case_id, unit)) is None:
        session.add(PartyRow(case_id=case_id, unit=unit, why=why))
        session.flush()


def within(reach_: Reach) -> Any:
    """The condition on cases that an account may see; None: all of them."""
    if reach_.district:
        return None
    mine = list(reach_.capacities)
    party = exists().where(PartyRow.case_id == CaseRow.id, PartyRow.unit.in_(mine))
    found = or_(CaseRow.unit.in_(mine), CaseRow.transfer_to.in_(mine), party)
    if reach_.command:
        found = or_(found, CaseRow.colour == int(Colour.RED))
    return found


def cases(
    session: Session,
    reach_: Reach,
    *,
    stages: Iterable[Stage] = (),
    colours: Iterable[Colour] = (),
    unit: str = "",
    enterprise: int | None = None,
    warnings: Sequence[str] | None = None,
    overdue_at: datetime | None = None,
    transferring: bool = False,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[CaseRow]:
    """Cases that the account may see, newest issue first; `after`: issue time and id of the last one seen.

    overdue_at: only those whose first deadline was before; transferring: only those that are being handed over.
    """
    wanted = select(CaseRow).order_by(CaseRow.issued_at.desc(), CaseRow.id.desc()).limit(limit)
    mine = within(reach_)
    if mine is not None:
        wanted = wanted.where(mine)
    if in_stages := [str(stage) for stage in stages]:
        wanted = wanted.where(CaseRow.stage.in_(in_stages))
    if in_colours := [int(colour) for colour in colours]:
        wanted = wanted.where(CaseRow.colour.in_(in_colours))
    if unit:
        wanted = wanted.where(CaseRow.unit == unit)
    if enterprise is not None:
        wanted = wanted.where(CaseRow.enterprise == enterprise)
    if warnings is not None:
        wanted = wanted.where(CaseRow.warning_id.in_(warnings))
    if overdue_at is not None:
        wanted = wanted.where(CaseRow.due_at < overdue_at)
    if transferring:
        wanted = wanted.where(CaseRow.transfer_to != "")
    if after is not None:
        wanted = wanted.where(tuple_(CaseRow.issued_at, CaseRow.id) < after)
    return list(session.scalars(wanted))


def funnel(session: Session, reach_: Reach) -> dict[str, dict[int, int]]:
    """Number of cases by stage and colour."""
    wanted = select(CaseRow.stage, CaseRow.colour, func.count()).group_by(CaseRow.stage, CaseRow.colour)
    mine = within(reach_)
    if mine is not None:
        wanted = wanted.where(mine)
    found: dict[str, dict[int, int]] = {str(stage): {} for stage in Stage}
    for stage, colour, count in session.execute(wanted):
        found[stage][colour] = count
    return found


def _red() -> tuple[ColumnElement[bool], ...]:
    return CaseRow.colour == int(Colour.RED), CaseRow.stage != str(Stage.CLOSED)


def red_cases(session: Session, after: tuple[datetime, str] | None, limit: int) -> list[CaseRow]:
    """Open red cases of the district, the most urgent deadline first; `after`: deadline (`red_place`) and id of the last."""
    place = func.coalesce(CaseRow.due_at, literal(NO_DEADLINE, UtcDateTime()))
    wanted = select(CaseRow).where(*_red()).order_by(place, CaseRow.id).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(place, CaseRow.id) > tuple_(literal(after[0], UtcDateTime()), after[1]))
    return list(session.scalars(wanted))


def red_place(row: CaseRow) -> datetime:
    """Where a case stands in that order: those for which nothing runs come last."""
    return row.due_at or NO_DEADLINE


def red_counts(session: Session, now: datetime) -> tuple[int, int, int, int]:
    """Open red cases: all, not signed for, past their first deadline; and the joint tasks at work on them."""
    counted = select(
        func.count(),
        func.count().filter(CaseRow.stage == str(Stage.ISSUED)),
        func.count().filter(CaseRow.due_at < now),
    ).where(*_red())
    cases_, unsigned, overdue = session.execute(counted).one()
    at_work = TaskRow.case_id.in_(select(CaseRow.id).where(*_red()))
    tasks = session.scalar(select(func.count(TaskRow.id)).where(TaskRow.state == "open", at_work))
    return cases_, unsigned, overdue, tasks or 0


def due_cases(session: Session, now: datetime, limit: int) -> list[str]:
    """Open cases at which something begins by now, the longest waiting first."""
    wanted = (
        select(CaseRow.id)
        .where(CaseRow.next_look <= now, CaseRow.stage != str(Stage.CLOSED))
        .order_by(CaseRow.next_look)
        .limit(limit)
    )
    return list(session.scalars(wanted))


def late_answers(session: Session, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Statements past their day without an answer that nobody was urged about, with their cases."""
    urged = exists().where(
        MeasureRow.case_id == StatementRow.case_id, MeasureRow.key == "answer/" + StatementRow.id + "/urge"
    )
    wanted = (
        select(StatementRow.id, StatementRow.case_id)
        .where(StatementRow.answered_at.is_(None), StatementRow.due_at <= now, ~urged)
        .order_by(StatementRow.due_at)
        .limit(limit)
    )
    return [(one, case_id) for one, case_id in session.execute(wanted)]


def late_tasks(session: Session, today: date, limit: int) -> list[tuple[str, str]]:
    """Joint tasks open past their day that nobody was urged about, with their cases."""
    urged = exists().where(
        MeasureRow.case_id == TaskRow.case_id, MeasureRow.key == "task/" + TaskRow.id + "/urge"
    )
    wanted = (
        select(TaskRow.id, TaskRow.case_id)
        .where(TaskRow.state == "open", TaskRow.due_on < today, ~urged)
        .order_by(TaskRow.due_on)
        .limit(limit)
    )
    return [(one, case_id) for one, case_id in session.execute(wanted)]


def open_cases(session: Session) -> list[CaseRow]:
    """All cases that are not closed."""
    return list(session.scalars(select(CaseRow).where(CaseRow.stage != str(Stage.CLOSED))))


def waiting_statements(session: Session) -> list[StatementRow]:
    """Statements without an answer."""
    return list(session.scalars(select(StatementRow).where(StatementRow.answered_at.is_(None))))


def open_tasks(session: Session, case_id: str) -> int:
    """Number of joint tasks that are not done."""
    wanted = select(func.count()).where(TaskRow.case_id == case_id, TaskRow.state == "open")
    return session.scalar(wanted) or 0


def open_appeals(session: Session, case_id: str) -> int:
    """Number of appeals that are not answered."""
    wanted = select(func.count()).where(
        StatementRow.case_id == case_id, StatementRow.kind == "appeal", StatementRow.answered_at.is_(None)
    )
    return session.scalar(wanted) or 0


def taken(session: Session, case_id: str) -> set[str]:
    """Keys of the measures that were carried out."""
    return set(session.scalars(select(MeasureRow.key).where(MeasureRow.case_id == case_id)))


def measures_of(session: Session, case_ids: Sequence[str]) -> dict[str, str]:
    """The gravest measure so far of each case."""
    order = {"phone": 0, "urge": 1, "supervise": 2, "red_card": 3}
    found: dict[str, str] = {}
    wanted = select(MeasureRow.case_id, MeasureRow.measure).where(MeasureRow.case_id.in_(case_ids))
    for case_id, measure in session.execute(wanted):
        if measure != "phone" and order[measure] > order.get(found.get(case_id, ""), 0):
            found[case_id] = measure
    return found


def event_view(row: EventRow) -> EventView:
    """The row as it is shown."""
    return EventView(
        row.seq,
        row.at,
        row.actor,
        row.unit,
        row.action,
        row.before,
        row.after,
        row.facts,
        row.note or "",
        row.digest,
    )


RETURNING = ("reject_closure", "statement_answered")
"""Actions that may send a case back to be verified again."""


def newest(session: Session, case_id: str, actions: Sequence[str]) -> EventRow | None:
    """The newest event of a case among some actions."""
    wanted = (
        select(EventRow)
        .where(EventRow.case_id == case_id, EventRow.action.in_(actions))
        .order_by(EventRow.seq.desc())
        .limit(1)
    )
    return session.scalar(wanted)


def events(session: Session, case_id: str, after: int = 0, limit: int = 500) -> list[EventView]:
    """Events of a case in order."""
    wanted = (
        select(EventRow)
        .where(EventRow.case_id == case_id, EventRow.seq > after)
        .order_by(EventRow.seq)
        .limit(limit)
    )
    return [event_view(row) for row in session.scalars(wanted)]
