"""`concord bench judicial`: gas of a judicial checkpoint at a million entries, and how long an event takes to its receipt.

Gas is counted on a real node, over the earlier sizes whose consistency proofs are the longest. Times come from a whole
installation of its own (node, TSAs, witnesses, the court's chain, worker), from what its database has recorded.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from chain.abi import JUDICIAL_ANCHOR, load
from chain.gateway_rpc import RpcGateway
from chain.judicial_deployer import JudicialConfig, JudicialDeployment, deploy_judicial_anchor
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.transactions import Sender, address_bytes
from node.launch import start_node
from node.settings import NodeSettings
from scripts.bench.report import write
from signing import eip712
from signing.wallets import address_of, sign_digest

ORIGIN = "bench.concord.invalid/log"
SIZE = 1_000_000
EARLIER = (999_999, 524_289, 983_041, 999_937)
GAS_LIMIT = 250_000
RECEIPT_SECONDS = 20.0
CHECKPOINT_SECONDS = 10.0

Row = tuple[str, str, str]


def run(
    rate: Annotated[int, typer.Option(help="events a second")] = 50,
    seconds: Annotated[float, typer.Option(help="how long")] = 60.0,
) -> None:
    """司法链检查点的 gas 与送达时间 / gas of a judicial checkpoint, time to its receipt."""
    rows = [gas_row(), *latency_rows(rate, seconds)]
    write("judicial", f"concord bench judicial --rate {rate}", ("What", "Measured", "Must"), rows, "")
    for row in rows:
        typer.echo(" | ".join(row))


# -- gas


def gas_row() -> Row:
    """Whole transaction gas of a checkpoint of a million entries with 2 of 3 witnesses, the dearest of several."""
    used = gas_at(SIZE, EARLIER)
    text = (
        f"{max(used.values()):,} gas ({', '.join(f'from {size:,}: {gas:,}' for size, gas in used.items())})"
    )
    return (f"judicial checkpoint at size {SIZE:,}, 2 of 3 witnesses", text, f"≤ {GAS_LIMIT:,} gas")


def gas_at(size: int, earlier: tuple[int, ...]) -> dict[int, int]:
    """Gas of accepting the checkpoint of `size` after one of each earlier size, on a chain of its own."""
    tiles = MemoryTiles()
    leaves = [leaf_hash(hashlib.sha256(number.to_bytes(8, "big")).digest()) for number in range(size)]
    tiles.write(Tree(tiles, 0).append(leaves).tiles)
    tree = Tree(tiles, size)
    witnesses = sorted(
        (bytes([number] * 32) for number in (0x71, 0x72, 0x73)),
        key=lambda key: address_bytes(address_of(key)),
    )
    deployer, relay = bytes([0x61] * 32), bytes([0x62] * 32)
    config = JudicialConfig(ORIGIN, True, tuple(address_of(key) for key in witnesses), 2)
    used: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        node = NodeSettings(
            data_dir=folder / "court",
            senders=(address_of(deployer), address_of(relay)),
            block_interval=0.0,
        )
        with start_node(node) as running, RpcGateway(running.rpc_url, token=running.token) as gateway:
            for before in earlier:
                made = deploy_judicial_anchor(gateway, deployer, config, folder / f"{before}.json")
                _accept(gateway, made, relay, witnesses[:2], tree, before, 0)
                used[before] = _accept(gateway, made, relay, witnesses[:2], tree, size, before)
    return used


def _accept(
    gateway: RpcGateway,
    made: JudicialDeployment,
    relay: bytes,
    witnesses: list[bytes],
    tree: Tree,
    size: int,
    before: int,
) -> int:
    domain = eip712.Domain(made.domain_name, made.chain_id, made.address, ORIGIN)
    root, moment = tree.root(size), 1_790_000_000
    digest = eip712.digest(domain, eip712.WitnessedCheckpoint(ORIGIN, size, root, moment))
    signatures = [sign_digest(key, digest) for key in witnesses]
    proof = tree.prove_consistency(before, size) if before else []
    data = (
        load(JUDICIAL_ANCHOR)
        .function("accept")
        .encode(size, root, [moment] * len(signatures), signatures, proof)
    )
    sender = Sender(relay, made.chain_id)
    signed = sender.sign(made.address, data, gateway.transaction_count(sender.address), 1_000_000)
    gateway.send([signed.raw])
    while (receipt := gateway.receipts([signed.hash])[0]) is None:
        time.sleep(0.01)
    if not receipt.ok:
        raise RuntimeError(f"the court refused size {size} after {before}")
    return receipt.gas_used


# -- time


@dataclass(frozen=True)
class Delays:
    """Seconds from an event's commit to its final, witnessed checkpoint, and to the court's receipt."""

    events: int
    witnessed: list[float]
    receipts: list[float]


def latency_rows(rate: int, seconds: float) -> list[Row]:
    """p95 of both delays at a steady rate, on an installation of its own."""
    found = latency(rate, seconds)

    def shown(values: list[float]) -> str:
        return f"p95 {_p95(values):.1f} s, median {statistics.median(values):.1f} s, {len(values):,} events"

    return [
        (
            f"event → final, witnessed checkpoint at {rate} events/s",
            shown(found.witnessed),
            f"p95 ≤ {CHECKPOINT_SECONDS:.0f} s",
        ),
        (
            f"event → judicial receipt at {rate} events/s",
            shown(found.receipts),
            f"p95 ≤ {RECEIPT_SECONDS:.0f} s",
        ),
    ]


def latency(rate: int, seconds: float, settle: float = 60.0) -> Delays:
    """Delays of every event of a steady load. Raises RuntimeError when some never arrive within `settle` seconds."""
    from scripts.bench.anchoring import Producer

    with tempfile.TemporaryDirectory() as name, _installation(Path(name) / "bench") as container:
        producer = Producer(container, rate, seconds)
        first = producer.total()
        thread = threading.Thread(target=producer.run)
        thread.start()
        thread.join()
        deadline = time.monotonic() + settle
        while time.monotonic() < deadline:
            found = _delays(container, first)
            if len(found.receipts) == found.events:
                return found
            time.sleep(1.0)
        raise RuntimeError(f"{found.events - len(found.receipts)} of {found.events} events have no receipt")


@contextmanager
def _installation(root: Path) -> Iterator[Any]:
    """A whole installation, and a container over its settings in this process."""
    from api.bootstrap.container import Container
    from api.infra.settings import Settings
    from scripts.installation import prepare
    from scripts.up import Platform

    platform = Platform(prepare(root, first_port=0))
    before = dict(os.environ)
    try:
        platform.start()
        os.environ.update(json.loads((root / "settings.json").read_text("utf-8")))
        container = Container(Settings()).wire()
        try:
            yield container
        finally:
            container.close()
    finally:
        os.environ.clear()
        os.environ.update(before)
        platform.stop()


def _delays(container: Any, first: int) -> Delays:
    """From the tables: the oldest checkpoint above an entry that was witnessed, and the oldest that the court accepted."""
    from api.anchoring.tables import CheckpointRow, EventRow, JudicialItemRow
    from api.kernel.clock import parse_utc

    with container.uow.read() as session:
        events = session.execute(
            select(EventRow.utc, EventRow.log_index).order_by(EventRow.id).offset(first)
        ).all()
        witnessed = session.execute(
            select(CheckpointRow.size, CheckpointRow.witnessed_at)
            .where(CheckpointRow.witnessed_at.is_not(None))
            .order_by(CheckpointRow.size)
        ).all()
        accepted = session.execute(
            select(JudicialItemRow.checkpoint_size, JudicialItemRow.updated_at)
            .where(JudicialItemRow.state == "anchored")
            .order_by(JudicialItemRow.checkpoint_size)
        ).all()

    def after(marks: Any, utc: str, index: int) -> float | None:
        moment = next((when for size, when in marks if size > index), None)
        return None if moment is None else (moment - parse_utc(utc)).total_seconds()

    placed = [(utc, index) for utc, index in events if index is not None]
    seen = [after(witnessed, utc, index) for utc, index in placed]
    carried = [after(accepted, utc, index) for utc, index in placed]
    return Delays(
        len(events), [value for value in seen if value is not None], [v for v in carried if v is not None]
    )


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, int(len(values) * 0.95) - 1)]
