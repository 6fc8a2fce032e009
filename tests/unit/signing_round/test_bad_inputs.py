"""What worker and employer may hand in wrongly: each refusal has its code and leaves the round usable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.signing_round.model import EmployerSignature, RoundState
from signing import wallets
from signing.p256 import ORDER
from tests.support.signing_authorities import NOW, Authority
from tests.support.signing_rounds import ACCOUNT, PASSPHRASE, RELEASE, Bench, Browser, refused, state


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
