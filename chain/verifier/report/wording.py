"""The words of the report and which steps answer which question of the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Text = tuple[str, str]


@dataclass(frozen=True)
class Part:
    """A question: article, heading, the steps that bear on it, those that decide its sentence, the sentences."""

    article: Text
    heading: Text
    steps: tuple[int, ...]
    deciding: tuple[int, ...] = ()
    answers: Mapping[str, Text] = field(default_factory=dict)


TITLE: Final[Text] = ("电子证据核验报告", "Evidence verification report")

QUESTIONS: Final[tuple[Part, ...]] = (
    Part(
        ("在线诉讼规则 第十六条", "Online litigation rules, art. 16"),
        ("上链后是否被改动", "Was anything changed after it went on chain?"),
        (14, 15, 16, 17, 18),
        (14, 16),
        {
            "passed": (
                "核验一致：{events} 个过程事件都在日志检查点（规模 {size}，{time}）之内，见证联署 {valid}（要求 {threshold}）。",
                "Consistent: all {events} events are in the log's checkpoint (size {size}, {time}), cosigned by {valid} "
                "witnesses ({threshold} asked for).",
            ),
            "failed": ("核验不一致，见不通过的步骤。", "Not consistent: see the failed steps."),
            "indeterminate": (
                "不能得出一致的结论，见无法判定的步骤。",
                "No conclusion: see the undecided steps.",
            ),
        },
    ),
    Part(
        ("在线诉讼规则 第十七条", "Online litigation rules, art. 17"),
        (
            "存证平台与技术：资质、利害关系、系统、技术标准",
            "The platform and its technique: qualification, interest, system, standards",
        ),
        (2, 3, 15, 23),
        (2, 3),
        {
            "passed": (
                "本文件出自信任根所列的安装，合约代码与所列哈希一致；算法、见证人、代码见下表。资质与利害关系不在文件之内，须另行查明。",
                "The package comes from the installation that the trust root lists, with the listed contract code; "
                "algorithms, witnesses and code stand below. Qualification and interests are not in the file.",
            ),
            "failed": ("安装或代码与信任根不符。", "Installation or code differ from the trust root."),
            "indeterminate": (
                "不能确认出自信任根所列的安装。",
                "Not shown to come from the listed installation.",
            ),
        },
    ),
    Part(
        ("在线诉讼规则 第十八条", "Online litigation rules, art. 18"),
        (
            "上链前是否真实：来源、生成、存储、第三方",
            "Was it true before: source, making, keeping, third parties?",
        ),
        (5, 6, 7, 8, 9, 10, 11, 12, 13, 20),
        (5, 6, 7, 8, 9, 10, 11, 12, 13),
        {
            "passed": (
                "身份核验、签名、授权和时间分别来自身份服务、双方密钥、登记员和时间戳机构，互相印证；过程事件齐全、次序正确。",
                "Identity, signatures, authority and times come from identity service, both parties' keys, registrar and "
                "time-stamping services, and agree; all events are there in order.",
            ),
            "failed": (
                "来源之间有矛盾，见不通过的步骤。",
                "The sources contradict each other: see the failed steps.",
            ),
            "indeterminate": (
                "来源不能全部印证，见无法判定的步骤。",
                "Not all sources are confirmed: see the undecided steps.",
            ),
        },
    ),
    Part(
        ("在线诉讼规则 第十九条", "Online litigation rules, art. 19"),
        ("需要鉴定或者专门意见时", "If an expert is to be heard"),
        (),
        (1,),
        {
            "passed": (
                "证据包为公开格式，含全部原始数据；可断网用两个互相独立的程序复核"
                "（concord verify --engine both，或单页验证程序）。",
                "The package is in an open format with all raw data; two independent programs check it offline "
                "(concord verify --engine both, or the single-page verifier).",
            ),
            "failed": (
                "文件不合规范，不能作为鉴定的基础。",
                "The file is malformed and no basis for an expert.",
            ),
            "indeterminate": ("文件未能读出。", "The file could not be read."),
        },
    ),
)

FACTORS: Final[tuple[Part, ...]] = (
    Part(
        ("电子签名法 第八条（一）", "Electronic signature law, art. 8 (1)"),
        ("生成、储存、传递方法的可靠性", "Making, keeping and sending"),
        (13, 14, 15, 16, 17, 18, 23),
    ),
    Part(
        ("电子签名法 第八条（二）", "Electronic signature law, art. 8 (2)"),
        ("保持内容完整性方法的可靠性", "Keeping the content complete"),
        (1, 2, 3, 4, 5, 6, 19, 20, 21),
    ),
    Part(
        ("电子签名法 第八条（三）", "Electronic signature law, art. 8 (3)"),
        ("鉴别发件人方法的可靠性", "Identifying the signatories"),
        (7, 8, 9, 10, 11, 12),
    ),
    Part(
        ("电子签名法 第八条（四）", "Electronic signature law, art. 8 (4)"),
        ("其他相关因素", "Other factors"),
        (22, 24),
    ),
)

NOT_CHECKED: Final[tuple[Text, ...]] = (
    (
        "检查点之后是否另有事件（例如更晚的“不是我签的”声明）",
        'Events later than the checkpoint, such as a later "this was not me"',
    ),
    (
        "时间戳机构、认证机构和身份服务本身是否诚实",
        "whether time-stamping services, CA and identity service are honest",
    ),
    (
        "签署之后、上链之前撤销的授权，除非包内有撤销声明",
        "an authority revoked between signing and anchoring, unless the package shows it",
    ),
    (
        "平台的资质、备案、等级保护，以及平台与当事人的利害关系",
        "the platform's qualification and filings, and its interests with the parties",
    ),
)

FACTS: Final[tuple[tuple[Text, int, str], ...]] = (
    (("合同标识", "Contract id"), 4, "contract_id"),
    (("承诺值", "Commitment"), 4, "commitment"),
    (("文件 SHA-256", "Document SHA-256"), 5, "sha256"),
    (("劳动者签名", "Worker signed"), 6, "Worker"),
    (("单位签名", "Employer signed"), 6, "Employer"),
    (("文档时间戳", "Document timestamp"), 6, "DocumentTimestamp"),
    (("身份核验等级", "Assurance level"), 8, "level"),
    (("单位钱包", "Employer's wallet"), 10, "wallet"),
    (("签署页面", "Signing page"), 13, "page_release"),
)

ALGORITHMS: Final[tuple[Text, Text]] = (
    ("算法", "Algorithms"),
    (
        "SHA-256；ECDSA P-256（文件、同意书）；ECDSA secp256k1/Keccak-256（EIP-712）；Ed25519（日志、见证）；"
        "RFC 3161；RFC 9162；RFC 8785",
        "SHA-256; ECDSA P-256 (document, consent); ECDSA secp256k1/Keccak-256 (EIP-712); Ed25519 (log, witnesses); RFC 3161; "
        "RFC 9162; RFC 8785",
    ),
)
WITNESSES: Final[Text] = ("见证人", "Witnesses")
COSIGNED: Final[Text] = ("（已联署）", " (cosigned)")
VALIDATORS: Final[Text] = ("链与日志", "Chain and log")
EMBEDDED: Final[Text] = ("链 {chain}，日志 {log}", "chain {chain}, log {log}")
JUDICIAL: Final[Text] = ("司法链", "Judicial chain")
EVIDENCE_NUMBER: Final[Text] = (
    "存证编号（可凭此向司法链查询）",
    "Evidence number (to ask the judicial chain)",
)
CODE: Final[Text] = ("合约代码哈希", "Contract code hashes")
RELEASE: Final[Text] = ("平台版本", "Platform release")
NONE: Final[Text] = ("无", "none")
