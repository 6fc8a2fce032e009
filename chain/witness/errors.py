"""Why a witness does not start, and why it does not cosign (C2SP tlog-witness, add-checkpoint)."""

from __future__ import annotations

from chain.errors import TEXTS, ChainError

TEXTS.update(
    {
        "witness.not_made": (
            "{folder} 里还没有见证人：请先运行 init。",
            "There is no witness in {folder}: run init first.",
        ),
        "witness.memory_lost": (
            "见证人的记录 {file} 不见了。没有记录的见证人可能联署两种历史：请停用此密钥，另立新见证人。",
            "The witness's memory {file} is gone. Without it the witness could cosign two histories: retire this key and "
            "make a new witness.",
        ),
        "witness.belongs_to_another": (
            "{file} 属于另一个见证人或另一个日志。",
            "{file} belongs to another witness or to another log.",
        ),
        "witness.name_refused": ("见证人名称不合规范：{name}", "This is no name for a witness: {name}"),
        "witness.no_log": ("没有指定日志（--log）。", "No log is named (--log)."),
    }
)


class WitnessError(ChainError):
    """The witness can't run as it is set up."""


class Refused(Exception):
    """No cosignature. `status` and `body` are the HTTP answer; `size`, where known, is that of the last checkpoint."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.size = size
