"""R20: labour dispatch 劳务派遣 (劳动合同法 arts. 58, 66; 实施条例 art. 30): not offered here yet, limits shown."""

from __future__ import annotations

from api.econtract.model import Case, Finding, Form, Severity
from api.kernel.calendars import full_months

LAW = "《劳动合同法》第五十八条、第六十六条，《劳动合同法实施条例》第三十条"
LEAST_MONTHS = 24
POST_KINDS = frozenset({"temporary", "auxiliary", "substitute"})


def check(case: Case) -> list[Finding]:
    """BLOCK: the form is refused; further BLOCKs for a short term or a post that can't be dispatched."""
    terms = case.terms
    if terms.form is not Form.DISPATCH:
        return []
    findings = [_finding("M3", "劳务派遣劳动合同暂未开放。", "Dispatch contracts are not offered yet.")]
    if terms.start_date and (
        not terms.end_date or full_months(terms.start_date, terms.end_date) < LEAST_MONTHS
    ):
        findings.append(
            _finding(
                "M3",
                "劳务派遣单位应当订立二年以上的固定期限劳动合同。",
                "A dispatch contract has a fixed term of at least two years.",
            )
        )
    if terms.dispatch_post_kind not in POST_KINDS:
        findings.append(
            _finding(
                "M4",
                "劳务派遣只能用于临时性、辅助性或者替代性岗位。",
                "Dispatch is only for temporary, auxiliary or substitute posts.",
            )
        )
    return findings


def _finding(clause: str, zh: str, en: str) -> Finding:
    return Finding("R20", Severity.BLOCK, LAW, clause, zh, en)
