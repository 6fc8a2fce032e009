"""R11: non-compete clauses (劳动合同法 arts. 23, 24): who, how long, against which monthly compensation."""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Severity

LAW = "《劳动合同法》第二十三条、第二十四条"
MOST_MONTHS = 24
ROLES = frozenset({"senior_manager", "senior_technician", "confidential"})


def check(case: Case) -> list[Finding]:
    """BLOCK beyond two years; WARN without compensation or for an ordinary worker."""
    terms = case.terms
    if not terms.noncompete_months:
        return []
    findings: list[Finding] = []
    if terms.noncompete_months > MOST_MONTHS:
        findings.append(
            _finding(
                Severity.BLOCK,
                "竞业限制期限不得超过二年。",
                "A non-compete period can't be longer than two years.",
                {"months": terms.noncompete_months},
            )
        )
    if terms.noncompete_role not in ROLES:
        findings.append(
            _finding(
                Severity.WARN,
                "竞业限制只适用于高级管理人员、高级技术人员和其他负有保密义务的人员，请确认这名劳动者属于哪一类。",
                "A non-compete is only for senior managers, senior technicians and others bound to secrecy. Please"
                " confirm which of them this worker is.",
                {},
            )
        )
    if terms.noncompete_monthly is None or terms.noncompete_monthly <= Decimal(0):
        findings.append(
            _finding(
                Severity.WARN,
                "没有写明竞业限制期间按月支付的经济补偿。",
                "No monthly compensation is stated for the non-compete period.",
                {},
            )
        )
    return findings


def _finding(severity: Severity, zh: str, en: str, facts: dict[str, str | int]) -> Finding:
    return Finding("R11", severity, LAW, "O3", zh, en, facts)
