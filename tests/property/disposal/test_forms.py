"""Merging what phones wrote while offline is a join: no order, no repetition matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from api.disposal.rules.forms import Answer, Form, Photo, Stamp, merge

DEVICES = st.sampled_from(["a" * 26, "b" * 26, "c" * 26])
START = datetime(2026, 3, 2, tzinfo=UTC)

answers = st.builds(
    Answer,
    st.sampled_from(["yes", "no", "unknown"]),
    st.builds(Stamp, st.integers(1, 4), DEVICES),
    st.sampled_from(["2026-03-02T00:00:00+00:00", "2026-03-02T01:00:00+00:00"]),
)
digests = st.sampled_from(["11" * 32, "22" * 32, "33" * 32])


@st.composite
def forms(draw: st.DrawFn) -> Form:
    photos = {
        digest: Photo(digest, START + timedelta(minutes=draw(st.integers(0, 3))), draw(DEVICES))
        for digest in draw(st.sets(digests))
    }
    fields = draw(st.dictionaries(st.sampled_from(["premises", "operating", "insured"]), answers))
    return Form(fields, photos)


@settings(deadline=None, max_examples=150)
@given(st.lists(forms(), min_size=1, max_size=5), st.randoms())
def test_any_order_with_repetitions_gives_the_same_form(parts: list[Form], random: object) -> None:
    shuffled = [*parts, *parts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    empty = Form()
    assert reduce(merge, shuffled, empty) == reduce(merge, parts, empty)


@settings(deadline=None, max_examples=150)
@given(forms(), forms(), forms())
def test_merging_groups_freely(a: Form, b: Form, c: Form) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), b) == merge(a, b)


@settings(deadline=None, max_examples=100)
@given(forms(), forms())
def test_nothing_is_lost(a: Form, b: Form) -> None:
    both = merge(a, b)
    assert set(both.photos) == set(a.photos) | set(b.photos)
    assert set(both.answers) == set(a.answers) | set(b.answers)
    for name, answer in both.answers.items():
        assert answer in (a.answers.get(name), b.answers.get(name))
