"""When retention ends. Dates are Asia/Shanghai days."""

from __future__ import annotations

from datetime import date, timedelta

from api.kernel.errors import invalid

NOTICE = timedelta(days=30)
"""The purge is announced so long before (DESIGN §3: "for ever" means until the announced purge)."""
RETENTION_YEARS = 2
"""劳动合同法 art. 50: texts of ended contracts are kept at least two years."""
MAX_REASON = 200


def ended_before(today: date) -> date:
    """Contracts that ended before this day may be announced: their retention is over when the notice has run."""
    try:
        kept = today.replace(year=today.year - RETENTION_YEARS)
    except ValueError:  # 29 February
        kept = today.replace(year=today.year - RETENTION_YEARS, day=28)
    return kept


def check_hold(reason: str, case_no: str) -> tuple[str, str]:
    """Trimmed reason (2 to 200 characters) and case number (at most 80) of a hold; raises invalid."""
    reason, case_no = reason.strip(), case_no.strip()
    if not 2 <= len(reason) <= MAX_REASON:
        raise invalid("rights.hold_reason", pointer="reason")
    if len(case_no) > 80:
        raise invalid("rights.hold_case", pointer="case_no")
    return reason, case_no
