"""The slice's HTTP: the log for everybody, the outbox for those who run and supervise the platform."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from api.anchoring import router
from api.anchoring.texts import TEXTS
from api.infra.pacing import Pace
from api.kernel.clock import SystemClock
from api.kernel.events import EventDraft
from chain import calls
from chain.checkpoint import open_checkpoint
from chain.merkle import leaf_hash, tree_root, verify_consistency, verify_inclusion
from chain.package.proofs import LogProof
from chain.transactions import Sender
from tests.support.anchoring_store import KEY, ORIGIN, Slice, hex32
from tests.support.relay_world import AGENT, CHAIN_ID, CONTRACTS
from tests.support.slice_application import SliceApplication, slice_application
from tests.support.witness_scene import CONFLICTING, DOWN, IDENTITIES, UP, fill_witnesses


@pytest.fixture
def web(slice_: Slice) -> Iterator[SliceApplication]:
    with slice_application(slice_.db, router, TEXTS, anchoring=slice_.service) as made:
        yield made


def fill(slice_: Slice, count: int) -> list[str]:
    with slice_.service.uow() as session:
        digests = [
            slice_.service.recorder.record(
                session, EventDraft("econtract/x", "econtract.E04/1", "a", "worker", {"i": i})
            ).digest
            for i in range(count)
        ]
    for _ in range(3):
        slice_.service.worker().tick()
        slice_.gateway.mine()  # type: ignore[attr-defined]
        slice_.monotonic += 6  # type: ignore[operator]
    slice_.service.worker().tick()
    return digests


def test_anyone_can_check_the_log(slice_: Slice, web: SliceApplication) -> None:
    assert web.anonymous.get("/log/checkpoint").status_code == 404
    digests = fill(slice_, 300)
    answer = web.anonymous.get("/log/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    checkpoint = open_checkpoint(answer.content, KEY.verifier)
    leaves = [leaf_hash(bytes.fromhex(d)) for d in digests]
    assert (checkpoint.size, checkpoint.root) == (300, tree_root(leaves))
    shown = web.anonymous.get("/api/v1/log/checkpoint").json()
    assert shown["note"].encode() == answer.content
    assert shown["vkey"] == KEY.vkey
    assert base64.b64decode(shown["token"]).startswith(b"token")
    proof = web.anonymous.get("/api/v1/log/inclusion", params={"index": 257}).json()
    path = [bytes.fromhex(h) for h in proof["path"]]
    verify_inclusion(leaves[257], 257, proof["size"], path, checkpoint.root)
    proof = web.anonymous.get("/api/v1/log/consistency", params={"size1": 100, "size2": 300}).json()
    path = [bytes.fromhex(h) for h in proof["path"]]
    verify_consistency(100, tree_root(leaves[:100]), 300, checkpoint.root, path)
    assert web.anonymous.get("/api/v1/log/inclusion", params={"index": 300}).status_code == 404
    assert web.anonymous.get("/api/v1/log/inclusion", params={"index": -1}).status_code == 422


def test_tiles_follow_tlog_tiles(slice_: Slice, web: SliceApplication) -> None:
    digests = fill(slice_, 300)
    leaves = [leaf_hash(bytes.fromhex(d)) for d in digests]
    full = web.anonymous.get("/log/tile/0/000")
    assert full.content == b"".join(leaves[:256])
    assert "immutable" in full.headers["cache-control"]
    assert web.anonymous.get("/log/tile/0/001.p/44").content == b"".join(leaves[256:])
    assert web.anonymous.get("/log/tile/1/000.p/1").content == tree_root(leaves[:256])
    bundle = web.anonymous.get("/log/tile/entries/001.p/44").content
    assert bundle == b"".join(b"\x00\x20" + bytes.fromhex(d) for d in digests[256:])
    for missing in (
        "0/001",
        "0/001.p/45",
        "0/002.p/1",
        "2/000.p/1",
        "0/000.p/0",
        "00/000",
        "0/0",
        "x/000",
        "0/000/x",
        "entries/9",
        "0/x000/000",
        "entries/x000/000",
        "0/000.p/256",
        "0/000.p/044",
        "64/000",
        "99/000",
    ):
        assert web.anonymous.get(f"/log/tile/{missing}").status_code == 404, missing


def test_a_proof_travels_as_one_file(slice_: Slice, web: SliceApplication) -> None:
    digests = fill(slice_, 300)
    answer = web.anonymous.get("/log/proof/257")
    assert answer.headers["cache-control"].startswith("no-store")
    proof = LogProof.parse(answer.content)
    head = open_checkpoint(proof.checkpoint, KEY.verifier)
    leaf = leaf_hash(bytes.fromhex(digests[257]))
    verify_inclusion(leaf, proof.index, head.size, proof.path, head.root)
    assert web.anonymous.get("/log/proof/300").status_code == 404
    assert web.anonymous.get("/log/proof/-1").status_code == 422


def test_one_address_cannot_take_the_log_from_the_others(
    slice_: Slice, web: SliceApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(slice_, 1)
    monkeypatch.setattr("api.anchoring.router.public_log._pace", Pace(rate=0.5, burst=2.0))
    answers = [web.anonymous.get("/log/tile/0/000.p/1").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


@pytest.mark.parametrize("role", ["operator", "regulator", "auditor"])
def test_anchors_for_supervision(slice_: Slice, web: SliceApplication, role: str) -> None:
    fill(slice_, 2)
    client = web.as_(role)
    shown = client.get("/api/v1/anchors/econtract/x").json()
    assert shown["state"] == "anchored"
    assert [(e["seq"], e["log_index"], e["state"]) for e in shown["events"]] == [
        (1, 0, "anchored"),
        (2, 1, "anchored"),
    ]
    assert client.get("/api/v1/anchors/econtract/y").status_code == 404
    assert client.get("/api/v1/anchoring/status").json()["log_size"] == 2


@pytest.mark.parametrize("role", ["agent", "worker", "representative", "review_officer", "court"])
def test_others_see_neither_anchors_nor_outbox(slice_: Slice, web: SliceApplication, role: str) -> None:
    fill(slice_, 1)
    for path in ("anchors/econtract/x", "anchoring/status", "anchoring/calls"):
        assert web.as_(role).get(f"/api/v1/{path}").status_code == 403
        assert web.anonymous.get(f"/api/v1/{path}").status_code == 401


def test_the_operator_deals_with_parked_calls_and_alarms(slice_: Slice, web: SliceApplication) -> None:
    with slice_.service.uow() as session:
        call_id = slice_.service.registry.revoke_agent(
            session, org_id=hex32("nobody"), agent=AGENT, nonce=1, signature=b"s" * 65
        )
    fill(slice_, 1)
    operator: Any = web.as_("operator")
    shown = operator.get("/api/v1/anchoring/calls").json()
    assert [(c["call_id"], c["state"]) for c in shown] == [(call_id, "parked")]
    assert "OrganisationUnknown" in shown[0]["reason"]
    assert web.as_("regulator").post(f"/api/v1/anchoring/calls/{call_id}/retry").status_code == 403
    assert operator.post(f"/api/v1/anchoring/calls/{call_id}/retry").status_code == 204
    assert operator.post(f"/api/v1/anchoring/calls/{call_id}/retry").status_code == 409
    fill(slice_, 1)
    assert operator.post(f"/api/v1/anchoring/calls/{call_id}/void", json={"reason": "x"}).status_code == 422
    body = {"reason": "the organisation was never registered"}
    assert operator.post(f"/api/v1/anchoring/calls/{call_id}/void", json=body).status_code == 204
    assert operator.get("/api/v1/anchoring/calls?state=void").json()[0]["reason"] == body["reason"]
    alarms = operator.get("/api/v1/anchoring/status").json()["alarms"]
    assert alarms[0]["code"] == "relay.call_parked"
    for alarm in alarms:
        assert operator.post(f"/api/v1/anchoring/alarms/{alarm['id']}/clear", json=body).status_code == 204
    assert operator.get("/api/v1/anchoring/status").json()["alarms"] == []
    problem = operator.post("/api/v1/anchoring/calls/unknown/retry").json()
    assert problem["code"] == "anchoring.call_unknown"


def test_an_integrity_alarm_is_shown(slice_: Slice, web: SliceApplication) -> None:
    fill(slice_, 1)
    stranger = Sender(bytes([6] * 32), CHAIN_ID)
    made = calls.append(CONTRACTS, 1, [bytes([255] * 32)])
    slice_.gateway.send([stranger.sign(made.to, made.data, 0, made.gas).raw])
    slice_.gateway.mine()  # type: ignore[attr-defined]
    slice_.monotonic += 6  # type: ignore[operator]
    with pytest.raises(Exception, match=r"anchoring\.integrity"):
        slice_.service.worker().tick()
    status = web.as_("auditor").get("/api/v1/anchoring/status").json()
    assert status["stopped"]
    assert status["alarms"][0]["severity"] == "integrity"


def test_the_witnesses_are_for_those_who_run_and_supervise(slice_: Slice, web: SliceApplication) -> None:
    fill_witnesses(slice_.db, SystemClock().now())
    slice_.service.operator._witnesses = IDENTITIES
    for role in ("operator", "regulator", "auditor"):
        found = web.as_(role).get("/api/v1/anchoring/witnesses").json()
        assert [(w["name"], w["state"], w["behind"]) for w in found] == [
            (UP, "up", 0),
            (DOWN, "down", 10),
            (CONFLICTING, "conflicting", 10),
        ]
    assert found[1]["trouble"]["code"] == "unreachable"
    assert found[1]["trouble"]["times"] == 2
    assert (found[0]["fingerprint"], found[0]["origin"]) == (IDENTITIES[0].fingerprint, ORIGIN)
    assert web.as_("agent").get("/api/v1/anchoring/witnesses").status_code == 403
    assert web.anonymous.get("/api/v1/anchoring/witnesses").status_code == 401


def test_an_installation_without_witnesses_has_an_empty_list(web: SliceApplication) -> None:
    assert web.as_("operator").get("/api/v1/anchoring/witnesses").json() == []
