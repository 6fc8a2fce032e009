"""R15: clauses that are void: waivers of insurance, of injury claims, of overtime pay, bans on marriage and birth
(劳动合同法 art. 26; 妇女权益保障法; 社会保险法)."""

from __future__ import annotations

from api.econtract.model import Case, Finding
from api.econtract.rules import free_text
from api.econtract.rules.free_text import pattern

LAW = "《劳动合同法》第二十六条、《劳动法》第七十二条"

_NOT = "不得以|不得约定|不得要求|不得因|不因|不能因|无效|禁止|严禁|不得强迫|不得变相|不影响|不得限制|有权|甲方应当支付|甲方应支付"

PATTERNS = (
    pattern(
        "no-insurance",
        "(放弃|不(再)?(为.{1,6})?(缴纳|缴|办理|参加|购买|上|交|买)).{0,8}(社会保险|社保|五险|养老保险|保险费)",
        _NOT + "|不得放弃|不得不|补缴",
        blocks=True,
    ),
    pattern(
        "insurance-in-cash",
        "(社会保险|社保|五险)(费|补贴)?.{0,12}(折算|折现|以现金|随工资|计入工资|包含在工资).{0,8}(发放|支付|发给|内)?",
        _NOT + "|不折|不以现金|个人(应|缴)|代扣",
        blocks=True,
    ),
    pattern(
        "injury-at-own-risk",
        "(工伤|伤亡|事故|受伤|意外|伤残|职业病).{0,24}(自负|自理|自行(承担|负责)|由(乙方|本人|劳动者)(自己)?(承担|负责)|概不负责|"
        "与(甲方|公司|单位)无关|(甲方|公司|单位)(一律)?不(承担|负|赔))",
        _NOT + "|不得自|下班后|故意犯罪",
        blocks=True,
    ),
    pattern(
        "no-marriage",
        "(合同期|在职|工作期|期间|聘用期|[一二两三四五六七八九十0-9]+年内|乙方|劳动者|女职工|员工).{0,12}"
        "(不得|不准|不能|不可|不允许|不许|承诺不|保证不)(谈|再)?(恋爱|结婚|怀孕|生育|生孩子|要孩子)",
        _NOT,
        blocks=True,
    ),
    pattern(
        "leave-when-pregnant",
        "(怀孕|结婚|生育).{0,10}(视为(自动)?(辞职|离职)|自动离职|自动辞职|应当?(主动)?辞职|须(主动)?辞职|解除(劳动)?合同|辞退)",
        _NOT + "|不得",
        blocks=True,
    ),
    pattern(
        "no-overtime-pay",
        "((放弃|不(再)?(支付|计发|发放|计算|享受|给付|主张|索要)|没有|无).{0,6}加班(费|工资|报酬)|加班.{0,12}(无偿|不另(行)?(支付|计)|"
        "不计(报酬|加班)|视为自愿奉献))",
        _NOT + "|不安排加班|没有加班的|调休|补休|不得不",
        blocks=True,
    ),
)


def check(case: Case) -> list[Finding]:
    """Findings for wordings that take a right away from the worker."""
    return free_text.findings(
        case.terms,
        PATTERNS,
        rule="R15",
        law=LAW,
        zh="免除用人单位法定责任、排除劳动者权利的约定无效。",
        en="an agreement that frees the employer of a legal duty or takes away a worker's right is void.",
    )
