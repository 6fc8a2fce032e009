"""The one file that knows both errors and HTTP: RFC 9457 problem details with a code and a text for people.

422 is only a malformed or rule-breaking payload, conflicts are 409, cross-tenant reads are 404.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from api.infra.web import language, problem_page, wants_html
from api.kernel.errors import DomainError, ErrorKind

log = structlog.get_logger(__name__)

STATUS = {
    ErrorKind.INVALID: 422,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.INTEGRITY: 500,
}

TITLES = {
    400: ("请求无法理解", "The request cannot be understood"),
    401: ("请先登录", "Please log in first"),
    403: ("没有权限", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("不支持该操作", "This operation is not supported here"),
    409: ("与当前状态冲突", "In conflict with the present state"),
    413: ("内容太大", "Content too large"),
    415: ("内容类型不对", "Unsupported content type"),
    422: ("内容有误", "The content is not acceptable"),
    423: ("正在被他人处理", "In use by somebody else"),
    429: ("操作太频繁", "Too many requests"),
    500: ("系统内部错误", "Internal error"),
    503: ("服务暂时不可用", "Service unavailable for the moment"),
    507: ("存储空间不足", "Insufficient storage"),
}

TEXTS: dict[str, tuple[str, str]] = {
    "not_found": ("没有找到您要的内容，或者您无权查看。", "There is nothing here that you may see."),
    "not_logged_in": ("请先登录再继续。", "Please log in to go on."),
    "role_required": ("您的账号没有这项操作的权限。", "Your account is not allowed to do this."),
    "csrf": ("页面已过期，请刷新后重试。", "This page is out of date: reload it and try again."),
    "malformed": (
        "请求内容的格式不对，请检查标出的字段。",
        "The request is malformed: see the marked fields.",
    ),
    "body_too_large": (
        "提交的内容超过 {limit} 字节的上限。",
        "The content is over the limit of {limit} bytes.",
    ),
    "purpose_missing": (
        "请写明导出用途，2 至 {limit} 字；用途会印在文件上并记入审计。",
        "Please state the purpose in 2 to {limit} characters; it is printed on the file and audited.",
    ),
    "report_unprintable": (
        "这份报表排版失败：{reason}。可以改为导出 XLSX。",
        "This report could not be typeset: {reason}. You can export it as XLSX instead.",
    ),
    "database_unavailable": (
        "数据库暂时无法写入，您的操作没有保存，请稍后再试。",
        "The database cannot be written just now: nothing was saved, please try again.",
    ),
    "storage_full": (
        "平台的存储空间已满，您的操作没有保存，请稍后再试。",
        "The platform has no storage left just now: nothing was saved, please try again.",
    ),
    "internal": (
        "系统出错，您的操作没有保存。请记下编号 {trace_id} 并联系管理员。",
        "Something went wrong and nothing was saved. Please quote {trace_id} to the operator.",
    ),
    "idempotency_key_required": (
        "请求缺少 Idempotency-Key 头，无法保证不重复执行。",
        "The header Idempotency-Key is missing: it protects you from doing this twice.",
    ),
    "idempotency_key_reused": (
        "同一个 Idempotency-Key 用在了不同的内容上，请换一个新的。",
        "This Idempotency-Key was used with other content: take a new one.",
    ),
    "idempotency_in_progress": (
        "相同的请求正在处理中，请稍后查询结果。",
        "The same request is being worked on: ask again shortly.",
    ),
    "too_many_requests": (
        "操作太频繁，请 {seconds} 秒后再试。",
        "Too many requests: try again in {seconds} seconds.",
    ),
}
"""code → (Chinese, English); every slice's `texts.py` is merged in by `register`."""

_DATE = ("日期不对，请按“年-月-日”填写。", "This is no date: write year-month-day.")
_TIME = ("时间不对，请填写日期和时刻。", "This is no time: enter a day and a time of day.")
_NUMBER = ("请填写整数。", "Enter a whole number.")
MISTAKES: Mapping[str, tuple[str, str]] = {
    "missing": ("没有填写。", "Not filled in."),
    "string_too_short": ("至少 {min_length} 个字。", "At least {min_length} characters."),
    "string_too_long": ("最多 {max_length} 个字。", "At most {max_length} characters."),
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "greater_than_equal": ("不能小于 {ge}。", "At least {ge}."),
    "less_than_equal": ("不能大于 {le}。", "At most {le}."),
}
"""Kind of a malformed field → what a page says of it; the API keeps the validator's own English."""
_OTHER_MISTAKE = ("填写的内容不符合要求。", "Not in the form that is asked for.")


def register(texts: Mapping[str, tuple[str, str]]) -> None:
    """Add a slice's error texts. A code registered twice with another text is a programming error."""
    for code, pair in texts.items():
        if TEXTS.get(code, pair) != pair:
            raise ValueError(f"error code {code!r} has two texts")
        TEXTS[code] = pair


def text_of(code: str, facts: Mapping[str, Any], lang: str) -> str:
    """The text for people of `code` with its fields filled; the bare code if a slice forgot its text."""
    pair = TEXTS.get(code)
    if pair is None:
        return code
    try:
        return pair[1 if lang == "en" else 0].format(**facts)
    except (KeyError, IndexError):
        return pair[1 if lang == "en" else 0]


def _mistake(error: Mapping[str, Any], lang: str) -> str:
    pair = MISTAKES.get(error["type"], _OTHER_MISTAKE)
    return pair[1 if lang == "en" else 0].format(**error.get("ctx", {}))


def trace_id(request: Request) -> str:
    """The correlation id that the middleware gave to this request."""
    return str(getattr(request.state, "trace_id", ""))


def problem_body(
    request: Request,
    status: int,
    code: str,
    facts: Mapping[str, Any],
    errors: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The RFC 9457 object for this request: detail in the reader's language, plus both languages."""
    lang = language(request)
    title = TITLES.get(status, TITLES[500])
    facts = {**facts, "trace_id": trace_id(request)}
    body: dict[str, Any] = {
        "type": f"{request.app.state.container.settings.public_origin}/help/errors#{code}",
        "title": title[1 if lang == "en" else 0],
        "status": status,
        "detail": text_of(code, facts, lang),
        "detail_zh": text_of(code, facts, "zh"),
        "detail_en": text_of(code, facts, "en"),
        "instance": request.url.path,
        "code": code,
        "trace_id": trace_id(request),
        "facts": {k: v for k, v in facts.items() if k != "trace_id"},
    }
    if errors is not None:
        body["errors"] = errors
    return body


def respond(
    request: Request,
    status: int,
    code: str,
    facts: Mapping[str, Any],
    errors: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The error answer in the form that the client asked for."""
    body = problem_body(request, status, code, facts, errors)
    if wants_html(request):
        return problem_page(
            request,
            status=status,
            title=body["title"],
            detail=body["detail"],
            code=code,
            trace_id=body["trace_id"],
            errors=errors or (),
            facts=body["facts"],
        )
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def status_of(error: DomainError) -> int:
    """HTTP status of a domain error: its kind's, with another for the codes that mean it."""
    special = {
        "not_logged_in": 401,
        "too_many_requests": 429,
        "body_too_large": 413,
        "exchange.quota_used": 413,
        "exchange.storage_low": 507,
        "session_taken_over": 401,
        "identity.locked": 423,
    }
    return special.get(error.code, STATUS[error.kind])


def _pointer(location: tuple[Any, ...]) -> str:
    parts = [str(p).replace("~", "~0").replace("/", "~1") for p in location[1:]]
    return "/" + "/".join(parts) if parts else ""


def _out_of_space(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def install(app: FastAPI) -> None:
    """Register the handlers on the application."""

    @app.exception_handler(DomainError)
    def _domain(request: Request, exc: DomainError) -> Response:
        status = status_of(exc)
        if exc.kind is ErrorKind.INTEGRITY:
            log.error("integrity.contradiction.found", code=exc.code, facts=exc.facts, path=request.url.path)
        pointer = exc.facts.get("pointer")
        errors = [{"pointer": pointer, "code": exc.code}] if pointer and status == 422 else None
        extra = {"Retry-After": str(exc.facts.get("seconds", 30))} if status in {429, 503} else None
        return respond(request, status, exc.code, exc.facts, errors, extra)

    @app.exception_handler(RequestValidationError)
    def _malformed(request: Request, exc: RequestValidationError) -> Response:
        lang = language(request) if wants_html(request) else ""
        errors = [
            {
                "pointer": _pointer(e["loc"]),
                "code": e["type"],
                "message": _mistake(e, lang) if lang else e["msg"],
            }
            for e in exc.errors()
        ]
        return respond(request, 422, "malformed", {}, errors)

    @app.exception_handler(OSError)
    def _storage(request: Request, exc: OSError) -> Response:
        if not _out_of_space(exc):
            raise exc
        log.error("storage.write.failed", error=str(exc), path=request.url.path)
        return respond(request, 503, "storage_full", {}, headers={"Retry-After": "60"})

    @app.exception_handler(HTTPException)
    def _http(request: Request, exc: HTTPException) -> Response:
        if _out_of_space(exc.__cause__):  # an upload that found no room while it was read
            return respond(request, 503, "storage_full", {}, headers={"Retry-After": "60"})
        code = {404: "not_found", 401: "not_logged_in", 403: "role_required"}.get(
            exc.status_code, "malformed"
        )
        return respond(request, exc.status_code, code, {}, headers=exc.headers)

    @app.exception_handler(OperationalError)
    def _database(request: Request, exc: OperationalError) -> Response:
        log.error("database.statement.failed", error=str(exc.orig), path=request.url.path)
        return respond(request, 503, "database_unavailable", {}, headers={"Retry-After": "5"})

    @app.exception_handler(Exception)
    def _unforeseen(request: Request, exc: Exception) -> Response:
        log.error("request.handling.failed", path=request.url.path, exc_info=exc)
        return respond(request, 500, "internal", {})
