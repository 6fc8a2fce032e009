"""R10: a written contract within one month of the first working day (劳动合同法 arts. 10, 14, 82; 实施条例 arts. 5–7).

A first day in the past is allowed: the contract is then concluded afterwards 补签, shown as such, never back-dated.
"""

from __future__ import annotations

from datetime import date, timedelta

from api.econtract.model import Case, Finding, Severity
from api.kernel.calendars import last_day_of_term

LAW = "《劳动合同法》第十条、第十四条、第八十二条，《劳动合同法实施条例》第五条至第七条"
WARN_DAY = 15
ALERT_DAY = 25


def first_day(case: Case) -> date | None:
    """The first working day: as stated, else the contract's start."""
    return case.terms.employment_start or case.terms.start_date


def is_late_signing(case: Case) -> bool:
    """Whether the work began before today: the contract is signed afterwards."""
    first = first_day(case)
    return first is not None and first < case.today


def check(case: Case) -> list[Finding]:
    """INFO for any contract signed afterwards; WARN from day 15, and what the law attaches after a month and a year."""
    first = first_day(case)
    if first is None or first >= case.today:
        return []
    days = (case.today - first).days + 1
    facts: dict[str, str | int] = {"first_day": first.isoformat(), "days": days}
    month_end = last_day_of_term(first, 1)
    year_end = last_day_of_term(first, 12)
    if case.today > year_end:
        return [
            _finding(
                Severity.WARN,
                f"补签：劳动者自 {first} 起用工，已满一年未订立书面劳动合同，依法视为已订立无固定期限劳动合同；"
                f"自 {_after(first)} 至 {year_end} 应当每月支付二倍工资。补签不改变这一责任，合同不会倒签日期。",
                f"Signed afterwards: the work began on {first}. After one year without a written contract an open-ended"
                f" contract is deemed concluded, and double wages are due from {_after(first)} to {year_end}. Signing now"
                " doesn't change this, and nothing is back-dated.",
                facts,
            )
        ]
    if case.today > month_end:
        return [
            _finding(
                Severity.WARN,
                f"补签：劳动者自 {first} 起用工，超过一个月未订立书面劳动合同，自 {_after(first)} 起到补签前一日应当"
                "每月支付二倍工资。补签不改变这一责任，合同不会倒签日期。",
                f"Signed afterwards: the work began on {first}, more than one month ago. Double wages are due from"
                f" {_after(first)} to the day before signing. Signing now doesn't change this; nothing is back-dated.",
                facts,
            )
        ]
    severity = Severity.WARN if days >= WARN_DAY else Severity.INFO
    urgent = days >= ALERT_DAY
    return [
        _finding(
            severity,
            f"补签：劳动者自 {first} 起用工，今天是第 {days} 天，应当在 {month_end} 以前签完"
            + ("，期限将满，请尽快。" if urgent else "。"),
            f"Signed afterwards: the work began on {first}, today is day {days}. Both must sign by {month_end}"
            + (": very little time is left." if urgent else "."),
            {**facts, "urgent": int(urgent)},
        )
    ]


def _after(first: date) -> date:
    """First day of double wages: the day after the first month is over."""
    return last_day_of_term(first, 1) + timedelta(days=1)


def _finding(severity: Severity, zh: str, en: str, facts: dict[str, str | int]) -> Finding:
    return Finding("R10", severity, LAW, "M3", zh, en, facts)
