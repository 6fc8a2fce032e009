"""R04: pay during probation (劳动合同法 art. 20, 实施条例 art. 15).

Either base will do ("或者"): 80 % of the lowest grade of the same post, or 80 % of the contract wage; never below the
minimum wage. Without a stated lowest grade the contract wage is the only base.
"""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Severity
from api.kernel.money import yuan

LAW = "《劳动合同法》第二十条、《劳动合同法实施条例》第十五条"
SHARE = Decimal("0.80")


def check(case: Case) -> list[Finding]:
    """BLOCK below the floor; WARN when only the lowest grade makes it lawful."""
    terms = case.terms
    pay, contract = terms.probation_pay, terms.monthly_pay
    if terms.probation_end is None or pay is None or contract is None:
        return []
    by_contract = yuan(contract * SHARE)
    floor = by_contract
    if terms.lowest_grade_pay is not None:
        floor = min(floor, yuan(terms.lowest_grade_pay * SHARE))
    minimum = case.figures.minimum_monthly
    if minimum is not None and pay < minimum:
        return [
            Finding(
                "R04",
                Severity.BLOCK,
                LAW,
                "M6",
                f"试用期工资 {yuan(pay)} 元低于最低工资标准 {yuan(minimum)} 元。",
                f"The probation pay of {yuan(pay)} yuan is below the minimum wage of {yuan(minimum)} yuan.",
                {"probation_pay": str(yuan(pay)), "minimum": str(yuan(minimum))},
            )
        ]
    facts: dict[str, str | int] = {"probation_pay": str(yuan(pay)), "floor": str(floor)}
    if pay < floor:
        return [
            Finding(
                "R04",
                Severity.BLOCK,
                LAW,
                "M6",
                f"试用期工资 {yuan(pay)} 元太低，至少应为 {floor} 元（同岗位最低档工资或者合同工资的 80%）。",
                f"The probation pay of {yuan(pay)} yuan is too low: at least {floor} yuan (80 % of the lowest grade"
                " of the same post or of the contract wage).",
                facts,
            )
        ]
    if pay < by_contract:
        return [
            Finding(
                "R04",
                Severity.WARN,
                LAW,
                "M6",
                f"试用期工资低于合同工资的 80%（{by_contract} 元），只有在所填的同岗位最低档工资属实时才合法，请确认。",
                f"The probation pay is below 80 % of the contract wage ({by_contract} yuan). It is lawful only if the"
                " stated lowest grade of the same post is true. Please confirm.",
                facts,
            )
        ]
    return []
