"""What fuzzing once found the engines to disagree on stays here, made anew from honest packages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from chain.package import contents
from chain.trust_root import TrustRoot, TrustRootError
from signing import der
from tests.attacks.evidence.story import LATER, Made, seal
from tests.factories.evidence import Forge, World, b64
from tests.factories.witnesses import Witness
from tests.support.engines import JavaScript, engines
from tests.support.evidence_world import world

__all__ = ["world"]

KEY_IDENTIFIER = bytes.fromhex("0603551d0e")
"""Subject key identifier: nine bytes before its value's first."""


def _agree(made: list[Made]) -> list[str]:
    answers = [engine.judge(made) for engine in engines()]
    for one, other in zip(answers[0], answers[-1], strict=True):
        assert one.compared == other.compared
        assert not one.trouble
    return [answer.verdict for answer in answers[0]]


def _refused(world: World, changes: dict[str, Any]) -> None:
    """Neither engine takes such a trust root: damage to the verifier's own file is no verdict about evidence."""
    forge = Forge(world)
    root = TrustRoot(forge.root.value | changes)
    with pytest.raises(TrustRootError):
        TrustRoot.parse(root.canonical())
    answer = JavaScript().judge([Made(forge.package, root, LATER)])[0]
    assert not answer.verdict
    assert "trust root" in answer.trouble


def _altered(held: bytes, place: int) -> str:
    return b64(held[:place] + bytes([held[place] ^ 1]) + held[place + 1 :])


@pytest.mark.parametrize("member", ["cas", "tsas"])
@pytest.mark.parametrize("way", ["junk", "signature", "key identifier", "validity"])
def test_a_trust_root_with_a_damaged_certificate(world: World, member: str, way: str) -> None:
    value = Forge(world).root.value
    for number in range(len(value[member])):
        items = list(value[member])
        held = base64.b64decode(items[number] if member == "cas" else items[number]["certs"][0])
        places = {"junk": 0, "signature": len(held) - 1, "key identifier": held.index(KEY_IDENTIFIER) + 9}
        damaged = _altered(held, places.get(way, held.index(b"\x17\x0d") + 3))
        items[number] = damaged if member == "cas" else items[number] | {"certs": [damaged]}
        _refused(world, {member: items})


def test_a_trust_root_that_names_one_authority_twice(world: World) -> None:
    value = Forge(world).root.value
    _refused(world, {"tsas": [*value["tsas"], value["tsas"][0]]})
    witness = {"name": "court.test/w", "vkey": Witness("court.test/w").entry["vkey"], "address": None}
    _refused(world, {"witnesses": [witness, witness]})


def test_an_anchor_without_its_issuer_counts_by_name_and_key(world: World) -> None:
    """Nothing that its certificate says else is looked at, its own signature least of all."""
    issuing = world.ca.chain[0]
    forge = Forge(world)
    made = [Made(forge.package, world.trust_root(cas=[b64(issuing)]), LATER)]
    for place in (len(issuing) - 1, issuing.index(KEY_IDENTIFIER) + 9, issuing.index(b"\x17\x0d") + 3):
        made.append(Made(forge.package, world.trust_root(cas=[_altered(issuing, place)]), LATER))
    assert _agree(made) == ["passed"] * len(made)


def _constructed(data: bytes, place: int, end: int) -> Iterator[int]:
    """Where constructed values begin."""
    while place < end and data[place]:
        (value,) = der.parts(data[place:end])[:1]
        if value.tag & 0x20:
            yield place
            inside = place + len(value.der) - len(value.content)
            yield from _constructed(data, inside, inside + len(value.content))
        place += len(value.der)


def test_an_object_of_indefinite_length_inside_of_a_signature(world: World) -> None:
    """A CMS object is DER as deep as it goes: the file's form is judged before anything in it."""
    forge = Forge(world)
    pdf = forge.files[contents.PDF]
    start = pdf.index(b"/Contents <") + len(b"/Contents <")
    text = pdf[start : pdf.index(b">", start)]
    raw = bytes.fromhex(text.decode())
    assert raw[:2] == b"\x30\x82"
    package = raw[: 4 + int.from_bytes(raw[2:4], "big")]
    made = []
    for place in _constructed(package, 0, len(package)):
        head = package[place + 1]
        octets = head - 0x80 if head > 0x80 else 0
        changed = package[: place + 1] + b"\x80" + package[place + 2 + octets :]
        whole = pdf.replace(text, changed.hex().upper().encode().ljust(len(text), b"0"))
        made.append(Made(seal(forge, dict(forge.files) | {contents.PDF: whole}), forge.root, LATER))
    made = made[::6]
    assert len(made) > 10
    for engine in engines():
        assert {answer.steps[5] for answer in engine.judge(made)} == {("failed", "FORMAT_FAILURE")}
    _agree(made)


def test_bits_of_the_token_inside_of_a_signature(world: World) -> None:
    """The attribute that holds a token belongs to step 6, whatever its signer says."""
    forge = Forge(world)
    pdf = forge.files[contents.PDF]
    start = pdf.index(b"/Contents <") + len(b"/Contents <")
    made = []
    for place in range(start + 1200, start + 4400, 160):
        letter = b"%X" % (int(pdf[place : place + 1], 16) ^ 1)
        changed = pdf[:place] + letter + pdf[place + 1 :]
        made.append(Made(seal(forge, dict(forge.files) | {contents.PDF: changed}), forge.root, LATER))
    assert "failed" in _agree(made)
