"""R16: nobody under 16; special protection from 16 to 18 (劳动法 arts. 15, 58; 禁止使用童工规定 art. 2)."""

from __future__ import annotations

from api.econtract.model import Case, Finding, Severity
from api.econtract.rules import resident_id

LAW = "《劳动法》第十五条、第五十八条，《禁止使用童工规定》第二条"
CHILD = 16 * 12
ADULT = 18 * 12


def check(case: Case) -> list[Finding]:
    """BLOCK below 16 on the first working day; WARN below 18."""
    terms = case.terms
    holder = resident_id.holder(terms)
    first = terms.employment_start or terms.start_date
    if holder is None or first is None:
        return []
    if first < resident_id.reaches(holder.birth, CHILD):
        return [
            Finding(
                "R16",
                Severity.BLOCK,
                LAW,
                "M2",
                "劳动者在开始工作时不满十六周岁，任何单位都不得招用。",
                "The worker is under sixteen on the first working day. Nobody may employ a child.",
            )
        ]
    if first < resident_id.reaches(holder.birth, ADULT):
        return [
            Finding(
                "R16",
                Severity.WARN,
                LAW,
                "M2",
                "劳动者是未成年工（已满十六周岁未满十八周岁），不得安排禁忌劳动，并须定期体检、办理登记。",
                "The worker is between sixteen and eighteen: no forbidden work, regular health checks, registration.",
            )
        ]
    return []
