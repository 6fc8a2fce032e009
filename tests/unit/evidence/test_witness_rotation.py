"""Witnesses change and the court's contract with them: what packages from before and after prove under which trust root."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from api.evidence.service.trust import assemble
from api.kernel.errors import DomainError
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, verify
from chain.verifier.outcome import Report
from signing import eip712
from tests.attacks.evidence.story import LATER as VERIFIED_AT
from tests.factories.court import trusted_court, with_receipt
from tests.factories.evidence import Forge, World
from tests.factories.witnesses import COURT_CHAIN, NAMES, Witness, bridged, cosigned, trusted
from tests.support.evidence_world import world
from tests.unit.evidence.test_trust import FACTS, LATER, NOW, ONE, TWO

__all__ = ["world"]

COURT, NOTARY, UNION = NAMES
NEWCOMER = "archive.test/w"
SECOND = "0x" + "88" * 20


def _python(package: bytes, root: TrustRoot) -> Report:
    return verify(package, root, now=VERIFIED_AT)


def _package(world: World, *names: str, address: str | None = None) -> bytes:
    """Cosigned in both forms by these, and accepted by the court's first contract, or the one at `address`."""
    changes: dict[str, Any] = {}
    court: dict[str, Any] = {}
    if address is not None:
        changes["domain"] = eip712.Domain("Concord TEST", COURT_CHAIN, address, world.log_origin)
        court = {"address": address, "emitter": address}

    def files(held: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
        return with_receipt(**court)(bridged(*names, **changes)(held, forge), forge)

    return Forge(world, changes={"checkpoint_file": cosigned(*names), "files": files}).package


def _first(world: World) -> TrustRoot:
    return world.trust_root(**trusted(NAMES, 2), **trusted_court(world))


def _next(first: TrustRoot, **changes: Any) -> TrustRoot:
    """The version after: the union's key is retired, the archive's is new, the court has a second contract."""
    value = dict(first.value)
    return TrustRoot.of(
        value
        | {
            "version": 2,
            "predecessor": first.fingerprint,
            "witnesses": [*value["witnesses"], Witness(NEWCOMER).entry],
            "judicial": [*value["judicial"], value["judicial"][0] | {"address": SECOND}],
        }
        | changes
    )


def _seen(report: Report, number: int) -> tuple[Outcome, str]:
    step = report.step(number)
    assert step is not None
    return step.outcome, step.sub_indication


PASSED = (Outcome.PASSED, "")


def test_packages_from_before_the_change_pass_under_the_new_root(world: World) -> None:
    first = _first(world)
    package = _package(world, COURT, UNION)
    for root in (first, _next(first)):
        report = _python(package, root)
        assert report.verdict is Outcome.PASSED
        assert (_seen(report, 15), _seen(report, 18)) == (PASSED, PASSED)


def test_packages_from_after_it_need_the_new_root(world: World) -> None:
    first = _first(world)
    package = _package(world, COURT, NEWCOMER, address=SECOND)
    report = _python(package, _next(first))
    assert (_seen(report, 15), _seen(report, 18)) == (PASSED, PASSED)
    old = _python(package, first)
    assert _seen(old, 15) == (Outcome.FAILED, "COSIGNATURE_PAIR_DIFFERS")
    assert _seen(old, 18) == (Outcome.FAILED, "CONTRACT_CODE_UNKNOWN")


def test_a_higher_threshold_leaves_older_packages_open_under_the_new_root_only(world: World) -> None:
    first = _first(world)
    package = _package(world, COURT, UNION)
    assert _seen(_python(package, first), 15) == PASSED
    raised = _next(first, witness_threshold=3)
    assert _seen(_python(package, raised), 15) == (Outcome.INDETERMINATE, "WITNESS_QUORUM_MISSING")


def test_a_stolen_key_that_was_dropped_counts_nowhere_and_breaks_nothing(world: World) -> None:
    first = _first(world)
    without = _next(first, witnesses=[Witness(name).entry for name in (COURT, NOTARY, NEWCOMER)])
    assert _seen(_python(_package(world, COURT, NOTARY, UNION), without), 15) == PASSED
    left = _python(_package(world, COURT, UNION), without)
    assert _seen(left, 15) == (Outcome.INDETERMINATE, "WITNESS_QUORUM_MISSING")


@pytest.mark.parametrize("changes", [{"vkey": Witness("other.test/w").entry["vkey"]}, {"address": TWO}])
def test_a_new_key_under_an_old_name_makes_no_trust_root(changes: dict[str, str]) -> None:
    witness = Witness(COURT).entry | {"address": ONE}
    first = assemble(dataclasses.replace(FACTS, witnesses=(witness,), witness_threshold=1), None, NOW)
    with pytest.raises(DomainError) as refused:
        assemble(dataclasses.replace(FACTS, witnesses=(witness | changes,)), first, LATER)
    assert refused.value.code == "evidence.witness_rekeyed"
    assert refused.value.facts == {"witness": COURT}
