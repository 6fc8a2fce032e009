"""R17: above the statutory retirement age (超龄劳动者基本权益保障暂行规定; delay schedule as dated parameter).

Delay in months = min(cap, ⌊m ÷ births per step⌋ + 1), m = months from the reference month to the month of birth,
0 when m < 0. The birthday itself counts as reached. A recorded, agreed delay keeps the worker under the Labour
Contract Law until it ends; a pension already drawn ends it. For women 50 or 55 can't be told from the ID number:
the kind of post must be stated.
"""

from __future__ import annotations

from datetime import date

from api.econtract.model import Case, Finding, Form, RetirementTrack, Severity, Terms
from api.econtract.rules import resident_id

LAW = "《超龄劳动者基本权益保障暂行规定》第二条、第六条、第二十三条"


def retirement_day(birth: date, track: RetirementTrack) -> date:
    """The day on which the statutory retirement age is reached."""
    months = (birth.year - track.reference_year) * 12 + birth.month - track.reference_month
    delay = min(track.cap_months, months // track.births_per_step + 1) if months >= 0 else 0
    return resident_id.reaches(birth, track.base_months + delay)


def track_name(sex: str, post_kind: str) -> str:
    """Which schedule applies: "male", "female_management" (55) or "female" (50)."""
    if sex == "male":
        return "male"
    return "female_management" if post_kind == "management_technical" else "female"


def check(case: Case) -> list[Finding]:
    """BLOCK over-age workers and pensioners: their form of agreement is not offered yet."""
    terms = case.terms
    if terms.form is Form.OVER_AGE:
        return [
            _not_offered(
                "用工协议（超龄劳动者）暂未开放。",
                "Agreements for workers over retirement age are not offered yet.",
            )
        ]
    if terms.drawing_pension:
        return [
            _not_offered(
                "劳动者已经享受基本养老保险待遇，不能订立劳动合同，应当订立用工协议；用工协议暂未开放。",
                "The worker already draws a pension: a work agreement is due instead, which is not offered yet.",
            )
        ]
    holder = resident_id.holder(terms)
    if holder is None or terms.start_date is None:
        return []
    return _by_age(case, terms, holder, terms.start_date)


def _by_age(case: Case, terms: Terms, holder: resident_id.Holder, start: date) -> list[Finding]:
    tracks = case.figures.retirement
    if holder.sex != "male" and terms.worker_post_kind not in ("management_technical", "other"):
        earliest = tracks.get("female")
        if earliest is None or start < retirement_day(holder.birth, earliest):
            return []
        return [
            Finding(
                "R17",
                Severity.BLOCK,
                LAW,
                "M4",
                "请选择岗位类别（管理或技术岗位，还是其他岗位）：女职工的退休年龄因此不同，身份证号码看不出来。",
                "Please say whether the post is a management or technical one: for women the retirement age depends on it.",
                {"item": "worker_post_kind"},
            )
        ]
    track = tracks.get(track_name(holder.sex, terms.worker_post_kind))
    if track is None:
        return []
    day = retirement_day(holder.birth, track)
    if start < day or (terms.delay_until is not None and start < terms.delay_until):
        return []
    return [
        _not_offered(
            f"劳动者在合同开始时已到法定退休年龄（{day.isoformat()}），又没有约定延迟退休的记录，应当订立用工协议；"
            "用工协议暂未开放。",
            f"On the first day the worker has reached retirement age ({day.isoformat()}) and no agreed delay is recorded:"
            " a work agreement is due instead, which is not offered yet.",
            {"retirement_day": day.isoformat()},
        )
    ]


def _not_offered(zh: str, en: str, facts: dict[str, str | int] | None = None) -> Finding:
    return Finding("R17", Severity.BLOCK, LAW, "M2", zh, en, facts or {})
