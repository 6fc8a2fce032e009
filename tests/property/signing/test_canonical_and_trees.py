"""Properties of canonical bytes, clause trees, commitments and signatures."""

from __future__ import annotations

from typing import Any

import coincurve
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import jcs, p256, wallets
from signing.clauses import Clause, ClauseTree
from signing.envelopes import new_recipient, open_sealed, seal
from signing.errors import InputRefused

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
KEYS = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=8)
PRIVATE_KEYS = st.integers(1, wallets.ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_bytes_are_read_back_and_unique(value: Any) -> None:
    data = jcs.canonical(value)
    assert jcs.parse(data) == value
    assert jcs.canonical(jcs.parse(data)) == data


@given(st.binary(max_size=60))
def test_no_two_encodings_of_one_value(data: bytes) -> None:
    try:
        value = jcs.parse(data)
    except InputRefused:
        return
    assert jcs.canonical(value) == data


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=40), st.data())
def test_every_clause_of_every_tree_is_provable(
    rows: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    tree = ClauseTree([Clause(*row) for row in rows])
    n = data.draw(st.integers(0, len(rows) - 1))
    proof = tree.disclose(n)
    assert proof.matches(tree.root)
    assert proof.leaf["text"] == rows[n][2]


@settings(max_examples=40)
@given(st.binary(min_size=32, max_size=32), PRIVATE_KEYS)
def test_wallet_signatures_recover(digest: bytes, key: bytes) -> None:
    signature = wallets.sign_digest(key, digest)
    assert wallets.recover(digest, signature) == wallets.address_of(key)
    assert coincurve.PrivateKey(key).public_key is not None


@given(st.integers(1, p256.ORDER - 1), st.integers(1, p256.ORDER - 1))
def test_low_s_is_idempotent_and_der_round_trips(r: int, s: int) -> None:
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    low = p256.low_s(raw)
    assert p256.is_low_s(low)
    assert p256.low_s(low) == low
    assert p256.to_raw(p256.to_der(raw)) == raw


@settings(max_examples=30)
@given(st.binary(max_size=3000), st.integers(0, 2**63))
def test_sealed_documents_open(data: bytes, version: int) -> None:
    public, private = new_recipient()
    sealed = seal(data, stream="econtract/x", version=version, recipients={"w": public})
    assert (
        open_sealed(sealed.ciphertext, sealed.envelopes["w"], private, stream="econtract/x", version=version)
        == data
    )
