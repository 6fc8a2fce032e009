"""R07: working hours and weekly rest (劳动法 arts. 36, 38, 39; 国务院关于职工工作时间的规定 art. 3).

The Labour Law says 44 hours a week, the State Council's decree 40: the figure is a dated parameter.
"""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Severity, Terms

LAW = "《劳动法》第三十六条、第三十八条、第三十九条，《国务院关于职工工作时间的规定》第三条"


def permit_covers(terms: Terms) -> bool:
    """Whether a special-hours permit is named and is in force on the first day."""
    return (
        bool(terms.permit_number.strip())
        and terms.start_date is not None
        and terms.permit_from is not None
        and terms.permit_until is not None
        and terms.permit_from <= terms.start_date <= terms.permit_until
    )


def check(case: Case) -> list[Finding]:
    """BLOCK beyond the standard hours without a special-hours permit, or without a weekly rest day."""
    terms, figures = case.terms, case.figures
    if terms.hours_system != "standard":
        if not permit_covers(terms):
            return [
                _block(
                    "不定时或者综合计算工时要有劳动行政部门的批准，并在合同开始日有效。请填写批准文号和有效期。",
                    "Flexible or comprehensive working time needs the labour authority's permit, in force on the first"
                    " day. Please give its number and validity.",
                    {},
                )
            ]
        return [
            Finding(
                "R07",
                Severity.WARN,
                LAW,
                "M5",
                "特殊工时批准文号由单位自行填写，本平台未核验，请保证属实并覆盖本岗位。",
                "The special-hours permit is as stated by the employer and was not verified here.",
                {"permit": terms.permit_number},
            )
        ]
    findings: list[Finding] = []
    if terms.hours_per_day is not None and terms.hours_per_day > figures.day_hours:
        findings.append(
            _block(
                f"每日工作时间超过 {figures.day_hours} 小时。",
                f"More than {figures.day_hours} hours a day.",
                {"limit": str(figures.day_hours), "agreed": str(terms.hours_per_day)},
            )
        )
    if terms.hours_per_week is not None and terms.hours_per_week > figures.week_hours:
        findings.append(
            _block(
                f"每周工作时间超过 {figures.week_hours} 小时。",
                f"More than {figures.week_hours} hours a week.",
                {"limit": str(figures.week_hours), "agreed": str(terms.hours_per_week)},
            )
        )
    if terms.rest_days_per_week is not None and terms.rest_days_per_week < Decimal(1):
        findings.append(
            _block(
                "每周至少休息一日。",
                "There must be at least one rest day a week.",
                {"agreed": str(terms.rest_days_per_week)},
            )
        )
    return findings


def _block(zh: str, en: str, facts: dict[str, str | int]) -> Finding:
    return Finding("R07", Severity.BLOCK, LAW, "M5", zh, en, facts)
