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
    "evidence.parties_only": (
        "单独出示一条只供合同双方使用；机关请凭案号下载完整证据包。",
        "One clause by itself is for the contract's parties; authorities download the whole package on a case number.",
    ),
    "evidence.clause_unknown": (
        "合同没有第 {n} 条，共 {count} 条。",
        "The contract has no clause {n}; it has {count}.",
    ),
    "evidence.clause_not_showable": (
        "这份合同不能单独出示一条（{reason}），请出示完整证据包。",
        "No clause of this contract can be shown by itself ({reason}); show the whole package.",
    ),
    "evidence.chain_unreachable": (
        "暂时读不到链上计数器（{reason}），请稍后再试。",
        "The counters on the chain can't be read right now ({reason}); try again in a moment.",
    ),
    "evidence.month_malformed": ("月份请写成 2026-11 的形式。", "Write the month as 2026-11."),
    "evidence.region_malformed": ("行政区划代码须为数字。", "A region code is a number."),
    "evidence.too_many_figures": ("一次最多读取 {limit} 个数字。", "At most {limit} figures at once."),
    "evidence.busy": (
        "同时核验的文件较多，请稍后再试。",
        "Many files are being verified right now; try again in a moment.",
    ),
    "evidence.file_missing": ("请选择要核验的证据包文件。", "Choose the evidence package to verify."),
    "evidence.file_too_large": ("文件超过 20 MB。", "The file is larger than 20 MB."),
    "evidence.offline_page_missing": (
        "离线核验页还没有生成。请在平台的项目目录运行：{command}",
        "The offline verifier has not been built yet. In the platform's folder run: {command}",
    ),
    "evidence.trust_root_missing": (
        "本平台尚未公布信任根。",
        "This installation has not published a trust root yet.",
    ),
    "evidence.trust_root_unsigned": (
        "这一版信任根没有签名，请通过其他渠道比对指纹。",
        "Nobody has signed this version of the trust root: compare its fingerprint over another channel.",
    ),
    "evidence.witness_rekeyed": (
        "见证人 {witness} 的密钥与信任根中的不同。新密钥须用新名称，否则旧证据包将核验不通过。",
        "Witness {witness} has another key than in the trust root. A new key takes a new name, or older packages would fail.",
    ),
    "evidence.network_headers_differ": (
        "验证人对区块头的说法不一致，或与信任根所列不符，未作公布（{reason}）。请各成员逐一核对。",
        "The validators differ about a block header, or from what the trust root lists; nothing was published "
        "({reason}). The members must compare it one by one.",
    ),
    "evidence.network_too_few": (
        "只能询问 {named} 个验证人，至少需要 {needed} 个，区块头才可列入信任根；请在 chain_validators 中补充 comet 地址。",
        "Only {named} validators can be asked, and a header needs {needed} before it goes into a trust root: "
        "name more `comet` addresses in chain_validators.",
    ),
    "evidence.network_unreachable": (
        "有验证人没有应答，无法比对要列入信任根的区块头（{reason}）。",
        "A validator does not answer, so the header for the trust root can't be compared ({reason}).",
    ),
    "evidence.no_chain_record_yet": (
        "链上证明正在制作，请稍后再下载。",
        "The proof of the record on chain is being made; try again in a moment.",
    ),
    "evidence.chain_record_unknown": (
        "存证库中有本程序不认识的链上记录（{type}），证据包未生成。",
        "A stored chain record is of a type that this program does not know ({type}); no package was made.",
    ),
    "evidence.no_timestamp": (
        "时间戳机构没有应答，暂时不能出具证明，请稍后再试。",
        "No time-stamping authority answers, so nothing can be proven right now; try again later.",
    ),
    "evidence.no_trusted_header": (
        "信任根没有可用的验证人网络区块头，暂时不能出具证明；请联系运维单位重新公布信任根。",
        "The trust root names no usable header of the validator network, so nothing can be proven: "
        "the operator must publish the trust root again.",
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
    "evidence.number_malformed": (
        "这不是存证编号。存证编号形如 12@34-0123456789abcdef。",
        "This is no evidence number. One looks like 12@34-0123456789abcdef.",
    ),
    "evidence.package_unreadable": (
        "文件不是可查询的证据包（{reason}）。",
        "The file is no evidence package that can be looked up ({reason}).",
    ),
    "evidence.court_absent": (
        "本平台还没有接入法院的链。",
        "No judicial chain is set up for this installation.",
    ),
    "evidence.court_unreachable": (
        "法院的链没有应答，请稍后再试。",
        "The court's chain does not answer; try again later.",
    ),
    "evidence.court_contradicts": (
        "所设地址上不是法院的合约，因此不作任何答复。",
        "What stands at the configured address is not the court's contract, so nothing is answered.",
    ),
}
