"""The court user's page and its JSON: what the court's own chain says. No login; nothing of this platform is read."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import HTMLResponse

from api.evidence import schemas as s
from api.evidence.router.access import read_upload
from api.evidence.service.court import CourtDesk
from api.infra.i18n import N_
from api.infra.web import page
from api.kernel.errors import DomainError
from chain.judicial_check import CourtAnswer

pages = APIRouter()
api = APIRouter(tags=["court"])

WORDS: Final = {
    "confirmed": ("success", N_("司法链已确认"), N_("法院自己的链已接受这个检查点，所列记录都在其中。")),
    "not_accepted": (
        "warning",
        N_("司法链尚未接受"),
        N_("法院的链上还没有这个检查点。新的记录通常几秒内送达；请稍后再查。"),
    ),
    "differs": (
        "danger",
        N_("与司法链记录不符"),
        N_("法院的链在同一条数上保存着另一个根：这份材料与法院固定的历史矛盾。"),
    ),
    "not_included": (
        "danger",
        N_("司法链否认其中的记录"),
        N_("检查点已被接受，但有记录不在其中。请看标记为“不在”的各条。"),
    ),
    "other_log": ("danger", N_("属于另一套日志"), N_("法院的合约只接受另一套日志的检查点。")),
}
NUMBER_CONFIRMED: Final = (
    "success",
    N_("司法链已确认"),
    N_("法院自己的链已接受这个检查点，其中包括这一条的位置。要核对这一条的内容，请放入证据包。"),
)
PROBLEMS: Final = {
    "evidence.court_unreachable": (
        N_("司法链暂时联系不上"),
        N_("法院的链没有应答，本页因此不作任何答复。请稍后再试。"),
    ),
    "evidence.court_contradicts": (
        N_("司法链的应答与设置不符"),
        N_("所设地址上不是法院的合约，本页因此不作任何答复。请联系平台运维。"),
    ),
}
FORM_ERRORS: Final = {
    "evidence.number_malformed": ("number", N_("这不是存证编号：应形如 12@34-0123456789abcdef。")),
    "evidence.file_missing": ("file", N_("请选择证据包文件。")),
    "evidence.file_too_large": ("file", N_("文件超过 20 MB。")),
    "evidence.package_unreadable": ("file", N_("这个文件不是可查询的证据包。")),
}


def _desk(request: Request) -> CourtDesk:
    desk: CourtDesk = request.app.state.container.court
    return desk


Desk = Annotated[CourtDesk, Depends(_desk)]
Number = Annotated[str, Query(max_length=200, description="evidence number: index@size-root")]


@pages.get("/court")
def court_page(request: Request, desk: Desk, number: Number = "") -> HTMLResponse:
    """Paste an evidence number, or drop a package."""
    if not number.strip():
        return _page(request, desk)
    try:
        return _page(request, desk, desk.by_number(number), number=number)
    except DomainError as error:
        return _refused(request, desk, error, number=number)


@pages.post("/court")
def court_upload(
    request: Request, desk: Desk, file: Annotated[UploadFile | None, File()] = None
) -> HTMLResponse:
    """Look the uploaded package up; the file is thrown away."""
    try:
        return _page(request, desk, desk.by_package(read_upload(file)))
    except DomainError as error:
        return _refused(request, desk, error)


def _refused(request: Request, desk: CourtDesk, error: DomainError, **context: Any) -> HTMLResponse:
    if error.code in FORM_ERRORS:
        return _page(request, desk, status=422, error=FORM_ERRORS[error.code], **context)
    if error.code in PROBLEMS:
        return _page(request, desk, status=503, problem=PROBLEMS[error.code], **context)
    if desk.court() is None:
        return _page(request, desk, status=503, **context)
    raise error


def _page(
    request: Request, desk: CourtDesk, answer: CourtAnswer | None = None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    values = {"number": "", "error": None, "problem": None, **context}
    words = None
    if answer is not None:
        only_number = answer.answer == "confirmed" and answer.index is not None
        words = NUMBER_CONFIRMED if only_number else WORDS[answer.answer]
    return page(
        request,
        "evidence/court.html",
        status=status,
        court=desk.court(),
        answer=answer,
        words=words,
        **values,
    )


@api.get("/court")
def court(desk: Desk) -> s.CourtOut:
    """Where the court's contract stands; null members where no judicial chain is set up."""
    at = desk.court()
    return s.CourtOut(chain_id=at.chain_id, address=at.address) if at else s.CourtOut()


@api.get("/court/numbers/{number}")
def by_number(desk: Desk, number: str) -> s.CourtAnswerOut:
    """What the court's chain says about an evidence number. No login. A contradiction is an answer, not an error."""
    return s.CourtAnswerOut.model_validate(desk.by_number(number).to_json())


@api.post("/court/packages")
def by_package(
    desk: Desk, file: Annotated[UploadFile, File(description="evidence package, at most 20 MB")]
) -> s.CourtAnswerOut:
    """What the court's chain says about a package's checkpoint and events. No login; nothing is kept."""
    return s.CourtAnswerOut.model_validate(desk.by_package(read_upload(file)).to_json())
