"""Terms: whole months and last days are each other's inverse, whatever the calendar does."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.kernel.calendars import full_months, last_day_of_term

days = st.dates(date(1990, 1, 1), date(2080, 1, 1))
months = st.integers(1, 400)


@given(days, months)
def test_the_last_day_completes_the_term_and_the_day_before_does_not(start: date, n: int) -> None:
    last = last_day_of_term(start, n)
    assert full_months(start, last) == n
    assert full_months(start, last - timedelta(days=1)) == n - 1


@given(days, months)
def test_longer_terms_end_later(start: date, n: int) -> None:
    assert last_day_of_term(start, n) < last_day_of_term(start, n + 1)
