"""Laws of the shown grade for any run of months and days."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from api.risk.episodes.force import Outcome, Row, Settled, without_settled
from api.risk.episodes.grading import INSUFFICIENT, RED, UNKNOWN
from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, State
from tests.support.risk_story import GRADING, WEIGHTS, coverage

POINTS = ("GZ01", "GZ03", "SB01", "JY02", "LY01")


@st.composite
def histories(draw: st.DrawFn, most: int = 8) -> list[Observation]:
    """Months from January 2026 on, with daily runs between them."""
    made = []
    for number in range(draw(st.integers(1, most))):
        year, month = divmod(number, 12)
        monthly = (2026 + year) * 100 + month + 1
        day = date(2026 + year, month + 1, 5) + timedelta(days=31)
        for step, kind in enumerate([monthly, *draw(st.lists(st.none(), max_size=2))]):
            tiers = dict.fromkeys(WEIGHTS, 0)
            for point in POINTS:
                tiers[point] = draw(st.integers(0, 6))
            few = draw(st.booleans()) and draw(st.booleans())
            made.append(
                Observation(day + timedelta(days=step), tiers, 4000 if few else coverage(tiers), kind)
            )
    return made


def fold(seen: list[Observation], state: State | None = None) -> State:
    now = state or State()
    for one in seen:
        now = observe(now, one, GRADING).state
    return now


def rank(shown: int) -> int:
    return 0 if shown == INSUFFICIENT else shown


@given(histories(), st.sets(st.sampled_from(POINTS)))
def test_unknown_never_lowers(seen: list[Observation], hidden: set[str]) -> None:
    """Take the last run; hide what changed for the better: the grade is at least what it was."""
    before = fold(seen[:-1])
    last = seen[-1]
    carried = {p: max(before.held.get(p, 0), before.supports.get(p, 0)) for p in WEIGHTS}
    better = {p for p, t in last.tiers.items() if t < carried[p] or (t == 6 and carried[p])}
    tiers = {p: UNKNOWN if p in hidden | better else t for p, t in last.tiers.items()}
    after = observe(before, Observation(last.as_of, tiers, coverage(tiers), last.month), GRADING).state
    assert rank(after.shown) >= rank(before.shown)


@given(histories(), st.sets(st.sampled_from(POINTS), min_size=1), st.integers(1, 6))
def test_a_feed_that_goes_silent_keeps_the_light_for_ever(
    seen: list[Observation], gone: set[str], months: int
) -> None:
    state = fold(seen)
    if not set(state.supports) & gone:
        return
    day, month = seen[-1].as_of, state.month
    for number in range(months):
        month = month + 1 if month % 100 < 12 else month + 89
        tiers = {point: UNKNOWN if point in gone else 0 for point in WEIGHTS}
        after = observe(
            state, Observation(day + timedelta(days=31 * (number + 1)), tiers, 9000, month), GRADING
        )
        assert rank(after.state.shown) >= rank(state.shown)
        state = after.state


@given(histories())
def test_observing_twice_is_observing_once(seen: list[Observation]) -> None:
    state = State()
    for one in seen:
        first = observe(state, one, GRADING)
        second = observe(first.state, one, GRADING)
        assert second.state == first.state
        assert not second.opened
        assert not second.moved
        assert second.raised_from is None
        state = first.state


@given(histories(), st.data())
def test_an_old_run_that_comes_again_changes_nothing(seen: list[Observation], data: st.DataObject) -> None:
    """After everything was seen, any daily run of before may come again: the same state."""
    state = fold(seen)
    daily = [one for one in seen if one.month is None and one.as_of < seen[-1].as_of]
    if daily:
        again = data.draw(st.sampled_from(daily))
        assert observe(state, again, GRADING).state == state


@given(histories())
def test_the_state_survives_its_json_and_a_break(seen: list[Observation]) -> None:
    half = len(seen) // 2
    kept = State.of_json(fold(seen[:half]).to_json())
    assert fold(seen[half:], kept) == fold(seen)


@given(histories())
def test_shown_is_never_below_what_the_tiers_say_now(seen: list[Observation]) -> None:
    state = fold(seen)
    assert rank(state.shown) >= GRADING.grade(seen[-1].tiers).grade


@given(histories())
def test_an_episode_is_open_while_a_grade_is_shown_and_never_loses_height(seen: list[Observation]) -> None:
    state = State()
    for one in seen:
        after = observe(state, one, GRADING).state
        if rank(after.shown):
            assert after.episode is not None
            assert after.episode.grade >= after.shown
        if state.episode is not None:
            assert after.episode is not None
            assert after.episode.grade >= state.episode.grade
            assert after.episode.number == state.episode.number
        state = after


@settings(max_examples=200)
@given(
    st.lists(st.builds(Row, st.sampled_from(POINTS), st.sampled_from("ab"), st.integers(1, 4), st.sampled_from("xy"))),
    st.lists(
        st.builds(
            Settled,
            st.sampled_from(POINTS),
            st.sampled_from("ab"),
            st.integers(1, 4),
            st.sampled_from(Outcome),
            st.sampled_from("xy"),
            st.none() | st.just(date(2026, 1, 1)),
        )
    ),
    st.dictionaries(st.sampled_from(POINTS), st.integers(0, 6)),
)  # fmt: skip
def test_settled_rows_only_ever_take_away(
    rows: list[Row], settled: list[Settled], tiers: dict[str, int]
) -> None:
    counted = without_settled(tiers, rows, settled, date(2026, 6, 1)).tiers
    for point, tier in tiers.items():
        assert counted[point] <= tier
        if tier > RED:
            assert counted[point] == tier
