"""R05: monthly pay for full attendance is not below the local minimum wage (最低工资规定 art. 12).

Overtime pay, special-environment allowances and statutory benefits don't count. The place of work decides; the
employer's seat only if its standard is higher and the parties agree on it (实施条例 art. 14). Annual, piece,
commission or daily pay needs a guaranteed monthly floor.
"""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Severity
from api.kernel.money import yuan

LAW = "《最低工资规定》第十二条、《劳动合同法实施条例》第十四条"


def check(case: Case) -> list[Finding]:
    """BLOCK below the minimum or without a guaranteed floor; INFO when no figure is known for the place."""
    terms, figures = case.terms, case.figures
    minimum = figures.minimum_monthly
    if minimum is None:
        return [
            Finding(
                "R05",
                Severity.INFO,
                LAW,
                "M6",
                "没有这个工作地点的最低工资数据，这一项未检查，请自行核对。",
                "No minimum wage is on record for this place of work: this point was not checked.",
            )
        ]
    if terms.seat_standard_agreed and figures.seat_minimum_monthly is not None:
        minimum = max(minimum, figures.seat_minimum_monthly)
    if terms.pay_kind == "monthly":
        if terms.monthly_pay is None:
            return []
        counted = terms.monthly_pay - (terms.pay_excluded or Decimal(0))
    else:
        if terms.guaranteed_monthly is None:
            return [
                Finding(
                    "R05",
                    Severity.BLOCK,
                    LAW,
                    "M6",
                    "计件、提成、年薪或者日薪的合同，必须写明正常出勤时每月保底工资。",
                    "Pay by piece, commission, year or day needs a guaranteed monthly amount for full attendance.",
                    {"minimum": str(yuan(minimum))},
                )
            ]
        counted = terms.guaranteed_monthly
    if counted >= minimum:
        return []
    return [
        Finding(
            "R05",
            Severity.BLOCK,
            LAW,
            "M6",
            f"不含加班费、特殊津贴和法定福利的月工资为 {yuan(counted)} 元，低于最低工资标准 {yuan(minimum)} 元。",
            f"The monthly pay without overtime, special allowances and statutory benefits is {yuan(counted)} yuan,"
            f" below the minimum wage of {yuan(minimum)} yuan.",
            {"counted": str(yuan(counted)), "minimum": str(yuan(minimum)), "source": figures.minimum_source},
        )
    ]
