"""The chain is away for an hour: both parties sign all the same, `pending` is shown, then all drains in order, once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from api.infra.db import Database
from api.signing_round.model import RoundState
from api.signing_round.service.wiring import required_round
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from signing.rendering import Renderer
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import Slice
from tests.support.fonts import renderer
from tests.support.relay_world import CHAIN_ID, CONTRACTS
from tests.support.signing_rounds import Bench

__all__ = ["renderer"]

STEPS = ["econtract.E08/1", "econtract.E09/1", "econtract.E10/1", "econtract.E11/1"]


def test_signing_goes_on_and_the_log_catches_up_in_order(
    tmp_path: Path, renderer: Renderer, database: Database
) -> None:
    gateway = MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID)
    slice_ = Slice(database, gateway)
    bench = Bench(tmp_path, renderer, database=database)
    bench.recorder = slice_.service.recorder  # type: ignore[assignment]
    bench.service = bench.wire()
    worker = slice_.service.worker()
    gateway.down = True  # type: ignore[attr-defined]
    round_id = bench.open()
    assert worker.tick() is False
    bench.sign_worker(round_id)
    bench.clock.advance(dt.timedelta(hours=1))
    slice_.monotonic += 3600.0  # type: ignore[operator]
    for stamper in bench.tsas:
        stamper.moment = bench.clock.now()
    assert worker.tick() is False
    assert bench.sign_employer(round_id).state is RoundState.COMPLETED
    with database.read() as session:
        stream = required_round(session, round_id).stream

    def anchors() -> list[tuple[str, str, int | None]]:
        with slice_.service.uow.read() as session:
            found = slice_.service.proofs.anchors(session, stream)
        return [(kind, anchor.state, anchor.log_index) for _, kind, _, anchor in found]

    assert [item for item in anchors() if item[0] in STEPS] == [(kind, "pending", None) for kind in STEPS]
    gateway.down = False  # type: ignore[attr-defined]
    settle(slice_)
    kinds, states, places = zip(*anchors(), strict=True)
    assert [kind for kind in kinds if kind in STEPS] == STEPS
    assert set(states) == {"anchored"}
    assert list(places) == list(range(len(places)))
    with slice_.service.uow.read() as session:
        status = slice_.service.operator.status(session)
    assert (status.stopped, list(status.alarms)) == (False, [])
