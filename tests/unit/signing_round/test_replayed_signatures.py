"""Signatures made for something else, and signatures that come after the time to sign: refused, nothing changes."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any

from api.signing_round.model import RoundState
from api.signing_round.service.wiring import required_round
from signing import wallets
from signing.eip712 import ROLE_EMPLOYER, ROLE_WORKER, Consent, Domain, digest, preimage
from tests.support.signing_doubles import DOMAIN
from tests.support.signing_rounds import Bench, Browser, refused, state

OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another installation's log": ({"log_origin": "another.concord.invalid/log"}, {}),
    "another installation's chain": ({"chain_id": 31_337_002}, {}),
    "a real installation": ({"name": "Concord"}, {}),
    "another registry": ({"verifying_contract": "0x00000000000000000000000000000000000C0dE2"}, {}),
    "another contract": ({}, {"contract_id": b"\1" * 32}),
    "another text": ({}, {"commitment": b"\1" * 32}),
    "another version": ({}, {"version": 2}),
    "another predecessor": ({}, {"prev": b"\1" * 32}),
    "a longer expiry": ({}, {"expiry": 2**33}),
    "another key": ({}, {"signer_key_hash": b"\1" * 32}),
}


def consent(given: dict[str, Any], role: int, key_hash: bytes) -> Consent:
    return Consent(
        bytes.fromhex(given["commitment"][2:]),
        bytes.fromhex(given["contractId"][2:]),
        given["version"],
        bytes.fromhex(given["prev"][2:]),
        role,
        key_hash,
        given["expiry"],
    )


def test_a_wallets_signature_for_something_else(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    prepared = bench.service.employer.prepare(round_id, bench.agent)
    good, key_hash = bench.employer_signature(prepared), wallets.key_hash(prepared.wallet)

    def signed(domain: Domain, **changes: Any) -> bytes:
        made = replace(consent(prepared.typed_data["message"], ROLE_EMPLOYER, key_hash), **changes)
        return wallets.sign_digest(bench.organisations.wallet_key, digest(domain, made))

    assert signed(DOMAIN) == good.wallet_signature
    for domain, changes in [*OTHERS.values(), ({}, {"role": ROLE_WORKER})]:
        other = replace(good, wallet_signature=signed(replace(DOMAIN, **domain), **changes))
        refused(
            "wallet.signature_wrong",
            lambda other=other: bench.service.employer.finish(
                round_id, prepared.attempt_id, other, bench.agent
            ),
        )
    assert state(bench, round_id) is RoundState.WORKER_SIGNED
    assert bench.registry.calls == {}
    done = bench.service.employer.finish(round_id, prepared.attempt_id, good, bench.agent)
    assert done.state is RoundState.COMPLETED


def test_a_workers_signature_for_something_else(bench: Bench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, browser)
    attributes = browser.sign(certified.attributes)
    key_hash = hashlib.sha256(browser.spki).digest()

    def finish(domain: Domain, **changes: Any) -> Any:
        made = replace(consent(entered.consent, ROLE_WORKER, key_hash), **changes)
        signature = browser.sign(preimage(domain, made))
        return bench.service.worker.finish(round_id, entered.attempt_id, attributes, signature, bench.worker)

    for domain, changes in [*OTHERS.values(), ({}, {"role": ROLE_EMPLOYER})]:
        refused(
            "p256.signature_wrong",
            lambda domain=domain, changes=changes: finish(replace(DOMAIN, **domain), **changes),
        )
    assert state(bench, round_id) is RoundState.OPEN
    assert bench.recorder.types() == ["E08"]
    assert finish(DOMAIN).state is RoundState.WORKER_SIGNED


def test_prepared_in_time_and_signed_too_late(bench: Bench) -> None:
    """The deadline passes between preparing and signing: the time of signing counts, for each side."""
    worker_until = bench.clock.now() + dt.timedelta(minutes=3)
    employer_until = bench.clock.now() + dt.timedelta(minutes=7)
    late = bench.open(deadline_worker=worker_until)
    other = bench.open(deadline_employer=employer_until)
    bench.sign_worker(other)
    prepared = bench.service.employer.prepare(other, bench.agent)
    signature = bench.employer_signature(prepared)
    with bench.db.read() as session:
        row = required_round(session, late)
    bench.session("s1", row.contract_id, row.commitment)
    entered = bench.service.worker.enter(late, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(late, entered.attempt_id, bench.worker)
    certified = bench.certify(late, entered, browser)
    bench.clock.advance(dt.timedelta(minutes=8))
    for stamper in bench.tsas:
        stamper.moment = bench.clock.now()
    refused(
        "signing.expired",
        lambda: bench.service.worker.finish(
            late,
            entered.attempt_id,
            browser.sign(certified.attributes),
            browser.sign(bench.consent_preimage(entered, browser)),
            bench.worker,
        ),
    )
    refused(
        "signing.expired",
        lambda: bench.service.employer.finish(other, prepared.attempt_id, signature, bench.agent),
    )
    assert state(bench, late) is RoundState.OPEN
    assert state(bench, other) is RoundState.WORKER_SIGNED
    assert bench.registry.calls == {}
