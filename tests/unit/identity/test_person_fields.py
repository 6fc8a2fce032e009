"""A worker's number typed wrongly: refused at the field before anybody is asked."""

from __future__ import annotations

import pytest

from api.identity.service.people import Lookup
from api.identity.texts import TEXTS
from api.infra.sealing import FieldKey
from api.kernel.errors import DomainError, ErrorKind

LOOKUP = Lookup(FieldKey(bytes(range(32))))
RIGHT = "500107199001010016"


@pytest.mark.parametrize("wrong", [digit for digit in "012345789X" if digit != RIGHT[-1]])
def test_a_wrong_check_character_is_refused(wrong: str) -> None:
    with pytest.raises(DomainError) as caught:
        LOOKUP.claim("李测试", "resident_id", RIGHT[:-1] + wrong, "14000000001")
    assert (caught.value.kind, caught.value.code) == (ErrorKind.INVALID, "identity.id_number_invalid")
    assert caught.value.facts["pointer"] == "/id_number"
    assert caught.value.code in TEXTS
    assert RIGHT[:-1] not in str(caught.value.facts)


def test_the_right_one_passes() -> None:
    assert LOOKUP.claim("李测试", "resident_id", RIGHT, "14000000001").id_number == RIGHT
