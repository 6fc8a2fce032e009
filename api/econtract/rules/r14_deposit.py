"""R14: no deposit, no security, no keeping of identity papers (劳动合同法 arts. 9, 84)."""

from __future__ import annotations

from api.econtract.model import Case, Finding
from api.econtract.rules import free_text
from api.econtract.rules.free_text import pattern

LAW = "《劳动合同法》第九条、第八十四条"

_NOT = "不得|不收|不会|不向|不要求|不需|无需|无须|禁止|严禁|不准|不扣|未收|没有|退还|返还|无效|客户|房东|租房|招标|投标"

PATTERNS = (
    pattern(
        "deposit",
        "(收取|缴纳|交纳|缴|交付|支付|预交|预缴|上交|缴存|扣|交|收)(取|押|下|留|存)?.{0,14}"
        "(押金|保证金|风险金|风险抵押金|抵押金|担保金|服装费|入职费|岗位费)",
        _NOT,
        blocks=True,
    ),
    pattern(
        "papers-kept",
        "(扣押|扣留|代为保管|统一保管|保管|收存|收走|暂存|交由.{0,8}保管|上交|交给(甲方|公司|单位)|押).{0,14}"
        "(身份证|毕业证|学历证|学位证|资格证|护照|驾驶证|证件)",
        _NOT + "|复印件|自行保管|本人保管|妥善保管本人",
        blocks=True,
    ),
    pattern(
        "papers-kept-passive",
        "(身份证|毕业证|学历证|学位证|资格证|护照|证件)(原件)?.{0,8}(由|交).{0,10}(保管|扣押|收存|押存)",
        _NOT + "|复印件|由(乙方|本人|劳动者)",
        blocks=True,
    ),
    pattern(
        "guarantor",
        "(提供|找|须有|需有|要有).{0,8}(担保人|保证人|担保|抵押)",
        _NOT + "|甲方(应)?提供",
        blocks=False,
    ),
)


def check(case: Case) -> list[Finding]:
    """Findings for deposits, securities and kept papers."""
    return free_text.findings(
        case.terms,
        PATTERNS,
        rule="R14",
        law=LAW,
        zh="用人单位不得扣押证件，不得要求担保，也不得以任何名义向劳动者收取财物。",
        en="an employer may not keep papers, ask for security or collect money from a worker.",
    )
