"""The morning list as a page: conditions, search, signatures. Plain forms; every change is audited."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.infra.i18n import N_, translate
from api.infra.web import language, page, redirect
from api.risk.router.api import Conditions, Cursor, Risk, Who
from api.risk.texts import GRADE_CODES, GRADE_NAMES
from api.risk.views import Wanted
from api.risk.wording import GRADE_TONES, STATE_NAMES

pages = APIRouter()
PAGE = 30


def query_of(wanted: Wanted, **changes: object) -> str:
    """The conditions as a query, changed in places; empty ones are left out."""
    grade = "" if wanted.grade is None else GRADE_CODES[wanted.grade]
    values = {"q": wanted.text, "grade": grade, "town": wanted.town, "state": wanted.state, **changes}
    text = urlencode({name: str(value) for name, value in values.items() if value})
    return f"?{text}" if text else ""


@pages.get("/risk")
def morning(request: Request, risk: Risk, who: Who, asked: Conditions, after: Cursor = "") -> Response:
    """Open warnings, what needs a person first."""
    found, lang = risk.desk.morning(who, asked, after, PAGE), language(request)
    towns = {code: names[lang == "en"] for code, names in risk.desk.towns(who).items()}
    return page(
        request, "risk/morning.html", found=found, first=not after, wanted=asked, query=query_of,
        grades=GRADE_NAMES, tones=GRADE_TONES, codes=GRADE_CODES, towns=towns,
        town_choices=[("", translate(lang, N_("全部镇街"))), *towns.items()],
        state_choices=[(code, translate(lang, text)) for code, text in STATE_NAMES.items()],
        may_sign=risk.desk.may_sign(who),
    )  # fmt: skip


@pages.post("/risk/warnings/{warning_id}/signature")
def sign(
    request: Request, risk: Risk, who: Who, warning_id: str, grade: Annotated[int, Form(ge=1, le=4)]
) -> Response:
    """Sign the grade that the list showed."""
    risk.warnings.sign(who, warning_id, grade)
    return redirect(request, "/risk", notice=N_("预警已签发"))
