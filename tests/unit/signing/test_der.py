"""DER by its lengths: one value, each constructed one filled exactly, nothing that only BER allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signing import der

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "golden" / "der-lengths.json").read_text("utf-8"))
"""The second verifier reads them too."""


@pytest.mark.parametrize("name", VECTORS["der"])
def test_der_is_taken(name: str) -> None:
    der.check(bytes.fromhex(VECTORS["der"][name]))


@pytest.mark.parametrize("name", VECTORS["other"])
def test_everything_else_is_refused(name: str) -> None:
    with pytest.raises(der.NotDer):
        der.check(bytes.fromhex(VECTORS["other"][name]))


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
