"""What fuzzing once found the engines to disagree on stays here, made anew from honest packages."""

from __future__ import annotations

import pytest

from chain.package import contents
from tests.attacks.evidence.story import LATER, Made, seal
from tests.factories.evidence import Forge, World, b64
from tests.support.engines import engines
from tests.support.evidence_world import world

__all__ = ["world"]


def _agree(made: list[Made]) -> list[str]:
    answers = [engine.judge(made) for engine in engines()]
    for one, other in zip(answers[0], answers[-1], strict=True):
        assert one.compared == other.compared
        assert not one.trouble
    return [answer.verdict for answer in answers[0]]


@pytest.mark.parametrize("member", ["cas", "tsas"])
def test_a_trust_root_with_an_entry_that_is_no_certificate(world: World, member: str) -> None:
    forge, junk = Forge(world), b64(b"no certificate")
    value = forge.root.value
    for number in range(len(value[member])):
        items = list(value[member])
        items[number] = junk if member == "cas" else items[number] | {"certs": [junk]}
        _agree([Made(forge.package, world.trust_root(**{member: items}), LATER)])


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
