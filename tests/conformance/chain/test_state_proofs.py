"""State proofs made from a real node verify; every changed byte of them does not."""

from __future__ import annotations

import base64
import contextlib
import copy
from typing import Any

import pytest

from chain import calls
from chain.abi import load
from chain.errors import ProofInvalid
from chain.state_proofs import (
    build_receipt_proof,
    build_receipt_proofs,
    build_storage_proof,
    mapping_slot,
    verify_receipt_proof,
    verify_storage_proof,
)

pytestmark = pytest.mark.parametrize("bench", ["anvil"], indirect=True)  # the simulation has no tries


def _append_block(bench: Any) -> Any:
    nonce = bench.gateway.transaction_count(bench.sender.address)
    raws = []
    for i in range(20):
        call = calls.append(bench.contracts, i, [bytes([i] * 32)])
        raws.append(bench.sender.sign(call.to, call.data, nonce + i, call.gas))
    bench.gateway.send([r.raw for r in raws])
    bench.mine()
    return bench.gateway.receipts([r.hash for r in raws])


def test_receipt_proofs_show_the_events(bench: Any) -> None:
    receipts = _append_block(bench)
    number = receipts[0].block_number
    proofs = build_receipt_proofs(bench.gateway, number, range(20))
    for receipt in receipts:
        facts = verify_receipt_proof(proofs[receipt.index])
        assert (facts.block_number, facts.block_hash, facts.index, facts.ok) == (
            number, receipt.block_hash, receipt.index, True,
        )  # fmt: skip
        assert [(log.address, log.topics, log.data) for log in facts.logs] == [
            (log.address, log.topics, log.data) for log in receipt.logs
        ]
    assert build_receipt_proof(bench.gateway, number, 3) == proofs[3]


def test_changed_receipt_proofs_are_refused_or_name_another_header(bench: Any) -> None:
    receipts = _append_block(bench)
    proof = build_receipt_proof(bench.gateway, receipts[0].block_number, 7)
    facts = verify_receipt_proof(proof)
    for position in range(len(proof["nodes"])):
        data = bytearray(base64.b64decode(proof["nodes"][position]))
        for at in range(0, len(data), 7):
            changed = copy.deepcopy(proof)
            damaged = bytearray(data)
            damaged[at] ^= 1
            changed["nodes"][position] = base64.b64encode(damaged).decode()
            with pytest.raises(ProofInvalid):
                verify_receipt_proof(changed)
    header = bytearray(base64.b64decode(proof["header"]))
    for at in range(0, len(header), 5):
        changed = copy.deepcopy(proof)
        damaged = bytearray(header)
        damaged[at] ^= 1
        changed["header"] = base64.b64encode(damaged).decode()
        with contextlib.suppress(ProofInvalid):
            assert verify_receipt_proof(changed).block_hash != facts.block_hash
    for change in (
        {"index": 8}, {"index": -1}, {"index": True}, {"nodes": []}, {"nodes": "x"}, {"kind": "storage"}, {"v": 2},
        {"type": "cometbft-ics23"}, {"header": "%"}, {"header": ""}, {"nodes": ["AAAA"]}, {"more": 1},
    ):  # fmt: skip
        with pytest.raises(ProofInvalid):
            verify_receipt_proof({**proof, **change})
    with pytest.raises(ProofInvalid):
        verify_receipt_proof("nonsense")


def test_storage_proofs_show_values_and_absence(bench: Any) -> None:
    _append_block(bench)
    number = bench.gateway.head().number
    layout = load("EvidenceLog").storage_layout
    slots = [base.to_bytes(32, "big") for base in layout.values()] + [mapping_slot(99, b"\x01")]
    proof = build_storage_proof(bench.gateway, bench.contracts.evidence_log, slots, number)
    facts = verify_storage_proof(proof)
    assert facts.block_number == number
    assert facts.address == bench.contracts.evidence_log
    assert 20 in facts.values.values()
    assert facts.values[slots[-1]] == 0
    other = copy.deepcopy(proof)
    other["address"] = bench.sender.address
    with pytest.raises(ProofInvalid):
        verify_storage_proof(other)
    moved = copy.deepcopy(proof)
    moved["slots"][0]["slot"] = (77).to_bytes(32, "big").hex()
    with contextlib.suppress(ProofInvalid):
        assert (
            verify_storage_proof(moved).values[(77).to_bytes(32, "big")] == 0
        )  # its absence is what the node shows
    for change in (
        {"address": "0x12"},
        {"slots": "x"},
        {"slots": [{"slot": "zz", "nodes": []}]},
        {"account_nodes": []},
    ):
        with pytest.raises(ProofInvalid):
            verify_storage_proof({**proof, **change})
