"""Registration and review: nothing before the desk, failing codes confirmed by a person, second claims as disputes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from api.employers.model import OrganisationVerified
from api.kernel.errors import DomainError
from tests.support.employers_world import (
    OFFICER,
    PDF,
    REGISTRAR,
    World,
    application,
    build_world,
    typed_signature,
)

OTHER = Account.from_key(b"\x0d" * 32)


def _code(refusal: pytest.ExceptionInfo[DomainError]) -> str:
    return refusal.value.code


def test_registration_waits_for_the_desk(world: World) -> None:
    boss = world.apply()
    org = world.service.organisation(boss.org_id or "")
    assert (org.state, org.kind, org.region_code) == ("pending", "enterprise", 500107001)
    with pytest.raises(DomainError) as refusal:
        world.service.authority(org.org_id, boss.account_id or "", 1)
    assert _code(refusal) == "employers.not_verified"
    with pytest.raises(DomainError) as agents:
        world.agent(boss)
    assert _code(agents) == "employers.not_verified"
    assert world.registry.calls == []


def test_verification_needs_documents_and_a_wallet(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    officer = world.officer()
    with pytest.raises(DomainError) as refusal:
        world.service.review.prepare_verification(officer, boss.org_id or "")
    assert _code(refusal) == "employers.incomplete"
    assert refusal.value.facts["missing"] == "licence, representative_identity, authorisation_letter, wallet"
    world.complete(boss, wallet)
    world.service.review.prepare_verification(officer, boss.org_id or "")


def test_the_officers_signature_registers(world: World, wallet: LocalAccount) -> None:
    told: list[str] = []
    world.bus.subscribe(OrganisationVerified, lambda _session, event: told.append(event.org_id))
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    assert world.service.organisation(org_id).state == "verified"
    assert told == [org_id]
    ((name, call),) = world.registry.calls
    assert name == "register_organisation"
    assert call["nonce"] == 1
    assert (call["representative"], call["registrar"]) == (wallet.address, REGISTRAR.address)
    (draft,) = world.recorder.drafts
    assert (draft.stream, draft.type, draft.role) == (f"employer/{org_id}", "econtract.E01/1", "operator")
    text = repr(draft)
    for private in ("张三", "渝州", "500107199001010016", "13800000001", "91500107MA5TEXT11A"):
        assert private not in text
    cited = world.service.registration_event(org_id)
    assert (cited.stream, cited.seq) == (f"employer/{org_id}", 1)


def test_another_wallet_cannot_register(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.complete(boss, wallet)
    prepared = world.service.review.prepare_verification(world.officer(), boss.org_id or "")
    with pytest.raises(DomainError) as refusal:
        world.service.statements.submit(
            OFFICER, prepared.statement_id, signature=typed_signature(OTHER, prepared)
        )
    assert _code(refusal) == "employers.signature_other"
    assert world.service.organisation(boss.org_id or "").state == "pending"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("salt", "0x" + "ab" * 32),
        ("chainId", 1),
        ("verifyingContract", "0x" + "22" * 20),
        ("name", "Concord"),
    ],
)
def test_a_signature_for_another_installation_is_void(
    world: World, wallet: LocalAccount, field: str, value: object
) -> None:
    boss = world.apply()
    world.complete(boss, wallet)
    prepared = world.service.review.prepare_verification(world.officer(), boss.org_id or "")
    elsewhere = {**prepared.typed_data, "domain": {**prepared.typed_data["domain"], field: value}}
    signature = bytes(REGISTRAR.sign_typed_data(full_message=elsewhere).signature)
    with pytest.raises(DomainError) as refusal:
        world.service.statements.submit(OFFICER, prepared.statement_id, signature=signature)
    assert _code(refusal) == "employers.signature_other"
    assert world.registry.calls == []


def test_an_officer_without_a_registrars_wallet_cannot_verify(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.complete(boss, wallet)
    with pytest.raises(DomainError) as none:
        world.service.review.prepare_verification(OFFICER, boss.org_id or "")
    assert _code(none) == "employers.no_registrar_wallet"
    world.prove(OFFICER, OTHER)
    with pytest.raises(DomainError) as stranger:
        world.service.review.prepare_verification(OFFICER, boss.org_id or "")
    assert _code(stranger) == "employers.not_a_registrar"
    with pytest.raises(DomainError) as employer:
        world.service.review.prepare_verification(boss, boss.org_id or "")
    assert _code(employer) == "role_required"


def test_a_failing_code_needs_the_officers_word(world: World, wallet: LocalAccount) -> None:
    boss = world.apply(uscc="91350100M0001TGQXM")
    world.complete(boss, wallet)
    officer = world.officer()
    with pytest.raises(DomainError) as refusal:
        world.service.review.prepare_verification(officer, boss.org_id or "")
    assert _code(refusal) == "employers.uscc_unconfirmed"
    with pytest.raises(DomainError):
        world.service.review.prepare_verification(officer, boss.org_id or "", uscc_confirmed=True, note=" ")
    prepared = world.service.review.prepare_verification(
        officer, boss.org_id or "", uscc_confirmed=True, note="与证照一致"
    )
    world.sign(officer, prepared, REGISTRAR)
    assert world.recorder.drafts[0].payload["uscc_check"] == "confirmed_by_desk"


def test_rejected_corrected_and_accepted(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.service.review.reject(world.officer(), boss.org_id or "", "营业执照不清晰")
    org = world.service.agents.own(boss)[1]
    assert (org.state, org.reason) == ("rejected", "营业执照不清晰")
    with pytest.raises(DomainError):
        world.service.review.prepare_verification(OFFICER, boss.org_id or "")
    world.service.registration.amend(boss, application(name="渝州示例制造股份有限公司"))
    assert world.service.organisation(boss.org_id or "").state == "pending"
    world.verify(boss, wallet)
    with pytest.raises(DomainError) as decided:
        world.service.registration.amend(boss, application())
    assert _code(decided) == "employers.already_decided"
    with pytest.raises(DomainError):
        world.service.registration.upload(boss, "licence", PDF)


def test_a_second_claim_is_a_dispute_and_changes_nothing(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    claimant = world.apply(login="claimant", phone="13800000002")
    assert world.service.organisation(claimant.org_id or "").state == "disputed"
    assert world.service.authority(org_id, boss.account_id or "", 7).kind == "representative"
    with pytest.raises(DomainError):
        world.service.review.prepare_verification(world.officer(), claimant.org_id or "")
    assert world.service.review.settle_dispute(OFFICER, claimant.org_id or "", "refuse", "材料不符") is None
    assert world.service.organisation(claimant.org_id or "").state == "rejected"
    assert world.service.organisation(org_id).state == "verified"


def test_an_upheld_claim_against_an_unverified_application(world: World, wallet: LocalAccount) -> None:
    squatter = world.apply()
    claimant = world.apply(login="claimant", phone="13800000002")
    assert (
        world.service.review.settle_dispute(world.officer(), claimant.org_id or "", "uphold", "原件相符")
        is None
    )
    assert world.service.organisation(squatter.org_id or "").state == "rejected"
    world.verify(claimant, wallet)
    world.service.registration.amend(squatter, application(login="boss"))
    assert world.service.organisation(squatter.org_id or "").state == "disputed"


def test_an_upheld_claim_takes_a_verified_organisation_over(
    world: World, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    agent = world.agent(boss)
    world.prove(agent, agent_wallet)
    world.grant(boss, wallet, agent, agent_wallet)
    claimant = world.apply(login="claimant", phone="13800000002", legal_representative="王五")
    with pytest.raises(DomainError) as incomplete:
        world.service.review.settle_dispute(OFFICER, claimant.org_id or "", "uphold", "原件相符")
    assert _code(incomplete) == "employers.incomplete"
    world.complete(claimant, OTHER)
    prepared = world.service.review.settle_dispute(OFFICER, claimant.org_id or "", "uphold", "原件相符")
    assert prepared is not None
    assert prepared.org_id == org_id
    world.sign(OFFICER, prepared, REGISTRAR)
    for former in (boss, agent):
        with pytest.raises(DomainError):
            world.service.authority(org_id, former.account_id or "", 1)
    authority = world.service.authority(org_id, claimant.account_id or "", 7, wallet=OTHER.address)
    assert authority.kind == "representative"
    assert world.service.organisation(org_id).legal_representative == "王五"
    assert world.service.organisation(claimant.org_id or "").state == "merged"
    assert world.accounts.moved == [(claimant.account_id, org_id, "representative")]
    assert world.accounts.disabled == [boss.account_id]
    assert world.registry.calls[-1][0] == "replace_representative"


def test_two_claims_cannot_both_be_verified(world: World, wallet: LocalAccount) -> None:
    """Even when both applications are pending (two registrations at the same moment)."""
    first, second = world.apply(), world.apply(uscc="91500107MA5TEXT2X2", login="second", phone="13800000002")
    world.complete(first, wallet)
    world.complete(second, OTHER)
    officer = world.officer()
    one = world.service.review.prepare_verification(officer, first.org_id or "")
    two = world.service.review.prepare_verification(officer, second.org_id or "")
    world.sign(officer, one, REGISTRAR)
    with world.service.registration._w.uow() as session:
        from api.employers.tables import OrganisationRow

        row = session.get(OrganisationRow, second.org_id)
        assert row is not None
        row.uscc = "91500107MA5TEXT11A"
    with pytest.raises(DomainError) as refusal:
        world.sign(officer, two, REGISTRAR)
    assert _code(refusal) == "employers.uscc_taken"


def test_a_failed_registration_leaves_no_account_in_use(world: World) -> None:
    boss = world.apply()
    with pytest.raises(DomainError) as taken:
        world.apply(login="boss", phone="13800000002")
    assert _code(taken) == "identity.login_taken"
    assert world.accounts.disabled == []
    for number in range(5):
        if number:
            world.apply(login=f"boss{number}", uscc="92500107MA5DEM012B", region_code=500107)
    with pytest.raises(DomainError) as often:
        world.apply(login="boss9")
    assert _code(often) == "too_many_requests"
    assert boss.account_id in world.accounts.made


def test_demo_data_is_refused_outside_of_test(world: World) -> None:
    build_world(world.service._w.uow._db)
    strict = build_world(world.service._w.uow._db, test=False)
    with pytest.raises(DomainError) as refusal:
        strict.apply(demo=True)
    assert _code(refusal) == "employers.demo_refused"
    assert world.service.organisation(world.apply(demo=True).org_id or "").demo


def test_a_prepared_statement_expires(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.complete(boss, wallet)
    prepared = world.service.review.prepare_verification(world.officer(), boss.org_id or "")
    world.clock.advance(timedelta(minutes=31))
    with pytest.raises(DomainError) as refusal:
        world.sign(OFFICER, prepared, REGISTRAR)
    assert _code(refusal) == "employers.statement_expired"


def test_recording_fails_and_nothing_is_kept(world: World, wallet: LocalAccount) -> None:
    """One transaction holds state, event and registry call."""
    boss = world.apply()
    world.complete(boss, wallet)
    prepared = world.service.review.prepare_verification(world.officer(), boss.org_id or "")
    world.recorder.fail = True
    with pytest.raises(RuntimeError):
        world.sign(OFFICER, prepared, REGISTRAR)
    assert world.service.organisation(boss.org_id or "").state == "pending"
    world.recorder.fail = False
    world.sign(OFFICER, prepared, REGISTRAR)
    world.sign(OFFICER, prepared, REGISTRAR)  # again: the same answer, nothing twice
    assert len(world.registry.calls) == 1
