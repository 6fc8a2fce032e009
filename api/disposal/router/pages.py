"""Pages of disposal: list, case, the phone's site form, command view, measures. The browser posts plain forms."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.disposal import texts
from api.disposal.model import Colour, Reach, Stage
from api.disposal.router.access import Cursor, Id, Service, Staff
from api.disposal.router.case_api import colours_of
from api.disposal.router.page_parts import NAMES, options, units
from api.disposal.rules import forms, machine
from api.disposal.rules.law_periods import PERIODS
from api.disposal.service.papers import KINDS, SERVED
from api.infra.web import language, page
from api.kernel.clock import SHANGHAI

pages = APIRouter()
_WORKER = Path(__file__).resolve().parents[1] / "static" / "site-worker.js"


def _explained(request: Request, reach: Reach) -> Response:
    """What stands on a page of the navigation for who may not see it: why, and what to do.

    The navigation knows roles, not posts; the API answers the same people with 403.
    """
    return page(request, "disposal/no_post.html", posted=bool(reach.capacities))


@pages.get("/disposal")
def listing(
    request: Request,
    disposal: Service,
    who: Staff,
    stage: Annotated[str, Query(max_length=10)] = "",
    colour: Annotated[str, Query(max_length=8)] = "",
    overdue: bool = False,
    cursor: Cursor = "",
) -> Response:
    """Cases that the caller may see, with how many are in which stage."""
    reach = disposal.desk.held(who)
    if not reach.capacities:
        return _explained(request, reach)
    chosen = [Stage(stage)] if stage in set(Stage) else [one for one in Stage if one is not Stage.CLOSED]
    found = disposal.cases.listing(
        who, stages=chosen, colours=colours_of([colour] if colour else []), overdue=overdue, cursor=cursor,
        limit=30,
    )  # fmt: skip
    return page(
        request,
        "disposal/list.html",
        found=found,
        funnel={name: sum(counts.values()) for name, counts in disposal.cases.funnel(who).items()},
        stage=stage,
        colour=colour,
        overdue=overdue,
        now=disposal.context.clock.now(),
        names=units(disposal, request),
        reach=reach,
        **NAMES,
    )


@pages.get("/disposal/command")
def command(request: Request, disposal: Service, who: Staff, cursor: Cursor = "") -> Response:
    """Open red cases, the most urgent first."""
    reach = disposal.desk.held(who)
    if not (reach.district or reach.command):
        return _explained(request, reach)
    return page(
        request,
        "disposal/command.html",
        board=disposal.command.board(who, cursor=cursor),
        names=units(disposal, request),
        reach=reach,
        **NAMES,
    )


@pages.get("/disposal/measures")
def measures(
    request: Request, disposal: Service, who: Staff, first: date | None = None, last: date | None = None
) -> Response:
    """Hit rate of a period, by default the last 90 days."""
    reach = disposal.desk.held(who)
    if not reach.district:
        return _explained(request, reach)
    end = last or disposal.context.today()
    begin = first or end - timedelta(days=89)
    report = disposal.measures.hit_rate(who, begin, end)
    english = language(request) == "en"
    return page(
        request,
        "disposal/measures.html",
        report=report,
        subjects=disposal.measures.missed_subjects(report),
        point_names={code: both[english] for code, both in disposal.measures.point_names().items()},
        incidents=texts.INCIDENTS,
        reach=reach,
        first=begin,
        last=end,
        names=units(disposal, request),
        colour_names=dict(options(request, [(c.name.lower(), texts.COLOURS[int(c)]) for c in Colour])),
        **NAMES,
    )


@pages.get("/disposal/site-worker.js")
def site_worker() -> Response:
    """The service worker that keeps the site form usable without a network; its scope is `/disposal/`."""
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    }
    return Response(_WORKER.read_bytes(), media_type="text/javascript; charset=utf-8", headers=headers)


@pages.get("/disposal/cases/{case_id}")
def case(request: Request, disposal: Service, who: Staff, case_id: Id) -> Response:
    """One case: clocks, what can be done now, tasks, notices, statements, photos, everything that happened."""
    view = disposal.cases.get(who, case_id)
    form, received = disposal.field.read(who, case_id)
    return page(
        request,
        "disposal/case.html",
        case=view,
        can=[str(action) for action in view.allowed],
        findings=options(request, [(k, v) for k, v in texts.OUTCOMES.items() if k != "resolved"]),
        closing=options(request, _closing(view.finding)),
        form=form,
        received=received,
        fields=texts.FIELDS,
        choices=texts.CHOICES,
        photos=disposal.field.photos(who, case_id),
        tasks=disposal.tasks.of_case(who, case_id),
        notices=disposal.papers.of_case(who, case_id),
        notice_kinds=[(kind, title[language(request) == "en"]) for kind, title in KINDS.items()],
        statements=disposal.voices.of_case(who, case_id),
        statement_options=options(request, texts.STATEMENTS.items()),
        ways=options(request, texts.WAYS.items()),
        channel_names=texts.CHANNELS,
        results=texts.RESULTS,
        served_results=SERVED,
        contact=disposal.papers.contact_of(who, case_id),
        law=disposal.statutory.of_case(who, case_id),
        law_kinds=[(one.code, one.en if language(request) == "en" else one.zh) for one in PERIODS],
        english=language(request) == "en",
        today=disposal.context.today(),
        local_now=f"{disposal.context.clock.now().astimezone(SHANGHAI):%Y-%m-%dT%H:%M}",
        events=disposal.cases.history(who, case_id),
        names=(named := units(disposal, request)),
        owners=[
            (unit.code, named[unit.code])
            for unit in disposal.desk.units()
            if unit.kind in machine.OWNERS and unit.code != view.unit
        ],
        reach=disposal.desk.reach(who),
        now=disposal.context.clock.now(),
        **NAMES,
    )


def _closing(finding: str) -> list[tuple[str, str]]:
    if finding in machine.NOTHING_TO_ACT_ON:
        return [(finding, texts.OUTCOMES[finding])]
    return [(one, texts.OUTCOMES[one]) for one in dict.fromkeys(("resolved", finding)) if one]


@pages.get("/disposal/cases/{case_id}/site")
def site(request: Request, disposal: Service, who: Staff, case_id: Id) -> Response:
    """The site form for the phone."""
    return page(
        request,
        "disposal/site.html",
        case=disposal.cases.get(who, case_id),
        fields=texts.FIELDS,
        kinds=forms.FIELDS,
        needed=forms.NEEDED,
        choices=texts.CHOICES,
        **NAMES,
    )
