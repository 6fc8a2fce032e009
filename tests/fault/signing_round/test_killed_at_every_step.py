"""A process killed at any step of signing: after a restart one signature stands, no event is twice, nothing is half.

Points are every commit, every answer of an outside service and every write to the block store, each before and after it
took effect. The signatories do what people do: they ask again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.infra.db import Database
from api.kernel.errors import DomainError
from api.signing_round.model import EmployerPrepared, Entered, Opener, RoundState
from signing.blobs import LocalBlobStore
from signing.ca_client import CaClient
from signing.pades import validate
from signing.rendering import Renderer
from signing.timestamps import TimestampClient
from tests.support.signing_rounds import PERSON, Bench, Browser, Identity

POINTS = 24
"""As many as one whole signing passes; `test_the_points_are_all_there` keeps it honest."""


class Killed(BaseException):
    """The process is gone."""


class Reaper:
    """Counts points and kills at one of them, once."""

    def __init__(self, at: int, after: bool) -> None:
        self.at, self.after, self.count, self.struck = at, after, 0, False

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            mine = self.count == self.at and not self.struck
            if mine and not self.after:
                self.struck = True
                raise Killed
            try:
                return work(*arguments, **options)
            finally:
                if mine:
                    self.struck = True
                    raise Killed

        return run

    @contextmanager
    def transaction(self, original: Callable[[Database], Any], database: Database) -> Iterator[Any]:
        """A commit is a point: killed before it nothing is kept, after it everything."""
        self.count += 1
        mine = self.count == self.at and not self.struck
        with original(database) as session:
            yield session
            if mine and not self.after:
                self.struck = True
                raise Killed
        if mine:
            self.struck = True
            raise Killed


@pytest.fixture
def reap(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, bool], Reaper]:
    def arm(at: int, after: bool) -> Reaper:
        reaper = Reaper(at, after)
        original = Database.transaction
        monkeypatch.setattr(Database, "transaction", lambda self: reaper.transaction(original, self))
        for owner, name in (
            (Identity, "open_intent"),
            (Identity, "attest"),
            (CaClient, "issue"),
            (CaClient, "revocation"),
            (TimestampClient, "stamp"),
            (LocalBlobStore, "put"),
        ):
            monkeypatch.setattr(owner, name, reaper.around(getattr(owner, name)))
        return reaper

    return arm


def insist(bench: Bench, action: Callable[[], Any]) -> Any:
    """Ask; after a kill start a new process and ask again."""
    for _ in range(3):
        try:
            return action()
        except Killed:
            bench.service = bench.wire()
    raise AssertionError("killed more than once")


def play(bench: Bench, round_id: str) -> None:
    """Worker, employer, due tasks, each asking again after a kill."""
    entered: Entered = insist(bench, lambda: bench.service.worker.enter(round_id, bench.worker))
    browser = Browser()
    insist(bench, lambda: bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker))
    certified = insist(bench, lambda: bench.certify(round_id, entered, browser))
    given = browser.sign(certified.attributes), browser.sign(bench.consent_preimage(entered, browser))
    insist(bench, lambda: bench.service.worker.finish(round_id, entered.attempt_id, *given, bench.worker))
    prepared: EmployerPrepared = insist(bench, lambda: bench.service.employer.prepare(round_id, bench.agent))
    signature = bench.employer_signature(prepared)
    insist(
        bench, lambda: bench.service.employer.finish(round_id, prepared.attempt_id, signature, bench.agent)
    )
    insist(bench, bench.service.run_due)


def check(bench: Bench, round_id: str) -> None:
    counts = Counter(bench.recorder.types())
    assert counts["E08"] == counts["E09"] == counts["E10"] == counts["E11"] == 1, counts
    with bench.db.read() as session:
        assert bench.service.view(session, round_id).state is RoundState.COMPLETED
        from api.signing_round.service.wiring import required_round

        row = required_round(session, round_id)
    live = [call for call in bench.registry.calls.values() if call["state"] == "pending"]
    assert live
    wiring = bench.service.wiring
    pdf = bench.service.current_pdf(round_id, Opener(PERSON, "worker", "download"))
    facts = validate(pdf, wiring.expected(row, 2, stamped=True), wiring.anchors, bench.clock.now())
    assert facts.problems == ()


def test_the_points_are_all_there(
    tmp_path: Path, renderer: Renderer, reap: Callable[[int, bool], Reaper]
) -> None:
    bench = Bench(tmp_path, renderer)
    round_id = bench.open()
    reaper = reap(0, False)
    play(bench, round_id)
    assert reaper.count == POINTS
    check(bench, round_id)
    bench.db.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, POINTS + 1))
def test_killed(
    tmp_path: Path, renderer: Renderer, reap: Callable[[int, bool], Reaper], at: int, after: bool
) -> None:
    bench = Bench(tmp_path, renderer)
    round_id = bench.open()
    reaper = reap(at, after)
    play(bench, round_id)
    check(bench, round_id)
    bench.db.close()
    assert reaper.struck


def test_a_signature_left_behind_is_finished_by_the_tasks(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's phone is off after the process died: everything he gave is there, the tasks finish it."""
    import datetime as dt

    bench = Bench(tmp_path, renderer)
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    browser = Browser()
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    certified = bench.certify(round_id, entered, browser)
    given = browser.sign(certified.attributes), browser.sign(bench.consent_preimage(entered, browser))
    with monkeypatch.context() as patch:
        patch.setattr(TimestampClient, "stamp", lambda *_, **__: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            bench.service.worker.finish(round_id, entered.attempt_id, *given, bench.worker)
    bench.service = bench.wire()
    assert bench.service.run_due() == 0
    bench.clock.advance(dt.timedelta(seconds=25))
    for stamper in bench.tsas:
        stamper.moment = bench.clock.now()
    assert bench.service.run_due() == 1
    with bench.db.read() as session:
        assert bench.service.view(session, round_id).state is RoundState.WORKER_SIGNED
    with pytest.raises(DomainError, match="already_signed"):
        bench.service.worker.enter(round_id, bench.worker)
    bench.db.close()
