"""Pages of the operator behind the exchange: who sends for whom, and what the worker fetches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.exchange.router.access import Operator, Service, mode_of
from api.exchange.router.schemas import trouble_of
from api.exchange.rules.catalogue import delivered
from api.exchange.service.desk import Exchange
from api.exchange.service.sources import NewSource
from api.exchange.texts import MODE_NAMES
from api.infra.i18n import N_
from api.infra.problems import status_of, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind, not_found

pages = APIRouter()
Text = Annotated[str, Form(max_length=500)]
Number = Annotated[int, Form()]
_ANSWERED = (ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.NOT_FOUND)


def owners() -> dict[str, Any]:
    """Departments of the catalogue by code."""
    return {what.owner.code: what.owner for what in delivered().values()}


def shown(request: Request, template: str, error: DomainError | None, **context: Any) -> Response:
    """The page, with what was wrong where something was."""
    return page(
        request,
        template,
        status=status_of(error) if error else 200,
        message=text_of(error.code, error.facts, language(request)) if error else "",
        english=language(request) == "en",
        **context,
    )


def tried(action: Callable[[], Response], again: Callable[[DomainError], Response]) -> Response:
    """The action's answer, or the page once more with what was wrong."""
    try:
        return action()
    except DomainError as error:
        if error.kind not in _ANSWERED:
            raise
        return again(error)


# -- officers


def _officers(request: Request, exchange: Exchange, error: DomainError | None = None) -> Response:
    return shown(
        request,
        "exchange/officers.html",
        error,
        found=exchange.officers(),
        owners=owners(),
        people=exchange.people(),
    )


@pages.get("/exchange/officers")
def officers(request: Request, exchange: Service, _who: Operator) -> Response:
    """Who sends for which department."""
    return _officers(request, exchange)


@pages.post("/exchange/officers")
def grant(
    request: Request,
    exchange: Service,
    who: Operator,
    account_id: Annotated[str, Form(max_length=64)],
    owner: Annotated[str, Form(max_length=40)],
) -> Response:
    """Let an account send."""

    def act() -> Response:
        exchange.grant(who, account_id.strip(), owner)
        return redirect(request, "/exchange/officers", notice=N_("已指定报送员。"))

    return tried(act, lambda error: _officers(request, exchange, error))


@pages.post("/exchange/officers/{account_id}/{owner}/revocation")
def revoke(request: Request, exchange: Service, who: Operator, account_id: str, owner: str) -> Response:
    """Take it back."""
    exchange.revoke(who, account_id, owner)
    return redirect(request, "/exchange/officers", notice=N_("已取消报送员。"))


# -- sources


def _sources(
    request: Request, exchange: Exchange, error: DomainError | None = None, form: dict[str, Any] | None = None
) -> Response:
    found = exchange.sources.listed()
    return shown(
        request,
        "exchange/sources.html",
        error,
        found=found,
        troubles={source.id: trouble_of(source) for source in found},
        catalogue=delivered(),
        modes=MODE_NAMES,
        form=form or {},
    )


@pages.get("/exchange/sources")
def sources(request: Request, exchange: Service, _who: Operator) -> Response:
    """What the worker fetches."""
    return _sources(request, exchange)


@pages.post("/exchange/sources")
def enter(
    request: Request,
    exchange: Service,
    who: Operator,
    dataset: Annotated[str, Form(max_length=40)],
    kind: Annotated[str, Form(max_length=8)],
    place: Text,
    mode: Annotated[str, Form(max_length=12)] = "append",
    label: Annotated[str, Form(max_length=80)] = "",
    pattern: Annotated[str, Form(max_length=80)] = "*",
    query: Annotated[str, Form(max_length=10_000)] = "",
    every_minutes: Number = 1_440,
) -> Response:
    """Enter one."""

    def act() -> Response:
        new = NewSource(dataset, mode_of(mode), label, kind, place, pattern, query, every_minutes)
        exchange.sources.add(who, new)
        return redirect(request, "/exchange/sources", notice=N_("来源已登记，后台稍后开始取数。"))

    form = {
        "dataset": dataset,
        "kind": kind,
        "mode": mode,
        "label": label,
        "pattern": pattern,
        "query": query,
        "every_minutes": every_minutes,
    }  # fmt: skip  the place is not shown again: a URL holds a password
    return tried(act, lambda error: _sources(request, exchange, error, form))


@pages.post("/exchange/sources/{number}/{action}")
def change(request: Request, exchange: Service, who: Operator, number: str, action: str) -> Response:
    """Pause it, make it due, or forget it."""
    done = {
        "pause": (exchange.sources.pause, N_("来源已暂停。")),
        "due": (exchange.sources.due, N_("后台将在下一轮取数。")),
        "removal": (exchange.sources.remove, N_("来源已删除，已取得的数据保留。")),
    }.get(action)
    if done is None:
        raise not_found()

    def act() -> Response:
        done[0](who, number)
        return redirect(request, "/exchange/sources", notice=done[1])

    return tried(act, lambda error: _sources(request, exchange, error))
