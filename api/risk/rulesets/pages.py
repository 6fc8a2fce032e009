"""Pages of the rule sets: list, one version with what may happen to it, new drafts, spreadsheet, validation, publication.

Plain forms. What is refused stays on the page: a conflict answers 409 with the page as it is now and a sentence what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.infra.i18n import N_, translate
from api.infra.problems import STATUS, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, invalid
from api.risk.rulesets import rules, sheet, texts, views
from api.risk.rulesets.model import State, Version
from api.risk.rulesets.router import Editor, Publisher, Reader, Service, read_upload
from api.risk.rulesets.service import DELIVERED, RuleSetService
from api.risk.rulesets.wording import in_words, written

pages = APIRouter()
AT = "/risk/rule-sets"
_MOST_LINES = 200
_MOST_ENTRIES = 200
Text = Annotated[str, Form(max_length=2_000)]


def say(request: Request) -> views.Say:
    """Messages in the visitor's language."""
    lang = language(request)
    return lambda msgid: translate(lang, msgid)


def _list_page(
    request: Request, rule_sets: RuleSetService, who: Any, error: DomainError | None = None
) -> Response:
    versions, today = rule_sets.listing(), rule_sets.today()
    live = rule_sets.in_force(today)
    return page(
        request, "risk/rule_sets.html", status=STATUS[error.kind] if error else 200,
        versions=versions, names=rule_sets.names({a for v in versions for a in (*v.authors, v.published_by or "")}),
        live=live.row_id, states=texts.STATE_NAMES, tones=texts.STATE_TONES,
        may_edit=who.has(*rules.EDITORS), delivered=DELIVERED, today=today,
        message=text_of(error.code, error.facts, language(request)) if error else "",
    )  # fmt: skip


def version_page(
    request: Request, rule_sets: RuleSetService, who: Any, row_id: str, against: str = "",
    error: DomainError | None = None, form: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """One version: what it says, what the lint says, how it differs, what may be done now, and its audit trail."""
    lang, facts, today = language(request), rule_sets.facts(), rule_sets.today()
    version, live = rule_sets.get(row_id), rule_sets.in_force(today)
    other = rule_sets.get(against) if against else _compared(rule_sets, version, live)
    found = views.lines(other.document, version.document, facts, lang, say(request))
    notes = [views.note(one, facts, lang) for one in rule_sets.findings(row_id)]
    points = sorted(version.document.model_dump(mode="json")["points"], key=lambda p: p["no"])
    history = rule_sets.history(row_id, 0, _MOST_ENTRIES + 1)
    accounts = {*version.authors, version.validated_by or "", version.published_by or ""}
    publishable = version.state is State.VALIDATED and who.has(*rules.PUBLISHERS)
    return page(
        request, "risk/rule_set.html", status=STATUS[error.kind] if error else 200,
        version=version, live=live.row_id, other=other, lines=found[:_MOST_LINES], more=len(found) - _MOST_LINES,
        notes=notes, notes_at=views.notes_by_place(notes), points=points, document=version.document,
        total=sum(p["weight_bp"] for p in points), versions=rule_sets.listing(),
        percent=lambda bp: written(bp, "percent"),
        words=lambda condition: in_words(facts, condition, lang), newest=rule_sets.newest(), today=today,
        history=history[:_MOST_ENTRIES], more_history=len(history) > _MOST_ENTRIES,
        names=rule_sets.names({*accounts, *(entry.actor for entry in history)}),
        open=views.changeable(version), delivered=DELIVERED,
        may_edit=who.has(*rules.EDITORS), may_publish=publishable, own=who.actor in version.authors,
        passed=version.state is State.VALIDATED and rule_sets.passed(version), form=form or {},
        states=texts.STATE_NAMES, tones=texts.STATE_TONES, levels=texts.LEVEL_NAMES, actions=texts.ACTION_NAMES,
        message=text_of(error.code, error.facts, lang) if error else "", reason_least=rules.REASON_LEAST,
        reason_most=rules.REASON_MOST,
    )  # fmt: skip


def _compared(rule_sets: RuleSetService, version: Version, live: Version) -> Version:
    """What a version is compared with unless said otherwise: the live one; the live one with what it replaced."""
    if version.row_id != live.row_id:
        return live
    before = [
        v for v in rule_sets.listing() if v.sequence is not None and v.sequence < (version.sequence or 0)
    ]
    return max(before, key=lambda v: v.sequence or 0, default=version)


def _done(request: Request, row_id: str, notice: str) -> Response:
    return redirect(request, f"{AT}/{row_id}", notice=notice)


def _try(
    request: Request, rule_sets: RuleSetService, who: Any, row_id: str, work: Callable[[], Response],
    form: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    try:
        return work()
    except DomainError as error:
        if error.code == "not_found" or STATUS[error.kind] >= 500:
            raise
        return version_page(request, rule_sets, who, row_id, error=error, form=form)


def _day(text: str, pointer: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise invalid("risk.rule_set_day", pointer=pointer) from None


@pages.get(AT)
def listing(request: Request, rule_sets: Service, who: Reader) -> Response:
    """All versions with state, period, author, publisher and hash."""
    return _list_page(request, rule_sets, who)


@pages.post(AT + "/sheet")
def new_from_sheet(
    request: Request, rule_sets: Service, who: Editor, file: Annotated[UploadFile, File()]
) -> Response:
    """Begin a draft from a spreadsheet."""
    try:
        made = rule_sets.draft(who, sheet.read(read_upload(file)), "XLSX")
    except DomainError as error:
        return _list_page(request, rule_sets, who, error)
    return _done(request, made.row_id, N_("已按表格新建草稿"))


@pages.get(AT + "/{row_id}")
def one(request: Request, rule_sets: Service, who: Reader, row_id: str, against: str = "") -> Response:
    """One version."""
    return version_page(request, rule_sets, who, row_id, against)


@pages.post(AT + "/{row_id}/copy")
def copy(
    request: Request, rule_sets: Service, who: Editor, row_id: str, version: Text = "", note: Text = ""
) -> Response:
    """Begin a draft with this version's document."""

    def work() -> Response:
        made = rule_sets.copy(who, row_id, version, note)
        return _done(request, made.row_id, N_("草稿已建立，可以开始修改"))

    return _try(request, rule_sets, who, row_id, work, {"version": version, "note": note})


@pages.post(AT + "/{row_id}/sheet")
def replace(
    request: Request, rule_sets: Service, who: Editor, row_id: str, revision: Annotated[int, Form()],
    file: Annotated[UploadFile, File()],
) -> Response:  # fmt: skip
    """Replace a draft's content by a spreadsheet's; the file is complete, so nothing of the old content stays."""

    def work() -> Response:
        rule_sets.change(who, row_id, revision, sheet.read(read_upload(file)), None)
        return _done(request, row_id, N_("已按表格更新"))

    return _try(request, rule_sets, who, row_id, work)


@pages.post(AT + "/{row_id}/validation")
def validate(
    request: Request, rule_sets: Service, who: Editor, row_id: str, revision: Annotated[int, Form()]
) -> Response:
    """Validate; with errors the page says which."""

    def work() -> Response:
        rule_sets.validate(who, row_id, revision)
        return _done(request, row_id, N_("已通过校验，等待第二人发布"))

    return _try(request, rule_sets, who, row_id, work)


@pages.post(AT + "/{row_id}/rebase")
def rebase(
    request: Request, rule_sets: Service, who: Editor, row_id: str, revision: Annotated[int, Form()]
) -> Response:
    """The editor has compared the draft with what was published meanwhile."""

    def work() -> Response:
        rule_sets.rebase(who, row_id, revision)
        return _done(request, row_id, N_("已记录对比，请重新校验"))

    return _try(request, rule_sets, who, row_id, work)


@pages.post(AT + "/{row_id}/publication")
def publish(
    request: Request, rule_sets: Service, who: Publisher, row_id: str, revision: Annotated[int, Form()],
    newest: Annotated[int, Form()], valid_from: Text = "", valid_to: Text = "", reason: Text = "",
) -> Response:  # fmt: skip
    """Publish as second person."""

    def work() -> Response:
        start = _day(valid_from, "/valid_from")
        if start is None:
            raise invalid("risk.rule_set_day", pointer="/valid_from")
        rule_sets.publish(who, row_id, revision, newest, start, _day(valid_to, "/valid_to"), reason)
        return _done(request, row_id, N_("已发布"))

    typed = {"valid_from": valid_from, "valid_to": valid_to, "reason": reason}
    return _try(request, rule_sets, who, row_id, work, typed)


@pages.post(AT + "/{row_id}/withdrawal")
def withdraw(
    request: Request, rule_sets: Service, who: Editor, row_id: str, revision: Annotated[int, Form()]
) -> Response:
    """Give a draft up."""

    def work() -> Response:
        rule_sets.withdraw(who, row_id, revision)
        return _done(request, row_id, N_("已撤回，记录保留"))

    return _try(request, rule_sets, who, row_id, work)
