"""ICS-23 by itself: what is a node, what is a path, and when nothing can stand between two neighbours."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ProofInvalid
from chain.light.ics23 import IAVL, SIMPLE, Leaf, Step, absent_root, steps
from tests.factories.light_network import Iavl, sha256, zigzag

KEYS = [bytes([2]) + sha256(b"%d" % n)[:8] for n in range(37)]
TREE = Iavl({key: sha256(key) for key in KEYS})
ORDER = sorted(KEYS)
HEAD = zigzag(1) + zigzag(2) + zigzag(9)


def leaf(key: bytes, **changes: Any) -> Leaf:
    """A leaf of the tree with its way up."""
    proof = TREE.leaf(key)
    path = [(base64.b64decode(a), base64.b64decode(b)) for a, b in proof["path"]]
    made: dict[str, Any] = {
        "key": key,
        "value": TREE.pairs[key],
        "prefix": TREE.leaf_prefix,
        "path": steps(path),
    }
    return Leaf(**(made | changes))


@given(st.sampled_from(KEYS))
def test_every_leaf_leads_to_the_root(key: bytes) -> None:
    assert leaf(key).root(IAVL) == TREE.root


@given(st.integers(0, len(KEYS) - 2))
def test_nothing_stands_between_two_neighbours(place: int) -> None:
    low, high = leaf(ORDER[place]), leaf(ORDER[place + 1])
    assert absent_root(IAVL, low.key + b"\x00", low, high) == TREE.root


@given(st.integers(0, len(KEYS) - 3), st.integers(2, 36))
def test_between_two_others_something_may_stand(place: int, distance: int) -> None:
    high = min(place + distance, len(KEYS) - 1)
    with pytest.raises(ProofInvalid, match=r"between|part"):
        absent_root(IAVL, ORDER[place] + b"\x00", leaf(ORDER[place]), leaf(ORDER[high]))


def test_beyond_the_first_and_the_last_there_is_nothing() -> None:
    assert absent_root(IAVL, b"\x00", None, leaf(ORDER[0])) == TREE.root
    assert absent_root(IAVL, b"\xff", leaf(ORDER[-1]), None) == TREE.root
    for key, left, right in ((b"\x00", None, leaf(ORDER[1])), (b"\xff", leaf(ORDER[-2]), None)):
        with pytest.raises(ProofInvalid, match="not the"):
            absent_root(IAVL, key, left, right)


def test_the_key_itself_and_keys_outside_are_not_absent() -> None:
    low, high = leaf(ORDER[3]), leaf(ORDER[4])
    for key in (low.key, high.key, ORDER[0], ORDER[9]):
        with pytest.raises(ProofInvalid, match="between"):
            absent_root(IAVL, key, low, high)
    with pytest.raises(ProofInvalid, match="one tree"):
        absent_root(IAVL, low.key + b"\x00", low, leaf(ORDER[4], value=b"other"))
    with pytest.raises(ProofInvalid, match="one tree"):
        absent_root(IAVL, low.key + b"\x00", None, None)


def test_a_tree_out_of_order_proves_no_absence() -> None:
    """Its left leaf has the higher key, so nothing follows from the two being neighbours."""
    prefix = zigzag(0) + zigzag(1) + zigzag(9)
    high, low = Leaf(b"b", b"v", prefix, ()), Leaf(b"a", b"v", prefix, ())
    on_left, on_right = high.root(IAVL), low.root(IAVL)
    high = dataclasses.replace(high, path=steps([(HEAD + b"\x20", b"\x20" + on_right)]))
    low = dataclasses.replace(low, path=steps([(HEAD + b"\x20" + on_left + b"\x20", b"")]))
    assert high.root(IAVL) == low.root(IAVL)
    with pytest.raises(ProofInvalid, match="part"):
        absent_root(IAVL, b"aa", low, high)


def test_a_tree_of_one_leaf_has_no_way_up() -> None:
    one = Iavl({b"k": b"v"})
    only = Leaf(b"k", b"v", one.leaf_prefix, ())
    assert only.root(IAVL) == one.root
    assert absent_root(IAVL, b"a", None, only) == one.root


@pytest.mark.parametrize(
    "prefix",
    [b"", b"\x00", b"\x00\x02", b"\x00\x02\x02\x00", b"\x02\x02\x02", b"\x00\x04\x02", b"\x01\x02\x02", b"\x00\x02\x81\x00",
     b"\x00\x02\x03", b"\x00\x02" + b"\xfe" * 8 + b"\x01"],
    ids=lambda prefix: prefix.hex() or "none",
)  # fmt: skip
def test_what_does_not_begin_like_a_leaf_is_none(prefix: bytes) -> None:
    with pytest.raises(ProofInvalid):
        leaf(KEYS[0], prefix=prefix).root(IAVL)


@pytest.mark.parametrize(
    ("number", "prefix", "suffix"),
    [
        (1, HEAD, b"\x20" + bytes(32)),
        (1, HEAD + b"\x20", b"\x21" + bytes(32)),
        (1, HEAD + b"\x20", bytes(32)),
        (1, HEAD + b"\x20", b""),
        (1, HEAD + b"\x20" + bytes(32), b""),
        (1, HEAD + b"\x20" + bytes(32) + b"\x21", b""),
        (1, HEAD + b"\x21" + bytes(32) + b"\x20", b""),
        (1, HEAD + b"\x20" + bytes(32) + b"\x20", b"\x20" + bytes(32)),
        (2, HEAD + b"\x20", b"\x20" + bytes(32)),
        (1, b"\x00" + HEAD[1:] + b"\x20", b"\x20" + bytes(32)),
    ],
)
def test_what_is_no_node_of_the_store_is_refused(number: int, prefix: bytes, suffix: bytes) -> None:
    with pytest.raises(ProofInvalid):
        IAVL.is_left(number, Step(prefix, suffix))


def test_a_node_has_its_child_on_the_left_or_on_the_right() -> None:
    assert IAVL.is_left(1, Step(HEAD + b"\x20", b"\x20" + bytes(32)))
    assert not IAVL.is_left(1, Step(HEAD + b"\x20" + bytes(32) + b"\x20", b""))
    assert SIMPLE.is_left(1, Step(b"\x01", bytes(32)))
    assert not SIMPLE.is_left(1, Step(b"\x01" + bytes(32), b""))


@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [
        (b"\x00", bytes(32)),
        (b"\x01", b""),
        (b"\x01", bytes(33)),
        (b"\x01" + bytes(32), bytes(32)),
        (b"\x01" + bytes(31), b""),
    ],
)
def test_what_is_no_node_of_the_multistore_is_refused(prefix: bytes, suffix: bytes) -> None:
    with pytest.raises(ProofInvalid):
        SIMPLE.is_left(1, Step(prefix, suffix))
    with pytest.raises(ProofInvalid):
        SIMPLE.check_leaf(b"\x00\x00")


def test_a_path_has_an_end_and_a_leaf_has_both_parts() -> None:
    long = tuple(Step(zigzag(number) + HEAD[1:] + b"\x20", b"\x20" + bytes(32)) for number in range(1, 66))
    assert leaf(KEYS[0], path=long[:64]).sides(IAVL) == [True] * 64
    for changes in ({"path": long}, {"key": b""}, {"value": b""}):
        with pytest.raises(ProofInvalid):
            dataclasses.replace(leaf(KEYS[0]), **changes).root(IAVL)
