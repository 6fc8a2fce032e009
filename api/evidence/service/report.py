"""The evidence report: what the verifier found, under the four headings of article 8 of the electronic signature law.

The report is made from the verifier's result and nothing else; it claims no more than the steps did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from api.evidence.model import EvidenceReport, Package, ReportItem, ReportSection
from chain.trust_root import TrustRoot
from chain.verifier.outcome import Outcome
from chain.verifier.texts import OUTCOME_TEXTS, VERDICT_TEXTS, step_text, sub_text

Text = tuple[str, str]

TITLE: Final[Text] = ("电子证据核验报告", "Evidence verification report")
HEADINGS: Final[tuple[tuple[Text, tuple[int, ...]], ...]] = (
    (
        (
            "一、生成、储存或者传递数据电文方法的可靠性",
            "1. Reliability of the method by which the data message was generated, stored and transmitted",
        ),
        (13, 14, 15, 16, 17, 18),
    ),
    (
        ("二、保持内容完整性方法的可靠性", "2. Reliability of the method that keeps the content complete"),
        (1, 2, 3, 4, 5, 6, 19, 20),
    ),
    (
        ("三、用以鉴别发件人方法的可靠性", "3. Reliability of the method that identifies the signatories"),
        (7, 8, 9, 10, 11, 12),
    ),
)
OTHER: Final[Text] = ("四、其他相关因素", "4. Other relevant factors")
NOT_CHECKED: Final[tuple[Text, ...]] = (
    (
        "检查点之后是否另有事件（例如更晚的“不是我签的”声明）。",
        "Events later than the checkpoint, such as a later “this was not me”.",
    ),
    (
        "时间戳机构、认证机构和身份服务本身是否诚实：由信任根的使用者判断。",
        "Whether TSAs, CA and identity service are honest: for the trust root's user to judge.",
    ),
    (
        "签署之后、上链之前撤销的授权，除非包内有撤销声明或链上记录。",
        "An authority revoked between signing and anchoring, unless a statement or the chain shows it.",
    ),
)
_LABELS: Final[dict[str, Text]] = {
    "commitment": ("承诺值", "Commitment"),
    "contract": ("合同标识", "Contract id"),
    "document": ("文件摘要 SHA-256", "SHA-256 of the document"),
    "worker": ("劳动者签名时间", "Worker signed"),
    "employer": ("用人单位签名时间", "Employer signed"),
    "effective": ("文档时间戳", "Document timestamp"),
    "level": ("身份核验等级", "Assurance level"),
    "wallet": ("用人单位钱包", "Employer's wallet"),
    "checkpoint": ("检查点", "Checkpoint"),
    "release": ("平台版本", "Platform release"),
    "page": ("签署页面摘要", "Signing page release"),
}
_SOURCES: Final[tuple[tuple[str, int, str], ...]] = (
    ("contract", 4, "contract_id"),
    ("commitment", 4, "commitment"),
    ("document", 5, "sha256"),
    ("worker", 6, "Worker"),
    ("employer", 6, "Employer"),
    ("effective", 6, "DocumentTimestamp"),
    ("level", 8, "level"),
    ("wallet", 10, "wallet"),
    ("page", 13, "page_release"),
    ("checkpoint", 14, "size"),
    ("release", 3, "release"),
)
_ALGORITHMS: Final[Text] = (
    "SHA-256；ECDSA P-256（文件签名、同意书）；ECDSA secp256k1/Keccak-256（EIP-712）；Ed25519（日志）；"
    "RFC 3161 时间戳；RFC 9162 日志；RFC 8785 规范化 JSON",
    "SHA-256; ECDSA P-256 (document, consent); ECDSA secp256k1/Keccak-256 (EIP-712); Ed25519 (log); RFC 3161 tokens; "
    "RFC 9162 log; RFC 8785 canonical JSON",
)  # fmt: skip


def make_report(
    result: Mapping[str, Any], package: Package, root: TrustRoot, *, lang: str, now: datetime
) -> EvidenceReport:
    """Arrange a verification result under the law's headings; every step stands under exactly one."""
    which = 0 if lang == "zh" else 1
    steps = {int(step["no"]): step for step in result["steps"]}
    sections = []
    for number, (heading, members) in enumerate(HEADINGS, start=1):
        items = tuple(_item(steps[no], lang) for no in members if no in steps)
        sections.append(ReportSection(number, heading[which], items))
    facts = _facts(steps, which)
    others = (
        ReportItem(0, _ALGORITHMS[which], "", ""),
        ReportItem(
            0, (f"信任根指纹 {root.fingerprint}", f"Trust root fingerprint {root.fingerprint}")[which], "", ""
        ),
        *(ReportItem(0, text[which], "", ("未核验", "not checked")[which]) for text in NOT_CHECKED),
    )
    sections.append(ReportSection(4, OTHER[which], others))
    verdict = Outcome(result["verdict"])
    return EvidenceReport(
        lang=lang,
        title=TITLE[which],
        verdict=verdict.value,
        verdict_text=VERDICT_TEXTS[verdict][which],
        sections=tuple(sections),
        facts=facts,
        not_checked=tuple(text[which] for text in NOT_CHECKED),
        package_sha256=package.sha256,
        trust_root=root.fingerprint,
        test=root.test,
        made_at=now,
    )


def _item(step: Mapping[str, Any], lang: str) -> ReportItem:
    which = 0 if lang == "zh" else 1
    outcome = Outcome(step["outcome"])
    note = sub_text(str(step["sub_indication"]), dict(step["facts"]), lang)
    text = step_text(int(step["no"]), lang)
    return ReportItem(int(step["no"]), text, outcome.value, f"{OUTCOME_TEXTS[outcome][which]} {note}".strip())


def _facts(steps: Mapping[int, Mapping[str, Any]], which: int) -> tuple[tuple[str, str], ...]:
    found = []
    for label, no, member in _SOURCES:
        value = steps.get(no, {}).get("facts", {}).get(member)
        if value not in (None, ""):
            found.append((_LABELS[label][which], str(value)))
    return tuple(found)
