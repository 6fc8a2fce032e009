"""The desk: units, posts with deputies, the duty roster. Changed by the operator (units, posts) and the HR bureau (duty)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from api.disposal import repository
from api.disposal.model import Capacity, Post, Reach, Unit, UnitKind
from api.disposal.ports import Person
from api.disposal.service.context import Context, clean_text
from api.disposal.tables import DutyRow, PostRow, UnitRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

_CODE = re.compile(r"\d{9}\Z|[a-z][a-z0-9-]{1,18}\Z")
DUTY_MOST = timedelta(days=31)


class Desk:
    """Who does what."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def units(self) -> list[Unit]:
        """All units."""
        with self._c.uow.read() as session:
            return repository.units(session)

    def put_unit(self, who: Principal, unit: Unit) -> None:
        """Enter or rename a unit: a street by its 9-digit code, others by a short word. Audited."""
        name, name_en = (
            clean_text(unit.name, "/name", most=80),
            clean_text(unit.name_en, "/name_en", most=120),
        )
        street = unit.code.isdigit()
        if not _CODE.match(unit.code) or not name or not name_en or street != (unit.kind is UnitKind.STREET):
            raise invalid("disposal.unit_malformed", pointer="/code")
        with self._c.uow() as session:
            session.merge(UnitRow(code=unit.code, kind=str(unit.kind), name=name, name_en=name_en))
            audit.record(session, who, "disposal.unit_entered", "unit", unit.code, kind=str(unit.kind))

    def give_post(
        self,
        who: Principal,
        account_id: str,
        unit: str,
        capacity: Capacity,
        valid_from: date,
        valid_to: date | None = None,
        deputy_of: str | None = None,
    ) -> str:
        """Put an account into a unit for a time; `deputy_of`: the account it stands in for, which holds a post there.

        Audited. Returns the id. Raises invalid.
        """
        if valid_to is not None and valid_to < valid_from:
            raise invalid("disposal.post_period", pointer="/valid_to")
        with self._c.uow() as session:
            if session.get(UnitRow, unit) is None:
                raise invalid("disposal.unit_unknown", pointer="/unit")
            if deputy_of is not None and not repository.holds_post(session, deputy_of, unit, valid_from):
                raise invalid("disposal.deputy_of_nobody", pointer="/deputy_of")
            if deputy_of == account_id:
                raise invalid("disposal.deputy_of_nobody", pointer="/deputy_of")
            row = PostRow(
                id=new_id(), account_id=account_id, unit=unit, capacity=str(capacity), valid_from=valid_from,
                valid_to=valid_to, deputy_of=deputy_of, created_by=who.actor, created_at=self._c.clock.now(),
            )  # fmt: skip
            session.add(row)
            audit.record(
                session, who, "disposal.post_given", "account", account_id, unit=unit, capacity=str(capacity)
            )
            return row.id

    def end_post(self, who: Principal, post_id: str, last: date) -> None:
        """The post ends with this day. Audited."""
        with self._c.uow() as session:
            row = session.get(PostRow, post_id)
            if row is None:
                raise not_found()
            if last < row.valid_from:
                raise invalid("disposal.post_period", pointer="/last")
            row.valid_to = last
            audit.record(session, who, "disposal.post_ended", "account", row.account_id, unit=row.unit)

    def posts(self, unit: str = "") -> list[Post]:
        """Posts held today."""
        with self._c.uow.read() as session:
            return [
                post for post, _ in repository.posts_on(session, self._c.today(), unit=[unit] if unit else [])
            ]

    def people(self, who: Principal) -> Sequence[Person]:
        """Logins of staff for the lists of posts and duty: for the operator, leads and the HR bureau. Raises forbidden."""
        if not who.has("operator"):
            reach = self.reach(who)
            if not (reach.district or any(reach.holds(unit, Capacity.LEAD) for unit in reach.capacities)):
                raise forbidden("disposal.not_entitled", action="duty")
        return self._c.people.staff()

    def coming_posts(self) -> list[Post]:
        """Posts held today or later, by unit and account; for the operator."""
        wanted = (
            select(PostRow)
            .where(or_(PostRow.valid_to.is_(None), PostRow.valid_to >= self._c.today()))
            .order_by(PostRow.unit, PostRow.account_id, PostRow.valid_from)
        )
        with self._c.uow.read() as session:
            return [repository.post_of(row) for row in session.scalars(wanted)]

    def towns(self, account_id: str) -> list[str]:
        """Codes of the streets in which an account holds a post today."""
        with self._c.uow.read() as session:
            held = repository.posts_on(session, self._c.today(), account=account_id)
        return sorted({post.unit for post, kind in held if kind is UnitKind.STREET})

    def reach(self, who: Principal) -> Reach:
        """What the caller may see and do today; raises forbidden without a post."""
        with self._c.uow.read() as session:
            return self._c.reach(session, who)

    def held(self, who: Principal) -> Reach:
        """The same, and nothing at all without a post."""
        with self._c.uow.read() as session:
            return repository.reach(session, who.account_id or "", self._c.today())

    def put_duty(
        self, who: Principal, unit: str, account_id: str, phone: str, starts_at: datetime, ends_at: datetime
    ) -> str:
        """Put somebody on the duty phone of a unit; times don't overlap in a unit. Audited. Returns the id."""
        if (
            starts_at.tzinfo is None
            or ends_at.tzinfo is None
            or not starts_at < ends_at <= starts_at + DUTY_MOST
        ):
            raise invalid("disposal.duty_period", pointer="/ends_at")
        phone = clean_text(phone, "/phone", most=20)
        with self._c.uow() as session:
            reach = self._c.reach(session, who)
            if not (reach.district or reach.holds(unit, Capacity.LEAD)):
                raise forbidden("disposal.not_entitled", action="duty")
            if session.get(UnitRow, unit, with_for_update=True) is None:  # locks the unit's roster
                raise invalid("disposal.unit_unknown", pointer="/unit")
            other = select(DutyRow.id).where(
                DutyRow.unit == unit, DutyRow.starts_at < ends_at, DutyRow.ends_at > starts_at
            )
            if session.scalar(other.limit(1)) is not None:
                raise conflict("disposal.duty_overlaps")
            row = DutyRow(
                id=new_id(), unit=unit, account_id=account_id, phone=phone or None, starts_at=starts_at,
                ends_at=ends_at,
            )  # fmt: skip
            session.add(row)
            audit.record(session, who, "disposal.duty_entered", "duty", row.id, unit=unit)
            return row.id

    def end_duty(self, who: Principal, duty_id: str) -> None:
        """Take a time on duty back: one that has begun ends now, one that has not is struck out. Audited."""
        now = self._c.clock.now()
        with self._c.uow() as session:
            reach = self._c.reach(session, who)
            row = session.get(DutyRow, duty_id, with_for_update=True)
            if row is None or not (reach.district or reach.holds(row.unit)):
                raise not_found()
            if not (reach.district or reach.holds(row.unit, Capacity.LEAD)):
                raise forbidden("disposal.not_entitled", action="duty")
            if row.ends_at <= now:
                raise conflict("disposal.duty_over")
            audit.record(session, who, "disposal.duty_ended", "duty", row.id, unit=row.unit)
            if row.starts_at < now:
                row.ends_at = now
            else:
                session.delete(row)

    def roster(self, who: Principal) -> list[DutyRow]:
        """Times on duty that are not over, of the units the caller may see, by their beginning."""
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            wanted = select(DutyRow).where(DutyRow.ends_at > self._c.clock.now()).order_by(DutyRow.starts_at)
            if not (reach.district or reach.command):
                wanted = wanted.where(DutyRow.unit.in_(list(reach.capacities)))
            return list(session.scalars(wanted.limit(500)))

    def on_duty(self, who: Principal) -> list[DutyRow]:
        """Who has the duty phones now, of the units the caller may see (all for the district and for command)."""
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            mine = [] if reach.district or reach.command else list(reach.capacities)
            return repository.on_duty(session, self._c.clock.now(), mine)
