"""Error texts of the slice: code → (Chinese, English)."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "evidence.not_effective": (
        "合同尚未生效，还没有完整的证据包。",
        "The contract is not effective yet; there is no complete evidence package.",
    ),
    "evidence.not_anchored_yet": (
        "过程记录正在上链，请稍后再下载（还有 {pending} 条）。",
        "The records are being anchored; try again in a moment ({pending} left).",
    ),
    "evidence.no_checkpoint_yet": (
        "日志检查点的时间戳还没有取得，请稍后再下载。",
        "The log's checkpoint has no timestamp yet; try again in a moment.",
    ),
    "evidence.erased": (
        "该合同的过程记录已按期清除；您此前下载的证据包仍然有效。",
        "The records of this contract were erased as announced; packages downloaded before stay valid.",
    ),
    "evidence.ground_required": (
        "查阅合同证据须填写案号和用途（用途至少 4 个字）。",
        "Reading a contract's evidence needs a case number and a purpose (at least 4 characters).",
    ),
    "evidence.busy": (
        "同时核验的文件较多，请稍后再试。",
        "Many files are being verified right now; try again in a moment.",
    ),
    "evidence.file_missing": ("请选择要核验的证据包文件。", "Choose the evidence package to verify."),
    "evidence.file_too_large": ("文件超过 20 MB。", "The file is larger than 20 MB."),
    "evidence.trust_root_missing": (
        "本平台尚未公布信任根。",
        "This installation has not published a trust root yet.",
    ),
    "evidence.stream_unknown": ("链上没有这份合同的记录。", "There are no records of this contract."),
}
