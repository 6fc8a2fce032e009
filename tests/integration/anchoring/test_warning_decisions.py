"""Decisions about risk warnings from a slice's word to the index of the chain, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from api.anchoring import tasks
from api.anchoring.repository.index_store import SqlIndexStore, content_digest
from api.anchoring.tables import IndexRoleEventRow, IndexWarningStepRow, WarningRow
from api.infra.db import Database
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain.gateway_memory import MemoryGateway
from chain.indexer import Indexer
from chain.memory_contracts import installation
from signing import eip712, wallets
from signing.warning_statements import AppointOfficer
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import Slice, hex32
from tests.support.relay_world import CHAIN_ID
from tests.support.warning_scene import (
    CONTRACTS,
    DIRECTOR,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    RULE_RUN,
    STRANGER,
    TOWN,
    Decided,
    Desk,
    address,
    holder,
)


@pytest.fixture
def slice_(database: Database) -> Slice:
    gateway = MemoryGateway(lambda: installation(CONTRACTS, DOMAIN, [address(RULE_RUN)]), chain_id=CHAIN_ID)
    return Slice(
        database,
        gateway,
        contracts=CONTRACTS,
        warnings_domain=DOMAIN,
        registrars=frozenset({address(REGISTRAR)}),
        rule_run_key=RULE_RUN,
    )


@pytest.fixture
def desk(slice_: Slice) -> Desk:
    made = Desk(slice_)
    made.appoint(OFFICER, REVIEWER)
    return made


def code(caught: pytest.ExceptionInfo[DomainError]) -> str:
    return caught.value.code


def test_a_decision_waits_for_its_statement_and_is_anchored_after_it(desk: Desk) -> None:
    (taken,) = desk.take(Decided("w1", "issue", 3))
    assert (taken.state, taken.missing, taken.sequence, taken.prev) == ("awaiting_statement", 1, 1, "0" * 64)
    settle(desk.slice)
    assert desk.states("w1") == ["awaiting_statement"]
    assert desk.calls(["pending", "staged", "broadcast"]) == []
    signed = desk.sign("w1", 1, OFFICER)
    assert signed is not None
    assert (signed.state, signed.officer, signed.missing) == ("pending", address(OFFICER), 0)
    settle(desk.slice)
    found = desk.state("w1")
    assert (found.state, found.status, found.grade) == ("anchored", "open", 3)
    assert found.steps[0].transaction is not None
    with desk.slice.service.uow.read() as session:
        row = session.execute(select(IndexWarningStepRow)).scalar_one()
        assert (row.warning_id, row.digest, row.decided_by) == (
            found.chain_id, found.steps[0].digest, address(OFFICER),
        )  # fmt: skip
        assert (row.town_code, row.grade, row.kind, row.automatic) == (str(TOWN), 3, 1, False)
        assert (row.input_hash, row.rule_set_hash) == (hex32("input snapshot"), hex32("rule set"))
        assert row.reviewed_by is None
        assert row.stated_at == found.steps[0].stated_at
        names = set(session.execute(select(IndexRoleEventRow.name)).scalars())
    assert names == {"OfficerAppointed"}


def test_the_id_on_chain_is_salted(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 1), Decided("w2", "issue", 1))
    first, second = desk.state("w1").chain_id, desk.state("w2").chain_id
    assert len({first, second, hex32("w1"), hex32("w2")}) == 4
    with desk.slice.service.uow.read() as session:
        salts = session.execute(select(WarningRow.salt)).scalars().all()
    assert len(set(salts)) == 2
    assert all(salt is not None and len(salt) == 32 for salt in salts)


def test_closing_needs_two_different_persons(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 2))
    desk.sign("w1", 1, OFFICER)
    (taken,) = desk.take(Decided("w1", "close", 2))
    assert taken.missing == 2
    half = desk.sign("w1", 2, OFFICER)
    assert half is not None
    assert (half.state, half.missing) == ("awaiting_statement", 1)
    with pytest.raises(DomainError) as caught:
        desk.sign("w1", 2, OFFICER)
    assert code(caught) == "anchoring.second_person"
    settle(desk.slice)
    assert desk.states("w1") == ["anchored", "awaiting_statement"]
    desk.sign("w1", 2, REVIEWER)
    settle(desk.slice)
    found = desk.state("w1")
    assert (found.state, found.status) == ("anchored", "closed")
    assert (found.steps[1].officer, found.steps[1].reviewer) == (address(OFFICER), address(REVIEWER))
    with desk.slice.service.uow.read() as session:
        row = session.execute(
            select(IndexWarningStepRow).where(IndexWarningStepRow.sequence == 2)
        ).scalar_one()
        assert (row.decided_by, row.reviewed_by) == (address(OFFICER), address(REVIEWER))


def test_a_later_step_is_held_until_the_earlier_one_is_signed(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 1), Decided("w1", "raise", 3))
    later = desk.sign("w1", 2, OFFICER)
    assert later is not None
    assert later.state == "held"
    settle(desk.slice)
    assert desk.states("w1") == ["awaiting_statement", "held"]
    desk.sign("w1", 1, REVIEWER)
    assert desk.states("w1") == ["pending", "pending"]
    settle(desk.slice)
    assert desk.states("w1") == ["anchored", "anchored"]


def test_what_the_rules_issue_is_signed_by_their_key_and_confirmed_by_a_person(desk: Desk) -> None:
    (taken,) = desk.take(Decided("w1", "issue", 4, automatic=True))
    assert taken.state == "awaiting_statement"
    with pytest.raises(DomainError) as caught:
        desk.sign("w1", 1, OFFICER)
    assert code(caught) == "anchoring.warning_signed"
    signer = desk.slice.service.rule_signer()
    assert signer.run_due() == 1
    assert signer.run_due() == 0
    settle(desk.slice)
    found = desk.state("w1")
    assert (found.status, found.steps[0].officer, found.steps[0].automatic) == (
        "unconfirmed", address(RULE_RUN), True,
    )  # fmt: skip
    with pytest.raises(DomainError) as caught:
        desk.take(Decided("w1", "close", 4))
    assert caught.value.facts == {"status": "unconfirmed", "step": "close"}
    desk.take(Decided("w1", "confirm", 4))
    desk.sign("w1", 2, OFFICER)
    settle(desk.slice)
    assert (desk.state("w1").state, desk.state("w1").status) == ("anchored", "open")


def test_without_the_rule_runs_key_what_the_rules_issue_waits_visibly(desk: Desk) -> None:
    desk.slice.rule_run_key = None
    desk.take(Decided("w1", "issue", 4, automatic=True))
    assert desk.slice.service.rule_signer().run_due() == 0
    assert desk.states("w1") == ["awaiting_statement"]
    desk.slice.rule_run_key = RULE_RUN

    class Container:
        anchoring = desk.slice.service

    assert tasks.LOOPS["rule-key"].run(Container()) == 1
    settle(desk.slice)
    assert desk.states("w1") == ["anchored"]


def test_a_key_that_the_chain_does_not_know_parks_with_an_alarm(desk: Desk) -> None:
    desk.slice.rule_run_key = STRANGER
    desk.take(Decided("w1", "issue", 4, automatic=True))
    desk.slice.service.rule_signer().run_due()
    settle(desk.slice)
    (parked,) = desk.state("w1").steps
    assert parked.state == "parked"
    assert "UnknownRuleKey" in (parked.reason or "")
    with desk.slice.service.uow.read() as session:
        assert [a.code for a in desk.slice.service.operator.status(session).alarms] == ["relay.call_parked"]


def test_a_red_issue_that_nobody_signed_becomes_the_rules_own(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 4), Decided("w2", "issue", 3), Decided("w3", "issue", 4))
    desk.sign("w3", 1, OFFICER)
    service = desk.slice.service
    with service.uow() as session:
        assert service.warnings.issue_automatically(session, "w1").automatic
        assert service.warnings.issue_automatically(session, "w1").automatic
    for warning, expected in (
        ("w2", "anchoring.warning_step_refused"),
        ("w3", "anchoring.warning_signed"),
        ("w4", "anchoring.warning_unknown"),
    ):
        with pytest.raises(DomainError) as caught, service.uow() as session:
            service.warnings.issue_automatically(session, warning)
        assert code(caught) == expected
    assert service.rule_signer().run_due() == 1
    settle(desk.slice)
    assert (desk.state("w1").status, desk.states("w1")) == ("unconfirmed", ["anchored"])


def test_the_last_step_can_be_withdrawn_until_it_is_signed(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 1), Decided("w1", "raise", 4))
    service = desk.slice.service
    with pytest.raises(DomainError) as caught, service.uow() as session:
        service.warnings.withdraw(session, "w1", 1)  # not the last one
    assert code(caught) == "anchoring.warning_signed"
    with service.uow() as session:
        service.warnings.withdraw(session, "w1", 2)
    desk.take(Decided("w1", "raise", 2))
    desk.sign("w1", 1, OFFICER)
    desk.sign("w1", 2, OFFICER)
    with pytest.raises(DomainError) as caught, service.uow() as session:
        service.warnings.withdraw(session, "w1", 2)
    assert code(caught) == "anchoring.warning_signed"
    settle(desk.slice)
    assert [(step.kind, step.grade, step.state) for step in desk.state("w1").steps] == [
        ("issue", 1, "anchored"), ("raise", 2, "anchored"),
    ]  # fmt: skip


LIFE = [
    ("issue", 2), ("raise", 3), ("close", 3), ("reopen", 4), ("close", 4), ("reopen", 4),
]  # fmt: skip


def test_the_whole_life_and_the_index_rebuilt_to_the_same_content(desk: Desk) -> None:
    for sequence, (kind, grade) in enumerate(LIFE, start=1):
        desk.take(Decided("w1", kind, grade))
        desk.sign("w1", sequence, *([OFFICER, REVIEWER] if kind == "close" else [OFFICER]))
    settle(desk.slice, 10)
    found = desk.state("w1")
    assert found.state == "anchored"
    assert [step.prev for step in found.steps] == ["0" * 64, *(step.digest for step in found.steps[:-1])]
    index = desk.slice.service.index
    with desk.slice.service.uow.read() as session:
        assert index.warning_digests(session, found.chain_id) == {
            step.sequence: step.digest for step in found.steps
        }
        content, position = content_digest(session), index.position(session)
    store = SqlIndexStore(desk.slice.db)
    store.drop()
    with desk.slice.service.uow.read() as session:
        assert index.warning_digests(session, found.chain_id) == {}
    Indexer(desk.slice.gateway, store, CONTRACTS, blocks=3).catch_up()
    with desk.slice.service.uow.read() as session:
        assert content_digest(session) == content
        assert index.position(session) == position


def test_the_index_forgets_a_step_that_a_reorganisation_took_away(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 2))
    desk.sign("w1", 1, OFFICER)
    settle(desk.slice)
    desk.take(Decided("w1", "raise", 3))
    desk.sign("w1", 2, OFFICER)
    desk.slice.monotonic += 6.0  # type: ignore[operator]
    desk.slice.service.worker().tick()
    desk.slice.gateway.mine()  # type: ignore[attr-defined]
    indexer = Indexer(desk.slice.gateway, SqlIndexStore(desk.slice.db), CONTRACTS)
    indexer.catch_up()
    chain_id = desk.state("w1").chain_id
    with desk.slice.service.uow.read() as session:
        assert set(desk.slice.service.index.warning_digests(session, chain_id)) == {1, 2}
    desk.slice.gateway.reorganise(1, drop=True)  # type: ignore[attr-defined]
    indexer.catch_up()
    with desk.slice.service.uow.read() as session:
        assert set(desk.slice.service.index.warning_digests(session, chain_id)) == {1}


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ([], ("raise", 3)),
        ([], ("confirm", 4)),
        ([], ("close", 1)),
        ([], ("reopen", 1)),
        ([("issue", 2)], ("issue", 3)),
        ([("issue", 2)], ("raise", 2)),
        ([("issue", 2)], ("raise", 1)),
        ([("issue", 2)], ("confirm", 2)),
        ([("issue", 4)], ("lift", 4)),
        ([("issue", 2)], ("close", 3)),
        ([("issue", 2)], ("reopen", 3)),
        ([("issue", 2), ("close", 2)], ("raise", 3)),
        ([("issue", 2), ("close", 2)], ("close", 2)),
        ([("issue", 2), ("close", 2)], ("reopen", 2)),
        ([("issue", 2), ("close", 2)], ("reopen", 4)),
    ],
)
def test_what_the_contract_would_refuse_is_refused_before(
    desk: Desk, before: list[tuple[str, int]], wrong: tuple[str, int]
) -> None:
    desk.take(*(Decided("w1", kind, grade) for kind, grade in before))
    with pytest.raises(DomainError) as caught:
        desk.take(Decided("w1", *wrong))
    assert code(caught) == "anchoring.warning_step_refused"


@pytest.mark.parametrize(("kind", "grade"), [("issue", 3), ("raise", 4), ("confirm", 4)])
def test_the_rules_issue_red_and_do_nothing_else(desk: Desk, kind: str, grade: int) -> None:
    if kind != "issue":
        desk.take(Decided("w1", "issue", 3))
    with pytest.raises(DomainError) as caught:
        desk.take(Decided("w1", kind, grade, automatic=True))
    assert code(caught) == "anchoring.warning_step_refused"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("warning", {"warning": "an enterprise's name"}),
        ("warning", {"warning": ""}),
        ("kind", {"kind": "punish"}),
        ("grade", {"grade": 5}),
        ("grade", {"grade": 0}),
        ("town_code", {"town_code": 50010700}),
        ("input_hash", {"input_hash": "0" * 64}),
        ("rule_set_hash", {"rule_set_hash": "zz"}),
    ],
)
def test_malformed_decisions_are_refused(desk: Desk, field: str, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"warning": "w1", "kind": "issue", "grade": 1}
    with pytest.raises(DomainError) as caught:
        desk.take(Decided(**(good | change)))
    assert (code(caught), caught.value.facts["field"]) == ("anchoring.warning_malformed", field)


def test_a_warning_keeps_its_town(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 1))
    with pytest.raises(DomainError) as caught:
        desk.take(Decided("w1", "raise", 2, town_code=TOWN + 1))
    assert code(caught) == "anchoring.warning_town_differs"


# -- officers


def test_only_officers_sign(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 1))
    with pytest.raises(DomainError) as caught:
        desk.sign("w1", 1, STRANGER)
    assert code(caught) == "anchoring.not_an_officer"
    service = desk.slice.service
    for signature in (b"short", bytes(65), b"\xff" * 64 + b"\x1b"):
        with pytest.raises(DomainError) as caught, service.uow() as session:
            service.warnings.sign(session, holder(OFFICER), "w1", 1, signature)
        assert code(caught) == "anchoring.warning_signature"
    for warning, sequence in (("w1", 2), ("w1", 0), ("w9", 1)):
        with pytest.raises(DomainError) as caught:
            desk.sign(warning, sequence, OFFICER)
        assert code(caught) == "anchoring.warning_unknown"
    desk.sign("w1", 1, OFFICER, OFFICER)  # again: nothing changes
    with pytest.raises(DomainError) as caught:
        desk.sign("w1", 1, REVIEWER)
    assert code(caught) == "anchoring.warning_signed"


def test_an_appointment_stands_on_chain_before_what_rests_on_it(desk: Desk) -> None:
    """Everything is signed while the chain is away: calls go out in the order in which it was true."""
    desk.appoint(STRANGER)
    desk.take(Decided("w1", "issue", 1))
    desk.sign("w1", 1, STRANGER)
    desk.dismiss(STRANGER)
    desk.take(Decided("w2", "issue", 1))
    with pytest.raises(DomainError) as caught:
        desk.sign("w2", 1, STRANGER)
    assert code(caught) == "anchoring.not_an_officer"
    settle(desk.slice, 10)
    assert desk.states("w1") == ["anchored"]
    assert desk.calls(["parked"]) == []
    with desk.slice.service.uow.read() as session:
        listed = {
            o.wallet: (o.state, o.dismissed_at is None)
            for o in desk.slice.service.warnings.officers.listed(session)
        }
    assert listed[address(STRANGER)] == ("anchored", False)
    assert listed[address(OFFICER)] == ("anchored", True)


def test_a_wallet_is_appointed_once_by_a_registrar(desk: Desk) -> None:
    with pytest.raises(DomainError) as caught:
        desk.appoint(OFFICER)
    assert code(caught) == "anchoring.officer_known"
    officers = desk.slice.service.warnings.officers
    own = wallets.sign_digest(STRANGER, eip712.digest(DOMAIN, AppointOfficer(address(STRANGER))))
    with pytest.raises(DomainError) as caught, desk.slice.service.uow() as session:
        officers.appoint(session, DIRECTOR, address(STRANGER), "account-x", own)
    assert code(caught) == "anchoring.not_a_registrar"
    with pytest.raises(DomainError) as caught:
        desk.dismiss(STRANGER)
    assert code(caught) == "anchoring.not_an_officer"
    with pytest.raises(DomainError) as caught:
        officers.typed_data("0x12")
    assert code(caught) == "anchoring.warning_malformed"
    desk.dismiss(OFFICER)
    with pytest.raises(DomainError) as caught:
        desk.appoint(OFFICER)
    assert code(caught) == "anchoring.officer_known"


def test_an_officer_with_unfinished_statements_is_not_dismissed(desk: Desk) -> None:
    desk.take(Decided("w1", "issue", 1), Decided("w1", "close", 1))
    desk.sign("w1", 1, REVIEWER)
    desk.sign("w1", 2, OFFICER)
    with pytest.raises(DomainError) as caught:
        desk.dismiss(OFFICER)
    assert code(caught) == "anchoring.officer_has_work"
    desk.sign("w1", 2, REVIEWER)
    desk.dismiss(OFFICER)
    settle(desk.slice, 10)
    assert desk.states("w1") == ["anchored", "anchored"]


def test_an_installation_without_the_registry_says_so(database: Database) -> None:
    plain = Slice(database, MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID))
    with pytest.raises(DomainError) as caught, plain.service.uow() as session:
        plain.service.warnings.take(session, Decided("w1", "issue", 1))
    assert code(caught) == "anchoring.warnings_not_deployed"


def test_decision_and_event_are_one_transaction(desk: Desk) -> None:
    service = desk.slice.service
    with pytest.raises(RuntimeError), service.uow() as session:  # noqa: PT012
        service.warnings.take(session, Decided("w1", "issue", 1))
        draft = EventDraft("warning/w1", "risk.W01/1", "officer-1", "regulator", {"grade": 2})
        service.recorder.record(session, draft)
        raise RuntimeError("the slice's own rule refuses")
    with pytest.raises(DomainError), service.uow.read() as session:
        service.warnings.state(session, "w1")
    with service.uow.read() as session:
        assert service.proofs.anchors(session, "warning/w1") == []
