"""The court's chain on the running platform: receipts in packages, a court that is away, and what its page says."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chain.abi import JUDICIAL_ANCHOR, load
from chain.gateway_rpc import RpcGateway
from chain.judicial_deployer import load_judicial_deployment
from chain.judicial_receipt import evidence_number
from chain.judicial_rpc import AnchorReader
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, verify
from chain.verifier.outcome import StepResult
from scripts.journey.client import ApiClient, Refused
from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]

PATIENCE = 60.0


def _step(data: bytes, done: Done, no: int = 18) -> StepResult:
    root = TrustRoot.parse(done.trust_root.read_bytes())
    found = verify(data, root, now=dt.datetime.now(dt.UTC)).step(no)
    assert found is not None
    return found


def _until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, "the judicial chain does not get there"
        time.sleep(1.0)


@contextmanager
def _court(world: World) -> Iterator[AnchorReader]:
    installation = world.platform.installation
    made = load_judicial_deployment(installation.judicial_record)
    assert made is not None
    with RpcGateway(installation.url("court_node")) as gateway:
        yield AnchorReader(gateway, made.address)


@contextmanager
def _court_away(world: World) -> Iterator[None]:
    pid = world.platform.supervisor.children["court_node"].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _sizes(world: World) -> list[int]:
    """The court's history, in its own order."""
    anchor = load(JUDICIAL_ANCHOR)
    installation = world.platform.installation
    made = load_judicial_deployment(installation.judicial_record)
    assert made is not None
    with RpcGateway(installation.url("court_node")) as gateway:
        count = anchor.function("count")
        (total,) = count.decode(gateway.call(made.address, count.encode()))
        size_at = anchor.function("sizeAt")
        return [
            int(size_at.decode(gateway.call(made.address, size_at.encode(place)))[0])
            for place in range(total)
        ]


def _with_receipt(world: World, done: Done) -> bytes:
    agent, path = world.employer.agent, f"/contracts/{done.played.contract}/evidence"
    found: list[bytes] = []

    def ready() -> bool:
        found[:] = [agent.download(path)]
        return _step(found[0], done).sub_indication != "NO_JUDICIAL_RECEIPT"

    _until(ready)
    return found[0]


def test_a_package_carries_the_courts_receipt(world: World, done: Done) -> None:
    data = _with_receipt(world, done)
    step = _step(data, done)
    assert (step.outcome, step.sub_indication) == (Outcome.PASSED, "")
    assert step.facts["sealed_by"] == "court.test/chain"
    assert _step(data, done, 15).outcome is Outcome.PASSED


def test_the_courts_page_answers_from_its_chain(world: World, done: Done) -> None:
    data = _with_receipt(world, done)
    checkpoint = _step(data, done, 14).facts
    number = evidence_number(0, checkpoint["size"], checkpoint["root"])
    with world.connect() as anyone:
        answer = anyone.upload("/court/packages", "evidence.zip", data, "application/zip", method="POST")
        assert answer["answer"] == "confirmed"
        assert all(event["included"] for event in answer["events"])
        assert anyone.get(f"/court/numbers/{number}")["answer"] == "confirmed"
        forged = evidence_number(0, checkpoint["size"], "0" * 64)
        assert anyone.get(f"/court/numbers/{forged}")["answer"] == "differs"
    with ApiClient(world.origin) as anyone:
        with _court_away(world), pytest.raises(Refused) as away:
            anyone.get(f"/court/numbers/{number}")
        assert away.value.code == "evidence.court_unreachable"


def test_a_court_that_is_away_delays_nothing_and_gets_everything_in_order(world: World, done: Done) -> None:
    with _court(world) as court:
        before = court.latest_size()
    with _court_away(world):
        contract = world.contract()
        played = contract.play(world.worker())
        contract.effective(played)
        package = contract.package(played)
        assert _step(package, done, 15).outcome is Outcome.PASSED, "anchored and witnessed without the court"
        assert _step(package, done).sub_indication == "NO_JUDICIAL_RECEIPT"
        covered = _step(package, done, 14).facts["size"]
    with _court(world) as court:
        _until(lambda: court.latest_size() >= covered)
    sizes = _sizes(world)
    assert sizes == sorted(set(sizes))
    assert [size for size in sizes if size > before], "what was waiting has arrived"


def test_a_killed_court_node_comes_back_with_the_same_history(world: World) -> None:
    sizes = _sizes(world)
    child = world.platform.supervisor.children["court_node"]
    pid = child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with _court(world) as court:

        def back() -> bool:
            try:
                return child.pid not in (None, pid) and court.latest_size() >= sizes[-1]
            except Exception:  # it is starting
                return False

        _until(back)
    assert _sizes(world)[: len(sizes)] == sizes
