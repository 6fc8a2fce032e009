"""Error texts of sharing and what states and treatments are called."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "exchange.share_dataset_unknown": ("没有这个数据集。", "There is no such dataset."),
    "exchange.share_fields": (
        "请从该数据集中选择至少一个字段，且不要重复。",
        "Please choose at least one field of the dataset, and none twice.",
    ),
    "exchange.share_clearance": ("密级只能是 1 到 4。", "The level is a number from 1 to 4."),
    "exchange.share_days": (
        "有效期应为 1 到 {most} 天。",
        "A share holds for 1 to {most} days.",
    ),
    "exchange.share_text_missing": (
        "请填写用途、依据、接收方和理由，长度 {least} 到 {most} 字。",
        "Please fill in purpose, basis, recipient and reason: {least} to {most} characters.",
    ),
    "exchange.share_second_person": (
        "申请人不能审批自己的申请，需要第二个人。",
        "Who asks may not approve: a second person is needed.",
    ),
    "exchange.share_changed": (
        "这条申请的状态已经改变，请刷新后再操作。",
        "This request has changed meanwhile: reload it before you go on.",
    ),
    "exchange.share_not_approved": ("这条申请还没有批准。", "This request is not approved."),
    "exchange.share_expired": (
        "这项共享已经到期，请重新申请。",
        "This share has expired: please ask again.",
    ),
    "exchange.share_revoked": ("这项共享已被撤销。", "This share has been revoked."),
    "exchange.share_export_too_large": (
        "导出超过 {most} 行，请缩小范围或分批读取。",
        "The export is over {most} rows: read it page by page.",
    ),
    "exchange.share_cursor_malformed": ("翻页标记不对。", "The paging cursor is malformed."),
}

STATE_NAMES: dict[str, str] = {
    "requested": N_("待审批"),
    "approved": N_("已批准"),
    "refused": N_("未批准"),
    "revoked": N_("已撤销"),
    "expired": N_("已到期"),
}

TREATMENT_NAMES: dict[str, str] = {
    "plain": N_("原值"),
    "partial": N_("部分遮盖"),
    "hidden": N_("不显示"),
}
ACTION_NAMES: dict[str, str] = {
    "exchange.share_requested": N_("申请"),
    "exchange.share_approved": N_("批准"),
    "exchange.share_refused": N_("不批准"),
    "exchange.share_revoked": N_("撤销"),
    "exchange.share_read": N_("读取一页"),
    "exchange.share_exported": N_("导出"),
    "exchange.share_read_refused": N_("读取被拒绝"),
}
"""What the lines of the audit record mean."""
