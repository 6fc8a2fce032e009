"""Error texts of the slice and names of states."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "rights.hold_reason": (
        "请写明暂缓清除的原因（2 至 200 字）。",
        "Say why the erasure is put on hold (2 to 200 characters).",
    ),
    "rights.hold_case": ("案号不超过 80 字。", "A case number has at most 80 characters."),
    "rights.state_differs": (
        "这项清除现在的状态是“{state}”，不能这样办理，请刷新后再看。",
        "This erasure is now “{state}”: that is not possible any more. Look again.",
    ),
    "rights.disk_busy": (
        "数据库正被占用或磁盘空间不足，已删除的内容暂时还留在磁盘上，稍后自动继续。",
        "The database is in use or the disk is full, so what was deleted is still on the disk; this goes on by itself.",
    ),
    "rights.certificate_wrong": (
        "清除证明不是本平台日志密钥签发的，已停止：{reason}",
        "The erasure certificate was not signed by this installation's log key; stopped: {reason}",
    ),
    "rights.ledger_unreadable": (
        "清除台账第 {line} 行无法读取，已停止。请核对文件后重试。",
        "Line {line} of the erasure ledger can't be read; stopped. Check the file and try again.",
    ),
}

STATES = {
    "announced": N_("已公告，待清除"),
    "held": N_("暂缓清除"),
    "destroying": N_("正在清除"),
    "erased": N_("已清除"),
}
TONES = {"announced": "info", "held": "warning", "destroying": "warning", "erased": "success"}
