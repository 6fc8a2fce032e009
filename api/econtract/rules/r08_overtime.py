"""R08: overtime agreed beforehand (劳动法 art. 41): one hour a day is usual, three a day and 36 a month the limit."""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Severity

LAW = "《劳动法》第四十一条"
USUAL_DAY = Decimal(1)
MOST_DAY = Decimal(3)
MOST_MONTH = Decimal(36)


def check(case: Case) -> list[Finding]:
    """BLOCK above three hours a day or 36 a month; WARN above one hour a day."""
    day, month = case.terms.overtime_per_day, case.terms.overtime_per_month
    findings: list[Finding] = []
    if day is not None and day > MOST_DAY:
        findings.append(
            _finding(
                Severity.BLOCK, "约定的加班每日超过 3 小时。", "More than 3 hours of overtime a day.", day
            )
        )
    elif day is not None and day > USUAL_DAY:
        findings.append(
            _finding(
                Severity.WARN,
                "加班一般每日不超过 1 小时；确有特殊原因的，每日最多 3 小时，并须与工会和劳动者协商。",
                "Overtime is usually at most 1 hour a day; for special reasons at most 3, agreed with union and worker.",
                day,
            )
        )
    if month is not None and month > MOST_MONTH:
        findings.append(
            _finding(
                Severity.BLOCK,
                "约定的加班每月超过 36 小时。",
                "More than 36 hours of overtime a month.",
                month,
            )
        )
    return findings


def _finding(severity: Severity, zh: str, en: str, agreed: Decimal) -> Finding:
    return Finding("R08", severity, LAW, "M5", zh, en, {"agreed": str(agreed)})
