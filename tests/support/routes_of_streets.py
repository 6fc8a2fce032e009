"""Every route of disposal, exchange and risk, and what it is to an officer of a street that has nothing to do with a case.

STREET: it takes the id of something that belongs to an enterprise or a case, and there is no such thing for him (404).
REFUSED: it is not for street officers at all (403), whatever id it takes. LIST: it answers, without a word about the other
street's enterprise. EVERYBODY: what anybody may have who is logged in or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class To(StrEnum):
    """What a route is to the officer."""

    STREET = "street"
    REFUSED = "refused"
    LIST = "list"


@dataclass(frozen=True)
class Route:
    """A route with what has to be sent along. control: whose the thing is, for whom the same request finds it."""

    to: To
    control: str = ""
    json: Any = None
    form: Mapping[str, str] | None = None
    query: str = ""
    file: str = ""


def walk(routes: Iterable[Any], prefix: str = "") -> Iterator[str]:
    """`METHOD path` of every route below."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walk(inner.routes, prefix + (route.include_context.prefix or ""))
        else:
            for method in sorted(set(route.methods or ()) - {"HEAD"}):
                yield f"{method} {prefix}{route.path}"


def _street(control: str, **sent: Any) -> Route:
    return Route(To.STREET, control, **sent)


def _refused(**sent: Any) -> Route:
    return Route(To.REFUSED, **sent)


LIST = Route(To.LIST)
NO = Route(To.REFUSED)
OWNER, BUREAU, TAX, ANALYST = "officer2", "head", "tax", "analyst"
DAY = "2026-11-05"
EXPORT = {"format": "xlsx", "purpose": "核对清单", "lang": "zh"}
REASON = {"reason": "核对后决定"}
_CASE, _PAGE = "/api/v1/disposal/cases/{case_id}", "/disposal/cases/{case_id}"

DISPOSAL: Mapping[str, Route] = {
    "GET /api/v1/disposal/cases": LIST,
    "POST /api/v1/disposal/cases/exports": Route(To.LIST, json=EXPORT),
    "GET /api/v1/disposal/funnel": LIST,
    f"GET {_CASE}": _street(OWNER),
    f"GET {_CASE}/events": _street(OWNER),
    f"POST {_CASE}/steps": _street(OWNER, json={"action": "feedback", "note": "进展"}),
    f"GET {_CASE}/form": _street(OWNER),
    f"PUT {_CASE}/form": _street(OWNER, json={"device": "a" * 26, "answers": [], "photos": []}),
    f"PUT {_CASE}/photos/{{sha256}}": _street(OWNER, file="photo"),
    f"GET {_CASE}/photos/{{sha256}}": _street(OWNER),
    f"GET {_CASE}/tasks": _street(OWNER),
    f"POST {_CASE}/tasks": _street(OWNER, json={"unit": "union", "text": "协助", "due_on": "2026-11-20"}),
    "POST /api/v1/disposal/tasks/{task_id}/done": _street(TAX, json={"text": "已核对"}),
    "POST /api/v1/disposal/tasks/{task_id}/withdrawal": _street(OWNER, json={"text": "不需要了"}),
    f"GET {_CASE}/notices": _street(OWNER),
    f"POST {_CASE}/notices": _street(OWNER, json={"kind": "warning", "text": "请核对"}),
    "GET /api/v1/disposal/notices/{notice_id}/pdf": _street(OWNER),
    "POST /api/v1/disposal/notices/{notice_id}/service": _street(
        OWNER, json={"channel": "hand", "at": "2026-11-05T01:00:00Z", "receiver": "前台"}
    ),
    f"GET {_CASE}/statements": _street(OWNER),
    f"POST {_CASE}/statements": _street(OWNER, json={"kind": "question", "text": "为什么"}),
    "POST /api/v1/disposal/statements/{statement_id}/answer": _street(
        BUREAU, json={"text": "答复", "upheld": False}
    ),
    "GET /api/v1/disposal/law-periods": Route(To.LIST, query="start=2026-11-02"),
    "GET /api/v1/disposal/clocks": Route(To.LIST, query="colour=red&issued=2026-11-02T01:00:00Z"),
    "GET /api/v1/disposal/tasks": LIST,
    "GET /api/v1/disposal/transfers": LIST,
    "GET /api/v1/disposal/supervision": LIST,
    "GET /api/v1/disposal/statements": LIST,
    f"POST {_CASE}/statements/files": _street(OWNER, form={"kind": "question", "text": "为什么"}, file="files"),
    "GET /api/v1/disposal/attachments/{attachment_id}": _street(OWNER),
    f"GET {_CASE}/contact": _street(OWNER),
    f"PUT {_CASE}/contact": _street(OWNER, json={"name": "前台", "phone": "13800000009"}),
    f"GET {_CASE}/law-periods": _street(OWNER),
    f"POST {_CASE}/law-periods": _street(OWNER, json={"code": "filing", "start": DAY}),
    "POST /api/v1/disposal/law-periods/{entry_id}/end": _street(OWNER, json={"on": DAY}),
    "GET /api/v1/disposal/own/cases": NO,
    "GET /api/v1/disposal/own/{case_id}": NO,
    "POST /api/v1/disposal/own/{case_id}/statements": _refused(json={"kind": "question", "text": "为什么"}),
    "POST /api/v1/disposal/own/{case_id}/statements/files": _refused(
        form={"kind": "question", "text": "为什么"}, file="files"
    ),
    "GET /api/v1/disposal/own/notices/{notice_id}/pdf": NO,
    "GET /api/v1/disposal/own/attachments/{attachment_id}": NO,
    "GET /api/v1/disposal/units": LIST,
    "PUT /api/v1/disposal/units/{code}": _refused(json={"kind": "street", "name": "x", "name_en": "x"}),
    "GET /api/v1/disposal/posts": NO,
    "POST /api/v1/disposal/posts": _refused(
        json={"account_id": "officer3", "unit": "500107002", "capacity": "lead", "valid_from": DAY}
    ),
    "POST /api/v1/disposal/posts/{post_id}/end": _refused(json={"last": DAY}),
    "GET /api/v1/disposal/duty": LIST,
    "POST /api/v1/disposal/duty": _refused(
        json={
            "unit": "500107002", "account_id": "officer3", "starts_at": "2026-11-05T03:00:00Z",
            "ends_at": "2026-11-05T04:00:00Z",
        }
    ),
    "GET /api/v1/disposal/command": NO,
    "GET /api/v1/disposal/hit-rate": _refused(query="first=2026-11-01&last=2026-11-05"),
    "POST /api/v1/disposal/samples": _refused(json={"month": 202611, "size": 2}),
    "GET /api/v1/disposal/samples/{month}": NO,
    "GET /api/v1/disposal/samples/{month}/population": NO,
    "GET /api/v1/disposal/inspections": LIST,
    "POST /api/v1/disposal/inspections": _street(
        OWNER, json={"enterprise": "{enterprise}", "reason": "complaint"}
    ),
    "POST /api/v1/disposal/inspections/{inspection_id}/report": _street(
        OWNER, json={"finding": "confirmed", "persons": 3}
    ),
    "GET /api/v1/disposal/duty/roster": LIST,
    "POST /api/v1/disposal/duty/{duty_id}/end": _street("lead2"),
    "GET /api/v1/disposal/samples": NO,
    "GET /disposal": LIST,
    "GET /disposal/command": LIST,
    "GET /disposal/measures": LIST,
    "POST /disposal/cases/exports": Route(To.LIST, form=EXPORT),
    "GET /disposal/site-worker.js": LIST,
    f"GET {_PAGE}": _street(OWNER),
    f"GET {_PAGE}/site": _street(OWNER),
    f"POST {_PAGE}/step": _street(OWNER, form={"action": "feedback", "note": "进展"}),
    f"POST {_PAGE}/task": _street(OWNER, form={"unit": "union", "text": "协助", "due_on": "2026-11-20"}),
    f"POST {_PAGE}/task/{{task_id}}": _street(TAX, form={"text": "已核对"}),
    f"POST {_PAGE}/task/{{task_id}}/withdrawal": _street(OWNER, form={"text": "不需要了"}),
    f"POST {_PAGE}/notice": _street(OWNER, form={"kind": "warning", "text": "再请核对"}),
    f"POST {_PAGE}/notice/{{notice_id}}": _street(
        OWNER, form={"way": "hand-received", "at": "2026-11-05T09:00", "receiver": "前台"}
    ),
    f"POST {_PAGE}/contact": _street(OWNER, form={"name": "前台", "phone": "13800000009"}),
    f"POST {_PAGE}/law-period": _street(OWNER, form={"code": "filing", "start": DAY}),
    f"POST {_PAGE}/law-period/{{entry_id}}": _street(OWNER, form={"on": DAY}),
    f"POST {_PAGE}/statement/{{statement_id}}": _street(BUREAU, form={"text": "答复", "upheld": "0"}),
    f"POST {_PAGE}/statement": _street(OWNER, form={"kind": "question", "text": "为什么"}),
    "GET /disposal/tasks": LIST,
    "POST /disposal/tasks/{task_id}": _street(TAX, form={"text": "已核对"}),
    "GET /disposal/transfers": LIST,
    "GET /disposal/supervision": LIST,
    "GET /disposal/statements": LIST,
    "POST /disposal/statements/{statement_id}": _street(BUREAU, form={"text": "答复", "upheld": "0"}),
    "GET /disposal/attachments/{attachment_id}": _street(OWNER),
    "GET /disposal/inspections": LIST,
    "POST /disposal/samples": _refused(form={"month": "202611", "size": "2"}),
    "POST /disposal/inspections": _street(OWNER, form={"uscc": "{uscc}", "reason": "complaint"}),
    "POST /disposal/inspections/{inspection_id}": _street(OWNER, form={"finding": "confirmed", "persons": "3"}),
    "GET /disposal/units": NO,
    "POST /disposal/units": _refused(form={"code": "x1", "kind": "street", "name": "x", "name_en": "x"}),
    "GET /disposal/posts": NO,
    "POST /disposal/posts": _refused(
        form={"account_id": "officer3", "unit": "500107002", "capacity": "lead", "valid_from": DAY}
    ),
    "POST /disposal/posts/{post_id}/end": _refused(form={"last": DAY}),
    "GET /disposal/duty": LIST,
    "POST /disposal/duty": _refused(
        form={
            "unit": "500107002", "account_id": "officer3", "starts_at": "2026-11-05T11:00",
            "ends_at": "2026-11-05T12:00",
        }
    ),
    "POST /disposal/duty/{duty_id}/end": _street("lead2"),
    "GET /employer/warnings": NO,
    "GET /employer/warnings/{case_id}": NO,
    "POST /employer/warnings/{case_id}": _refused(form={"kind": "question", "text": "为什么"}),
    "GET /employer/warnings/notices/{notice_id}": NO,
    "GET /employer/warnings/attachments/{attachment_id}": NO,
}  # fmt: skip
