"""Evidence of a contract that was really played: who gets it, what the public page says, where a changed byte shows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from chain.package import read_package, write_package
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, Report, verify
from chain.verifier.rendering import ChildRenderer
from scripts.journey.client import ApiClient, Refused
from signing.rendering import FontBook
from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
GROUND = {"case_no": "（2026）测001号", "purpose": "劳动争议审理"}


def judge(data: bytes, done: Done, *, render: bool = False) -> Report:
    root = TrustRoot.parse(done.trust_root.read_bytes())
    renderer = ChildRenderer.with_fonts(FontBook.npm(ROOT / "node_modules")) if render else None
    return verify(data, root, now=dt.datetime.now(dt.UTC), render=renderer)


def test_everything_but_what_this_installation_lacks_passes(done: Done) -> None:
    report = judge(done.package.read_bytes(), done, render=True)
    open_steps = {step.no: step.sub_indication for step in report.steps if step.outcome is not Outcome.PASSED}
    # The court's receipt comes a few seconds later: tests of the judicial chain wait for it.
    assert open_steps.pop(18, "NO_JUDICIAL_RECEIPT") == "NO_JUDICIAL_RECEIPT"
    assert open_steps == {17: "HEADER_NOT_AUTHENTICATED"}
    assert report.verdict is Outcome.PASSED


def test_the_public_page_says_the_same_and_draws_the_document_again(world: World, done: Done) -> None:
    with world.connect() as anyone:
        answer = anyone.upload(
            "/verify", "evidence.zip", done.package.read_bytes(), "application/zip", method="POST"
        )
    assert answer["verdict"] == "passed"
    assert answer["steps"][19]["outcome"] == "passed", answer["steps"][19]


@pytest.mark.parametrize(
    "entry", ["document/contract.pdf", "statements/attestation.json", "log/checkpoint.tsr"]
)
def test_a_changed_byte_of_an_entry_is_named(done: Done, entry: str) -> None:
    entries = read_package(done.package.read_bytes())
    changed = bytearray(entries[entry])
    changed[len(changed) // 2] ^= 1
    report = judge(write_package(entries | {entry: bytes(changed)}), done)
    step = report.step(2)
    assert step is not None
    assert (step.outcome, step.sub_indication, step.facts["entry"]) == (Outcome.FAILED, "HASH_FAILURE", entry)
    assert all(item.sub_indication.startswith("DEPENDS_ON") for item in report.steps[2:])


def test_any_other_changed_byte_fails_too(done: Done) -> None:
    data = done.package.read_bytes()
    for position in range(7, len(data), len(data) // 40):
        changed = bytearray(data)
        changed[position] ^= 0x10
        report = judge(bytes(changed), done)
        assert report.verdict is Outcome.FAILED, position


def test_the_employer_gets_the_same_evidence(world: World, done: Done) -> None:
    data = world.employer.agent.download(f"/contracts/{done.played.contract}/evidence")
    assert judge(data, done).verdict is Outcome.PASSED


def test_the_court_reads_on_a_case_and_the_worker_sees_it(world: World, done: Done) -> None:
    court = world.stage.staff("court")
    path = f"/contracts/{done.played.contract_id}/evidence"
    with pytest.raises(Refused) as refused:
        court.download(path)
    assert refused.value.code == "evidence.ground_required"
    answer = court.request("GET", path, params=GROUND)
    assert judge(answer.content, done).verdict is Outcome.PASSED
    report = court.request("GET", f"{path}/report", params=GROUND).json()
    assert len(report["questions"]) == len(report["factors"]) == 4
    assert court.request("GET", f"{path}/report.pdf", params=GROUND).content.startswith(b"%PDF-")
    seen = done.played.worker.get(f"/me/contracts/{done.played.contract}")
    assert seen["accesses"], "the worker sees that an authority has read"
    mine = world.employer.agent.get(f"/contracts/{done.played.contract}")
    assert GROUND["case_no"] not in str(mine)


def test_the_regulator_exports_one_contracts_events(world: World, done: Done) -> None:
    regulator = world.stage.staff("regulator")
    data = regulator.download(f"/supervision/contracts/{done.played.contract_id}/evidence")
    report = judge(data, done)
    assert report.verdict is Outcome.PASSED, report.to_json()
    assert [step.no for step in report.steps] == [1, 2, 3, 13, 14, 15, 16, 17, 18]
    with pytest.raises(Refused):
        world.employer.agent.download(f"/supervision/contracts/{done.played.contract_id}/evidence")


def test_a_paper_copy_is_free(done: Done) -> None:
    worker: ApiClient = done.played.worker
    copy = worker.post(f"/contracts/{done.played.contract}/paper-copies")
    assert copy["free"] is True
    printed = worker.download(f"/contracts/{done.played.contract}/paper-copies/{copy['number']}.pdf")
    assert printed.startswith(b"%PDF-")


def test_a_stranger_finds_nothing(world: World, done: Done) -> None:
    with world.connect() as anyone, pytest.raises(Refused) as refused:
        anyone.download(f"/contracts/{done.played.contract}/evidence")
    assert refused.value.status in (401, 403)
