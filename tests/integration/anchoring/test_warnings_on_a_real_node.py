"""Decisions about risk warnings on a real node: statements, relay, index, log inclusion and the tallies' proofs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.anchoring import router
from api.anchoring.repository.index_store import SqlIndexStore, content_digest
from api.anchoring.texts import TEXTS
from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.kernel.events import EventDraft, Json
from chain.figures import tally, tally_slot
from chain.indexer import Indexer
from chain.merkle import leaf_hash, verify_inclusion
from chain.state_proofs import build_storage_proof, verify_storage_proof
from chain.warning_rules import StepKind
from tests.support.anchoring_store import Slice, hex32
from tests.support.real_chain import REGISTRAR as CHAIN_REGISTRAR
from tests.support.real_chain import RULE_RUN, RealChain, Ticking, address, real_chain, wait_for
from tests.support.slice_application import slice_application
from tests.support.warning_scene import OFFICER, REGISTRAR, REVIEWER, TOWN, Decided, Desk


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChain]:
    with real_chain(tmp_path_factory.mktemp("warned")) as made:
        yield made


def test_from_decision_to_proof(chain: RealChain, tmp_path: Path) -> None:
    assert REGISTRAR == CHAIN_REGISTRAR
    db = Database(f"sqlite:///{tmp_path}/concord.db", FieldKey(bytes(32)))
    domain = chain.domain("WarningDecisionRegistry")
    slice_ = Slice(
        db, chain.gateway, contracts=chain.contracts, sender=chain.sender, proofs=True, warnings_domain=domain,
        registrars=frozenset({address(REGISTRAR)}), rule_run_key=RULE_RUN,
    )  # fmt: skip
    slice_.monotonic = None
    desk = Desk(slice_, domain)
    desk.appoint(OFFICER, REVIEWER)
    desk.take(
        Decided("w1", "issue", 4, automatic=True), Decided("w1", "confirm", 4), Decided("w2", "issue", 2)
    )
    slice_.service.rule_signer().run_due()
    desk.sign("w1", 2, OFFICER)
    desk.sign("w2", 1, REVIEWER)
    desk.take(Decided("w1", "close", 4))
    desk.sign("w1", 3, OFFICER, REVIEWER)
    with slice_.service.uow() as session:
        for number, kind in enumerate(("W01", "W03", "W05")):
            payload: dict[str, Json] = {
                "input_hash": hex32("input snapshot"),
                "rule_set_hash": hex32("rule set"),
                "grade": 4,
                "no": number,
            }
            slice_.service.recorder.record(
                session, EventDraft("warning/w1", f"risk.{kind}/1", "officer-1", "regulator", payload)
            )
    with Ticking(slice_.service.worker()) as ticking:
        wait_for(lambda: desk.states("w1") == ["anchored"] * 3 or ticking.errors)
        wait_for(lambda: desk.states("w2") == ["anchored"] or ticking.errors)
        with slice_application(db, router, TEXTS, anchoring=slice_.service) as web:
            regulator = web.as_("regulator")

            def shown() -> dict[str, Any]:
                answer: dict[str, Any] = regulator.get("/api/v1/anchoring/warnings/w1").json()
                return answer

            wait_for(lambda: ticking.errors or all(e["inclusion"] for e in shown()["events"]))
            wait_for(lambda: ticking.errors or all(s["on_chain"] for s in shown()["steps"]))
            found = shown()
    assert ticking.errors == []
    assert (found["status"], found["state"], found["grade"]) == ("closed", "anchored", 4)
    assert [event["type"] for event in found["events"]] == ["risk.W01/1", "risk.W03/1", "risk.W05/1"]
    for event in found["events"]:
        proof = event["inclusion"]
        path = [bytes.fromhex(node) for node in proof["path"]]
        leaf = leaf_hash(bytes.fromhex(event["entry"]))
        verify_inclusion(leaf, proof["log_index"], proof["size"], path, bytes.fromhex(proof["root"]))
    head = chain.gateway.final_head()
    month = (datetime.fromtimestamp(head.timestamp, UTC) + timedelta(hours=8)).strftime("%Y-%m")
    registry = chain.contracts.warnings
    assert registry is not None
    expected = {
        tally_slot(StepKind.ISSUE, None, None): (0, 1, 0, 1),
        tally_slot(StepKind.ISSUE, TOWN, month): (0, 1, 0, 1),
        tally_slot(StepKind.CLOSE, TOWN, None): (0, 0, 0, 1),
        tally_slot(StepKind.CLOSE, None, month): (0, 0, 0, 1),
        tally_slot(StepKind.LIFT, None, None): (0, 0, 0, 0),
        tally_slot(StepKind.ISSUE, TOWN + 1, None): (0, 0, 0, 0),
    }
    for slot, counts in expected.items():
        facts = verify_storage_proof(build_storage_proof(chain.gateway, registry, [slot], head.number))
        assert tally(facts.values[slot]) == counts
        assert facts.code_hash.hex() == chain.deployment.contracts["WarningDecisionRegistry"].code_hash
    with slice_.service.uow.read() as session:
        content = content_digest(session)
    store = SqlIndexStore(db)
    store.drop()
    Indexer(chain.gateway, store, chain.contracts).catch_up()
    with slice_.service.uow.read() as session:
        assert content_digest(session) == content
    db.close()
