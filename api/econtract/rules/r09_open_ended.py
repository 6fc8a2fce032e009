"""R09: when an open-ended contract is due (劳动合同法 art. 14): ten years, or two fixed terms in a row."""

from __future__ import annotations

from datetime import date

from api.econtract.model import Case, Finding, Form, Severity
from api.econtract.rules.resident_id import reaches

LAW = "《劳动合同法》第十四条"
TEN_YEARS = 120


def check(case: Case) -> list[Finding]:
    """BLOCK a fixed-term offer unless the worker's own request is recorded."""
    terms, history = case.terms, case.history
    if terms.form is not Form.FIXED or terms.worker_requested_fixed or terms.start_date is None:
        return []
    since = history.employed_since
    if since is not None and _ten_years(since, terms.start_date):
        why_zh, why_en = "连续工作满十年", "has worked here for ten years without a break"
    elif history.consecutive_fixed_terms >= 2:
        why_zh, why_en = "已连续订立两次固定期限劳动合同", "has had two fixed-term contracts in a row"
    else:
        return []
    return [
        Finding(
            "R09",
            Severity.BLOCK,
            LAW,
            "M3",
            f"劳动者{why_zh}，除劳动者本人提出订立固定期限合同外，应当订立无固定期限劳动合同。",
            f"The worker {why_en}: an open-ended contract is due unless the worker asked for a fixed term.",
            {"fixed_terms": history.consecutive_fixed_terms},
        )
    ]


def _ten_years(since: date, start: date) -> bool:
    return reaches(since, TEN_YEARS) <= start
