"""Each refusal has its code, changes nothing, and leaves the round usable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.infra.auth import Principal
from api.kernel.errors import DomainError, ErrorKind
from api.signing_round.model import EmployerSignature, Opener, RoundState, Step
from api.signing_round.tables import AttemptRow
from signing import wallets
from signing.p256 import ORDER
from tests.support.signing_authorities import NOW, Authority
from tests.support.signing_rounds import ACCOUNT, ORG, PASSPHRASE, PERSON, RELEASE, Bench, Browser


def refused(code: str, action: Callable[[], Any]) -> DomainError:
    with pytest.raises(DomainError) as caught:
        action()
    assert caught.value.code == code, caught.value
    return caught.value


def state(bench: Bench, round_id: str) -> RoundState:
    with bench.db.read() as session:
        return bench.service.view(session, round_id).state


# ------------------------------------------------------------------ who and when


def test_not_before_notice_and_consent(bench: Bench) -> None:
    round_id = bench.open(admit=False)
    refused("signing.not_admitted", lambda: bench.service.worker.enter(round_id, bench.worker))


def test_others_do_not_even_learn_that_it_exists(bench: Bench) -> None:
    round_id = bench.open()
    stranger = replace(bench.worker, person_id="q" * 26)
    other_org = replace(bench.agent, org_id="aa" * 32)
    for action in (
        lambda: bench.service.worker.enter(round_id, stranger),
        lambda: bench.service.worker.view(round_id, bench.agent),
        lambda: bench.service.employer.prepare(round_id, other_org),
        lambda: bench.service.employer.view(round_id, bench.worker),
        lambda: bench.service.worker.enter("z" * 26, bench.worker),
    ):
        assert refused("signing.round_unknown", action).kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "superseded"}, "signing.session_superseded"),
        ({"state": "expired"}, "signing.session_expired"),
        ({"state": "disputed"}, "signing.session_disputed"),
        ({"level": 1}, "signing.level_too_low"),
        ({"commitment": "00" * 32}, "signing.identity_for_another_text"),
        ({"contract_id": "00" * 32}, "signing.round_unknown"),
    ],
)
def test_the_session_must_fit(bench: Bench, change: dict[str, Any], code: str) -> None:
    round_id = bench.open()
    bench.sessions.by_id["s1"] = replace(bench.sessions.by_id["s1"], **change)
    refused(code, lambda: bench.service.worker.enter(round_id, bench.worker))


def test_order_twice_and_after_the_end(bench: Bench) -> None:
    round_id = bench.open()
    refused("signing.worker_first", lambda: bench.service.employer.prepare(round_id, bench.agent))
    bench.sign_worker(round_id)
    refused("signing.already_signed", lambda: bench.service.worker.enter(round_id, bench.worker))
    bench.sign_employer(round_id)
    refused("signing.already_signed", lambda: bench.service.employer.prepare(round_id, bench.agent))
    assert bench.recorder.types().count("E09") == bench.recorder.types().count("E10") == 1


@pytest.mark.parametrize("reason", ["recalled", "rejected", "expired", "change_requested"])
def test_a_closed_round_takes_no_signature(bench: Bench, reason: str) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    with bench.db.transaction() as session:
        bench.service.close_round(session, round_id, reason)
        bench.service.close_round(session, round_id, reason)
    refused("signing.closed", lambda: bench.service.worker.enter(round_id, bench.worker))
    refused(
        "signing.closed",
        lambda: bench.service.worker.accept_key(round_id, entered.attempt_id, Browser().spki, bench.worker),
    )


def test_recall_after_the_worker_signed_is_too_late_withdrawal_is_not(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)

    def close(reason: str) -> None:
        with bench.db.transaction() as session:
            bench.service.close_round(session, round_id, reason)

    refused("signing.already_signed", lambda: close("recalled"))
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    close("withdrawn")
    refused(
        "signing.closed",
        lambda: bench.service.employer.finish(
            round_id, prepared.attempt_id, bench.employer_signature(prepared), bench.agent
        ),
    )
    assert bench.registry.calls == {}


def test_nothing_ends_a_completed_round(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    bench.sign_employer(round_id)
    for reason in ("withdrawn", "expired", "declined", "recalled"):
        with pytest.raises(DomainError), bench.db.transaction() as session:
            bench.service.close_round(session, round_id, reason)
    assert state(bench, round_id) is RoundState.COMPLETED


def test_deadlines(bench: Bench) -> None:
    round_id = bench.open()
    bench.clock.advance(dt.timedelta(days=8))
    refused("signing.expired", lambda: bench.service.worker.enter(round_id, bench.worker))


# ------------------------------------------------------------------ locks


def test_a_reload_or_another_phone_drops_the_older_preparation(bench: Bench) -> None:
    round_id = bench.open()
    old = bench.service.worker.enter(round_id, bench.worker)
    new = bench.service.worker.enter(round_id, bench.worker)
    assert old.attempt_id != new.attempt_id
    refused(
        "signing.attempt_replaced",
        lambda: bench.service.worker.accept_key(round_id, old.attempt_id, Browser().spki, bench.worker),
    )
    refused(
        "signing.attempt_replaced",
        lambda: bench.service.worker.prepared_pdf(round_id, old.attempt_id, bench.worker),
    )
    assert bench.service.worker.prepared_pdf(round_id, new.attempt_id, bench.worker).startswith(b"%PDF")


def test_the_lock_ends_after_ten_minutes(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    bench.clock.advance(dt.timedelta(minutes=10))
    refused(
        "signing.attempt_expired",
        lambda: bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker),
    )


def test_two_agents_at_the_same_moment(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    second = "b" * 26
    bench.organisations.accounts[second] = bench.organisations.address
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    other = replace(bench.agent, account_id=second)
    error = refused("signing.locked", lambda: bench.service.employer.prepare(round_id, other))
    assert "until" in error.facts
    refused(
        "signing.attempt_unknown",
        lambda: bench.service.employer.finish(
            round_id, prepared.attempt_id, bench.employer_signature(prepared), other
        ),
    )
    bench.clock.advance(dt.timedelta(minutes=10, seconds=1))
    for stamper in bench.tsas:
        stamper.moment = bench.clock.now()
    taken = bench.service.employer.prepare(round_id, other)
    refused(
        "signing.attempt_replaced",
        lambda: bench.service.employer.finish(
            round_id, prepared.attempt_id, bench.employer_signature(prepared), bench.agent
        ),
    )
    done = bench.service.employer.finish(round_id, taken.attempt_id, bench.employer_signature(taken), other)
    assert done.state is RoundState.COMPLETED


# ------------------------------------------------------------------ the worker's inputs


def test_wrong_otp_then_right_one_with_the_same_request(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    refused("identity.not_confirmed", lambda: bench.certify(round_id, entered, browser, otp="000000"))
    assert bench.recorder.types() == []
    first = bench.certify(round_id, entered, browser)
    assert bench.certify(round_id, entered, browser) == first
    assert bench.recorder.types() == ["E08"]


def test_the_steps_have_an_order(bench: Bench) -> None:
    round_id = bench.open()
    worker = bench.service.worker
    entered = worker.enter(round_id, bench.worker)
    refused(
        "signing.key_first",
        lambda: worker.certify(
            round_id,
            entered.attempt_id,
            request_signature=bytes(64),
            page_release=RELEASE,
            otp="1",
            assertion=None,
            who=bench.worker,
        ),
    )
    browser = Browser()
    refused("signing.intent_first", lambda: bench.certify(round_id, entered, browser))
    refused(
        "signing.certificate_first",
        lambda: worker.finish(round_id, entered.attempt_id, b"\1" * 64, b"\1" * 64, bench.worker),
    )


def test_another_page_release_is_refused(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    accepted = bench.service.worker.accept_key(round_id, entered.attempt_id, browser.spki, bench.worker)
    refused(
        "signing.page_release_unknown",
        lambda: bench.service.worker.certify(
            round_id,
            entered.attempt_id,
            request_signature=browser.sign(accepted.request_info),
            page_release="00" * 32,
            otp="123456",
            assertion=None,
            who=bench.worker,
        ),
    )


def test_proof_of_possession_and_key_form(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser, thief = Browser(), Browser()
    refused(
        "p256.key_refused",
        lambda: bench.service.worker.accept_key(
            round_id, entered.attempt_id, browser.spki[:-1], bench.worker
        ),
    )
    accepted = bench.service.worker.accept_key(round_id, entered.attempt_id, browser.spki, bench.worker)
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    refused(
        "p256.signature_wrong",
        lambda: bench.service.worker.certify(
            round_id,
            entered.attempt_id,
            request_signature=thief.sign(accepted.request_info),
            page_release=RELEASE,
            otp="123456",
            assertion=None,
            who=bench.worker,
        ),
    )


def test_an_identity_statement_for_another_key(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    bench.identity.other_key = True
    refused("signing.attestation_differs", lambda: bench.certify(round_id, entered, Browser()))
    assert bench.recorder.types() == []


def test_signatures_over_other_inputs(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, browser)
    attributes, consent = certified.attributes, bench.consent_preimage(entered, browser)
    good, own = browser.sign(attributes), browser.sign(consent)
    for first, second, code in (
        (browser.sign(attributes + b"\0"), own, "p256.signature_wrong"),
        (good, browser.sign(consent[:-1] + b"\0"), "p256.signature_wrong"),
        (Browser().sign(attributes), own, "p256.signature_wrong"),
        (own, good, "p256.signature_wrong"),
        (good[:-1], own, "p256.signature_form"),
        (bytes(64), own, "p256.signature_form"),
    ):
        refused(
            code,
            lambda first=first, second=second: bench.service.worker.finish(
                round_id, entered.attempt_id, first, second, bench.worker
            ),
        )
    assert state(bench, round_id) is RoundState.OPEN
    high = own[:32] + (ORDER - int.from_bytes(own[32:], "big")).to_bytes(32, "big")
    done = bench.service.worker.finish(round_id, entered.attempt_id, good, high, bench.worker)
    again = bench.service.worker.finish(round_id, entered.attempt_id, good, own, bench.worker)
    assert done == again
    refused(
        "signing.already_signed",
        lambda: bench.service.worker.finish(
            round_id, entered.attempt_id, browser.sign(attributes), own, bench.worker
        ),
    )


def test_another_key_after_a_failure_needs_another_intent(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    bench.certify(round_id, entered, Browser())
    fresh = Browser()
    refused("signing.intent_first", lambda: bench.certify(round_id, entered, fresh))
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, fresh)
    done = bench.service.worker.finish(
        round_id,
        entered.attempt_id,
        fresh.sign(certified.attributes),
        fresh.sign(bench.consent_preimage(entered, fresh)),
        bench.worker,
    )
    assert done.state is RoundState.WORKER_SIGNED


# ------------------------------------------------------------------ certificates


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda bench: setattr(bench.ca, "foreign", Authority("Rogue")), "certificate.issuer_unknown"),
        (lambda bench: setattr(bench.ca, "revoked", True), "certificate.revoked"),
        (
            lambda bench: setattr(bench.ca, "life", dt.timedelta(seconds=-1)),
            "signing.token_outside_certificate",
        ),
    ],
)
def test_certificates_that_do_not_hold_at_the_tokens_time(
    bench: Bench, break_it: Callable[[Bench], None], code: str
) -> None:
    round_id = bench.open()
    break_it(bench)
    refused(code, lambda: bench.sign_worker(round_id))
    assert state(bench, round_id) is RoundState.OPEN
    assert "E09" not in bench.recorder.types()
    bench.ca.foreign, bench.ca.revoked, bench.ca.life = None, False, dt.timedelta(minutes=10)
    assert bench.sign_worker(round_id).state is RoundState.WORKER_SIGNED


def test_a_certificate_for_another_key(bench: Bench) -> None:
    round_id = bench.open()
    bench.ca.other_key = True
    refused("ca.certificate_wrong", lambda: bench.sign_worker(round_id))


def test_a_foreign_or_expired_seal(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    good = bench.organisations.held
    rogue = Authority("Rogue")
    foreign = rogue.issue("x", bench.organisations.seal_key.public_key())
    expired = bench.authority.issue(
        "x",
        bench.organisations.seal_key.public_key(),
        start=NOW - dt.timedelta(days=9),
        end=NOW - dt.timedelta(days=1),
    )
    for certificate, chain, code in (
        (foreign, rogue.chain, "certificate.issuer_unknown"),
        (expired, good.chain, "certificate.expired"),
    ):
        bench.organisations.held = replace(good, certificate=certificate, chain=chain)
        refused(code, lambda: bench.service.employer.prepare(round_id, bench.agent))
    other = ec.generate_private_key(ec.SECP256R1())
    certificate = bench.authority.issue("x", other.public_key(), end=NOW + dt.timedelta(days=9))
    bench.ca.seals.append(certificate)
    bench.organisations.held = replace(good, certificate=certificate)
    refused("p256.signature_wrong", lambda: bench.sign_employer(round_id))
    bench.organisations.held = good
    assert bench.sign_employer(round_id).state is RoundState.COMPLETED


# ------------------------------------------------------------------ the employer's inputs


def test_wallet_and_seal_signatures_are_checked(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    good = bench.employer_signature(prepared)
    assert good.wallet_signature is not None
    s = int.from_bytes(good.wallet_signature[32:64], "big")
    high = (
        good.wallet_signature[:32]
        + (wallets.ORDER - s).to_bytes(32, "big")
        + bytes([55 - good.wallet_signature[64]])
    )
    stranger = wallets.sign_digest(b"\2" * 32, b"\1" * 32)
    for given, code in (
        (replace(good, wallet_signature=high), "wallet.signature_high_s"),
        (replace(good, wallet_signature=stranger), "wallet.signature_wrong"),
        (replace(good, wallet_signature=good.wallet_signature[:64]), "wallet.signature_form"),
        (replace(good, wallet_signature=None), "signing.wallet_signature_missing"),
        (replace(good, seal_passphrase="wrong passphrase"), "wallet.passphrase_wrong"),
        (replace(good, seal_passphrase=None), "signing.seal_signature_missing"),
        (replace(good, seal_signature=b"\x30\x00"), "p256.signature_form"),
    ):
        refused(
            code,
            lambda given=given: bench.service.employer.finish(
                round_id, prepared.attempt_id, given, bench.agent
            ),
        )
    assert state(bench, round_id) is RoundState.WORKER_SIGNED
    done = bench.service.employer.finish(round_id, prepared.attempt_id, good, bench.agent)
    assert bench.service.employer.finish(round_id, prepared.attempt_id, good, bench.agent) == done


def test_a_keystore_wallet_unlocks_for_this_signature(bench: Bench) -> None:
    store = wallets.encrypt_key(bench.organisations.wallet_key, PASSPHRASE)
    held = bench.organisations.wallets[store.address]
    held.kind, held.keystore = "keystore", store.document
    round_id = bench.open()
    bench.sign_worker(round_id)
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    wrong = EmployerSignature(wallet_passphrase="not this one", seal_passphrase=PASSPHRASE)
    refused(
        "wallet.passphrase_wrong",
        lambda: bench.service.employer.finish(round_id, prepared.attempt_id, wrong, bench.agent),
    )
    right = EmployerSignature(wallet_passphrase=PASSPHRASE, seal_passphrase=PASSPHRASE)
    done = bench.service.employer.finish(round_id, prepared.attempt_id, right, bench.agent)
    assert done.state is RoundState.COMPLETED


def test_authority_is_checked_again_when_signing(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    bench.organisations.revoked.add(ACCOUNT)
    refused(
        "employers.not_authorised",
        lambda: bench.service.employer.finish(
            round_id, prepared.attempt_id, bench.employer_signature(prepared), bench.agent
        ),
    )
    assert state(bench, round_id) is RoundState.WORKER_SIGNED


def test_an_external_seal_signs_elsewhere(bench: Bench) -> None:
    from cryptography.hazmat.primitives import hashes

    bench.organisations.held = replace(bench.organisations.held, mode="external", encrypted_key=None)
    round_id = bench.open()
    bench.sign_worker(round_id)
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    assert prepared.binding is not None
    key = bench.organisations.seal_key
    given = replace(
        bench.employer_signature(prepared),
        seal_passphrase=None,
        seal_signature=key.sign(prepared.attributes, ec.ECDSA(hashes.SHA256())),
    )
    refused(
        "signing.seal_signature_missing",
        lambda: bench.service.employer.finish(round_id, prepared.attempt_id, given, bench.agent),
    )
    whole = replace(given, binding_signature=key.sign(prepared.binding, ec.ECDSA(hashes.SHA256())))
    done = bench.service.employer.finish(round_id, prepared.attempt_id, whole, bench.agent)
    assert done.state is RoundState.COMPLETED


# ------------------------------------------------------------------ time-stamping authorities


def test_one_authority_down_goes_on_and_the_contract_waits(bench: Bench) -> None:
    round_id = bench.open()
    bench.tsas[0].down = True
    bench.sign_worker(round_id)
    assert bench.sign_employer(round_id).state is RoundState.EMPLOYER_SIGNED
    assert bench.recorder.types() == ["E08", "E09", "E10"]
    assert next(iter(bench.registry.calls.values()))["state"] == "held"
    assert bench.service.run_due() == 0
    bench.tsas[0].down = False
    bench.clock.advance(dt.timedelta(seconds=21))
    for stamper in bench.tsas:
        stamper.moment = bench.clock.now()
    assert bench.service.run_due() == 1
    assert state(bench, round_id) is RoundState.COMPLETED
    assert bench.recorder.types() == ["E08", "E09", "E10", "E11"]
    assert next(iter(bench.registry.calls.values()))["state"] == "pending"
    assert bench.service.run_due() == 0


@pytest.mark.parametrize("fault", ["wrong_imprint", "wrong_nonce", "shift"])
def test_a_lying_authority_is_passed_over(bench: Bench, fault: str) -> None:
    round_id = bench.open()
    setattr(bench.tsas[0], fault, 600 if fault == "shift" else True)
    bench.sign_worker(round_id)
    assert bench.recorder.payload("E09")["tsa"] == "two"
    assert bench.sign_employer(round_id).state is RoundState.EMPLOYER_SIGNED


def test_none_left_pauses_before_anything_begins(bench: Bench) -> None:
    round_id = bench.open()
    for stamper in bench.tsas:
        stamper.down = True
    error = refused("timestamp.none_available", lambda: bench.service.worker.enter(round_id, bench.worker))
    assert error.kind is ErrorKind.UNAVAILABLE
    assert bench.recorder.types() == []


def test_all_fail_at_the_last_step_and_the_same_signatures_finish_later(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, browser)
    for stamper in bench.tsas:
        stamper.down = True
    given = browser.sign(certified.attributes), browser.sign(bench.consent_preimage(entered, browser))
    finish = lambda: bench.service.worker.finish(round_id, entered.attempt_id, *given, bench.worker)  # noqa: E731
    refused("timestamp.none_available", finish)
    assert state(bench, round_id) is RoundState.OPEN
    for stamper in bench.tsas:
        stamper.down = False
    assert finish().state is RoundState.WORKER_SIGNED


def test_a_token_that_comes_too_late_for_the_certificate(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, browser)
    bench.clock.advance(dt.timedelta(minutes=9))
    for stamper in bench.tsas:
        stamper.moment = NOW + dt.timedelta(minutes=10, seconds=30)
        stamper.shift = -40
    bench.clock.advance(dt.timedelta(seconds=30))
    for stamper in bench.tsas:
        stamper.moment, stamper.shift = bench.clock.now(), 59
    refused(
        "signing.token_outside_certificate",
        lambda: bench.service.worker.finish(
            round_id,
            entered.attempt_id,
            browser.sign(certified.attributes),
            browser.sign(bench.consent_preimage(entered, browser)),
            bench.worker,
        ),
    )
    with bench.db.read() as session:
        kept = session.get(AttemptRow, entered.attempt_id)
    assert kept is not None
    assert kept.step == Step.DROPPED
    assert state(bench, round_id) is RoundState.OPEN


# ------------------------------------------------------------------ other services


def test_identity_service_and_ca_down(bench: Bench) -> None:
    round_id = bench.open()
    bench.identity.down = True
    entered = bench.service.worker.enter(round_id, bench.worker)
    refused(
        "identity.service_unavailable",
        lambda: bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker),
    )
    bench.identity.down = False
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    bench.ca.down = True
    browser = Browser()
    refused("ca.unavailable", lambda: bench.certify(round_id, entered, browser))
    bench.ca.down = False
    assert bench.certify(round_id, entered, browser).certificate
    assert bench.recorder.types() == ["E08"]


def test_evidence_only_of_a_completed_round(bench: Bench) -> None:
    round_id = bench.open()
    opener = Opener(PERSON, "worker", "evidence")
    refused("signing.not_completed", lambda: bench.service.evidence_material(round_id, opener))
    bench.sign_worker(round_id)
    refused("signing.not_completed", lambda: bench.service.evidence_material(round_id, opener))


def test_another_persons_name_is_not_admitted(bench: Bench) -> None:
    from api.signing_round.model import WorkerAdmission

    round_id = bench.open()
    for admission in (WorkerAdmission(PERSON, "别人", "s1"), WorkerAdmission("q" * 26, "李小龘", "s1")):
        with pytest.raises(DomainError, match="another_worker"), bench.db.transaction() as session:
            bench.service.admit_worker(session, round_id, admission)


def test_an_agent_without_account_is_refused(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    nobody = Principal(kind="machine", org_id=ORG)
    refused("role_required", lambda: bench.service.employer.prepare(round_id, nobody))
