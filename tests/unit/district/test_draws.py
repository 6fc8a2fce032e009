from __future__ import annotations

import polars as pl
import pytest

from scripts.district.draws import KEY, Draws, mix, mixed


def test_both_mixers_give_the_same_numbers() -> None:
    values = [0, 1, 2**31, 2**63, 2**64 - 1, 0x9E3779B97F4A7C15]
    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.UInt64)})
    assert frame.select(mixed(pl.col("v"))).to_series().to_list() == [mix(value) for value in values]


def test_splitmix64_reference() -> None:
    # first output of SplitMix64 with seed 1234567, from the published reference implementation
    assert mix((1234567 + 0x9E3779B97F4A7C15) % 2**64) == 6457827717110365317


def test_a_column_and_a_single_draw_agree() -> None:
    draws = Draws(3)
    frame = pl.DataFrame({"serial": [0, 5, 77]}).with_columns(draws.keys(pl.col("serial")).alias(KEY))
    assert frame[KEY].to_list() == [draws.key(serial) for serial in (0, 5, 77)]
    drawn = frame.select(draws.column(1000, "what", 4)).to_series().to_list()
    assert drawn == [draws.below(1000, "what", 4, draws.key(serial)) for serial in (0, 5, 77)]


def test_seed_name_place_and_owner_all_matter() -> None:
    draws, other = Draws(3), Draws(4)
    key = draws.key(1)
    base = draws.draw("a", 0, key)
    assert (
        len({base, draws.draw("b", 0, key), draws.draw("a", 1, key), draws.draw("a", 0, draws.key(2))}) == 4
    )
    assert draws.key(1) != other.key(1)


@pytest.mark.parametrize("rate", [100, 2_500, 9_000])
def test_shares_and_rounding_meet_their_rates(rate: int) -> None:
    draws = Draws(9)
    frame = pl.DataFrame({"serial": pl.int_range(20_000, eager=True)}).with_columns(
        draws.keys(pl.col("serial")).alias(KEY)
    )
    share = frame.select(draws.share(rate, "share").mean()).item()
    assert abs(share * 10_000 - rate) < 110
    persons = frame.select(draws.rounded(pl.lit(3, dtype=pl.Int64), rate, "persons").mean()).item()
    assert abs(persons / 3 * 10_000 - rate) < 110


def test_chosen_positions_are_different_and_inside() -> None:
    draws = Draws(1)
    assert sorted(draws.chosen(10, 10, "all")) == list(range(10))
    assert len(draws.chosen(5, 50, "more than there are")) == 5
    assert draws.chosen(1000, 5, "x", 1) != draws.chosen(1000, 5, "x", 2)
