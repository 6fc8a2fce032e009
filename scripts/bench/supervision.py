"""Supervision: the regulator's queries over the events of 20,000 contracts, and rebuilding the index from the chain.

The events are made as a node would give them (JSON of eth_getLogs), and go through the same reading, decoding and
projection as in an installation.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from api.anchoring.model import ContractQuery
from api.anchoring.repository.index_store import SqlIndexStore, content_digest
from api.anchoring.service.index import ChainIndex
from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.migrations.run import upgrade
from chain.calls import Contracts
from chain.gateway import BlockRef, Log
from chain.gateway_rpc import read_log
from chain.indexer import Indexer
from chain.memory_contracts import emit
from scripts.bench import report

CONTRACTS = Contracts(*("0x" + digit * 40 for digit in "123"))
ORGANISATIONS = 400
PER_BLOCK = 25
REPEAT = 40
MUST_MS = 50
MUST_RATE = 5_000


def _hash(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


class History:
    """A chain of which only the events are known, as JSON text by block."""

    def __init__(self, contracts: int) -> None:
        self._blocks: list[list[str]] = [[]]
        self._pending: list[str] = []
        orgs = [_hash("org", i) for i in range(ORGANISATIONS)]
        wallet = "0x" + "44" * 20
        for i, org in enumerate(orgs):
            fields = {"orgId": org, "regionCode": 500_100_001 + i % 40 * 1_000, "representative": wallet}
            more = {"sealKeyHash": bytes(32), "registrar": "0x" + "45" * 20, "nonce": 1}
            self._add(
                CONTRACTS.participants,
                emit("ParticipantRegistry", "OrganisationRegistered", **fields, **more),
            )
        size = 0
        for i in range(contracts):
            concluded = {
                "contractId": _hash("contract", i),
                "orgId": orgs[i % ORGANISATIONS],
                "commitment": _hash("commitment", i),
                "version": 1,
                "prev": bytes(32),
                "level": 2 + i % 2,
                "attestationTime": 1_735_700_000 + i * 3_000,
                "expiry": 2**33,
                "employerWallet": f"0x{i % ORGANISATIONS:040x}",
                "workerKeyHash": _hash("key", i),
                "subject": _hash("subject", i),
                "checkDigest": _hash("check", i),
                "issuer": "0x" + "46" * 20,
            }
            self._add(CONTRACTS.labour, emit("LaborContractRegistry", "Concluded", **concluded))
            appended = {"firstIndex": size, "count": 14, "size": size + 14, "root": _hash("root", i)}
            self._add(CONTRACTS.evidence_log, emit("EvidenceLog", "Appended", **appended))
            size += 14
        self._close()

    def _add(self, address: str, event: tuple[Sequence[bytes], bytes]) -> None:
        topics, data = event
        number = len(self._blocks)
        self._pending.append(
            json.dumps(
                {
                    "address": address,
                    "topics": ["0x" + topic.hex() for topic in topics],
                    "data": "0x" + data.hex(),
                    "blockNumber": hex(number),
                    "blockHash": "0x" + _hash("block", number).hex(),
                    "transactionHash": "0x" + _hash("transaction", number, len(self._pending)).hex(),
                    "logIndex": hex(len(self._pending)),
                }
            )
        )
        if len(self._pending) == PER_BLOCK:
            self._close()

    def _close(self) -> None:
        if self._pending:
            self._blocks.append(self._pending)
            self._pending = []

    def head(self) -> BlockRef:
        """The newest block."""
        return self._ref(len(self._blocks) - 1)

    def block(self, number: int) -> BlockRef | None:
        """A block of the chain."""
        return self._ref(number) if number < len(self._blocks) else None

    @staticmethod
    def _ref(number: int) -> BlockRef:
        return BlockRef(number, _hash("block", number), _hash("block", number - 1), number)

    def logs(self, first: int, last: int, _addresses: Sequence[str]) -> list[Log]:
        """Events, read from JSON text as they come from a node."""
        text = ",".join(entry for block in self._blocks[first : last + 1] for entry in block)
        return [read_log(value) for value in json.loads(f"[{text}]")]


def _queries(index: ChainIndex, contract: str) -> dict[str, Callable[[Any], object]]:
    street = ContractQuery(region_prefix="500105001")
    return {
        "figures by signing month": lambda s: index.counts(s, "month"),
        "figures by street": lambda s: index.counts(s, "region"),
        "figures by organisation": lambda s: index.counts(s, "organisation"),
        "figures by state": lambda s: index.counts(s, "state"),
        "figures by month in one street": lambda s: index.counts(s, "month", street),
        "newest 50 contracts": lambda s: index.contracts(s, ContractQuery()),
        "50 contracts of a street and month": lambda s: index.contracts(
            s, ContractQuery(region_prefix="500105001", month="2025-11")
        ),
        "contracts of a wallet": lambda s: index.contracts(s, ContractQuery(wallet=f"0x{7:040x}")),
        "history of one contract": lambda s: index.history(s, contract),
        "50 organisations with their contracts": lambda s: index.organisations(s),
        "who acted for an organisation": lambda s: index.actors(s, _hash("org", 7).hex()),
        "position of the index": lambda s: index.position(s),
    }


def _p95(work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEAT):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return sorted(times)[int(REPEAT * 0.95) - 1] * 1_000


def run(
    contracts: Annotated[int, typer.Option(help="contracts in the index")] = 20_000,
    json_: Annotated[bool, typer.Option("--json", help="print facts as JSON, write nothing")] = False,
) -> None:
    """监管查询与索引重建 / the regulator's queries and rebuilding the index."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'index.db'}"
        upgrade(url)
        db = Database(url, FieldKey(bytes(32)))
        with console.status("making history"):
            history = History(contracts)
        store = SqlIndexStore(db)
        indexer = Indexer(history, store, CONTRACTS)  # type: ignore[arg-type]
        digests, rates, events = [], [], 0
        for _ in range(2):
            store.drop()
            with console.status("building the index"):
                started = time.perf_counter()
                events = indexer.catch_up()
                rates.append(events / (time.perf_counter() - started))
            with db.read() as session:
                digests.append((content_digest(session), ChainIndex().position(session).digest))
        index = ChainIndex()
        with db.read() as session:
            times = {
                name: _p95(lambda query=query: query(session))  # type: ignore[misc]
                for name, query in _queries(index, _hash("contract", 77).hex()).items()
            }
        db.close()
    facts = {
        "contracts": contracts,
        "events": events,
        "rebuild_per_second": round(min(rates)),
        "same_digest": digests[0] == digests[1],
        "p95_ms": {name: round(value, 1) for name, value in times.items()},
    }
    if not json_:
        rows: list[tuple[object, ...]] = [
            (name, f"{value:.1f} ms", f"≤ {MUST_MS} ms") for name, value in times.items()
        ]
        rows.append(
            ("rebuild of the index", f"{facts['rebuild_per_second']} events/s", f"≥ {MUST_RATE} events/s")
        )
        rows.append(("digest after rebuild", "same" if facts["same_digest"] else "DIFFERENT", "same"))
        report.write(
            "supervision",
            f"concord bench supervision --contracts {contracts}",
            (f"over {contracts} contracts ({events} events)", "p95 / rate", "must"),
            rows,
            "Events are read from JSON text as a node sends it, decoded and projected into SQLite.",
        )
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=None if json_ else 1))
