"""Decisions about risk warnings over HTTP: who sees them, who signs, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from api.anchoring import router
from api.anchoring.model import Holder
from api.anchoring.texts import TEXTS
from api.infra.audit import AuditRow
from api.infra.db import Database
from api.kernel.events import EventDraft
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.merkle import leaf_hash, verify_inclusion
from signing import wallets
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import Slice
from tests.support.relay_world import CHAIN_ID
from tests.support.slice_application import SliceApplication, slice_application
from tests.support.warning_scene import (
    CONTRACTS,
    DIRECTOR,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    STRANGER,
    Decided,
    Desk,
    address,
    holder,
    statement_of,
)

WARNINGS = "/api/v1/anchoring/warnings"
OFFICERS = "/api/v1/anchoring/warning-officers"


@pytest.fixture
def slice_(database: Database) -> Slice:
    gateway = MemoryGateway(lambda: installation(CONTRACTS, DOMAIN), chain_id=CHAIN_ID)
    registrars = frozenset({address(REGISTRAR)})
    return Slice(database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN, registrars=registrars)


@pytest.fixture
def web(slice_: Slice) -> Iterator[SliceApplication]:
    with slice_application(slice_.db, router, TEXTS, anchoring=slice_.service) as made:
        yield made


def signed(key: bytes, typed: object) -> dict[str, str]:
    return {"signature": "0x" + wallets.sign_digest(key, statement_of(typed)).hex()}  # type: ignore[arg-type]


def headers(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def test_an_officer_is_appointed_and_signs_and_everybody_entitled_sees_it(
    slice_: Slice, web: SliceApplication
) -> None:
    desk = Desk(slice_)
    director, regulator = web.as_(DIRECTOR), web.as_("regulator")
    officers = {key: web.as_(holder(key)) for key in (OFFICER, REVIEWER)}
    for key in (OFFICER, REVIEWER):
        account = holder(key).account_id or ""
        slice_.staff.known.append(Holder(account, account, "签名人员"))
        typed = director.get(f"{OFFICERS}/{address(key)}/appointment").json()
        body = signed(REGISTRAR, typed) | {"account": account}
        done = director.post(
            f"{OFFICERS}/{address(key)}/appointment", json=body, headers=headers(address(key))
        )
        assert done.status_code == 204
    desk.take(Decided("w1", "issue", 2), Decided("w1", "close", 2))
    draft = EventDraft("warning/w1", "risk.W01/1", "officer-1", "regulator", {"grade": 2})
    with slice_.service.uow() as session:
        slice_.service.recorder.record(session, draft)
    for number, (sequence, key) in enumerate(((1, OFFICER), (2, OFFICER), (2, REVIEWER))):
        typed = officers[key].get(f"{WARNINGS}/w1/steps/{sequence}/statement").json()
        assert typed["primaryType"] == "WarningStep"
        answer = officers[key].post(
            f"{WARNINGS}/w1/steps/{sequence}/statement", json=signed(key, typed), headers=headers(str(number))
        )
        assert answer.status_code == 200, answer.text
    early = regulator.get(f"{WARNINGS}/w1").json()
    assert (early["state"], [s["on_chain"] for s in early["steps"]]) == ("pending", [False, False])
    assert early["events"][0]["inclusion"] is None
    settle(slice_, 10)
    found = regulator.get(f"{WARNINGS}/w1").json()
    assert (found["status"], found["state"], found["grade"]) == ("closed", "anchored", 2)
    assert [s["on_chain"] for s in found["steps"]] == [True, True]
    assert (found["steps"][1]["officer"], found["steps"][1]["reviewer"]) == (
        address(OFFICER), address(REVIEWER),
    )  # fmt: skip
    (event,) = found["events"]
    proof = event["inclusion"]
    path = [bytes.fromhex(node) for node in proof["path"]]
    leaf = leaf_hash(bytes.fromhex(event["entry"]))
    verify_inclusion(leaf, proof["log_index"], proof["size"], path, bytes.fromhex(proof["root"]))
    assert [o["state"] for o in regulator.get(OFFICERS).json()] == ["anchored", "anchored"]
    typed = director.get(f"{OFFICERS}/{address(OFFICER)}/dismissal").json()
    left = director.post(
        f"{OFFICERS}/{address(OFFICER)}/dismissal", json=signed(REGISTRAR, typed), headers=headers("left")
    )
    assert left.status_code == 204
    assert [o["dismissed_at"] is None for o in regulator.get(OFFICERS).json()] == [False, True]
    with slice_.db.read() as session:
        lines = session.execute(select(AuditRow.action, AuditRow.actor).order_by(AuditRow.no)).all()
    assert [tuple(line) for line in lines] == [
        ("anchoring.officer_appointed", DIRECTOR.actor),
        ("anchoring.officer_appointed", DIRECTOR.actor),
        ("anchoring.warning_step_signed", holder(OFFICER).actor),
        ("anchoring.warning_step_signed", holder(OFFICER).actor),
        ("anchoring.warning_step_signed", holder(REVIEWER).actor),
        ("anchoring.officer_dismissed", DIRECTOR.actor),
    ]


def test_a_step_that_the_chain_states_otherwise_is_not_shown_as_on_chain(
    slice_: Slice, web: SliceApplication
) -> None:
    from sqlalchemy import update

    from api.anchoring.tables import IndexWarningStepRow

    desk = Desk(slice_)
    desk.appoint(OFFICER)
    desk.take(Decided("w1", "issue", 2))
    desk.sign("w1", 1, OFFICER)
    settle(slice_)
    with slice_.service.uow() as session:
        session.execute(update(IndexWarningStepRow).values(digest="1" * 64))
    found = web.as_("regulator").get(f"{WARNINGS}/w1").json()
    assert [s["on_chain"] for s in found["steps"]] == [False]


def test_what_is_refused(slice_: Slice, web: SliceApplication) -> None:
    desk = Desk(slice_)
    desk.appoint(OFFICER)
    desk.take(Decided("w1", "issue", 2))
    officer = web.as_("review_officer")
    assert web.as_("regulator").get(f"{WARNINGS}/unknown").status_code == 404
    assert web.as_("regulator").get(f"{WARNINGS}/not an id").status_code == 422
    for role in ("worker", "agent", "representative"):
        assert web.as_(role).get(f"{WARNINGS}/w1").status_code == 403
        assert web.as_(role).get(OFFICERS).status_code == 403
    assert web.anonymous.get(f"{WARNINGS}/w1").status_code == 401
    assert web.as_("regulator").get(f"{WARNINGS}/w1/steps/1/statement").status_code == 403
    typed = officer.get(f"{WARNINGS}/w1/steps/1/statement").json()
    target = f"{WARNINGS}/w1/steps/1/statement"
    stranger = officer.post(target, json=signed(STRANGER, typed), headers=headers("a"))
    assert (stranger.status_code, stranger.json()["code"]) == (403, "anchoring.not_an_officer")
    malformed = officer.post(target, json={"signature": "0x12"}, headers=headers("b"))
    assert malformed.status_code == 422
    assert officer.get(f"{WARNINGS}/w1/steps/2/statement").status_code == 404
    assert officer.get(f"{OFFICERS}/{address(OFFICER)}/promotion").status_code == 422
    own = signed(OFFICER, officer.get(f"{OFFICERS}/{address(STRANGER)}/appointment").json())
    refused = officer.post(f"{OFFICERS}/{address(STRANGER)}/appointment", json=own, headers=headers("c"))
    assert (refused.status_code, refused.json()["code"]) == (403, "anchoring.not_a_registrar")
