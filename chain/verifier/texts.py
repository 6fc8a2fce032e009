"""What people read: Chinese and English for every step, outcome and sub-indication."""

from __future__ import annotations

from typing import Final

from chain.verifier.outcome import Outcome

Text = tuple[str, str]

OUTCOME_TEXTS: Final[dict[Outcome, Text]] = {
    Outcome.PASSED: ("通过", "passed"),
    Outcome.INDETERMINATE: ("无法判定", "indeterminate"),
    Outcome.FAILED: ("不通过", "failed"),
}

VERDICT_TEXTS: Final[dict[Outcome, Text]] = {
    Outcome.PASSED: (
        "验证通过：本文件的内容、签名、时间与过程记录互相印证，自签署以来未被改动。",
        "Passed: content, signatures, times and process records agree, and nothing was changed since signing.",
    ),
    Outcome.INDETERMINATE: (
        "无法判定：现有材料既不能证明、也不能否定。请看无法判定的步骤。",
        "Indeterminate: what is here neither proves nor disproves. See the steps that could not be decided.",
    ),
    Outcome.FAILED: (
        "验证不通过：至少有一处与签名、记录或信任根矛盾。请看不通过的步骤。",
        "Failed: something contradicts the signatures, the records or the trust root. See the failed step.",
    ),
}

STEP_TEXTS: Final[dict[int, Text]] = {
    1: ("文件结构：每个字节都符合证据包规范", "Structure: every byte follows the package profile"),
    2: ("清单与摘要：内容与清单完全一致", "Manifest: contents and digests agree exactly"),
    3: ("信任根与安装：出自信任根所列的平台", "Installation: of the platform that the trust root names"),
    4: ("承诺与基础文件：双方签署的就是这份正文", "Commitment: the text is the one both sides committed to"),
    5: ("PDF 签名：签署人齐全，签后无改动", "Document: all signatures there, nothing changed afterwards"),
    6: ("时间戳：每个签名都有可信时间", "Timestamps: every signature has a trusted time"),
    7: ("签名证书：签署当时有效且未被吊销", "Certificates: valid and not revoked when signing"),
    8: ("身份核验：独立身份服务的声明", "Identity: statements of the identity service"),
    9: ("劳动者同意：同一把密钥签署了合同与同意书", "Worker's consent: one key signed PDF and consent"),
    10: ("用人单位同意：钱包签名与印章绑定", "Employer's consent: wallet signature and seal belong together"),
    11: (
        "经办授权：从登记员到签署钱包与印章",
        "Authority: from the registrar to the signing wallet and seal",
    ),
    12: ("签署意愿：通行密钥或短信验证码", "Intent: passkey or one-time code"),
    13: ("过程链：必经步骤齐全、次序正确、没有缺口", "Process: all steps there, in order, without a gap"),
    14: ("检查点：日志签名与时间戳", "Checkpoint: signed by the log, dated by a TSA"),
    15: ("见证：独立见证人的联署", "Witnesses: independent cosignatures"),
    16: ("存在证明：每个事件都在日志之中", "Inclusion: every event is in the log"),
    17: ("链上记录：区块收据", "Chain record: receipts of the chain"),
    18: ("司法链回执", "Judicial chain: receipt"),
    19: ("条款树：逐条与所承诺的条款一致", "Clauses: each is the committed one"),
    20: ("重新排版：PDF 所示与数据一致", "Rendering: the PDF says what its data says"),
    21: (
        "单条出示：这一条属于双方签署的合同",
        "One clause: it belongs to the contract that both sides signed",
    ),
    22: ("数字证明：与链上计数器一致", "Figure: it is what the counter on the chain holds"),
    23: (
        "页面与模板的发布：由发布密钥签署并先行入日志",
        "Releases: page and template were signed by a release key and logged before use",
    ),
    24: (
        "长期有效：到期或退役之前已由新的时间戳覆盖",
        "Longevity: covered by newer tokens before anything expired or retired",
    ),
}

SUB_TEXTS: Final[dict[str, Text]] = {
    "": ("", ""),
    "DEPENDS_ON": ("以第 {step} 步为前提，该步未通过", "Needs step {step}, which did not pass"),
    "PROFILE_ILLEGAL": (
        "文件不符合 ZIP 规范（可能被改动、截断或拼接）",
        "Not of the ZIP profile: changed, cut or spliced",
    ),
    "TOO_LARGE": ("文件超过 20 MB", "Larger than 20 MB"),
    "MANIFEST_MALFORMED": ("清单格式不正确", "The manifest is malformed"),
    "FORMAT_UNKNOWN": ("未知的格式或种类", "Unknown format or kind"),
    "ENTRY_MISSING": ("缺少条目 {entry}", "Entry {entry} is missing"),
    "ENTRY_UNLISTED": ("存在清单以外的条目 {entry}", "Entry {entry} does not belong here"),
    "ENTRY_MALFORMED": ("条目 {entry} 格式不正确", "Entry {entry} is malformed"),
    "HASH_FAILURE": ("内容与摘要不符", "Content and digest differ"),
    "WRONG_INSTALLATION": ("属于另一套安装", "Belongs to another installation"),
    "CONTRACT_CODE_UNKNOWN": (
        "合约地址或代码与信任根不符",
        "Contract address or code is not that of the trust root",
    ),
    "SIG_CRYPTO_FAILURE": ("签名无效", "A signature does not verify"),
    "TRUST_ROOT_OUT_OF_PERIOD": ("不在该信任根的有效期内", "Made outside of the trust root's period"),
    "COMMITMENT_MISMATCH": ("承诺与本合同不符", "The commitment is not of this contract"),
    "BASE_REVISION_MISMATCH": ("PDF 正文不是双方承诺的那一份", "The PDF's text is not the committed one"),
    "SIGNER_SET_MISMATCH": ("签名的数量、名称或次序不符", "Number, names or order of signatures differ"),
    "FORMAT_FAILURE": ("格式无法读取", "The format can't be read"),
    "MODIFIED_AFTER_SIGNING": ("签署的正文之外有不允许的改动", "The file holds changes that are not allowed"),
    "OUTSIDE_RESERVED_BOX": ("签章不在保留位置之内", "A stamp lies outside of its reserved box"),
    "BOXES_UNKNOWN": ("读不到签章的保留位置", "The reserved boxes can't be read"),
    "NO_SIGNATURE_TIMESTAMP": ("缺少时间戳", "A timestamp is missing"),
    "TIMESTAMP_INVALID": ("时间戳无效", "A timestamp is not valid"),
    "TIMESTAMP_UNTRUSTED": ("时间戳机构不在信任根之中", "The TSA is not in the trust root"),
    "TIMESTAMP_ORDER_FAILURE": ("时间戳次序颠倒", "Timestamps are out of order"),
    "SAME_TSA": ("文档时间戳与签名时间戳出自同一机构", "Document and signature timestamps are from one TSA"),
    "NO_CERTIFICATE_CHAIN_FOUND": ("证书不能追溯到信任根中的 CA", "No path to a CA of the trust root"),
    "NOT_YET_VALID": ("签署时证书尚未生效", "The certificate was not yet valid"),
    "EXPIRED": ("签署时证书已经过期", "The certificate had expired"),
    "EVIDENCE_EXPIRED": (
        "{item} 的时间戳证书已于 {expired} 到期，之前没有续期",
        "The certificate behind the token of {item} ended {expired}, and no newer token covered it before",
    ),
    "ALGORITHM_RETIRED": (
        "算法 {algorithm} 自 {from} 起退役，之前没有续期",
        "The algorithm {algorithm} retired {from}, and nothing newer covered it before",
    ),
    "REVOKED": ("签署时证书已被吊销", "The certificate was revoked"),
    "CERTIFICATE_CONSTRAINTS": ("证书不能用于此种签名", "The certificate may not be used for this"),
    "TRY_LATER": ("没有可用的吊销信息", "No revocation data at hand"),
    "ISSUER_UNKNOWN": ("身份服务密钥不在信任根之中", "The identity service's key is not in the trust root"),
    "STATEMENT_MISMATCH": ("声明内容互相矛盾", "Statements contradict each other"),
    "ASSURANCE_TOO_LOW": ("身份核验等级不足", "The identity's assurance level is too low"),
    "KEY_MISMATCH": ("不是同一把密钥", "Not one and the same key"),
    "CONSENT_EXPIRED": ("同意书在签署时已经过期", "The consent had expired"),
    "TIME_CONTRADICTION": ("时间互相矛盾", "Times contradict each other"),
    "SEAL_BINDING_INVALID": ("印章与钱包的绑定无效", "Seal and wallet are not bound to each other"),
    "REGISTRAR_UNKNOWN": ("登记员不在信任根之中", "The registrar is not in the trust root"),
    "AUTHORITY_NOT_GRANTED": ("该钱包没有签署授权", "The wallet had no authority to sign"),
    "AUTHORITY_EXPIRED": ("签署授权已经到期", "The authority to sign had expired"),
    "SEAL_NOT_REGISTERED": ("印章不是已登记的印章", "The seal is not the registered one"),
    "OTP_ATTESTED": (
        "意愿验证码由身份服务核验并签署声明",
        "One-time code checked and attested by the identity service",
    ),
    "ASSERTION_INVALID": ("通行密钥断言无效", "The passkey assertion is not valid"),
    "CHALLENGE_MISMATCH": ("通行密钥签的不是这份合同", "The passkey signed something else"),
    "ORIGIN_MISMATCH": ("通行密钥断言出自别的网站", "The assertion is from another site"),
    "CREDENTIAL_NOT_COMMITTED": ("通行密钥未曾事先登记", "The passkey was not enrolled before"),
    "STREAM_MISMATCH": ("事件不属于本合同", "An event is not of this contract"),
    "STREAM_GAP": ("过程链有缺口", "The process chain has a gap"),
    "PAYLOAD_MISMATCH": ("事件内容与其摘要不符", "An event's payload and digest differ"),
    "PAYLOAD_WITHHELD": ("事件内容未提供", "An event's payload is not here"),
    "EVENT_MISSING": ("缺少必经事件 {event}", "Mandatory event {event} is missing"),
    "ORDER_VIOLATION": ("事件次序不正确", "Events are out of order"),
    "NOT_EFFECTIVE": ("合同已被拒签、撤回、拒绝或过期", "Rejected, withdrawn, declined or expired"),
    "CITATION_MISMATCH": ("引用的事件不符", "A cited event does not match"),
    "BINDING_MISMATCH": ("事件 {event} 所述与签名不符", "Event {event} speaks of another signature"),
    "DISPUTED": ("有人声明“不是我签的”，合同有争议", "Disputed: somebody stated “this was not me”"),
    "NO_WITNESSES": ("信任根没有见证人", "The trust root names no witnesses"),
    "WITNESS_QUORUM_MISSING": ("见证人联署数量不足", "Too few witnesses have cosigned"),
    "COSIGNATURE_PAIR_DIFFERS": (
        "见证人 {witness} 的两种签名不一致",
        "The two signatures of witness {witness} do not belong together",
    ),
    "INCLUSION_INVALID": ("存在证明不成立", "An inclusion proof does not hold"),
    "LOG_ORDER_VIOLATION": ("日志中的次序不正确", "The order in the log is wrong"),
    "NO_CHAIN_RECORD": ("没有附链上记录", "No chain record is enclosed"),
    "HEADER_NOT_AUTHENTICATED": (
        "内部一致；但单机链的区块头无人签名，不作为结论依据",
        "Consistent in itself; but nobody signed this chain's headers, so it carries no verdict",
    ),
    "TRAIL_ORDER_VIOLATION": (
        "区块头的高度或时间没有递增",
        "Heights or times of the headers do not rise",
    ),
    "VALIDATOR_SET_MISMATCH": (
        "所附验证人不是区块头所指的集合",
        "The validators are not the set that the header names",
    ),
    "COMMIT_QUORUM_MISSING": (
        "签署该区块的验证人不足三分之二以上",
        "Not more than two thirds of the validators signed the block",
    ),
    "NO_NETWORK_ROOT": (
        "信任根没有列出验证人网络",
        "The trust root names no validator network",
    ),
    "TRUSTED_HEADER_UNKNOWN": (
        "证明不是从信任根所列的区块头开始",
        "The proof does not start from a header that the trust root names",
    ),
    "TRAIL_GAP": (
        "相邻两个区块头之间，原来所信的验证人签署的不足三分之一以上",
        "Between two headers, not more than a third of the validators trusted before have signed",
    ),
    "NO_HEADER_TIMESTAMP": (
        "区块头没有时间戳：旧验证人的密钥日后可能外流",
        "The headers have no timestamp: keys of former validators could leak later",
    ),
    "TRUSTING_PERIOD_OVER": (
        "时间戳晚于所信区块头的信任期（至 {ended}）",
        "The timestamp lies behind the trusting period of the trusted header (until {ended})",
    ),
    "UNSUPPORTED": ("本程序不支持这种记录", "This program does not know this kind of record"),
    "NO_JUDICIAL_RECEIPT": ("没有附司法链回执", "No receipt of the judicial chain is enclosed"),
    "CLAUSE_TEXT_DIFFERS": ("条款与合同数据不一致", "Clauses and contract data differ"),
    "CLAUSE_NOT_COMMITTED": (
        "这一条不在双方所签承诺的条款树之中",
        "This clause is not in the clause tree that both sides signed",
    ),
    "SLOT_MISMATCH": (
        "证明的是另一个存储位置，不是所述的计数器",
        "The proof is of another storage slot, not of the stated counter",
    ),
    "TEMPLATE_UNKNOWN": ("信任根没有这个模板", "The trust root does not know the template"),
    "RENDERER_UNAVAILABLE": (
        "本机没有对应的排版程序，未核对版面",
        "No matching renderer here; the layout was not compared",
    ),
    "RENDERING_DIFFERS": ("PDF 所示与其数据不一致", "The PDF does not show what its data says"),
    "NO_RELEASE_KEYS": ("信任根没有发布密钥", "The trust root names no release keys"),
    "NO_RELEASE_EVENT": (
        "没有附页面或模板（{item}）的发布事件，早期的证据包没有",
        "No release event of the {item} is enclosed; early packages have none",
    ),
    "RELEASE_MALFORMED": (
        "页面或模板（{item}）的发布事件不合规范",
        "The release event of the {item} is malformed",
    ),
    "RELEASE_KEY_UNKNOWN": (
        "页面或模板（{item}）不是由信任根的发布密钥签署的",
        "The {item} was not released by a key of the trust root",
    ),
    "RELEASE_MISMATCH": (
        "所用的页面或模板（{item}）不是已发布的那一份",
        "The {item} that was used is not the released one",
    ),
    "RELEASE_AFTER_USE": (
        "页面或模板（{item}）的发布事件在使用之后才入日志",
        "The {item}'s release entered the log after its use",
    ),
    "UNREADABLE": ("该步骤无法读取数据", "This step could not read its data"),
    "TIMED_OUT": ("超出时间或内存限制，验证已停止", "Stopped: over the limits of time or memory"),
}


def sub_text(sub_indication: str, facts: dict[str, object], lang: str) -> str:
    """Return the text of a sub-indication in `zh` or `en`."""
    code = sub_indication.partition(" ")[0]
    template = SUB_TEXTS.get(code, (code, code))[0 if lang == "zh" else 1]
    return template.format_map(_Blank(facts))


def step_text(no: int, lang: str) -> str:
    """Return the text of a step."""
    return STEP_TEXTS[no][0 if lang == "zh" else 1]


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""
