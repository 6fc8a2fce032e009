"""Error texts of matching, and what methods, kinds and outcomes are called."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "exchange.name_regions_malformed": (
        "参数 exchange.name_regions 的内容不对，暂时不能匹配企业，请管理员改正。",
        "The parameter exchange.name_regions is malformed: nothing is matched until the operator mends it.",
    ),
    "exchange.review_reason_missing": (
        "请写明理由（不超过 300 字）。",
        "Please give a reason (at most 300 characters).",
    ),
    "exchange.review_changed": (
        "这一条刚被别人改过，请刷新后再决定。",
        "Somebody has just changed this entry: reload it before you decide.",
    ),
    "exchange.review_decided": ("这一条已经有决定。", "This entry is decided already."),
    "exchange.review_open": ("这一条还没有决定，无可撤销。", "This entry is not decided: nothing to undo."),
    "exchange.review_enterprise_missing": (
        "请选择要关联的单位。",
        "Please choose the enterprise to link to.",
    ),
    "exchange.review_enterprise_unknown": (
        "主体库里没有这个单位。",
        "The register does not have this enterprise.",
    ),
    "exchange.review_enterprise_not_wanted": (
        "只有关联时才填写单位。",
        "An enterprise is named only when linking.",
    ),
    "exchange.cursor_malformed": ("翻页标记不对。", "The paging cursor is malformed."),
}

METHOD_NAMES: dict[str, str] = {
    "uscc": N_("统一社会信用代码一致"),
    "decided": N_("人工决定"),
    "code_repaired": N_("代码更正后与名称一致"),
    "name": N_("仅名称一致"),
    "name_address": N_("名称和地址一致"),
    "fuzzy_address": N_("名称相近且地址一致"),
    "unknown_code": N_("代码有效但主体库没有"),
    "new": N_("人工认定为新单位"),
    "refused": N_("人工否定"),
    "ambiguous": N_("有多个同名单位"),
    "none": N_("未匹配"),
}

KIND_NAMES: dict[str, str] = {
    "probable": N_("疑似关联"),
    "ambiguous": N_("多个同名单位"),
    "unknown_code": N_("未登记的单位"),
}

OUTCOME_NAMES: dict[str, str] = {
    "link": N_("就是这个单位"),
    "new": N_("是未登记的新单位"),
    "no": N_("都不是"),
    "undone": N_("撤销决定"),
    "reopened": N_("出现新的候选，重新打开"),
}

LEVEL_NAMES: dict[str, str] = {
    "same": N_("一致"),
    "same_core": N_("主体部分一致"),
    "near": N_("相近"),
    "different": N_("不同"),
    "absent": N_("缺失"),
}
