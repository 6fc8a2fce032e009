"""Error texts of the slice, and the names of actions, permissions, parameters and events for people."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "governance.chain_unreachable": (
        "链节点没有应答，暂时读不到治理状态，请稍后再试。",
        "The chain node does not answer, so the state of governance can't be read; try again later.",
    ),
    "governance.cursor_malformed": (
        "翻页位置的格式不对，请从第一页重新开始。",
        "The place to continue from has the wrong form; please start from the first page.",
    ),
}

ACTION_NAMES: dict[str, str] = {
    "add_member": N_("接纳成员"),
    "remove_member": N_("成员除名"),
    "replace_key": N_("更换共识密钥"),
    "set_permissions": N_("设置账户权限"),
    "set_parameter": N_("修改参数"),
    "schedule_upgrade": N_("按高度升级程序"),
    "cancel_upgrade": N_("取消升级"),
}

PERMISSION_CODES: dict[int, str] = {1: "transact", 2: "deploy", 4: "administer", 8: "validate"}

PERMISSION_NAMES: dict[int, str] = {
    1: N_("发送交易"),
    2: N_("部署合约"),
    4: N_("管理账户"),
    8: N_("验证与表决"),
}

PARAMETER_NAMES: dict[str, str] = {
    "block.max_gas": N_("每个区块的 gas 上限"),
    "block.max_bytes": N_("每个区块的字节上限"),
}

EVENT_NAMES: dict[str, str] = {
    "Proposed": N_("提出提案"),
    "Approved": N_("赞成"),
    "Executed": N_("提案生效"),
    "PermissionsSet": N_("账户权限变动"),
    "NodeSet": N_("节点名单变动"),
}
