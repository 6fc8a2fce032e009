"""The worker's words for states, steps and parties: what each means to him, not what it is called inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.econtract.views import Access, HistoryLine
from api.infra.i18n import N_, format_clock, translate

STATES: Mapping[str, tuple[str, str]] = {
    "DRAFT": (N_("单位正在修改"), "neutral"),
    "CHECKED": (N_("单位正在修改"), "neutral"),
    "SENT": (N_("等您签署"), "info"),
    "REJECTED": (N_("您已拒绝"), "neutral"),
    "CHANGE_REQUESTED": (N_("您要求修改，等单位处理"), "warning"),
    "RECALLED": (N_("单位已撤回"), "neutral"),
    "WITHDRAWN": (N_("您已撤回签名"), "neutral"),
    "EXPIRED": (N_("过期未签"), "neutral"),
    "WORKER_SIGNED": (N_("您已签署，单位还没有签"), "info"),
    "EMPLOYER_DECLINED": (N_("单位不签"), "warning"),
    "EMPLOYER_SIGNED": (N_("双方已签，等时间戳"), "info"),
    "EFFECTIVE": (N_("已生效"), "success"),
    "DISPUTED": (N_("有争议"), "danger"),
}
"""State → (Chinese msgid, tone)."""

CLOSED: Mapping[str, str] = {
    "REJECTED": N_("您已拒绝签署"),
    "CHANGE_REQUESTED": N_("您要求修改，单位正在处理"),
    "RECALLED": N_("单位已撤回这份合同"),
    "WITHDRAWN": N_("您已撤回签名"),
    "EXPIRED": N_("签署期限已过"),
    "EMPLOYER_DECLINED": N_("单位没有签署这份合同"),
    "DRAFT": N_("单位正在修改这份合同"),
    "CHECKED": N_("单位正在修改这份合同"),
}

HAPPENINGS: Mapping[str, tuple[str, str]] = {
    "created": (N_("单位起草"), "neutral"),
    "reopened": (N_("重新起草"), "neutral"),
    "sent": (N_("发给您"), "info"),
    "identified": (N_("核对身份"), "neutral"),
    "opened": (N_("打开阅读"), "neutral"),
    "consented": (N_("确认告知，同意电子形式"), "neutral"),
    "rejected": (N_("拒绝签署"), "danger"),
    "change_requested": (N_("要求修改"), "warning"),
    "recalled": (N_("撤回"), "warning"),
    "withdrawn": (N_("撤回签名"), "warning"),
    "expired": (N_("过期"), "warning"),
    "employer_declined": (N_("单位不签"), "danger"),
    "worker_signed": (N_("您签名，加盖时间戳"), "success"),
    "employer_signed": (N_("单位签署并盖章"), "success"),
    "effective": (N_("合同生效"), "success"),
    "notice_delivered": (N_("生效通知已送达"), "neutral"),
    "employer_overdue": (N_("单位超过约定时间没有签，平台已提醒"), "warning"),
    "disputed": (N_("报告“这不是我办的”"), "danger"),
    "clause_shown": (N_("单位单独出示了一条"), "info"),
}

ROLES: Mapping[str, str] = {
    "worker": N_("您"),
    "employer": N_("用人单位"),
    "platform": N_("平台"),
    "identity_service": N_("身份服务"),
    "operator": N_("平台"),
}


def facts(rows: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Key facts as label and value."""
    return [(row["label"], row["value"]) for row in rows]


def course(lines: Iterable[HistoryLine], lang: str) -> list[dict[str, Any]]:
    """The contract's course for the timeline, newest last."""
    items = []
    for line in lines:
        label, tone = HAPPENINGS.get(line.what, (line.what, "neutral"))
        role = ROLES.get(line.role, line.role)
        items.append(
            {
                "title": translate(lang, label),
                "time": format_clock(line.at),
                "actor": translate(lang, role),
                "text": line.note or "",
                "tone": tone,
            }
        )
    return items


def readers(accesses: Iterable[Access]) -> list[dict[str, Any]]:
    """Authorities that read the text: which, and when."""
    return [
        {"title": access.authority, "time": format_clock(access.at), "actor": "", "text": "", "tone": "info"}
        for access in accesses
    ]
