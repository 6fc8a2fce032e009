"""Step 18 over forged courts: passes only for the court's own seal, over the block that accepted exactly this checkpoint."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chain.judicial_receipt import REFERENCE, reference_entry
from chain.verifier import Outcome, verify
from chain.verifier.outcome import StepResult
from tests.factories.court import COURT_CHAIN, court_key, trusted_court, with_receipt
from tests.factories.evidence import Forge, World
from tests.support.signing_authorities import NOW

LATER = NOW + dt.timedelta(hours=1)


def _step(world: World, court: dict[str, Any] | None = None, alter: Any = None, **changes: Any) -> StepResult:
    forge = Forge(world, changes={"files": with_receipt(alter, **changes)})
    trusted = world.trust_root(**trusted_court(world, **(court or {})))
    found = verify(forge.package, trusted, now=LATER).step(18)
    assert found is not None
    return found


def _seen(step: StepResult) -> tuple[Outcome, str]:
    return step.outcome, step.sub_indication


def test_the_courts_seal_over_the_accepted_checkpoint_passes(world: World) -> None:
    step = _step(world)
    assert _seen(step) == (Outcome.PASSED, "")
    assert step.facts["sealed_by"] == "court.test/chain"
    assert step.facts["chain_id"] == COURT_CHAIN


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"chain_id": COURT_CHAIN + 1}, (Outcome.INDETERMINATE, "UNSUPPORTED")),
        ({"address": "0x" + "11" * 20}, (Outcome.FAILED, "CONTRACT_CODE_UNKNOWN")),
        ({"emitter": "0x" + "11" * 20}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"size": 999}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"root": bytes([7] * 32)}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"ok": False}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"receipt_index": 0}, (Outcome.FAILED, "INCLUSION_INVALID")),
        ({"proven_index": 0}, (Outcome.FAILED, "INCLUSION_INVALID")),
        ({"receipt_index": 0, "proven_index": 0}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"seal": None}, (Outcome.INDETERMINATE, "HEADER_NOT_AUTHENTICATED")),
        ({"seal": "no note"}, (Outcome.FAILED, "FORMAT_FAILURE")),
        ({"sealed_chain": 5}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"sealed_number": 8}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"sealed_hash": bytes(32)}, (Outcome.FAILED, "STATEMENT_MISMATCH")),
        ({"key": court_key("a stranger")}, (Outcome.FAILED, "SIG_CRYPTO_FAILURE")),
    ],
)
def test_anything_else_does_not(world: World, changes: dict[str, Any], expected: tuple[Outcome, str]) -> None:
    assert _seen(_step(world, **changes)) == expected


def test_a_root_without_the_courts_sealing_key_leaves_it_open(world: World) -> None:
    assert _seen(_step(world, {"seal_vkey": None})) == (Outcome.INDETERMINATE, "HEADER_NOT_AUTHENTICATED")


@pytest.mark.parametrize(
    "alter",
    [
        lambda made: made | {"chain_id": "1"},
        lambda made: made | {"more": 1},
        lambda made: {name: value for name, value in made.items() if name != "seal"},
        lambda made: made | {"receipt_proof": []},
        lambda made: {"v": 1},
        lambda made: {"v": 2, "type": "another"},
    ],
)
def test_a_receipt_of_another_shape_ends_at_step_two(world: World, alter: Any) -> None:
    forge = Forge(world, changes={"files": with_receipt(alter)})
    found = verify(forge.package, forge.root, now=LATER).step(2)
    assert found is not None
    assert _seen(found) == (Outcome.FAILED, "ENTRY_MALFORMED")


def test_a_receipt_of_a_courts_network_is_left_open(world: World) -> None:
    made = reference_entry(COURT_CHAIN, "0x" + "77" * 20, 12, bytes([1] * 32), bytes([2] * 32))
    step = _step(world, alter=lambda _: made)
    assert _seen(step) == (Outcome.INDETERMINATE, "UNSUPPORTED")
    assert step.facts == {"type": REFERENCE, "chain_id": COURT_CHAIN}


def test_a_type_to_come_is_left_open(world: World) -> None:
    step = _step(world, alter=lambda made: {"v": 1, "type": "besu-qbft", "anything": [1]})
    assert _seen(step) == (Outcome.INDETERMINATE, "UNSUPPORTED")
