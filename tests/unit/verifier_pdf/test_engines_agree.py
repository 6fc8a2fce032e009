"""Altered PDFs of every kind: both engines find the same step and say the same, and hostile files cost no time."""

from __future__ import annotations

import logging
import random
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.evidence import Forge, World, at
from tests.support.evidence_world import world
from tests.support.pdf_engines import Scene, SecondEngine, Verdict, judge_in_python
from tests.support.pdf_forge import ALTERATIONS, Parts, alter, compose

__all__ = ["world"]

SECONDS = 2.0


@pytest.fixture(scope="module")
def second() -> Iterator[SecondEngine]:
    with SecondEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def forge(world: World) -> Forge:
    return Forge(world)


@pytest.fixture(scope="module")
def parts(forge: Forge) -> Parts:
    return Parts.of(forge.finished[0], len(forge.base))


def judged(second: SecondEngine, forge: Forge, pdf: bytes) -> tuple[Verdict, Verdict]:
    scene = Scene(pdf, len(forge.base), forge.root, at(700))
    logging.disable(logging.CRITICAL)  # pyHanko reports each suspicious change with its whole stack
    try:
        return judge_in_python(scene), second.judge(scene)
    finally:
        logging.disable(logging.NOTSET)


def test_the_honest_file_passes_and_the_forger_writes_honest_files(
    second: SecondEngine, forge: Forge, parts: Parts
) -> None:
    for pdf in (forge.finished[0], compose(parts, forge)):
        one, other = judged(second, forge, pdf)
        assert one.step == other.step == 0, (one, other)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False))
def test_altered_and_signed_again(
    second: SecondEngine, forge: Forge, parts: Parts, chance: random.Random
) -> None:
    """The forger holds all keys: only what the objects say is wrong."""
    one, other = judged(second, forge, compose(alter(parts, chance), forge))
    assert one == other, (one.facts, other.facts)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    place=st.floats(0, 0.999999),
    kind=st.integers(0, 4),
    value=st.integers(0, 255),
    length=st.integers(1, 400),
)
def test_bytes_changed(
    second: SecondEngine, forge: Forge, place: float, kind: int, value: int, length: int
) -> None:
    pdf = bytearray(forge.finished[0])
    start = len(forge.base) + int(place * (len(pdf) - len(forge.base)))
    match kind:
        case 0:
            pdf[start] = value
        case 1:
            pdf[start:start] = bytes([value])
        case 2:
            del pdf[start : start + length]
        case 3:
            pdf[start : start + length] = pdf[len(forge.base) : len(forge.base) + length]
        case _:
            del pdf[start:]
    one, other = judged(second, forge, bytes(pdf))
    assert one == other, (one.facts, other.facts)


def swapped(parts: Parts, revision: int, old: bytes, new: bytes) -> Parts:
    made = parts.copy()
    found = [i for i, (_, body) in enumerate(made.revisions[revision]) if old in body]
    assert found
    number, body = made.revisions[revision][found[0]]
    made.revisions[revision][found[0]] = number, body.replace(old, new, 1)
    return made


MODIFIED, SIGNERS, BOX = "MODIFIED_AFTER_SIGNING", "SIGNER_SET_MISMATCH", "OUTSIDE_RESERVED_BOX"

NAMED = {
    "the timestamp's field takes the worker's name": (3, b"(DocumentTimestamp)", b"(Worker)", MODIFIED),
    "the fields' names are exchanged": (0, b"(Worker)", b"(Employer)", MODIFIED),
    "the worker's field has a name of its own": (0, b"(Worker)", b"(Someone)", SIGNERS),
    "the worker's stamp is moved": (0, b"/Rect [ 68.031", b"/Rect [ 18.031", BOX),
    "the form is also a font's map": (1, b"/ToUnicode 132 0 R", b"/ToUnicode 96 0 R", MODIFIED),
    "a number is left open for later": (0, b"/N 121 0 R", b"/N 900 0 R", MODIFIED),
    "a key stands twice": (0, b"/SigFlags 3", b"/SigFlags 3\n/SigFlags 3", MODIFIED),
    "the form asks the viewer for appearances": (
        0,
        b"/SigFlags 3",
        b"/SigFlags 3\n/NeedAppearances true",
        MODIFIED,
    ),
    "the page turns": (1, b"/Tabs /S", b"/Rotate 180\n/Tabs /S", MODIFIED),
    "the catalog acts when opened": (2, b"/AF [", b"/OpenAction 1 0 R\n/AF [", MODIFIED),
    "an attachment changes its name": (2, b"(contract\\056json)", b"(contracts\\056json)", MODIFIED),
    "the security store has another key": (2, b"/Certs", b"/Cerds", MODIFIED),
    "the timestamp is visible": (3, b"/Rect [ 0 0 0 0 ]", b"/Rect [ 0 0 9 9 ]", MODIFIED),
    "the worker's field disappears from the form": (3, b"/Fields [ 97 0 R ", b"/Fields [ ", SIGNERS),
    "the employer's widget is drawn twice": (
        3,
        b"/Annots [ 158 0 R ]",
        b"/Annots [ 158 0 R 124 0 R ]",
        MODIFIED,
    ),
    "an array never ends": (0, b"/Rect [", b"/Rect [[", MODIFIED),
    "the form nests too deep": (0, b"/SigFlags 3", b"/SigFlags " + b"[" * 99 + b"]" * 99, MODIFIED),
}


@pytest.mark.parametrize("story", NAMED)
def test_named_forgeries_fail_as_they_must(
    second: SecondEngine, forge: Forge, parts: Parts, story: str
) -> None:
    revision, old, new, sub = NAMED[story]
    one, other = judged(second, forge, compose(swapped(parts, revision, old, new), forge))
    assert (one.step, one.sub) == (5, sub), one
    assert one == other, (one.facts, other.facts)


def replaced(parts: Parts, revision: int, body: bytes, *, number: int = 0) -> Parts:
    """A new object at the end of a revision that nothing needs."""
    made = parts.copy()
    taken = max(own for objects in made.revisions for own, _ in objects)
    made.revisions[revision].append((number or taken + 1, body))
    return made


def bomb(size: int) -> bytes:
    data = zlib.compress(bytes(size), 9)
    return b"<<\n/Length %d\n/Filter /FlateDecode\n>>\nstream\n" % len(data) + data + b"\nendstream"


HOSTILE = {
    "deep nesting": lambda: b"[" * 1_000_000 + b"]" * 1_000_000,
    "many values": lambda: b"[ " + b"0 " * 6_000_000 + b"]",
    "open strings": lambda: b"(" * 4_000_000,
    "a comment for ever": lambda: b"%" * 8_000_000,
    "spaces and comments": lambda: b"[ " + b"% % \n" * 1_500_000 + b"]",
    "half references": lambda: b"[ " + b"1 0 " * 3_000_000 + b"]",
    "slashes": lambda: b"/" * 8_000_000,
    "many small names": lambda: b"[ " + b"/ByteRang " * 700_000 + b"]",
    "angle brackets": lambda: b"<" * 8_000_000,
    "keys for ever": lambda: b"<< " + b"".join(b"/K%d 0 " % n for n in range(700_000)) + b">>",
    "a huge number": lambda: b"9" * 8_000_000,
    "a huge hexadecimal string": lambda: b"<" + b"0" * 16_000_000 + b">",
}


@pytest.mark.parametrize("story", HOSTILE)
def test_hostile_objects_cost_no_time(second: SecondEngine, forge: Forge, parts: Parts, story: str) -> None:
    pdf = compose(replaced(parts, 3, HOSTILE[story]()), forge)
    other = second.judge(Scene(pdf, len(forge.base), forge.root, at(700)))
    assert (other.step, other.sub) in {(5, MODIFIED), (0, "")}, other
    assert other.ms < 1000 * SECONDS


def test_a_store_that_unpacks_for_ever(second: SecondEngine, forge: Forge, parts: Parts) -> None:
    made = replaced(parts, 2, bomb(200_000_000))
    number = made.revisions[2][-1][0]
    made = swapped(made, 2, b"/CRLs [ ", b"/CRLs [ " + b"%d 0 R " % number * 150)
    other = second.judge(Scene(compose(made, forge), len(forge.base), forge.root, at(700)))
    assert (other.step, other.sub) == (5, MODIFIED)
    assert other.ms < 1000 * SECONDS


def test_references_in_a_circle(second: SecondEngine, forge: Forge, parts: Parts) -> None:
    made = replaced(parts, 3, b"170 0 R", number=170)
    made = swapped(made, 3, b"/Fields [ 97 0 R 124 0 R 158 0 R ]", b"/Fields 170 0 R")
    one, other = judged(second, forge, compose(made, forge))
    assert (one.step, other.step) == (5, 5)
    assert other.ms < 1000 * SECONDS


def test_every_alteration_alters(forge: Forge, parts: Parts) -> None:
    honest = compose(parts, forge)[len(forge.base) :]
    for number, alteration in enumerate(ALTERATIONS):
        made = [parts.copy() for _ in range(60)]
        for chance, item in enumerate(made):
            alteration(item, random.Random(100 * number + chance))
        assert any(item.revisions != parts.revisions for item in made), alteration
    assert honest
