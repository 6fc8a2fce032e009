"""The commitment and the clause tree, with single-clause disclosure."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from signing import jcs
from signing.clauses import Clause, ClauseProof, ClauseTree
from signing.commitments import Commitment
from signing.errors import InputRefused

COMMITMENT = Commitment(
    "concord.example/test",
    b"\1" * 32,
    1,
    bytes(32),
    b"\2" * 32,
    b"\3" * 32,
    b"\4" * 32,
    "typst-0.15",
    b"\5" * 32,
)
CLAUSES = [Clause(f"M{n}", f"第{n}条", "文字" * n) for n in range(1, 8)]


def test_commitment_is_the_digest_of_its_opening() -> None:
    assert COMMITMENT.digest() == hashlib.sha256(jcs.canonical(COMMITMENT.opening())).digest()
    assert Commitment.from_opening(COMMITMENT.opening()) == COMMITMENT
    assert set(COMMITMENT.opening()) == {
        "v", "log_origin", "contract_id", "version", "prev", "clause_root", "base_pdf_sha256",
        "template_sha256", "renderer_id", "salt",
    }  # fmt: skip


def test_every_field_is_bound() -> None:
    changed = [
        replace(COMMITMENT, log_origin="x.example"), replace(COMMITMENT, contract_id=b"\0" * 32),
        replace(COMMITMENT, version=2), replace(COMMITMENT, prev=b"\1" * 32),
        replace(COMMITMENT, clause_root=b"\0" * 32), replace(COMMITMENT, base_pdf_sha256=b"\0" * 32),
        replace(COMMITMENT, template_sha256=b"\0" * 32), replace(COMMITMENT, renderer_id="other"),
        replace(COMMITMENT, salt=b"\0" * 32),
    ]  # fmt: skip
    assert len({item.digest() for item in [COMMITMENT, *changed]}) == 10


@pytest.mark.parametrize(
    "change",
    [{"version": 0}, {"version": True}, {"salt": "00"}, {"v": 2}, {"more": 1}, {"renderer_id": "字"}],
)
def test_malformed_openings_are_refused(change: dict[str, jcs.JSON]) -> None:
    with pytest.raises(InputRefused, match="commitment"):
        Commitment.from_opening({**COMMITMENT.opening(), **change})


def test_a_small_tree_by_hand() -> None:
    tree = ClauseTree(CLAUSES[:3], [bytes([n]) * 32 for n in range(3)])
    leaves = [hashlib.sha256(b"\0" + tree.leaf_data(n)).digest() for n in range(3)]
    left = hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert tree.root == hashlib.sha256(b"\1" + left + leaves[2]).digest()
    assert jcs.parse(tree.leaf_data(0)) == {
        "salt": "00" * 32, "n": 1, "id": "M1", "title": "第1条", "text": "文字"
    }  # fmt: skip


@pytest.mark.parametrize("size", range(1, 8))
def test_each_clause_is_proven_alone(size: int) -> None:
    tree = ClauseTree(CLAUSES[:size])
    for n in range(size):
        proof = ClauseProof.from_json(tree.disclose(n).to_json())
        assert proof.matches(tree.root)
        assert not proof.matches(bytes(32))
        assert not replace(proof, leaf={**proof.leaf, "text": "改"}).matches(tree.root)
        assert not replace(proof, n=n + 1).matches(tree.root)
        assert not replace(proof, path=(*proof.path, bytes(32))).matches(tree.root)
        if proof.path:
            assert not replace(proof, path=proof.path[:-1]).matches(tree.root)


def test_salts_hide_equal_clauses() -> None:
    assert ClauseTree(CLAUSES).root != ClauseTree(CLAUSES).root
    with pytest.raises(InputRefused, match=r"clause\.none"):
        ClauseTree([])
    with pytest.raises(InputRefused):
        ClauseTree(CLAUSES, [b""] * 7)
