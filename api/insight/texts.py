"""Error texts of the slice, and names of groups, states and warnings."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "insight.filter_malformed": (
        "筛选条件“{field}”的格式不对。",
        "The filter “{field}” has the wrong form.",
    ),
    "insight.group_unknown": ("只能按 {known} 统计。", "Counts are by {known}."),
    "insight.contract_not_on_chain": (
        "链上没有这份合同。未生效或者还没有上链的合同不会出现在这里。",
        "The chain has no such contract. A contract that is not effective or not anchored yet does not appear here.",
    ),
    "insight.organisation_not_on_chain": (
        "链上没有登记这个单位。",
        "The chain has no such organisation.",
    ),
    "insight.export_too_large": (
        "结果超过 {limit} 行，请缩小范围后再导出。",
        "The result has more than {limit} rows: narrow it down.",
    ),
    "insight.case_missing": (
        "查看合同文本必须填写案号（不超过 80 字）。",
        "Reading a contract's text needs a case number (at most 80 characters).",
    ),
    "insight.purpose_missing": (
        "请写明查看目的（4 至 400 字）。",
        "Please state the purpose (4 to 400 characters).",
    ),
    "insight.reason_missing": (
        "请写明处理情况（至少 4 个字）。",
        "Please say what was found (at least 4 characters).",
    ),
}

GROUP_NAMES: dict[str, str] = {
    "month": N_("签署月份"),
    "region": N_("街道（行政区划）"),
    "organisation": N_("用人单位"),
    "state": N_("链上状态"),
    "level": N_("身份核验等级"),
}

STATE_NAMES: dict[str, str] = {
    "concluded": N_("现行版本"),
    "superseded": N_("已被新版本替代"),
}

KIND_NAMES: dict[str, str] = {"representative": N_("法定代表人"), "agent": N_("经办人")}

EVENT_NAMES: dict[str, str] = {
    "OrganisationRegistered": N_("单位登记"),
    "RepresentativeReplaced": N_("更换法定代表人钱包"),
    "SealKeySet": N_("登记印章密钥"),
    "AgentGranted": N_("授权经办人"),
    "AgentRevoked": N_("撤销授权"),
}

WARNINGS: dict[str, tuple[str, str]] = {
    "anchoring_stopped": (
        N_("上链已停止：发现数据矛盾"),
        N_("存证日志与链上内容不一致，系统不再继续写入。请先核对下面的告警，再处理。"),
    ),
    "node_down": (N_("链节点没有响应"), N_("起草和签署照常进行，待上链的内容会排队，节点恢复后按顺序写入。")),
    "node_not_ready": (N_("链节点还没有就绪"), N_("节点正在启动或磁盘已满，请查看节点日志。")),
    "worker_down": (N_("后台进程没有运行"), N_("上链、通知和到期处理都已停下。")),
    "work_failing": (
        N_("有后台任务反复失败"),
        N_(
            "它们该做的事一直没有完成。请看下面的后台任务，并查看后台进程的日志；数据矛盾的任务已停下，处理后重启后台进程。"
        ),
    ),
    "calls_parked": (N_("有登记操作需要人工处理"), N_("链上合约拒绝了下面的操作，排除原因后可重新排队。")),
    "anchoring_late": (N_("有事件超过十分钟没有上链"), N_("请检查链节点和后台进程。")),
    "index_behind": (N_("链上索引落后"), N_("监管页面显示的区块比链上最新区块旧。")),
    "tokens_missing": (N_("检查点缺少时间戳"), N_("时间戳服务可能不可用，恢复后会自动补齐。")),
    "witnesses_missing": (
        N_("有见证人没有联署"),
        N_("签署照常进行；联署人数达不到要求时，新的证据包会缺少见证。请看下面的见证人。"),
    ),
    "blocks_slow": (N_("每个区块的耗时偏高"), N_("请按运行手册准备迁移到多节点网络。")),
    "messages_failed": (N_("有通知没有送达"), N_("请查看“消息投递”，必要时通过其他方式联系收件人。")),
    "messages_late": (N_("有通知等待超过一小时"), N_("请检查短信网关和邮件服务器。")),
    "calendar_unknown": (N_("明后日期的放假安排还没有登记"), N_("工作日期限可能算错，请在参数页面登记。")),
}

WITNESS_STATES: dict[str, tuple[str, str]] = {
    "up": (N_("正常"), "success"),
    "behind": (N_("落后"), "warning"),
    "down": (N_("没有联署"), "danger"),
    "conflicting": (N_("与日志矛盾"), "danger"),
    "unasked": (N_("尚无检查点"), "neutral"),
}
"""Name and tone of a witness's state."""

WITNESS_TROUBLES: dict[str, str] = {
    "unreachable": N_("连接不上。请检查网络，以及对方的见证人程序是否在运行。"),
    "slow": N_("没有按时应答。请检查网络和对方机器的负荷。"),
    "failing": N_("对方报告内部错误或请求过多，稍后会自动再次请求。"),
    "refuses": N_("对方拒绝本日志的检查点。请与对方核对日志密钥和来源名称。"),
    "unusable": N_("对方的应答里没有可用的联署。请核对见证人的公钥。"),
    "conflicts": N_(
        "对方看到的历史或它的签名与本日志不一致。上链已停止，请先保全双方的记录，查明原因后再关闭告警。"
    ),
}
"""What is wrong with a witness and what to do about it."""
