"""A whole forged anvil in a package: however consistent, it never carries a verdict."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chain.package import contents
from chain.verifier import Outcome, Report, verify
from chain.verifier.policy import AllOf, RequireStep
from signing import jcs
from tests.factories.evidence import Forge, World
from tests.factories.forged_chain import concluded, receipt_proof
from tests.support.signing_authorities import NOW

LATER = NOW + dt.timedelta(hours=1)


def _report(world: World, receipts: Any, **changes: Any) -> Report:
    def add(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
        value = {"v": 1, "type": "anvil-mpt", "receipts": receipts(forge)} | changes
        return files | {contents.CHAIN_RECORD: jcs.canonical(value)}

    forge = Forge(world, changes={"files": add})
    return verify(forge.package, forge.root, now=LATER)


def _step(report: Report) -> tuple[Outcome, str]:
    step = report.step(17)
    assert step is not None
    return step.outcome, step.sub_indication


def test_a_forged_chain_is_consistent_and_proves_nothing(world: World) -> None:
    report = _report(world, lambda forge: [receipt_proof(*concluded(forge))])
    assert _step(report) == (Outcome.INDETERMINATE, "HEADER_NOT_AUTHENTICATED")
    assert report.verdict is Outcome.PASSED, "the verdict rests on the other steps alone"


def test_a_policy_that_wants_the_chain_is_not_satisfied_by_it(world: World) -> None:
    forge = Forge(
        world,
        changes={
            "files": lambda files, forge: (
                files
                | {
                    contents.CHAIN_RECORD: jcs.canonical(
                        {"v": 1, "type": "anvil-mpt", "receipts": [receipt_proof(*concluded(forge))]}
                    )
                }
            )
        },
    )
    report = verify(forge.package, forge.root, now=LATER, policy=AllOf((RequireStep(17),)))
    assert report.verdict is Outcome.INDETERMINATE


@pytest.mark.parametrize(
    ("changes", "sub"),
    [
        ({"contract_id": bytes(32)}, "STATEMENT_MISMATCH"),
        ({"commitment": bytes(32)}, "STATEMENT_MISMATCH"),
        ({"version": 2}, "STATEMENT_MISMATCH"),
        ({"address": "0x" + "11" * 20}, "CONTRACT_CODE_UNKNOWN"),
    ],
)
def test_a_record_of_something_else_fails(world: World, changes: dict[str, Any], sub: str) -> None:
    report = _report(world, lambda forge: [receipt_proof(*concluded(forge, **changes))])
    assert _step(report) == (Outcome.FAILED, sub)
    assert report.verdict is Outcome.FAILED


def test_a_reverted_transaction_is_no_conclusion(world: World) -> None:
    report = _report(world, lambda forge: [receipt_proof(*concluded(forge), ok=False)])
    assert _step(report) == (Outcome.FAILED, "STATEMENT_MISMATCH")


def test_a_receipt_that_is_not_under_its_header_fails(world: World) -> None:
    def other_header(forge: Forge) -> list[dict[str, Any]]:
        one = receipt_proof(*concluded(forge))
        return [one | {"header": receipt_proof(*concluded(forge, version=2))["header"]}]

    assert _step(_report(world, other_header)) == (Outcome.FAILED, "INCLUSION_INVALID")


@pytest.mark.parametrize("receipts", [[None], [{}], [{"type": "anvil-mpt"}], ["x"], [[[]]]])
def test_garbage_for_a_receipt_fails_cleanly(world: World, receipts: list[Any]) -> None:
    assert _step(_report(world, lambda forge: receipts)) == (Outcome.FAILED, "INCLUSION_INVALID")


def test_an_unknown_kind_of_record_is_left_open(world: World) -> None:
    report = _report(world, lambda forge: [], type="besu-mpt")
    assert _step(report) == (Outcome.INDETERMINATE, "UNSUPPORTED")
    assert report.verdict is Outcome.PASSED


def test_a_judicial_receipt_of_an_unknown_kind_is_left_open(world: World) -> None:
    def add(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
        return files | {contents.JUDICIAL: jcs.canonical({"v": 1, "type": "besu-qbft"})}

    forge = Forge(world, changes={"files": add})
    step = verify(forge.package, forge.root, now=LATER).step(18)
    assert step is not None
    assert (step.outcome, step.sub_indication) == (Outcome.INDETERMINATE, "UNSUPPORTED")
