"""R03: the same employer and worker may agree on a probation only once (劳动合同法 art. 19)."""

from __future__ import annotations

from api.econtract.model import Case, Finding, Severity

LAW = "《劳动合同法》第十九条"


def check(case: Case) -> list[Finding]:
    """BLOCK when a probation is agreed although an earlier contract had one, on this platform or as stated."""
    terms = case.terms
    if terms.probation_end is None or not (case.history.had_probation or terms.probation_before):
        return []
    return [
        Finding(
            "R03",
            Severity.BLOCK,
            LAW,
            "M3",
            "这名劳动者以前在本单位已经约定过试用期。同一单位和同一劳动者只能约定一次试用期，请删除试用期。",
            "This worker has already had a probation with this employer. It can be agreed only once: please remove it.",
            {"known_here": int(case.history.had_probation)},
        )
    ]
