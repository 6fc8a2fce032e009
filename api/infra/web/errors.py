"""Error pages: the problem document (RFC 9457) as a page that says what happened and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.infra.auth import ANONYMOUS
from api.infra.i18n import N_
from api.infra.web.render import is_htmx, page

NEXT_STEPS: Mapping[int, tuple[str, ...]] = {
    400: (N_("返回上一页，检查填写的内容后再提交。"),),
    401: (N_("请重新登录，然后再试一次。"),),
    403: (N_("换用有权限的账号登录，或联系本单位的法定代表人为您授权。"),),
    404: (
        N_("检查网址或短信里的链接是否完整。"),
        N_("链接可能已被撤回或已过期，请联系发来链接的单位。"),
    ),
    409: (N_("别人可能刚刚处理过同一事项。刷新页面，看看最新状态。"),),
    413: (N_("文件或内容太大，请缩小后再提交。"),),
    422: (N_("返回上一页，按提示修改后再提交。"),),
    423: (N_("另一处正在办理，请稍等几分钟再试。"),),
    429: (N_("操作太频繁，请稍等几分钟再试。"),),
    500: (N_("您没有做错什么。请稍后再试；如果反复出现，请把下面的编号告诉我们。"),),
    503: (N_("您填写的内容没有丢失。请稍后再试。"),),
}


def next_steps(status: int) -> tuple[str, ...]:
    """What a person can do about an error of this status (Chinese msgids)."""
    return NEXT_STEPS.get(status) or NEXT_STEPS[500 if status >= 500 else 400]


def way_back(request: Request) -> str:
    """The page to go on from, as a path: the form's page for what was posted, else the page itself; empty if unknown."""
    if request.method in ("GET", "HEAD"):
        here = request.url
        return here.path + (f"?{here.query}" if here.query else "")
    came = urlsplit(request.headers.get("referer", ""))
    if (
        came.netloc != request.headers.get("host")
        or not came.path.startswith("/")
        or came.path.startswith("//")
    ):
        return ""
    return came.path + (f"?{came.query}" if came.query else "")


def problem_page(
    request: Request,
    *,
    status: int,
    title: str,
    detail: str,
    code: str,
    trace_id: str,
    errors: Sequence[Mapping[str, Any]] = (),
    facts: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """The page of a problem; for htmx a single alert that lands in the page's message region.

    `title` and `detail` are already in the visitor's language; `errors` are the problem's members
    `{pointer, code, message?}`.
    """
    if status >= 500 and getattr(request.state, "principal", None) is None:
        request.state.principal = ANONYMOUS  # whatever broke may also break the look-up of the session
    context: dict[str, Any] = {
        "problem_status": status,
        "problem_title": title,
        "problem_detail": detail,
        "code": code,
        "trace_id": trace_id,
        # a refusal of the whole names its field by the same code: its text stands above already
        "errors": [error for error in errors if error.get("code") != code],
        "fields": [str(error.get("pointer") or "").strip("/") for error in errors],
        "back": way_back(request),
        "posted": request.method == "POST",
        "steps": next_steps(status),
        "facts": dict(facts or {}),
    }
    if not is_htmx(request):
        return page(request, "web/problem.html", status=status, **context)
    response = page(request, "web/problem_fragment.html", status=status, **context)
    response.headers["HX-Retarget"] = "#messages"
    response.headers["HX-Reswap"] = "innerHTML"
    return response
