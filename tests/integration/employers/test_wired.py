"""The slice as bootstrap wires it: real accounts, real event streams, a real node and the TEST CA as programs of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from api.anchoring import tasks
from api.bootstrap.container import SLICES, Container
from api.employers.model import Prepared
from api.infra.auth import Principal
from api.infra.db import Base
from api.infra.settings import Settings
from api.kernel.errors import DomainError
from chain.abi import load
from chain.gateway_rpc import RpcGateway
from signing.wallets import encrypt_key
from tests.support.employers_world import PDF, application, typed_signature
from tests.support.programs import Program, program
from tests.support.real_chain import ORIGIN, REGISTRAR, RELAY, RealChain, real_chain

PASSPHRASE = "correct horse battery"
OFFICER = Principal(kind="staff", account_id="officer-1", roles=frozenset({"review_officer"}))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealChain]:
    with real_chain(tmp_path_factory.mktemp("chain")) as made:
        yield made


@pytest.fixture
def ca(tmp_path: Path, chain: RealChain) -> Iterator[Program]:
    domain = tmp_path / "domain.json"
    domain.write_text(json.dumps(chain.domain("LaborContractRegistry").typed()))
    issuer = chain.deployment.issuers[0]
    arguments = (
        "--data",
        tmp_path / "ca",
        "--token-file",
        tmp_path / "ca-token",
        "--issuer",
        issuer,
        "--domain",
        domain,
    )
    started = program("ca", "signing.testing.ca", *arguments).start()
    yield started
    started.stop()


@pytest.fixture
def container(tmp_path: Path, chain: RealChain, ca: Program) -> Iterator[Container]:
    for name, value in (
        ("field", "01" * 32),
        ("relay", RELAY.hex()),
        ("log", "02" * 32),
        ("rpc-token", chain.node.token),
    ):
        (tmp_path / name).write_text(value)
    settings = Settings(
        data_dir=tmp_path,
        log_origin=ORIGIN,
        chain_rpc_url=chain.node.rpc_url,
        chain_rpc_token_file=tmp_path / "rpc-token",
        chain_id=chain.deployment.chain_id,
        deployment_file=chain.node.data_dir.parent / "chain" / "deployment.json",
        relay_key_file=tmp_path / "relay",
        log_key_file=tmp_path / "log",
        field_key_file=tmp_path / "field",
        ca_url=ca.url,
        ca_token_file=tmp_path / "ca-token",
    )
    made = Container(settings).wire()
    assert "employers" in SLICES
    Base.metadata.create_all(made.db.engine)
    yield made
    made.anchoring.worker().close()
    made.close()


def prove(container: Container, who: Principal, wallet: LocalAccount) -> None:
    challenge = container.employers.wallets.challenge(who, wallet.address)
    signature = wallet.sign_message(encode_defunct(text=challenge.text)).signature
    container.employers.wallets.prove_external(who, challenge.challenge_id, bytes(signature))


def sign(container: Container, who: Principal, prepared: Prepared, wallet: LocalAccount) -> str:
    done = container.employers.statements.submit(
        who, prepared.statement_id, signature=typed_signature(wallet, prepared)
    )
    return str(done.call_id)


@pytest.mark.slow
def test_from_registration_to_the_chain(container: Container, chain: RealChain) -> None:
    employers = container.employers
    done = employers.registration.register(application())
    account = container.identity.accounts.get(done.account.account_id)
    assert (account.org_id, account.roles) == (done.org_id, frozenset({"representative"}))
    boss = Principal(kind="employer", account_id=account.account_id, roles=account.roles, org_id=done.org_id)
    wallet = Account.from_key(b"\x0b" * 32)
    for kind in ("licence", "representative_identity", "authorisation_letter"):
        employers.registration.upload(boss, kind, PDF)
    prove(container, boss, wallet)
    employers.staff_wallet_import(OFFICER.account_id, encrypt_key(REGISTRAR, PASSPHRASE).document)
    prepared = employers.review.prepare_verification(OFFICER, done.org_id)
    calls = [employers.statements.submit(OFFICER, prepared.statement_id, passphrase=PASSPHRASE).call_id]

    seal = employers.seals.create(boss, passphrase=PASSPHRASE)
    certificate = x509.load_der_x509_certificate(seal.certificate)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert "渝州示例制造有限公司" in certificate.subject.rfc4514_string()
    calls.append(sign(container, boss, employers.statements.prepare_seal_key(boss), wallet))

    new = employers.agents.invite(
        boss, name="李四", phone="13900000001", id_number="500107199001010024", login="agent"
    )
    agent = Principal(
        kind="employer", account_id=new.account_id, roles=frozenset({"agent"}), org_id=done.org_id
    )
    own = Account.from_key(b"\x0c" * 32)
    prove(container, agent, own)
    until = container.clock.now() + timedelta(days=365)
    grant = employers.statements.prepare_grant(boss, new.account_id, own.address, 4, until)
    calls.append(sign(container, boss, grant, wallet))

    states = settle(container, calls)
    assert states == ["anchored"] * 3
    asked = load("ParticipantRegistry").function("authorityOf")
    target = chain.deployment.address("ParticipantRegistry")
    with RpcGateway(chain.node.rpc_url) as gateway:
        answer = asked.decode(gateway.call(target, asked.encode(bytes.fromhex(done.org_id), own.address)))
    assert answer == (4,)
    with container.uow.read() as session:
        events = container.anchoring.proofs.events(session, f"employer/{done.org_id}")
    assert [event.type for event in events] == [
        "econtract.E01/1",
        "employers.seal_key_set/1",
        "employers.agent_granted/1",
    ]
    assert employers.registration_event(done.org_id).digest == events[0].entry
    with pytest.raises(DomainError) as taken:
        employers.registration.register(application(uscc="91500107MA5TEXT2X2", phone="13800000002"))
    assert taken.value.code == "identity.login_taken"


@pytest.mark.slow
def test_the_ca_is_away(container: Container, ca: Program) -> None:
    employers = container.employers
    done = employers.registration.register(application())
    boss = Principal(
        kind="employer",
        account_id=done.account.account_id,
        roles=frozenset({"representative"}),
        org_id=done.org_id,
    )
    for kind in ("licence", "representative_identity", "authorisation_letter"):
        employers.registration.upload(boss, kind, PDF)
    prove(container, boss, Account.from_key(b"\x2d" * 32))
    employers.staff_wallet_import(OFFICER.account_id, encrypt_key(REGISTRAR, PASSPHRASE).document)
    prepared = employers.review.prepare_verification(OFFICER, done.org_id)
    employers.statements.submit(OFFICER, prepared.statement_id, passphrase=PASSPHRASE)
    httpx.post(f"{ca.url}/test/faults", json={"mode": "down"}, trust_env=False).raise_for_status()
    with pytest.raises(DomainError) as away:
        employers.seals.create(boss, passphrase=PASSPHRASE)
    assert (away.value.kind, away.value.code) == ("unavailable", "ca.unavailable")
    assert employers.seals.current(boss) == (None, None, None)
    httpx.post(f"{ca.url}/test/faults", json={"mode": "none"}, trust_env=False).raise_for_status()
    assert employers.seals.create(boss, passphrase=PASSPHRASE).mode == "platform"


def settle(container: Container, calls: list[str]) -> list[str]:
    """Run the relay until nothing moves any more."""
    states: list[str] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        tasks.run_due(container)
        with container.uow.read() as session:
            states = [container.anchoring.registry.state(session, call).state for call in calls]
        if all(state in ("anchored", "parked") for state in states):
            break
        time.sleep(0.1)
    return states
