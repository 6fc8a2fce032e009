"""Sealed envelopes bind stream and version, and open for recipients only."""

from __future__ import annotations

import pytest

from signing.envelopes import new_recipient, open_sealed, reseal, seal
from signing.errors import InputRefused, IntegrityError


def test_each_recipient_opens_and_nobody_else() -> None:
    worker, employer, stranger = new_recipient(), new_recipient(), new_recipient()
    sealed = seal(b"text", stream="econtract/1", version=2, recipients={"w": worker[0], "e": employer[0]})
    for name, private in (("w", worker[1]), ("e", employer[1])):
        assert (
            open_sealed(sealed.ciphertext, sealed.envelopes[name], private, stream="econtract/1", version=2)
            == b"text"
        )
    with pytest.raises(IntegrityError):
        open_sealed(sealed.ciphertext, sealed.envelopes["w"], stranger[1], stream="econtract/1", version=2)


@pytest.mark.parametrize(("stream", "version"), [("econtract/2", 2), ("econtract/1", 3)])
def test_the_binding_holds(stream: str, version: int) -> None:
    public, private = new_recipient()
    sealed = seal(b"text", stream="econtract/1", version=2, recipients={"w": public})
    with pytest.raises(IntegrityError, match="opening_failed"):
        open_sealed(sealed.ciphertext, sealed.envelopes["w"], private, stream=stream, version=version)


def test_a_changed_byte_is_found_and_keys_are_fresh() -> None:
    public, private = new_recipient()
    one = seal(b"text", stream="s/1", version=1, recipients={"w": public})
    two = seal(b"text", stream="s/1", version=1, recipients={"w": public})
    assert one.ciphertext != two.ciphertext
    broken = one.ciphertext[:-1] + bytes([one.ciphertext[-1] ^ 1])
    with pytest.raises(IntegrityError):
        open_sealed(broken, one.envelopes["w"], private, stream="s/1", version=1)
    with pytest.raises(IntegrityError):
        open_sealed(one.ciphertext, two.envelopes["w"], private, stream="s/1", version=1)
    with pytest.raises(InputRefused):
        seal(b"", stream="s/1", version=1, recipients={})


def test_a_key_is_passed_on_to_a_further_recipient() -> None:
    first, second = new_recipient(), new_recipient()
    sealed = seal(b"text", stream="s/1", version=1, recipients={"w": first[0]})
    further = reseal(sealed.envelopes["w"], first[1], {"r": second[0]})
    assert open_sealed(sealed.ciphertext, further["r"], second[1], stream="s/1", version=1) == b"text"
