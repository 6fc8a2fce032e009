"""Error texts of freshness and what states and kinds are called."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "exchange.freshness_future": (
        "只能查看今天或过去某天的数据时效。",
        "Freshness can be seen for today and for days past.",
    ),
}

STATE_NAMES: dict[str, str] = {
    "fresh": N_("按期"),
    "due": N_("宽限期内"),
    "stale": N_("已过承诺期"),
    "never": N_("从未报送"),
}

KIND_NAMES: dict[str, str] = {
    "exhaustive": N_("全量：没有记录即为零或已结束"),
    "event": N_("事件：没有记录即未发生"),
    "partial": N_("部分：没有记录即未知"),
}
