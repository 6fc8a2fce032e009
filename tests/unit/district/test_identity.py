"""Codes, names and addresses: well formed, and nobody real."""

from __future__ import annotations

import pytest

from api.employers.rules import body_check_passes, check_uscc
from scripts.district.identifiers import LARGEST_SERIAL, PREFIXES, check_character, damage, synthetic_uscc
from scripts.district.names import address, company_name, towns, words, written_differently


@pytest.mark.parametrize("kind", sorted(PREFIXES))
def test_codes_pass_the_platform_s_own_check(kind: str) -> None:
    for serial in (*range(400), LARGEST_SERIAL):
        uscc = synthetic_uscc(serial, kind)
        assert check_uscc(uscc).passed
        assert body_check_passes(uscc)
        assert uscc[8:10] == "XT"


def test_check_character_of_a_known_code() -> None:
    assert check_character("91500116559000837") == "H"


def test_codes_are_different_and_limited() -> None:
    assert len({synthetic_uscc(serial) for serial in range(3_000)}) == 3_000
    with pytest.raises(ValueError, match="no synthetic code"):
        synthetic_uscc(LARGEST_SERIAL + 1)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_damaged_code_never_passes(kind: int) -> None:
    for serial in range(200):
        broken = damage(synthetic_uscc(serial), kind, serial)
        assert len(broken) == 18
        assert not check_uscc(broken).passed


def test_a_code_can_be_missing() -> None:
    assert damage(synthetic_uscc(1), 3, 0) == ""


def test_every_name_says_that_it_is_virtual_and_fits_gbk() -> None:
    for section in words()["trade"]:
        for serial in range(0, 40_000, 37):
            name = company_name(serial, section, "enterprise")
            assert name.startswith("虚拟")
            name.encode("gbk")


def test_names_rarely_agree() -> None:
    names = [company_name(serial, "F", "enterprise") for serial in range(35_834)]
    doubled = len(names) - len(set(names))
    assert 35_834 // 97 - 5 <= doubled <= 35_834 // 97 + 5


def test_word_lists_are_pairs_of_characters_and_distinct() -> None:
    for which in ("first", "second"):
        listed = words()[which]
        assert len(set(listed)) == len(listed) == 50
        assert all(len(word) == 2 for word in listed)
    assert all(road.startswith("虚拟") for road in words()["road"])


def test_addresses_are_invented() -> None:
    place = address(towns()[3], 4, 12, 305)
    assert place.startswith("示例")
    assert "虚拟" in place
    place.encode("gbk")


def test_nineteen_towns_with_codes_of_the_district() -> None:
    codes = [town["code"] for town in towns()]
    assert len(codes) == len(set(codes)) == 19
    assert all(code.startswith("500107") and len(code) == 9 for code in codes)


@pytest.mark.parametrize("kind", range(4))
def test_written_differently_is_different(kind: int) -> None:
    name = company_name(5, "C", "enterprise")
    other = written_differently(name, kind)
    assert other != name
    assert "虚拟" in other.replace(" ", "")
