"""What a shown clause tells of the hidden ones: their number, and nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.package import contents, read_package, write_package
from chain.package.disclosure import disclose
from signing import jcs
from signing.clauses import Clause, ClauseTree
from tests.factories.disclosed import TextForge
from tests.factories.evidence import World
from tests.support.evidence_world import world
from tests.support.signing_authorities import NOW

__all__ = ["world"]
LATER = NOW + dt.timedelta(hours=1)
SEEN = Clause("M6", "劳动报酬", "每月 8000.00 元。")
SEEDS = st.integers(0, 2**32)


def _words(rng: random.Random, longest: int) -> str:
    """A text of 20 characters and more, which can't stand in a file by chance."""
    return "".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(rng.randint(20, longest)))


def _clauses(seed: int, count: int, place: int) -> list[Clause]:
    rng = random.Random(seed)
    longest = rng.choice((20, 200, 4000))
    made = [Clause(f"M{number}", _words(rng, 40), _words(rng, longest)) for number in range(count)]
    made[place] = SEEN
    return made


@pytest.fixture(scope="module")
def sealed(world: World) -> dict[str, bytes]:
    return dict(TextForge(world).sealed)


def _contract(sealed: dict[str, bytes], clauses: list[Clause], salts: list[bytes]) -> bytes:
    """A package with other clauses under its commitment; only the maker reads it."""
    tree = ClauseTree(clauses, salts)
    opening: Any = dict(jcs.parse_object(sealed[contents.OPENING])) | {"clause_root": tree.root.hex()}
    leaves: Any = {"v": 1, "clauses": [dict(tree.leaf(place)) for place in range(tree.size)]}
    return write_package(
        sealed | {contents.OPENING: jcs.canonical(opening), contents.CLAUSES: jcs.canonical(leaves)}
    )


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 40), where=st.integers(0, 39), one=SEEDS, other=SEEDS)
def test_contracts_that_differ_in_hidden_clauses_give_files_of_one_size(
    sealed: dict[str, bytes], count: int, where: int, one: int, other: int
) -> None:
    place = where % count
    files = []
    for seed in (one, other):
        clauses = _clauses(seed, count, place)
        salts = [hashlib.sha256(f"{seed} {number}".encode()).digest() for number in range(count)]
        shown = disclose(_contract(sealed, clauses, salts), place + 1, now=LATER)
        files.append({name: len(data) for name, data in read_package(shown).items()} | {"": len(shown)})
        for number, clause in enumerate(clauses):
            if number != place:
                assert salts[number].hex().encode() not in shown
                assert clause.title.encode() not in shown
                assert clause.text[:20].encode() not in shown
    assert files[0] == files[1]


@settings(max_examples=40, deadline=None)
@given(count=st.integers(2, 20), where=st.integers(0, 19), seed=SEEDS)
def test_who_guesses_a_hidden_clause_rightly_is_not_told_so(count: int, where: int, seed: int) -> None:
    """No node of the path is the digest of a guessed clause, with whatever salt the package itself holds."""
    place = where % count
    tree = ClauseTree(_clauses(seed, count, place))
    nodes = set(tree.disclose(place).path)
    for number in range(count):
        if number == place:
            continue
        for salt in (tree.salts[place], bytes(32)):
            guess: Any = dict(tree.leaf(number)) | {"salt": salt.hex()}
            assert hashlib.sha256(b"\x00" + jcs.canonical(guess)).digest() not in nodes
