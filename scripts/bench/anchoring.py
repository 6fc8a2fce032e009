"""Anchoring: gas of an entry, time from commit to a final block, and whether the queue stays flat at a high rate.

A node, the contracts, the worker in a process of its own as in an installation, and a producer that records events through
the recorder into the same database.
"""

from __future__ import annotations

import json
import multiprocessing
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy import func, select

from api.anchoring.tables import EventRow, FlightRow
from api.bootstrap.container import Container
from api.infra.settings import Settings
from api.kernel.events import EventDraft
from api.migrations.run import upgrade
from chain import calls
from chain.deployer import DeploymentConfig, deploy
from chain.gateway_rpc import RpcGateway
from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from scripts.bench import report
from signing.wallets import address_of

ORIGIN = "bench.concord.invalid/log"
STREAMS = 997
GAS_LIMIT_PER_ENTRY = 2_700


def _settings(folder: Path, node: RunningNode, relay: bytes) -> dict[str, Any]:
    for name, value in (
        ("field", secrets.token_hex(32)),
        ("relay", relay.hex()),
        ("log", secrets.token_hex(32)),
        ("token", node.token),
    ):
        (folder / name).write_text(value, encoding="ascii")
    return {
        "data_dir": str(folder),
        "log_origin": ORIGIN,
        "chain_rpc_url": node.rpc_url,
        "chain_rpc_token_file": str(folder / "token"),
        "chain_id": node.chain_id,
        "relay_key_file": str(folder / "relay"),
        "log_key_file": str(folder / "log"),
        "field_key_file": str(folder / "field"),
    }


def _work(settings: dict[str, Any], stop: Any) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    container = Container(Settings(**settings))
    worker = container.anchoring.worker()
    while not stop.is_set():
        if not worker.tick():
            time.sleep(0.2)
    worker.close()


@contextmanager
def installation(folder: Path) -> Iterator[tuple[Container, RpcGateway]]:
    """A node with contracts, a migrated database, and the worker as a child process."""
    relay, deployer = secrets.token_bytes(32), secrets.token_bytes(32)
    node = NodeSettings(data_dir=folder / "node", senders=(address_of(relay), address_of(deployer)))
    with start_node(node) as running, RpcGateway(running.rpc_url, token=running.token) as gateway:
        signers = tuple(address_of(secrets.token_bytes(32)) for _ in range(3))
        config = DeploymentConfig(ORIGIN, True, signers[:1], signers[1:2], signers, 2, 3600)
        deploy(gateway, deployer, config, folder / "chain")
        values = _settings(folder, running, relay)
        container = Container(Settings(**values))
        upgrade(container.settings.effective_database_url)
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        child = context.Process(target=_work, args=(values, stop), daemon=True)
        child.start()
        try:
            yield container, gateway
        finally:
            stop.set()
            child.join(20)
            container.close()


class Producer:
    """Records events at a steady rate, several to a transaction as signing does, and notes when each was committed."""

    def __init__(self, container: Container, rate: int, seconds: float) -> None:
        self._container, self._rate, self._seconds = container, rate, seconds
        self.committed: list[tuple[int, float]] = []
        self.count = 0
        self._first = self.total()

    def total(self) -> int:
        """Events in the database."""
        with self._container.uow.read() as session:
            return int(session.execute(select(func.count()).select_from(EventRow)).scalar_one())

    def run(self) -> None:
        """Produce until the time is over."""
        part = max(1, self._rate // 50)
        started = time.monotonic()
        while time.monotonic() - started < self._seconds:
            with self._container.uow() as session:
                for _ in range(part):
                    draft = EventDraft(
                        f"econtract/{self.count % STREAMS}",
                        "econtract.E07/1",
                        "bench",
                        "worker",
                        {"n": self.count},
                    )
                    self._container.recorder.record(session, draft)
                    self.count += 1
            self.committed.append((self._first + self.count, time.monotonic()))
            time.sleep(max(0.0, started + self.count / self._rate - time.monotonic()))


def _run(container: Container, rate: int, seconds: float) -> tuple[list[float], list[int], float]:
    """Delays from commit to final (per transaction of the producer), queue length over time, achieved rate."""
    producer = Producer(container, rate, seconds)
    thread = threading.Thread(target=producer.run)
    delays: list[float] = []
    queue: list[int] = []
    waiting = 0
    started = time.monotonic()
    thread.start()
    while thread.is_alive() or waiting < len(producer.committed):
        with container.uow.read() as session:
            anchored = int(
                session.execute(
                    select(func.count()).select_from(EventRow).where(EventRow.state == "anchored")
                ).scalar_one()
            )
        now = time.monotonic()
        while waiting < len(producer.committed) and producer.committed[waiting][0] <= anchored:
            delays.append(now - producer.committed[waiting][1])
            waiting += 1
        if thread.is_alive() and producer.committed:
            queue.append(producer.committed[-1][0] - anchored)
        if now - started > seconds + 60:
            break
        time.sleep(0.05)
    thread.join()
    return delays, queue, producer.count / seconds


def _gas(container: Container, gateway: RpcGateway) -> tuple[int, float]:
    """(entries, gas an entry) of full batches: the producer fills them while the worker looks elsewhere."""
    with container.uow() as session:
        for i in track(range(4 * calls.MAX_BATCH), description="filling batches"):
            draft = EventDraft(f"econtract/{i % STREAMS}", "econtract.E07/1", "bench", "worker", {"n": i})
            container.recorder.record(session, draft)
    full: list[bytes] = []
    deadline = time.monotonic() + 60
    while len(full) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
        with container.uow.read() as session:
            full = list(
                session.execute(
                    select(FlightRow.hash).where(
                        FlightRow.count == calls.MAX_BATCH, FlightRow.state == "anchored"
                    )
                ).scalars()
            )
    used = [receipt.gas_used for receipt in gateway.receipts(full) if receipt is not None]
    return calls.MAX_BATCH * len(used), max(used) / calls.MAX_BATCH


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def run(
    seconds: Annotated[int, typer.Option(help="seconds at the high rate")] = 60,
    high: Annotated[int, typer.Option(help="events a second, flat queue")] = 500,
    steady: Annotated[int, typer.Option(help="events a second, delay measured")] = 50,
    steady_seconds: Annotated[int, typer.Option(help="seconds at the steady rate")] = 30,
    json_: Annotated[bool, typer.Option("--json", help="print facts as JSON, write nothing")] = False,
) -> None:
    """上链：每条存证的 gas、入块时延、高速下队列是否平稳 / anchoring: gas, delay, flat queue."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name, installation(Path(name)) as (container, gateway):
        entries, gas = _gas(container, gateway)
        console.print(f"gas: {gas:.0f} an entry")
        delays, _, rate = _run(container, steady, steady_seconds)
        console.print(f"delay p95: {_percentile(delays, 0.95):.2f} s at {rate:.0f}/s")
        high_delays, queue, high_rate = _run(container, high, seconds)
    third = max(1, len(queue) // 3)
    facts = {
        "gas_per_entry": round(gas),
        "entries_measured": entries,
        "delay_rate": round(rate, 1),
        "delay_p50_s": round(statistics.median(delays), 2),
        "delay_p95_s": round(_percentile(delays, 0.95), 2),
        "high_rate": round(high_rate, 1),
        "high_seconds": seconds,
        "high_delay_p95_s": round(_percentile(high_delays, 0.95), 2),
        "queue_first_third": round(statistics.mean(queue[:third])),
        "queue_last_third": round(statistics.mean(queue[-third:])),
        "queue_max": max(queue),
    }
    if json_:
        typer.echo(json.dumps(facts))
        return
    report.write(
        "anchoring",
        f"concord bench anchoring --seconds {seconds}",
        ("what", "measured", "must"),
        (
            ("gas an entry, batches of 1,000, all in", facts["gas_per_entry"], f"≤ {GAS_LIMIT_PER_ENTRY}"),
            (f"commit → anchored at {facts['delay_rate']} events/s, p50", f"{facts['delay_p50_s']} s", ""),
            (
                f"commit → anchored at {facts['delay_rate']} events/s, p95",
                f"{facts['delay_p95_s']} s",
                "≤ 2 s",
            ),
            (f"events a second kept for {seconds} s", facts["high_rate"], f"{high}"),
            (
                "queue, mean of first and last third",
                f"{facts['queue_first_third']} → {facts['queue_last_third']}",
                "flat",
            ),
            ("queue, longest", facts["queue_max"], ""),
            ("commit → anchored at that rate, p95", f"{facts['high_delay_p95_s']} s", ""),
        ),
        "Commit → anchored ends when the worker has read the receipt back, verified the log's root and marked the entries: "
        "later than the block itself. Blocks are mined at most once a second.",
    )
    typer.echo(json.dumps(facts, indent=1))
