"""What a chain has said goes into packages by the name of its type: receipts together, a network's record as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from api.evidence.service import assembly
from api.infra.auth import Principal
from api.kernel.errors import DomainError, ErrorKind
from chain.package import contents, read_package
from chain.verifier import Outcome, verify
from signing import jcs
from tests.factories.forged_chain import concluded, receipt_proof
from tests.factories.light_proofs import conclusion_forge, figure_forge, figure_proof, record_of
from tests.integration.evidence.conftest import Desk
from tests.support.signing_authorities import NOW

Who = Callable[..., Principal]
LATER = NOW + dt.timedelta(hours=2)
STREET = 500112013


def test_a_networks_record_stands_in_the_package_as_it_is_and_passes(desk: Desk, who: Who) -> None:
    forge = desk.forge
    about = (forge.contract_id, 1, forge.commitment)
    light = conclusion_forge(forge.world, *about)
    record = record_of(light, *about)
    desk.log.kept = [record]
    made = desk.service.package(who("worker", "worker", person_id="p1"), forge.contract_id)
    assert read_package(made.data)[contents.CHAIN_RECORD] == jcs.canonical(record)
    step = verify(made.data, light.root(), now=LATER).step(17)
    assert step is not None
    assert (step.outcome, step.facts["events"]) == (Outcome.PASSED, ["Concluded"])
    supervision = desk.service.supervision_package(who("staff", "regulator"), forge.contract_id)
    step = verify(supervision.data, light.root(), now=LATER).step(17)
    assert step is not None
    assert step.outcome is Outcome.PASSED


def test_receipts_of_the_embedded_chain_stand_together(desk: Desk, who: Who) -> None:
    receipt = receipt_proof(*concluded(desk.forge))
    desk.log.kept = [receipt, receipt]
    made = desk.service.package(who("worker", "worker", person_id="p1"), desk.forge.contract_id)
    found = contents.read_json(contents.CHAIN_RECORD, read_package(made.data)[contents.CHAIN_RECORD])
    assert found == {"v": 1, "type": "anvil-mpt", "receipts": [receipt, receipt]}
    step = verify(made.data, desk.forge.root, now=LATER).step(17)
    assert step is not None
    assert step.sub_indication == "HEADER_NOT_AUTHENTICATED"


@pytest.mark.parametrize(
    "kept",
    [
        [{"v": 1, "type": "another"}],
        [{"v": 1}],
        [{"v": 1, "type": "anvil-mpt"}, {"v": 1, "type": "cometbft-ics23"}],
        [{"v": 1, "type": "cometbft-ics23"}, {"v": 1, "type": "cometbft-ics23"}],
    ],
)
def test_a_type_is_never_guessed(kept: list[dict[str, Any]]) -> None:
    with pytest.raises(DomainError) as caught:
        assembly.chain_record(kept)
    assert (caught.value.kind, caught.value.code) == (ErrorKind.INTEGRITY, "evidence.chain_record_unknown")
    assert assembly.chain_record(()) == {}


def test_a_figure_of_a_network_passes(desk: Desk, who: Who) -> None:
    light = figure_forge(desk.forge.world, STREET, "2026-11", 12)
    desk.counters.light = figure_proof(light)
    made = desk.service.figures.package(who("staff", "regulator"), STREET, "2026-11")
    assert made.filename == "figure-500112013-2026-11-block89.zip"
    report = verify(made.data, light.root(), now=LATER)
    step = report.step(22)
    assert step is not None
    assert (report.verdict, step.outcome, step.facts["value"]) == (Outcome.PASSED, Outcome.PASSED, 12)
