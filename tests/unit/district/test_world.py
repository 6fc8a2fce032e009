"""The district has the shape that its documentation states: sizes, rates, seasons, stories."""

from __future__ import annotations

import polars as pl
import pytest

from scripts.district.calendar import SPRING_FESTIVAL, Month, months_until
from scripts.district.draws import Draws
from scripts.district.master import LARGEST, SECTIONS, enterprises
from scripts.district.monthly import Moment, hr_filing, si_month, tax_month
from scripts.district.state import state
from scripts.district.stories import CLUSTER, CLUSTER_SIZE, MUTABLE, NEUTRAL, STORIES, assign

MONTHS = months_until(Month(2026, 10), 36)
DRAWS = Draws(11)
COUNT = 12_000
BY_NAME = {story.name: story for story in STORIES}


@pytest.fixture(scope="module")
def master() -> pl.DataFrame:
    return assign(enterprises(DRAWS, COUNT, MONTHS), DRAWS, MONTHS)


def _sum(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].sum())


def _moment(master: pl.DataFrame, position: int) -> Moment:
    return Moment(state(master, DRAWS, MONTHS, position), MONTHS[position], position, DRAWS)


def test_sizes_are_pareto(master: pl.DataFrame) -> None:
    sizes = enterprises(DRAWS, COUNT, MONTHS)["size"].to_frame().filter(pl.col("size") > 0)["size"]
    for limit in (5, 25, 100):
        expected = limit**-1.08
        assert abs((sizes >= limit).mean() - expected) < 4 * (expected / COUNT) ** 0.5  # type: ignore[operator]
    assert 500 < int(str(sizes.max())) <= LARGEST


def test_every_section_and_town_is_there(master: pl.DataFrame) -> None:
    assert set(master["section"].to_list()) == {section for section, _ in SECTIONS}
    assert sum(share for _, share in SECTIONS) == 10_000
    assert master["town"].n_unique() == 19
    assert master["uscc"].n_unique() == COUNT


def _fair(master: pl.DataFrame, position: int) -> pl.DataFrame:
    """Without the few giants, whose own habit would decide the mean."""
    return master.filter((pl.col("size") < 60) & pl.col("story").is_null())


def test_stated_untidiness_is_what_comes_out(master: pl.DataFrame) -> None:
    at = _moment(_fair(master, 20), 20)
    filing, insured, tax = hr_filing(at), si_month(at), tax_month(at)
    unsigned = 1 - _sum(filing, "valid_contracts") / _sum(filing, "tenure30_persons")
    assert 0.014 < unsigned < 0.026
    at_work = at.state.filter(pl.col("workers") > 0)
    assert 0.022 < _sum(at_work, "uninsured_persons") / _sum(at_work, "workers") < 0.038
    paid = _sum(tax, "paid_persons")
    missing = paid - _sum(insured, "insured_persons") - _sum(insured, "excluded_persons")
    assert 0.02 < missing / paid < 0.06
    assert 0.006 < _sum(tax, "below_min_persons") / paid < 0.014


def test_seasons(master: pl.DataFrame) -> None:
    def at(month: Month) -> pl.DataFrame:
        return _moment(_fair(master, 0), MONTHS.index(month)).state

    spring, summer, festival, before = (
        at(Month(2026, 4)),
        at(Month(2026, 8)),
        at(Month(2026, 2)),
        at(Month(2026, 1)),
    )
    assert Month(2026, 2).festival
    assert Month(2026, 1).before_festival
    assert summer["usage"].mean() > 1.2 * spring["usage"].mean()  # type: ignore[operator]
    assert festival["usage"].mean() < 0.85 * spring["usage"].mean()  # type: ignore[operator]
    builders = pl.col("section") == "E"
    assert _sum(festival.filter(builders), "workers") < 0.95 * _sum(summer.filter(builders), "workers")
    each = pl.col("due_wages").sum() / pl.col("workers").sum()
    assert before.select(each).item() > 1.1 * spring.select(each).item()


def test_festival_days_fall_in_january_or_february() -> None:
    assert all(day.month in (1, 2) for day in SPRING_FESTIVAL.values())


def test_headcounts_add_up_from_month_to_month(master: pl.DataFrame) -> None:
    first, second = _moment(master, 12), _moment(master, 13)
    assert first.state["workers"].equals(second.state["staff_before"].alias("workers"))
    rows = si_month(second).join(second.state.select("serial", "workers", "staff_before"), on="serial")
    moved = rows["staff_start"] + rows["joiners"] - rows["leavers"]
    assert (moved == rows["workers"]).mean() > 0.98  # type: ignore[operator]


def test_stories_are_well_formed() -> None:
    for story in STORIES:
        assert set(story.curves) <= set(NEUTRAL), story.name
        assert set(MUTABLE) <= set(NEUTRAL)
        assert (story.harm is None) or any(act.age == story.harm_age for act in story.acts), story.name
        assert all(1 <= act.day <= 28 for act in story.acts)
        assert all(len(values) <= story.length for values in story.curves.values())


def test_leading_signs_come_before_the_harm() -> None:
    story = BY_NAME["wage_arrears"]
    assert story.curve("power")[2] < 8_000
    assert all(share == 10_000 for share in story.curve("paid")[:4])
    assert story.harm_age > 4
    assert not BY_NAME["sudden_dispute"].curves


def test_each_story_is_lived_at_its_rate(master: pl.DataFrame) -> None:
    counts = dict(master["story"].drop_nulls().value_counts().iter_rows())
    for story in STORIES:
        assert counts[story.name] == max(3, COUNT * story.rate // 10_000)
    told = master.filter(pl.col("story").is_not_null() & (pl.col("story") != CLUSTER))
    smallest = told["story"].replace_strict(
        {story.name: story.smallest for story in STORIES}, return_dtype=pl.Int64
    )
    assert (told["size"] >= smallest).all()


def test_clusters_share_their_addresses_and_have_nobody(master: pl.DataFrame) -> None:
    paper = master.filter(pl.col("story") == CLUSTER)
    assert (paper["size"] == 0).all()
    shared = paper["address"].value_counts()["count"].to_list()
    assert max(shared) == CLUSTER_SIZE
    assert sum(shared) == paper.height


def test_arrears_story_shows_in_the_month_it_should(master: pl.DataFrame) -> None:
    early = master.filter(
        (pl.col("story") == "wage_arrears") & (pl.col("pace") == 1) & (pl.col("onset") < 20)
    )
    assert early.height > 5
    for row in early.iter_rows(named=True):
        one = master.filter(pl.col("serial") == row["serial"])
        before, late = _moment(one, row["onset"] - 1).state, _moment(one, row["onset"] + 6).state
        assert before["paid"].item() == 10_000
        assert late["paid"].item() == 0
        assert late["staff"].item() == 8_000


def test_nobody_is_registered_before_being_founded(master: pl.DataFrame) -> None:
    """A register that names a founding in the future is refused."""
    for position in (0, 11, 30):
        known = master.filter(pl.col("starts") <= position)
        assert (known["established_on"] <= MONTHS[position].last).all()


def test_some_signs_are_muted(master: pl.DataFrame) -> None:
    rows = master.filter(pl.col("story") == "wage_arrears")
    shown = [
        _moment(rows.filter(pl.col("onset") == onset), onset + 6)
        .state.filter(pl.col("pace") == 1)["power"]
        .to_list()
        for onset in range(4, 29)
    ]
    powers = [power for powers in shown for power in powers]
    assert 0 < powers.count(10_000) < len(powers) / 2


def test_an_enterprise_that_fled_has_nobody_afterwards(master: pl.DataFrame) -> None:
    fled = master.filter((pl.col("story") == "fled_boss") & (pl.col("onset") < 20))
    for row in fled.iter_rows(named=True):
        after = _moment(master.filter(pl.col("serial") == row["serial"]), row["onset"] + 4 * row["pace"] + 3)
        assert after.state["workers"].item() == 0


def test_seasonal_stories_begin_before_a_festival(master: pl.DataFrame) -> None:
    onsets = master.filter(pl.col("story") == "seasonal_false_alarm")["onset"].unique().to_list()
    assert onsets
    assert all(MONTHS[onset].before_festival for onset in onsets)
