"""R06: part-time work 非全日制用工 (劳动合同法 arts. 68–72): not offered here yet, its limits are shown all the same."""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Form, Severity

LAW = "《劳动合同法》第六十八条至第七十二条"
DAY_HOURS = Decimal(4)
WEEK_HOURS = Decimal(24)
CYCLE_DAYS = 15


def check(case: Case) -> list[Finding]:
    """BLOCK: the form is refused; further BLOCKs for what would be unlawful in it."""
    terms = case.terms
    if terms.form is not Form.PART_TIME:
        return []
    findings = [_finding("M3", "非全日制用工合同暂未开放。", "Part-time contracts are not offered yet.")]
    if terms.hours_per_day is not None and terms.hours_per_day > DAY_HOURS:
        findings.append(
            _finding(
                "M5", "非全日制用工平均每日不超过 4 小时。", "Part-time work averages at most 4 hours a day."
            )
        )
    if terms.hours_per_week is not None and terms.hours_per_week > WEEK_HOURS:
        findings.append(
            _finding(
                "M5", "非全日制用工每周累计不超过 24 小时。", "Part-time work is at most 24 hours a week."
            )
        )
    minimum = case.figures.minimum_hourly
    if minimum is not None and terms.hourly_pay is not None and terms.hourly_pay < minimum:
        findings.append(
            _finding(
                "M6",
                f"小时工资低于小时最低工资标准 {minimum} 元。",
                f"The hourly pay is below the hourly minimum of {minimum} yuan.",
            )
        )
    if terms.pay_cycle_days is not None and terms.pay_cycle_days > CYCLE_DAYS:
        findings.append(
            _finding(
                "M6",
                "非全日制用工工资结算周期最长 15 天。",
                "Part-time wages are paid at least every 15 days.",
            )
        )
    if terms.probation_end is not None:
        findings.append(
            _finding("M3", "非全日制用工不得约定试用期。", "Part-time work can't have a probation.")
        )
    return findings


def _finding(clause: str, zh: str, en: str) -> Finding:
    return Finding("R06", Severity.BLOCK, LAW, clause, zh, en)
