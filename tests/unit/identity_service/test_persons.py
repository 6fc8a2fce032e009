"""Formats of names, documents and numbers (GB 11643-1999)."""

from __future__ import annotations

import pytest

from signing.identity_service.errors import IdentityRefused
from signing.identity_service.persons import Claim, Pseudonyms, check_character, normal_name
from signing.testing.demo_persons import generate, resident_number


@pytest.mark.parametrize("number", ["11010519491231002X", "11010519491231002x", " 110105 19491231 002X "])
def test_a_valid_resident_number_is_normalised(number: str) -> None:
    assert Claim.normalised("示安", "resident_id", number, "13800000000").id_number == "11010519491231002X"


@pytest.mark.parametrize(
    "number", ["110105194912310021", "110105194913310020", "11010519491231002", "", "1101051949123100２１"]
)
def test_a_wrong_check_character_date_or_length_is_refused(number: str) -> None:
    with pytest.raises(IdentityRefused) as caught:
        Claim.normalised("示安", "resident_id", number, "13800000000")
    assert caught.value.facts == {"field": "id_number"}


@pytest.mark.parametrize(
    "phone", ["12800000000", "1380000000", "023-68000000", "138000000001", "1380000000x"]
)
def test_numbers_that_are_no_mobile_numbers_are_refused(phone: str) -> None:
    with pytest.raises(IdentityRefused):
        Claim.normalised("示安", "resident_id", "11010519491231002X", phone)


def test_middle_dots_and_full_width_letters_compare_equal_but_rare_ideographs_stay() -> None:
    assert normal_name("买买提•艾力") == normal_name("买买提·艾力")
    assert normal_name("\uff21\uff4c\uff49") == "ALI"
    assert normal_name("\uf900\U00020bb7") == "\uf900\U00020bb7"


@pytest.mark.parametrize("name", ["", "  ", "示\u202e安", "示\x00安", "示" * 61])
def test_names_with_controls_or_without_length_are_refused(name: str) -> None:
    with pytest.raises(IdentityRefused):
        normal_name(name)


def test_generated_persons_are_valid_deterministic_and_marked() -> None:
    first, again = list(generate(7, 50)), list(generate(7, 50))
    assert first == again
    assert first != list(generate(8, 50))
    assert len({p.id_number for p in first}) == 52
    assert len({p.phone for p in first}) == 52
    for person in first:
        claim = Claim.normalised(person.name, "resident_id", person.id_number, person.phone)
        assert claim.demo
        assert (int(person.id_number[16]) % 2 == 1) == (person.sex == "male")


def test_a_living_persons_number_is_not_taken_for_a_demo_number() -> None:
    assert not Claim.normalised("示安", "resident_id", "11010519491231002X", "13800000000").demo


def test_check_character_of_the_standards_specimen() -> None:
    assert check_character("11010519491231002") == "X"
    import datetime

    assert resident_number(datetime.date(1990, 1, 1), 1)[:17] == "50019919900101001"


def test_pseudonyms_differ_by_key_kind_and_contract() -> None:
    claim = Claim.normalised("示安", "resident_id", "11010519491231002X", "13800000000")
    one, two = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    assert one.person(claim) != two.person(claim)
    assert one.person(claim) != one.name(claim)
    assert one.subject(one.person(claim), "aa" * 32) != one.subject(one.person(claim), "bb" * 32)
