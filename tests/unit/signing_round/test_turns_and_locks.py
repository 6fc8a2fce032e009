"""Who may sign, when, and who holds the document: each refusal has its code and changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from api.kernel.errors import DomainError, ErrorKind
from api.signing_round.model import RoundState
from tests.support.signing_rounds import Bench, Browser, refused, state


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
