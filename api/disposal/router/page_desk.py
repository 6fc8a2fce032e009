"""Pages of units and posts (the operator's), and of the duty roster (leads' and the HR bureau's)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.disposal import texts
from api.disposal.model import Capacity, Unit, UnitKind
from api.disposal.router.access import Id, Operator, Service, Staff
from api.disposal.router.page_parts import NAMES, options, units
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.clock import SHANGHAI
from api.kernel.errors import invalid

pages = APIRouter()
Word = Annotated[str, Form(max_length=64)]
Day = Annotated[str, Form(max_length=10)]


def _day(text: str, pointer: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid("malformed", pointer=pointer) from None


def _local(moment: datetime) -> datetime:
    """A form's time is China's."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


@pages.get("/disposal/units")
def unit_list(request: Request, disposal: Service, _who: Operator) -> Response:
    """Streets, departments, unions, federation, government, bureau."""
    return page(
        request,
        "disposal/units.html",
        found=disposal.desk.units(),
        kinds=texts.UNIT_KINDS,
        kind_options=options(request, texts.UNIT_KINDS.items()),
    )


@pages.post("/disposal/units")
def put_unit(
    request: Request,
    disposal: Service,
    who: Operator,
    code: Annotated[str, Form(max_length=20)],
    kind: Word,
    name: Annotated[str, Form(max_length=80)],
    name_en: Annotated[str, Form(max_length=120)],
) -> Response:
    """Enter or rename a unit."""
    if kind not in set(UnitKind):
        raise invalid("malformed", pointer="/kind")
    disposal.desk.put_unit(who, Unit(code.strip(), UnitKind(kind), name, name_en))
    return redirect(request, "/disposal/units", notice=N_("单位已保存。"))


@pages.get("/disposal/posts")
def post_list(request: Request, disposal: Service, who: Operator) -> Response:
    """Who acts for which unit, in which capacity, for whom he stands in."""
    people = disposal.desk.people(who)
    return page(
        request,
        "disposal/posts.html",
        found=disposal.desk.coming_posts(),
        people={one.account_id: one for one in people},
        accounts=[(one.account_id, f"{one.name}（{one.login}）") for one in people],
        capacities=texts.CAPACITIES,
        capacity_options=options(request, texts.CAPACITIES.items()),
        names=units(disposal, request),
        today=disposal.context.today(),
    )


@pages.post("/disposal/posts")
def give_post(
    request: Request,
    disposal: Service,
    who: Operator,
    account_id: Word,
    unit: Word,
    capacity: Word,
    valid_from: Annotated[date, Form()],
    valid_to: Day = "",
    deputy_of: Word = "",
) -> Response:
    """Put an account into a unit for a time."""
    if capacity not in set(Capacity):
        raise invalid("malformed", pointer="/capacity")
    last = _day(valid_to, "/valid_to")
    disposal.desk.give_post(who, account_id, unit, Capacity(capacity), valid_from, last, deputy_of or None)
    return redirect(request, "/disposal/posts", notice=N_("岗位已登记。"))


@pages.post("/disposal/posts/{post_id}/end")
def end_post(
    request: Request, disposal: Service, who: Operator, post_id: Id, last: Annotated[date, Form()]
) -> Response:
    """A post ends with this day."""
    disposal.desk.end_post(who, post_id, last)
    return redirect(request, "/disposal/posts", notice=N_("岗位已登记结束日期。"))


@pages.get("/disposal/duty")
def duty(request: Request, disposal: Service, who: Staff) -> Response:
    """Times on duty of the units that the caller may see."""
    reach = disposal.desk.reach(who)
    names = units(disposal, request)
    may = {code: name for code, name in names.items() if reach.district or reach.holds(code, Capacity.LEAD)}
    people = disposal.desk.people(who) if may else []
    now = disposal.context.clock.now()
    return page(
        request,
        "disposal/duty.html",
        found=disposal.desk.roster(who),
        may=may,
        people={one.account_id: one.name for one in people},
        accounts=[(one.account_id, f"{one.name}（{one.login}）") for one in people],
        now=now,
        starts=f"{now.astimezone(SHANGHAI):%Y-%m-%dT%H:00}",
        ends=f"{now.astimezone(SHANGHAI) + timedelta(days=1):%Y-%m-%dT%H:00}",
        reach=reach,
        **{**NAMES, "names": names},
    )


@pages.post("/disposal/duty")
def put_duty(
    request: Request,
    disposal: Service,
    who: Staff,
    unit: Word,
    account_id: Word,
    starts_at: Annotated[datetime, Form()],
    ends_at: Annotated[datetime, Form()],
    phone: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Put somebody on duty."""
    disposal.desk.put_duty(who, unit, account_id, phone, _local(starts_at), _local(ends_at))
    return redirect(request, "/disposal/duty", notice=N_("值班已登记。"))


@pages.post("/disposal/duty/{duty_id}/end")
def end_duty(request: Request, disposal: Service, who: Staff, duty_id: Id) -> Response:
    """Take a time on duty back, or end the one that has begun."""
    disposal.desk.end_duty(who, duty_id)
    return redirect(request, "/disposal/duty", notice=N_("值班已取消或结束。"))
