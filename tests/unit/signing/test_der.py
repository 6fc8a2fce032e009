"""DER by its lengths: one value, each constructed one filled exactly, nothing that only BER allows."""

from __future__ import annotations

import pytest

from signing import der


@pytest.mark.parametrize(
    "text", ["0500", "020101", "3000", "30060201010101ff", "a003020101", "0481" + "80" + "00" * 128]
)
def test_der_is_taken(text: str) -> None:
    der.check(bytes.fromhex(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "05",
        "05000500",  # two values
        "3080020101" + "0000",  # indefinite
        "30053080020101",  # indefinite, further in
        "300502010101",  # a value cut off inside
        "3003020102ff",  # something behind
        "02810101",  # not the shortest length
        "0482000100",  # nor this
        "04850000000100",  # five octets of length
        "1f810100",  # a long tag
        "0000",  # the end of something
        "300400000500",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(der.NotDer):
        der.check(bytes.fromhex(text))


def test_depth_and_number_of_values_are_limited() -> None:
    nested = b""
    for _ in range(40):
        nested = b"\x30" + bytes([len(nested)]) + nested
    der.check(nested)
    with pytest.raises(der.NotDer):
        der.check(b"\x30" + bytes([len(nested)]) + nested)
    many = b"\x05\x00" * 20_000
    with pytest.raises(der.NotDer):
        der.check(b"\x30\x82" + len(many).to_bytes(2, "big") + many)
    der.check(b"\x30\x82" + (len(many) - 2).to_bytes(2, "big") + many[2:])
