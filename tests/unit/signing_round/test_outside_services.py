"""Time-stamping authorities, CA and identity service that are down or lie: nothing half-signed."""

from __future__ import annotations

import datetime as dt

import pytest

from api.infra.auth import Principal
from api.kernel.errors import DomainError, ErrorKind
from api.signing_round.model import Opener, RoundState, Step
from api.signing_round.tables import AttemptRow
from tests.support.signing_authorities import NOW
from tests.support.signing_rounds import ORG, PERSON, Bench, Browser, refused, state


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
