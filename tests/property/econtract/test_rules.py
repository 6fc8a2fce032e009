"""Rules are monotone: what is better for the worker never becomes unlawful by it; parsing never fails loudly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from api.econtract import composition, fields, template_library
from api.econtract.composition import Identity
from api.econtract.model import Case, Figures, Form, History, Terms
from api.econtract.rules import check, r02_probation_length, r04_probation_pay, r05_minimum_wage, resident_id
from api.kernel.calendars import full_months, last_day_of_term

DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
MONEY = st.decimals(Decimal(0), Decimal(100_000), places=2)
FIGURES = Figures(minimum_monthly=Decimal(2330))


def case(terms: Terms) -> Case:
    return Case(terms, FIGURES, History(), date(2026, 1, 1))


@given(DAYS, st.integers(0, 4000), st.integers(0, 400))
def test_a_shorter_probation_is_never_worse(start: date, length: int, probation: int) -> None:
    terms = Terms(
        start_date=start, end_date=start + timedelta(length), probation_end=start + timedelta(probation)
    )
    if not r02_probation_length.check(case(terms)) and probation > 0:
        shorter = replace(terms, probation_end=start + timedelta(probation - 1))
        assert r02_probation_length.check(case(shorter)) == []


@given(DAYS, st.integers(1, 60))
def test_a_term_of_n_months_has_n_full_months(start: date, months: int) -> None:
    end = last_day_of_term(start, months)
    assert full_months(start, end) == months
    assert full_months(start, end - timedelta(1)) == months - 1


@given(MONEY, MONEY, MONEY, st.none() | MONEY)
def test_more_pay_is_never_worse(
    pay: Decimal, more: Decimal, contract: Decimal, grade: Decimal | None
) -> None:
    terms = Terms(
        probation_end=date(2026, 2, 1), monthly_pay=contract, probation_pay=pay, lowest_grade_pay=grade
    )
    better = replace(terms, probation_pay=pay + more)
    if not r04_probation_pay.check(case(terms)):
        assert r04_probation_pay.check(case(better)) == []
    if not r05_minimum_wage.check(case(terms)):
        assert r05_minimum_wage.check(case(replace(terms, monthly_pay=contract + more))) == []


@given(st.text(alphabet="0123456789Xx", min_size=17, max_size=19))
def test_one_changed_digit_is_noticed(number: str) -> None:
    good = "500107199001010016"
    assert resident_id.read(good) is not None
    found = resident_id.read(number)
    assert found is None or len(number) == 18
    for place in range(17):
        other = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
        assert resident_id.read(other) is None


@given(
    st.dictionaries(
        st.sampled_from([field.name for field in fields.schema()]),
        st.text(max_size=60) | st.integers() | st.booleans(),
    ),
    st.sampled_from([Form.FIXED, Form.OPEN, Form.TASK]),
)
def test_whatever_is_typed_can_be_checked_and_composed(values: dict[str, object], form: Form) -> None:
    terms, errors = fields.parse(form, values, [])
    assert all(error.pointer.startswith("/fields/") for error in errors)
    findings = check(case(terms))
    assert all(finding.zh and finding.en for finding in findings)
    template = next(item for item in template_library.newest() if item.form is form)
    code = "a" * 26
    identity = Identity("0", 1, date(2026, 1, 1), code, f"https://example.test/d/{code}", True)
    data = composition.document(template, terms, identity)
    assert data["clauses"]
