"""R02: how long a probation may be (劳动合同法 arts. 19, 70).

"以上" includes and "不满" excludes the limit. Months are counted by the calendar (`api.kernel.calendars`): a probation
is judged by its end date, so "30 days" from 10 February ends after 9 March and is more than one month.
"""

from __future__ import annotations

from datetime import date

from api.econtract.model import Case, Finding, Form, Severity, Terms
from api.kernel.calendars import full_months, last_day_of_term

LAW = "《劳动合同法》第十九条、第七十条"


def longest(form: Form, start: date, end: date | None) -> int:
    """The most months of probation that the law allows for a contract of this form and term."""
    if form in (Form.TASK, Form.PART_TIME):
        return 0
    if form is Form.OPEN:
        return 6
    if end is None:
        return 0
    months = full_months(start, end)
    if months < 3:
        return 0
    if months < 12:
        return 1
    return 2 if months < 36 else 6


def check(case: Case) -> list[Finding]:
    """BLOCK when the probation ends later than allowed, outside the term, or is the whole contract."""
    terms = case.terms
    if terms.probation_end is None or terms.start_date is None:
        return []
    if terms.form is Form.FIXED and terms.end_date is None:
        return []
    return _check(terms, terms.start_date, terms.probation_end)


def _check(terms: Terms, start: date, probation_end: date) -> list[Finding]:
    most = longest(terms.form, start, terms.end_date)
    latest = last_day_of_term(start, most) if most else None
    facts: dict[str, str | int] = {
        "probation_end": probation_end.isoformat(),
        "most_months": most,
        "latest_end": latest.isoformat() if latest else "",
    }
    if probation_end < start:
        return [
            _finding(
                "试用期的结束日期早于合同开始日期。",
                "The probation ends before the contract starts.",
                facts,
            )
        ]
    if terms.form is Form.FIXED and terms.end_date is not None and probation_end >= terms.end_date:
        return [
            _finding(
                "试用期必须包含在合同期限之内；只约定试用期的，试用期不成立，该期限就是合同期限。",
                "The probation must lie inside the term. A contract that is only a probation has no probation at all.",
                facts,
            )
        ]
    if latest is None:
        return [
            _finding(
                "这份合同不能约定试用期（合同期限不满三个月，或者以完成一定工作任务为期限）。",
                "This contract can't have a probation (its term is under three months, or it is bound to a task).",
                facts,
            )
        ]
    if probation_end > latest:
        return [
            _finding(
                f"试用期太长：这份合同的试用期最多 {most} 个月，最晚到 {latest.isoformat()} 结束。",
                f"The probation is too long: at most {most} month(s), ending on {latest.isoformat()} at the latest.",
                facts,
            )
        ]
    return []


def _finding(zh: str, en: str, facts: dict[str, str | int]) -> Finding:
    return Finding("R02", Severity.BLOCK, LAW, "M3", zh, en, facts)
