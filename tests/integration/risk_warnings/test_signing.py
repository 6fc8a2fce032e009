"""Issue: by a person's signature, or, red, by two hours' silence; raising waits for a signature again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.infra.audit import AuditRow
from api.kernel.errors import DomainError
from api.kernel.events import WarningIssued, WarningRaised
from api.risk.service.warnings import Warnings
from api.risk.tables import WarningRow
from tests.support.risk_district import START, District
from tests.support.slice_application import person

FEB = date(2026, 2, 5)
ANALYST = person("risk_analyst")


def lit(district: District, text: str = "GZ01 R") -> WarningRow:
    district.hear(WarningIssued, WarningRaised)
    district.departments.say(START, 1, text)
    district.month(202601, FEB)
    return only(district)


def only(district: District) -> WarningRow:
    with district.database.read() as session:
        return session.scalars(select(WarningRow)).one()


def test_a_person_signs_what_he_saw(district: District, warnings: Warnings) -> None:
    warning = lit(district)
    now = district.later(minutes=30)
    warnings.sign(ANALYST, warning.id, 4)
    signed = only(district)
    assert (signed.state, signed.grade, signed.pending, signed.auto) == ("issued", 4, 0, False)
    assert (signed.signed_by, signed.issued_at) == (ANALYST.actor, now)
    assert district.events == [
        WarningIssued(
            warning.id, warning.episode_id, 1, 4, "500107002", now, False, START + timedelta(hours=2)
        )
    ]
    (draft,) = district.record.drafts
    assert (draft.stream, draft.type, draft.actor) == (f"warning/{warning.id}", "risk.W01/1", ANALYST.actor)
    assert draft.payload == {
        "grade": 4,
        "input": warning.input_hash,
        "ruleset": district.rulesets.ref.hash,
        "auto": False,
        "signed_by": ANALYST.actor,
    }
    with district.database.read() as session:
        assert session.scalars(select(AuditRow.action)).all() == ["risk.warning_signed"]
    with pytest.raises(DomainError, match=r"risk\.nothing_to_sign"):
        warnings.sign(ANALYST, warning.id, 4)


def test_another_grade_than_what_waits_is_not_signed(district: District, warnings: Warnings) -> None:
    warning = lit(district)
    with pytest.raises(DomainError, match=r"risk\.grade_changed"):
        warnings.sign(ANALYST, warning.id, 3)
    with pytest.raises(DomainError, match="role_required"):
        warnings.sign(person("street_officer"), warning.id, 4)
    with pytest.raises(DomainError, match="not_found"):
        warnings.sign(ANALYST, "x" * 26, 4)
    assert only(district).state == "proposed"


def test_red_issues_itself_after_two_hours_and_says_so(district: District, warnings: Warnings) -> None:
    lit(district)
    district.later(hours=1, minutes=59)
    assert warnings.issue_due() == 0
    now = district.later(minutes=1)
    assert warnings.issue_due() == 1
    signed = only(district)
    assert (signed.state, signed.grade, signed.auto, signed.signed_by) == ("issued", 4, True, "")
    assert [e.auto for e in district.events if isinstance(e, WarningIssued)] == [True]
    assert district.record.drafts[0].actor == "risk-run"
    assert signed.issued_at == now
    assert warnings.issue_due() == 0


def test_what_is_not_red_waits_for_a_person_however_long(district: District, warnings: Warnings) -> None:
    lit(district, "JY02 R")
    district.later(days=30)
    assert warnings.issue_due() == 0
    assert (only(district).state, only(district).pending) == ("proposed", 3)


def test_a_raise_waits_for_a_signature_and_red_does_not_wait_for_ever(
    district: District, warnings: Warnings
) -> None:
    warning = lit(district, "SB01 Y")
    warnings.sign(ANALYST, warning.id, 1)
    district.departments.say(START, 1, "SB01 O", first=date(2026, 2, 10))
    district.today(date(2026, 2, 10))
    assert (only(district).grade, only(district).pending, only(district).due_signoff) == (1, 2, None)
    district.departments.say(START, 1, "SB01 R", first=date(2026, 2, 11))
    district.today(date(2026, 2, 11))
    now = district.later(hours=2)
    assert warnings.issue_due() == 1
    raised = only(district)
    assert (raised.grade, raised.pending, raised.auto, raised.raised_at) == (4, 0, True, now)
    assert district.events[-1] == WarningRaised(warning.id, warning.episode_id, 1, 4, now)
    assert [draft.type for draft in district.record.drafts] == ["risk.W01/1", "risk.W02/1"]
