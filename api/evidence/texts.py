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
    "evidence.trust_root_unsigned": (
        "这一版信任根没有签名，请通过其他渠道比对指纹。",
        "Nobody has signed this version of the trust root: compare its fingerprint over another channel.",
    ),
    "evidence.release_pending": (
        "签署页面或文书模板刚刚发布，正在写入日志，请稍后再试。",
        "The signing page or the template was only just released and is entering the log; try again in a moment.",
    ),
    "evidence.release_refused": (
        "发布未被接受：签名不是信任根的发布密钥作出的，或与内容不符（{reason}）。",
        "The release was not accepted: not signed by a release key of the trust root, or not over this content ({reason}).",
    ),
    "evidence.release_overtaken": (
        "另有一次发布先行完成，请重新发布（第 {number} 号已被占用）。",
        "Another release came first; release again (number {number} is taken).",
    ),
    "evidence.releases_off": (
        "本安装没有配置发布密钥，签署页面和模板直接取自程序目录。",
        "This installation has no release keys: signing page and templates come from the program's folder.",
    ),
    "evidence.release_unknown": ("没有这样的发布。", "There is no such release."),
    "evidence.stream_unknown": ("链上没有这份合同的记录。", "There are no records of this contract."),
}
