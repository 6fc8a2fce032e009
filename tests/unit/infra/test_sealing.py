"""Sealed columns: they open only with their key, and look-up hashes tell nothing across kinds or keys."""

import pytest

from api.infra.logging import mask_personal
from api.infra.sealing import FieldKey


def test_what_is_sealed_opens_with_the_same_key_only() -> None:
    one, two = FieldKey(b"1" * 32), FieldKey(b"2" * 32)
    sealed = one.seal("张三".encode())
    assert "张三".encode() not in sealed
    assert one.open(sealed).decode() == "张三"
    with pytest.raises(ValueError, match="does not open"):
        two.open(sealed)
    with pytest.raises(ValueError, match="does not open"):
        one.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_sealing_twice_looks_different() -> None:
    key = FieldKey(b"1" * 32)
    assert key.seal(b"x") != key.seal(b"x")


def test_lookups_are_equal_only_for_equal_values_of_one_kind_and_key() -> None:
    key = FieldKey(b"1" * 32)
    assert key.lookup("phone", "13800000000") == key.lookup("phone", "13800000000")
    assert key.lookup("phone", "13800000000") != key.lookup("id", "13800000000")
    assert key.lookup("phone", "13800000000") != FieldKey(b"2" * 32).lookup("phone", "13800000000")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        FieldKey(b"x")


def test_numbers_of_persons_never_reach_a_log_line() -> None:
    line = mask_personal(
        None, "info", {"event": "x", "note": "ID 500199199001010016, phone 13812345678.", "n": 3}
    )
    assert line == {"event": "x", "note": "ID ******************, phone 1**********.", "n": 3}
