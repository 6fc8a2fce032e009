"""Pages of the enterprise's own account: warnings disclosed to it, its questions, explanations and appeals, the answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.disposal import texts
from api.disposal.router.access import Employer, Id, Service
from api.disposal.router.boards_api import download, given
from api.disposal.router.own_api import notice_file
from api.disposal.router.page_parts import options
from api.disposal.rules.attachments import FILE_MOST, FILES_MOST
from api.disposal.service.papers import KINDS
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind

pages = APIRouter()


@pages.get("/employer/warnings")
def cases(request: Request, disposal: Service, who: Employer) -> Response:
    """Warnings that were disclosed to the enterprise, newest notice first."""
    return page(
        request,
        "disposal/own_list.html",
        found=disposal.own.cases(who),
        english=language(request) == "en",
        notice_kinds=KINDS,
    )


def _case(
    request: Request,
    disposal: Service,
    who: Principal,
    case_id: str,
    *,
    kind: str = "",
    text: str = "",
    error: DomainError | None = None,
) -> Response:
    return page(
        request,
        "disposal/own_case.html",
        status=422 if error else 200,
        case=disposal.own.case(who, case_id),
        kinds=options(request, texts.STATEMENTS.items()),
        statement_kinds=texts.STATEMENTS,
        notice_kinds=KINDS,
        english=language(request) == "en",
        kind=kind,
        text=text,
        error=text_of(error.code, error.facts, language(request)) if error else "",
        wrong="files" if error and str(error.facts.get("pointer", "")).startswith("/files") else "text",
        files_most=FILES_MOST,
        file_most=FILE_MOST // 1_000_000,
        now=disposal.context.clock.now(),
    )


@pages.get("/employer/warnings/{case_id}")
def case(request: Request, disposal: Service, who: Employer, case_id: Id) -> Response:
    """One disclosed warning: notices, statements, answers."""
    return _case(request, disposal, who, case_id)


@pages.post("/employer/warnings/{case_id}")
def state(
    request: Request,
    disposal: Service,
    who: Employer,
    case_id: Id,
    kind: Annotated[str, Form(max_length=12)] = "",
    text: Annotated[str, Form(max_length=4000)] = "",
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Ask, explain or appeal; what was typed stays on the page when it is refused."""
    try:
        disposal.own.state(who, case_id, kind, text, given(files or []))
    except DomainError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        return _case(request, disposal, who, case_id, kind=kind, text=text, error=error)
    return redirect(
        request,
        f"/employer/warnings/{case_id}#statements",
        notice=N_("已提交，工作人员会在五个工作日内书面答复。"),
    )


@pages.get("/employer/warnings/notices/{notice_id}")
def notice(disposal: Service, who: Employer, notice_id: Id) -> Response:
    """The notice as PDF; the first opening is recorded as service."""
    return notice_file(*disposal.own.notice(who, notice_id))


@pages.get("/employer/warnings/attachments/{attachment_id}")
def attachment(disposal: Service, who: Employer, attachment_id: Id) -> Response:
    """A file of the enterprise's own."""
    return download(disposal.own.attachment(who, attachment_id))
