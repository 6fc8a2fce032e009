"""Puts a template and a contract's terms together: the clauses, the key facts and the data of the document.

The data is what the PDF shows and what is attached to it; both parties' commitment covers it. Gaps are filled with
values only: a value that looks like a gap stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum

from api.econtract.fields import find
from api.econtract.model import Clause, Form, Terms
from api.econtract.template_library import TextTemplate
from api.kernel.events import Json

SCHEMA = "concord:econtract.document/1"
WORKER_FIELD = "Worker"
EMPLOYER_FIELD = "Employer"

_PAY_KINDS = {"annual": "年薪制", "piece": "计件", "commission": "提成", "daily": "日薪"}
_ID_KINDS = {
    "resident_id": "居民身份证号码",
    "foreign_pr": "外国人永久居留证号码",
    "hmt_residence": "港澳台居民居住证号码",
    "passport": "护照号码",
}


@dataclass(frozen=True)
class Identity:
    """What names the document: number, version, day, look-up code and address, TEST label."""

    document_no: str
    version: int
    day: date
    lookup_code: str
    lookup_url: str
    test: bool


def chinese_day(day: date) -> str:
    """2026年12月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def _shown(name: str, value: object) -> str:
    if value is None or value == "":
        return "未约定"
    if isinstance(value, date):
        return chinese_day(value)
    field = find(name)
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if field is not None and field.type == "money" else f"{value.normalize():f}"
    if name == "pay_kind":
        return _PAY_KINDS.get(str(value), str(value))
    if field is not None and field.options:
        return next((zh for option, zh, _ in field.options if option == value), str(value))
    return str(value).rstrip("。.；;，, ")


def values(terms: Terms, today: date) -> dict[str, object]:
    """The terms by field name, and what follows from them for conditions."""
    found: dict[str, object] = {field.name: getattr(terms, field.name) for field in fields(terms)}
    first = terms.employment_start or terms.start_date
    found["first_day"] = first
    found["late_signing"] = first if first is not None and first < today else None
    found["overtime"] = terms.overtime_per_day is not None and terms.overtime_per_month is not None
    return found


def _holds(condition: str, found: Mapping[str, object]) -> bool:
    if not condition:
        return True
    if "!=" in condition:
        name, wanted = condition.split("!=")
        return str(found[name]) != wanted
    if "=" in condition:
        name, wanted = condition.split("=")
        return str(found[name]) == wanted
    if condition.startswith("!"):
        return not found[condition[1:]]
    return bool(found[condition])


def clauses(template: TextTemplate, terms: Terms, today: date) -> list[Clause]:
    """The contract's clauses in order; clauses without a paragraph that applies are left out."""
    found = values(terms, today)
    shown = {name: _shown(name, value) for name, value in found.items()}
    composed: list[Clause] = []
    for clause in template.clauses:
        if clause.id == "CUSTOM":
            composed.extend(terms.custom)
            continue
        lines = [part.text.format_map(shown) for part in clause.paragraphs if _holds(part.when, found)]
        if lines:
            composed.append(Clause(clause.id, clause.title, "\n".join(lines)))
    return composed


def term_text(terms: Terms) -> str:
    """The term in words, for key facts."""
    start = chinese_day(terms.start_date) if terms.start_date else "未约定"
    if terms.form is Form.FIXED:
        return f"{start}至{chinese_day(terms.end_date) if terms.end_date else '未约定'}"
    return f"{start}起，无固定期限" if terms.form is Form.OPEN else f"{start}起，至任务完成"


def key_facts(terms: Terms, today: date) -> list[dict[str, str]]:
    """Employer, post, place, term, probation, pay, hours: what a worker looks at first."""
    pay = f"每月{_shown('monthly_pay', terms.monthly_pay)}元（税前）"
    if terms.pay_kind != "monthly":
        pay = f"{_shown('pay_kind', terms.pay_kind)}，每月保底{_shown('guaranteed_monthly', terms.guaranteed_monthly)}元"
    hours = (
        f"每日{_shown('hours_per_day', terms.hours_per_day)}小时，每周{_shown('hours_per_week', terms.hours_per_week)}小时，"
        f"每周休息{_shown('rest_days_per_week', terms.rest_days_per_week)}天"
    )
    probation = "不约定试用期"
    if terms.probation_end is not None:
        probation = f"至{chinese_day(terms.probation_end)}"
        if terms.probation_pay is not None:
            probation += f"，期间每月{_shown('probation_pay', terms.probation_pay)}元"
    rows = [
        ("employer", "用人单位", terms.employer_name or "未填写"),
        ("post", "工作岗位", terms.post or "未填写"),
        ("place", "工作地点", terms.place or "未填写"),
        ("term", "合同期限", term_text(terms)),
        ("probation", "试用期", probation),
        ("pay", "劳动报酬", pay),
        ("pay_day", "发薪日", f"每月{terms.pay_day}日前" if terms.pay_day else "未约定"),
        ("hours", "工作时间", hours),
    ]
    first = terms.employment_start or terms.start_date
    if first is not None and first < today:
        rows.append(("late_signing", "补签", f"自{chinese_day(first)}起用工，签订时间以可信时间戳为准"))
    return [{"id": name, "label": label, "value": value} for name, label, value in rows]


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return str(value)


def facts(terms: Terms) -> dict[str, Json]:
    """The terms as machine-readable values: dates ISO, numbers as strings with two places."""
    return {
        field.name: _plain(getattr(terms, field.name))
        for field in fields(terms)
        if field.name != "custom" and getattr(terms, field.name) not in (None, "")
    }


def document(template: TextTemplate, terms: Terms, identity: Identity) -> dict[str, Json]:
    """The data that the layout "agreement/1" renders and the PDF carries."""
    worker_rows = [
        ["姓名", terms.worker_name or "未填写"],
        [_ID_KINDS[terms.worker_id_kind], terms.worker_id_number or "未填写"],
        ["住址", terms.worker_address or "未填写"],
        ["联系电话", terms.worker_phone or "未填写"],
    ]
    employer_rows = [
        ["名称", terms.employer_name or "未填写"],
        ["统一社会信用代码", terms.employer_uscc or "未填写"],
        ["住所", terms.employer_address or "未填写"],
        ["法定代表人或主要负责人", terms.employer_representative or "未填写"],
    ]
    return {
        "v": 1,
        "schema": SCHEMA,
        "lang": "zh",
        "test": identity.test,
        "date": identity.day.isoformat(),
        "title": template.title,
        "subtitle": template.subtitle,
        "document_no": identity.document_no,
        "version": identity.version,
        "lookup": {"code": identity.lookup_code, "url": identity.lookup_url},
        "text_template": {"id": template.id, "version": template.version, "sha256": template.sha256},
        "parties": [
            {"role": "employer", "label": "甲方（用人单位）", "rows": employer_rows},
            {"role": "worker", "label": "乙方（劳动者）", "rows": worker_rows},
        ],
        "key_facts": list(key_facts(terms, identity.day)),
        "clauses": [
            {"id": clause.id, "title": clause.title, "text": clause.text}
            for clause in clauses(template, terms, identity.day)
        ],
        "notices": [template.preamble],
        "signatures": [
            {"field": WORKER_FIELD, "label": "乙方（劳动者）签名"},
            {"field": EMPLOYER_FIELD, "label": "甲方（用人单位）盖章"},
        ],
        "facts": facts(terms),
    }
