"""Words and groupings that this slice's pages show: states, course lines, sections of the draft form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from api.econtract import fields
from api.econtract.lifecycle import CLOSED
from api.econtract.model import Severity
from api.econtract.service.drafts import CheckResult, Draft
from api.econtract.tables import VersionRow
from api.econtract.texts import TEXTS
from api.econtract.views import HistoryLine
from api.infra.i18n import N_, Language, format_datetime, translate
from api.kernel.errors import DomainError

STATES: dict[str, tuple[str, str]] = {
    "DRAFT": (N_("草稿"), "neutral"),
    "CHECKED": (N_("草稿"), "neutral"),
    "SENT": (N_("待劳动者签署"), "info"),
    "REJECTED": (N_("劳动者拒签"), "danger"),
    "CHANGE_REQUESTED": (N_("劳动者要求修改"), "warning"),
    "RECALLED": (N_("已撤回"), "neutral"),
    "WITHDRAWN": (N_("劳动者撤回签名"), "warning"),
    "EXPIRED": (N_("已过期"), "neutral"),
    "WORKER_SIGNED": (N_("待单位签署"), "warning"),
    "EMPLOYER_DECLINED": (N_("单位拒签"), "neutral"),
    "EMPLOYER_SIGNED": (N_("等待文档时间戳"), "info"),
    "EFFECTIVE": (N_("已生效"), "success"),
    "DISPUTED": (N_("身份争议处理中"), "danger"),
}
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "all": (N_("全部"), ()),
    "draft": (N_("草稿"), ("DRAFT", "CHECKED")),
    "worker": (N_("待劳动者签署"), ("SENT",)),
    "employer": (N_("待单位签署"), ("WORKER_SIGNED", "EMPLOYER_SIGNED")),
    "effective": (N_("已生效"), ("EFFECTIVE",)),
    "closed": (N_("未签成"), (*sorted(state.value for state in CLOSED), "DISPUTED")),
}
FORMS = {
    "fixed": N_("约定了结束日期的合同，最常见。"),
    "open": N_("不约定结束日期；连续两次固定期限或者工作满十年后通常应订立。"),
    "task": N_("以一项工作的完成为期限，不能约定试用期。"),
}
NEXT_STEPS = {
    "SENT": N_("劳动者已收到短信，正在等他核验身份、阅读并签署。签署链接只有劳动者本人能看到。"),
    "WORKER_SIGNED": N_("劳动者已签署，请在期限前完成单位签署。"),
    "EMPLOYER_SIGNED": N_("双方都已签署，正在等待另一家机构的文档时间戳，无需操作。"),
    "EFFECTIVE": N_("合同已生效，劳动者已收到通知，可随时查看、下载和打印。"),
    "CHANGE_REQUESTED": N_("劳动者希望修改，理由见下方记录。修改后请重新发送，新版本会有新的摘要。"),
    "REJECTED": N_("劳动者拒绝签署，理由见下方记录。"),
    "RECALLED": N_("已撤回，原链接失效。可修改后重新发送。"),
    "WITHDRAWN": N_("劳动者在单位签署前撤回了签名。"),
    "EXPIRED": N_("超过期限未签成。可修改后重新发送。"),
    "EMPLOYER_DECLINED": N_("单位拒绝签署，已通知劳动者。"),
    "DISPUTED": N_("有人声明“不是本人”。平台正在核查，请勿再次催签。"),
}
_COURSE = {
    "created": (N_("建立草稿"), ""),
    "reopened": (N_("重新编辑"), ""),
    "sent": (N_("发送给劳动者"), "info"),
    "identified": (N_("劳动者通过身份核验"), ""),
    "opened": (N_("劳动者打开合同"), ""),
    "consented": (N_("劳动者确认告知并同意电子形式"), ""),
    "rejected": (N_("劳动者拒绝签署"), "danger"),
    "change_requested": (N_("劳动者要求修改"), "warning"),
    "recalled": (N_("单位撤回"), "warning"),
    "withdrawn": (N_("劳动者撤回签名"), "warning"),
    "expired": (N_("超过期限"), "warning"),
    "employer_declined": (N_("单位拒绝签署"), "danger"),
    "worker_signed": (N_("劳动者签署"), "success"),
    "employer_signed": (N_("单位签署"), "success"),
    "effective": (N_("合同生效"), "success"),
    "notice_delivered": (N_("完成通知已送达劳动者"), ""),
    "employer_overdue": (N_("单位逾期未签，已提醒双方"), "danger"),
    "disputed": (N_("有人声明“不是本人”"), "danger"),
    "clause_shown": (N_("单位单独出示了一条"), "info"),
}
_ACTORS = {"employer": N_("用人单位"), "worker": N_("劳动者"), "platform": N_("平台")}
_ANCHORS = {
    "M1": "worker",
    "M2": "worker",
    "M3": "term",
    "M4": "work",
    "M5": "hours",
    "M6": "pay",
    "M7": "protection",
    "M8": "protection",
}


def _pick(lang: Language, zh: str, en: str) -> str:
    return en if lang == "en" else zh


def sections(draft: Draft, result: CheckResult, lang: Language) -> list[dict[str, Any]]:
    """The form's sections with their fields, values and errors, ready for the template."""
    errors = {item.pointer.removeprefix("/fields/"): item for item in result.errors}
    form = draft.template.form.value
    shown = []
    for name, zh, en in fields.groups():
        rows = []
        for field in fields.schema():
            if field.group != name or (field.show_if.startswith("form") and not field.shown(form, {})):
                continue
            error = errors.get(field.name)
            rows.append(
                {
                    "name": f"f_{field.name}",
                    "type": field.type,
                    "label": _pick(lang, field.zh, field.en),
                    "hint": _pick(lang, field.hint_zh, field.hint_en),
                    "required": field.required,
                    "value": draft.values.get(field.name, ""),
                    "options": [(value, _pick(lang, a, b)) for value, a, b in field.options],
                    "show_if": "" if field.show_if.startswith("form") else field.show_if,
                    "error": _text(error.code, dict(error.facts), lang) if error else "",
                    "max": field.max,
                }
            )
        shown.append({"id": name, "title": _pick(lang, zh, en), "fields": rows})
    return shown


def findings(result: CheckResult, lang: Language) -> dict[str, Any]:
    """Findings as the side panel shows them."""
    tones = {Severity.BLOCK: "danger", Severity.WARN: "warning", Severity.INFO: "info"}
    shown = [
        {
            "rule": item.rule,
            "tone": tones[item.severity],
            "severity": item.severity.value,
            "text": _pick(lang, item.zh, item.en),
            "law": item.law,
            "anchor": _ANCHORS.get(item.clause, "optional"),
        }
        for item in result.findings
    ]
    return {
        "findings": shown,
        "sendable": result.sendable,
        "unreadable": [
            (f"f_{item.pointer.removeprefix('/fields/')}", _text(item.code, dict(item.facts), lang))
            for item in result.errors
        ],
        "blocking": sum(item["severity"] == "BLOCK" for item in shown),
    }


def refusal(error: DomainError, lang: Language) -> dict[str, str]:
    """Why sending was refused, with the contract it points to."""
    return {"text": _text(error.code, error.facts, lang), "href": str(error.facts.get("location", ""))}


def worker_of(draft: Draft) -> dict[str, str]:
    """Who will get the message."""
    phone = str(draft.values.get("worker_phone", ""))
    return {"name": str(draft.values.get("worker_name", "")), "phone": phone}


def key_facts(version: VersionRow) -> list[tuple[str, str]]:
    """Key facts of a sent text, in the contract's own language."""
    return [(item["label"], item["value"]) for item in json.loads(version.data)["key_facts"]]


def clause_titles(version: VersionRow) -> list[tuple[int, str]]:
    """Number and title of each clause of a sent text."""
    return [
        (number, item["title"]) for number, item in enumerate(json.loads(version.data)["clauses"], start=1)
    ]


def timeline(lines: Sequence[HistoryLine], lang: Language) -> list[dict[str, Any]]:
    """A contract's course, newest first."""
    return [
        {
            "title": translate(lang, _COURSE[line.what][0]),
            "time": format_datetime(line.at, lang),
            "text": line.note or "",
            "tone": _COURSE[line.what][1],
            "actor": translate(lang, _ACTORS.get(line.role, line.role)),
        }
        for line in reversed(lines)
    ]


def _text(code: str, facts: dict[str, Any], lang: Language) -> str:
    zh, en = TEXTS[code]
    try:
        return _pick(lang, zh, en).format(**facts)
    except (KeyError, IndexError):
        return _pick(lang, zh, en)
