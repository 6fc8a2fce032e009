"""A full disk while a worker signs: a clear answer, nothing half-signed; with room again the same signatures finish."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.kernel.errors import DomainError, ErrorKind
from api.signing_round.model import RoundState, SignedOff
from tests.support.full_disk import FullDatabase
from tests.support.signing_rounds import Bench, Browser, state


def ready(bench: Bench) -> tuple[str, Callable[[], SignedOff]]:
    """A round with everything given except the last call."""
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, browser)
    given = browser.sign(certified.attributes), browser.sign(bench.consent_preimage(entered, browser))
    return round_id, lambda: bench.service.worker.finish(round_id, entered.attempt_id, *given, bench.worker)


def documents(bench: Bench) -> int:
    with bench.db.read() as session:
        return int(session.execute(text("SELECT count(*) FROM signing_round_document")).scalar_one())


def test_no_room_for_the_signed_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    round_id, finish = ready(bench)
    kept = documents(bench)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DomainError) as caught:
            finish()
    assert (caught.value.kind, caught.value.code) == (ErrorKind.UNAVAILABLE, "blob.unavailable")
    assert state(bench, round_id) is RoundState.OPEN
    assert (documents(bench), bench.recorder.types()) == (kept, ["E08"])
    assert finish().state is RoundState.WORKER_SIGNED
    assert bench.recorder.types() == ["E08", "E09"]


def test_no_room_in_the_database(bench: Bench) -> None:
    round_id, finish = ready(bench)
    kept = documents(bench)
    with FullDatabase(bench.db), pytest.raises(OperationalError, match="full"):
        finish()
    assert state(bench, round_id) is RoundState.OPEN
    assert (documents(bench), bench.recorder.types()) == (kept, ["E08"])
    assert finish().state is RoundState.WORKER_SIGNED
    assert bench.recorder.types() == ["E08", "E09"]


def test_a_text_that_finds_no_room_is_not_opened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DomainError, match=r"blob\.unavailable"):
            bench.open()
    assert bench.open()
