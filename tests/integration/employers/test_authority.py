"""Wallets, agents, grants, lost wallets, seals: who may act, and that it ends when it ends."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from api.employers.model import AgentRevoked
from api.infra.auth import Principal
from api.kernel.errors import DomainError
from tests.support.employers_world import OFFICER, REGISTRAR, World, png, typed_signature

NEW = Account.from_key(b"\x0e" * 32)
PASSPHRASE = "correct horse battery"


@pytest.fixture
def boss(world: World, wallet: LocalAccount) -> Principal:
    """Representative of a verified organisation."""
    boss = world.apply()
    world.verify(boss, wallet)
    return boss


@pytest.fixture
def agent(world: World, boss: Principal, agent_wallet: LocalAccount) -> Principal:
    """An agent with a wallet, not authorised yet."""
    agent = world.agent(boss)
    world.prove(agent, agent_wallet)
    return agent


def _refused(world: World, who: Principal, need: int, **more: object) -> str:
    with pytest.raises(DomainError) as refusal:
        world.service.authority(who.org_id or "", who.account_id or "", need, **more)  # type: ignore[arg-type]
    return refusal.value.code


def test_scope_and_wallet_are_what_was_granted(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    assert _refused(world, agent, 1) == "employers.not_authorised"
    world.grant(boss, wallet, agent, agent_wallet, scope=3)
    authority = world.service.authority(
        agent.org_id or "", agent.account_id or "", 2, wallet=agent_wallet.address
    )
    assert (authority.kind, authority.scope, authority.wallet) == ("agent", 3, agent_wallet.address)
    assert _refused(world, agent, 4) == "employers.not_authorised"
    assert _refused(world, agent, 2, wallet=wallet.address) == "employers.wallet_not_yours"
    assert world.service.signing_accounts(boss.org_id or "") == [boss.account_id]
    world.grant(boss, wallet, agent, agent_wallet, scope=4)
    assert world.service.signing_accounts(boss.org_id or "") == [boss.account_id, agent.account_id]
    assert _refused(world, agent, 2) == "employers.not_authorised"
    with pytest.raises(DomainError):
        world.service.authority("ab" * 32, agent.account_id or "", 4)


def test_authority_expires(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    world.grant(boss, wallet, agent, agent_wallet)
    end = world.service.authority(agent.org_id or "", agent.account_id or "", 4).valid_until
    assert end is not None
    before, after = end - timedelta(seconds=1), end
    assert world.service.authority(agent.org_id or "", agent.account_id or "", 4, at=before)
    assert _refused(world, agent, 4, at=after) == "employers.authority_expired"
    world.clock.advance(timedelta(days=101))
    assert _refused(world, agent, 4) == "employers.authority_expired"


def test_revocation_ends_it_at_once(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    told: list[AgentRevoked] = []
    world.bus.subscribe(AgentRevoked, lambda _session, event: told.append(event))
    world.grant(boss, wallet, agent, agent_wallet)
    moment = world.clock.now()
    world.clock.advance(timedelta(minutes=1))
    prepared = world.service.statements.prepare_revocation(boss, agent.account_id or "", "离职")
    world.sign(boss, prepared, wallet)
    assert _refused(world, agent, 1) == "employers.not_authorised"
    assert world.service.authority(agent.org_id or "", agent.account_id or "", 4, at=moment)
    assert [event.wallet for event in told] == [agent_wallet.address]
    with pytest.raises(DomainError) as twice:
        world.service.statements.prepare_revocation(boss, agent.account_id or "", "again")
    assert twice.value.code == "employers.no_grant"
    assert [name for name, _ in world.registry.calls] == [
        "register_organisation",
        "grant_agent",
        "revoke_agent",
    ]
    assert [call["nonce"] for _, call in world.registry.calls] == [1, 2, 3]


def test_only_one_of_two_prepared_statements_is_signed(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    until = world.clock.now() + timedelta(days=10)
    statements = world.service.statements
    first = statements.prepare_grant(boss, agent.account_id or "", agent_wallet.address, 1, until)
    second = statements.prepare_grant(boss, agent.account_id or "", agent_wallet.address, 7, until)
    world.sign(boss, second, wallet)
    with pytest.raises(DomainError) as stale:
        world.sign(boss, first, wallet)
    assert stale.value.code == "employers.statement_stale"
    assert world.service.authority(agent.org_id or "", agent.account_id or "", 7).scope == 7


def test_a_lost_wallet_stops_and_is_replaced(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    world.grant(boss, wallet, agent, agent_wallet)
    world.service.wallets.report_lost(boss, agent_wallet.address)
    assert _refused(world, agent, 1) == "employers.wallet_not_active"
    world.prove(agent, NEW)
    until = world.clock.now() + timedelta(days=10)
    prepare = world.service.statements.prepare_grant
    with pytest.raises(DomainError) as old:
        prepare(boss, agent.account_id or "", agent_wallet.address, 7, until)
    assert old.value.code == "employers.wallet_not_active"
    with pytest.raises(DomainError) as first:
        prepare(boss, agent.account_id or "", NEW.address, 7, until)
    assert first.value.code == "employers.revoke_first"
    world.sign(
        boss, world.service.statements.prepare_revocation(boss, agent.account_id or "", "钱包丢失"), wallet
    )
    world.grant(boss, wallet, agent, NEW)
    assert world.service.authority(agent.org_id or "", agent.account_id or "", 4, wallet=NEW.address)


def test_the_representatives_own_loss_goes_through_the_registrar(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    org_id = boss.org_id or ""
    until = world.clock.now() + timedelta(days=10)
    grant = world.service.statements.prepare_grant
    waiting = grant(boss, agent.account_id or "", agent_wallet.address, 7, until)
    world.service.wallets.report_lost(boss, wallet.address)
    assert _refused(world, boss, 1) == "employers.wallet_not_active"
    with pytest.raises(DomainError) as thief:
        world.sign(boss, waiting, wallet)
    assert thief.value.code == "employers.wallet_not_active"
    with pytest.raises(DomainError) as none:
        world.service.review.prepare_replacement(OFFICER, org_id, "当面核验")
    assert none.value.code == "employers.no_new_wallet"
    world.prove(boss, NEW)
    with pytest.raises(DomainError) as early:
        grant(boss, agent.account_id or "", agent_wallet.address, 7, until)
    assert early.value.code == "employers.representative_wallet_lost"
    assert world.service.review.dossier(OFFICER, org_id).replacement_for == NEW.address
    world.sign(OFFICER, world.service.review.prepare_replacement(OFFICER, org_id, "当面核验"), REGISTRAR)
    assert world.service.authority(org_id, boss.account_id or "", 7, wallet=NEW.address)
    world.grant(boss, NEW, agent, agent_wallet)
    found = world.service.authority_statements(org_id, agent_wallet.address, world.clock.now())
    assert [item["type"] for item in found] == ["RegisterOrganisation", "ReplaceRepresentative", "GrantAgent"]
    assert found[2]["message"]["org_id"] == org_id
    assert found[2]["message"]["agent"] == agent_wallet.address
    assert len(base64.b64decode(found[0]["signature"])) == 65


def test_an_agent_can_neither_grant_nor_see_statements(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    until = world.clock.now() + timedelta(days=10)
    for attempt in (
        lambda: world.service.statements.prepare_grant(
            agent, agent.account_id or "", agent_wallet.address, 7, until
        ),
        lambda: world.service.statements.prepare_revocation(agent, agent.account_id or "", "x"),
        lambda: world.service.statements.prepare_seal_key(agent),
        lambda: world.service.seals.create(agent, passphrase=PASSPHRASE),
        lambda: world.service.agents.listed(agent),
        lambda: world.service.registration.own_materials(agent),
    ):
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.code == "employers.representative_only"
    prepared = world.service.statements.prepare_revocation
    world.grant(boss, wallet, agent, agent_wallet)
    statement = prepared(boss, agent.account_id or "", "离职")
    with pytest.raises(DomainError) as stranger:
        world.service.statements.submit(
            agent, statement.statement_id, signature=typed_signature(wallet, statement)
        )
    assert stranger.value.code == "not_found"


def test_another_organisation_sees_nothing(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    rival = world.apply(uscc="91500107MA5TEXT2X2", login="rival", phone="13800000002")
    world.verify(rival, NEW)
    until = world.clock.now() + timedelta(days=10)
    statement = world.service.statements.prepare_grant(
        boss, agent.account_id or "", agent_wallet.address, 7, until
    )
    for attempt in (
        lambda: world.service.statements.show(rival, statement.statement_id),
        lambda: world.service.statements.prepare_grant(
            rival, agent.account_id or "", agent_wallet.address, 7, until
        ),
        lambda: world.service.statements.prepare_revocation(rival, agent.account_id or "", "x"),
        lambda: world.service.wallets.report_lost(rival, agent_wallet.address),
        lambda: world.service.agents.close(rival, agent.account_id or ""),
    ):
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.kind == "not_found"


def test_wallet_proofs(world: World, boss: Principal) -> None:
    agent = world.agent(boss)
    challenge = world.service.wallets.challenge(agent, NEW.address)
    prove = world.service.wallets.prove_external
    forged = bytes(REGISTRAR.sign_message(encode_defunct(text=challenge.text)).signature)
    with pytest.raises(DomainError) as other:
        prove(agent, challenge.challenge_id, forged)
    assert other.value.code == "employers.signature_other"
    sound = bytes(NEW.sign_message(encode_defunct(text=challenge.text)).signature)
    with pytest.raises(DomainError) as stranger:
        prove(boss, challenge.challenge_id, sound)
    assert stranger.value.kind == "not_found"
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (
        sound[:32]
        + (order - int.from_bytes(sound[32:64], "big")).to_bytes(32, "big")
        + bytes([55 - sound[64]])
    )
    with pytest.raises(DomainError) as malleable:
        prove(agent, challenge.challenge_id, high)
    assert malleable.value.code == "wallet.signature_high_s"
    assert prove(agent, challenge.challenge_id, sound).address == NEW.address
    with pytest.raises(DomainError) as again:
        prove(agent, challenge.challenge_id, sound)
    assert again.value.code == "employers.challenge_expired"
    with pytest.raises(DomainError) as second:
        world.service.wallets.challenge(agent, REGISTRAR.address)
    assert second.value.code == "employers.wallet_exists"
    other_agent = world.agent(boss, login="agent2")
    with pytest.raises(DomainError) as known:
        world.service.wallets.challenge(other_agent, NEW.address)
    assert known.value.code == "employers.wallet_known"
    with pytest.raises(DomainError):
        world.service.wallets.challenge(other_agent, "0x123")


def test_a_challenge_expires(world: World, boss: Principal) -> None:
    agent = world.agent(boss)
    challenge = world.service.wallets.challenge(agent, NEW.address)
    world.clock.advance(timedelta(minutes=10))
    sound = bytes(NEW.sign_message(encode_defunct(text=challenge.text)).signature)
    with pytest.raises(DomainError) as late:
        world.service.wallets.prove_external(agent, challenge.challenge_id, sound)
    assert late.value.code == "employers.challenge_expired"


def test_a_keystore_signs_with_its_passphrase_only(world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    made = world.service.wallets.create_keystore(boss, PASSPHRASE)
    for kind in ("licence", "representative_identity", "authorisation_letter"):
        world.service.registration.upload(boss, kind, b"\xff\xd8\xff\xe0")
    officer = world.officer()
    world.sign(officer, world.service.review.prepare_verification(officer, boss.org_id or ""), REGISTRAR)
    agent = world.agent(boss)
    world.prove(agent, NEW)
    until = world.clock.now() + timedelta(days=10)
    prepared = world.service.statements.prepare_grant(boss, agent.account_id or "", NEW.address, 7, until)
    assert (prepared.signer, prepared.signer_kind) == (made.address, "keystore")
    submit = world.service.statements.submit
    with pytest.raises(DomainError) as wrong:
        submit(boss, prepared.statement_id, passphrase="incorrect horse")
    assert (wrong.value.code, wrong.value.kind) == ("wallet.passphrase_wrong", "forbidden")
    with pytest.raises(DomainError) as missing:
        submit(boss, prepared.statement_id)
    assert missing.value.code == "employers.signature_missing"
    assert submit(boss, prepared.statement_id, passphrase=PASSPHRASE).type == "GrantAgent"
    assert PASSPHRASE not in repr(made.keystore)
    with pytest.raises(DomainError) as weak:
        world.service.wallets.create_keystore(world.agent(boss, login="agent2"), "short")
    assert weak.value.code == "wallet.passphrase_weak"


def test_a_seal_is_used_once_its_key_was_named(world: World, boss: Principal, wallet: LocalAccount) -> None:
    org_id = boss.org_id or ""
    with pytest.raises(DomainError) as none:
        world.service.seal(org_id)
    assert none.value.code == "employers.no_seal"
    row = world.service.seals.create(boss, passphrase=PASSPHRASE)
    with pytest.raises(DomainError):
        world.service.seal(org_id)
    world.sign(boss, world.service.statements.prepare_seal_key(boss), wallet)
    seal = world.service.seal(org_id)
    assert (seal.mode, seal.spki, seal.picture) == ("platform", row.spki, None)
    key = serialization.load_pem_private_key(seal.encrypted_key or b"", PASSPHRASE.encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    with pytest.raises(ValueError, match=r"(?i)password|decrypt"):
        serialization.load_pem_private_key(seal.encrypted_key or b"", b"another")
    assert world.registry.calls[-1][0] == "set_seal_key"
    assert world.registry.calls[-1][1]["seal_key_hash"] == row.spki_sha256
    assert world.ca.issued == [
        {"name": "渝州示例制造有限公司", "uscc": "91500107MA5TEXT11A", "org_id": org_id}
    ]


def test_an_external_seal_replaces_it(world: World, boss: Principal, wallet: LocalAccount) -> None:
    world.service.seals.create(boss, passphrase=PASSPHRASE)
    world.sign(boss, world.service.statements.prepare_seal_key(boss), wallet)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "渝州示例制造有限公司")])
    builder = x509.CertificateSigningRequestBuilder(name)
    request = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    world.service.seals.create(boss, request=request)
    assert world.service.seal(boss.org_id or "").mode == "platform"
    world.sign(boss, world.service.statements.prepare_seal_key(boss), wallet)
    seal = world.service.seal(boss.org_id or "")
    assert (seal.mode, seal.encrypted_key) == ("external", None)
    with pytest.raises(DomainError) as nothing:
        world.service.statements.prepare_seal_key(boss)
    assert nothing.value.code == "employers.no_new_seal"
    for bad in (b"", request[:-1] + bytes([request[-1] ^ 1])):
        with pytest.raises(DomainError) as refused:
            world.service.seals.create(boss, request=bad)
        assert refused.value.code == "employers.request_form"
    with pytest.raises(DomainError) as both:
        world.service.seals.create(boss, passphrase=PASSPHRASE, request=request)
    assert both.value.code == "employers.seal_choice"


def test_a_seal_picture_is_used_once_the_desk_compared_it(
    world: World, boss: Principal, wallet: LocalAccount
) -> None:
    org_id = boss.org_id or ""
    world.service.seals.create(boss, passphrase=PASSPHRASE)
    world.sign(boss, world.service.statements.prepare_seal_key(boss), wallet)
    world.service.seals.upload_picture(boss, png())
    assert world.service.seal(org_id).picture is None
    world.service.review.decide_picture(OFFICER, org_id, True)
    assert world.service.seal(org_id).picture == png()
    with pytest.raises(DomainError):
        world.service.review.decide_picture(OFFICER, org_id, False)
    world.service.seals.upload_picture(boss, png(width=220))
    assert world.service.seal(org_id).picture is None


def test_closing_an_account_ends_everything(
    world: World, boss: Principal, agent: Principal, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    world.grant(boss, wallet, agent, agent_wallet)
    world.service.agents.close(boss, agent.account_id or "")
    assert _refused(world, agent, 1) == "employers.not_authorised"
    assert agent.account_id in world.accounts.disabled
