"""Normalisation of names and addresses, and codes in columns, case by case as docs/matching.md lists them."""

from __future__ import annotations

import polars as pl
import pytest

from api.employers.rules import check_uscc
from api.exchange.matching import codes
from api.exchange.matching.names import (
    NameRules,
    Region,
    address_key,
    name_core,
    name_key,
    numbers_of,
    rules_of,
    with_keys,
)
from api.kernel.errors import DomainError

RULES = NameRules()


def one(expression: pl.Expr, text: str | None) -> str:
    found = pl.DataFrame({"t": [text]}, schema={"t": pl.String}).select(expression).item()
    assert isinstance(found, str)
    return found


def key(text: str | None) -> str:
    return one(name_key(pl.col("t"), RULES), text)


def core(text: str) -> str:
    return one(name_core(name_key(pl.col("t"), RULES), RULES), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("重庆星河（集团）有限责任公司", "重庆星河集团有限公司"),
        ("重庆市星河(集团)有限公司", "重庆星河集团有限公司"),
        ("【星河】责任有限公司", "星河有限公司"),
        ("星河股份有限责任公司", "星河股份有限公司"),
        ("星河股份公司", "星河股份有限公司"),
        (" Ｓｔａｒ·ａ1 有限公司。", "STARA1有限公司"),
        ("星河有限公司（已注销）", "星河有限公司"),
        ("大树面馆（个体工商户）", "大树面馆"),
        ("星河有限公司(原月光有限公司)", "星河有限公司"),
        ("重庆市九龙坡区大树面馆", "重庆九龙坡大树面馆"),
        ("九龙坡区大树面馆", "九龙坡大树面馆"),
        (None, ""),
        ("（）·", ""),
    ],
)
def test_name_keys(text: str | None, expected: str) -> None:
    assert key(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("重庆市九龙坡区星河科技有限公司", "星河科技"),
        ("星河科技股份有限公司", "星河科技"),
        ("星河科技公司", "星河科技"),
        ("重庆有限公司", "重庆有限公司"),
        ("重庆水有限公司", "重庆水有限公司"),
    ],
)
def test_cores_leave_out_region_and_form_but_never_everything(text: str, expected: str) -> None:
    assert core(text) == expected


def test_other_regions_are_figures_not_code() -> None:
    rules = NameRules((Region("甲州", ("甲州省", "甲州")),))
    frame = pl.DataFrame({"t": ["甲州省星河有限公司"]})
    assert frame.select(name_key(pl.col("t"), rules)).item() == "甲州星河有限公司"
    assert frame.select(name_core(name_key(pl.col("t"), rules), rules)).item() == "星河"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("重庆市九龙坡区科园一路１２号3-1", "科园一路12号"),
        ("科园一路 12号 附3号", "科园一路12号"),
        ("科园一路", "科园一路"),
        (None, ""),
    ],
)
def test_addresses_are_cut_at_the_building(text: str | None, expected: str) -> None:
    assert one(address_key(pl.col("t"), RULES), text) == expected


def test_numerals_of_branches_are_kept_apart() -> None:
    assert one(numbers_of(pl.col("t")), "星河第三分公司") != one(numbers_of(pl.col("t")), "星河第四分公司")


CODE = "91500116559000837H"


def test_codes_agree_with_the_rule_for_one_code() -> None:
    given = [
        CODE, "91500107MA5TEXT11A", "91500107MA5TEXT2X2", "91350100M0001TGQXM", CODE[:17] + "A", CODE[:17], "",
        "I" * 18, CODE + "1",
    ]  # fmt: skip
    found = pl.DataFrame({"t": given}).select(codes.is_valid(pl.col("t"))).to_series().to_list()
    expected = [len(code) == 18 and "I" not in code and check_uscc(code).passed for code in given]
    assert found == expected
    assert expected[:4] == [True, True, True, False]


def test_every_check_character_is_the_one_that_the_rule_computes() -> None:
    bodies = [first + CODE[1:17] for first in codes.ALPHABET]
    frame = pl.DataFrame({"t": bodies}).select(code=pl.col("t") + codes.check_character(pl.col("t")))
    written = frame.get_column("code").to_list()
    assert {code[17] for code in written} == set(codes.ALPHABET)
    assert all(check_uscc(code).passed for code in written)


def test_a_check_character_is_written_again() -> None:
    for damaged in (CODE[:17] + "J", CODE[:17], CODE.replace("0", "O")):
        assert one(codes.rechecked(pl.col("t")), damaged) == CODE
    frame = pl.DataFrame({"t": ["123", CODE[:16], CODE + "1", "!" * 18]})
    assert frame.select(codes.rechecked(pl.col("t"))).to_series().to_list() == [None] * 4


@pytest.mark.parametrize(
    "filler", ["", "无", "/", "0", "000000000000000000", "XXXXXXXXXXXXXXXXXX", "1234567"]
)
def test_fillers_are_no_codes(filler: str) -> None:
    frame = pl.DataFrame({"t": [filler]}).select(codes.is_absent(codes.clean(pl.col("t"))))
    assert frame.item() is True
    assert pl.DataFrame({"t": [CODE]}).select(codes.is_absent(codes.clean(pl.col("t")))).item() is False


def test_regions_are_what_the_dated_parameter_says() -> None:
    rules = rules_of({"regions": [{"short": "甲州", "spellings": ["甲州市", "甲州"]}]})
    frame = pl.DataFrame({"name": ["甲州市星河有限公司", "重庆市星河有限公司"], "address": ["", ""]})
    assert with_keys(frame, rules)["core"].to_list() == ["星河", "重庆市星河"]
    assert rules_of(None) == NameRules()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"regions": "x"},
        {"regions": [], "more": 1},
        {"regions": [{"short": "甲"}]},
        {"regions": [{"short": "甲", "spellings": []}]},
        {"regions": [{"short": "", "spellings": ["乙"]}]},
        {"regions": [{"short": 1, "spellings": ["x"]}]},
    ],
)
def test_a_malformed_parameter_stops_matching_instead_of_halving_it(value: dict[str, object]) -> None:
    with pytest.raises(DomainError, match="name_regions_malformed"):
        rules_of(value)
