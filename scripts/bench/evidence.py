"""`concord bench evidence`: proofs over a million leaves, a third party's audit of them, and the way to witnesses and court.

One function for each group of rows. The log of a million entries is made in a database of its own and served by the API's
own routes as it is to everybody; the auditor is the `concord audit-log` that anybody runs, in a process of its own whose
memory is read afterwards.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from api.anchoring.repository import tree
from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.infra.settings import environment
from api.migrations.run import upgrade
from chain.checkpoint import Checkpoint, LogKey
from chain.cosignature import WitnessKey
from chain.merkle import MemoryTiles, Tree, leaf_hash, verify_consistency, verify_inclusion
from chain.trust_root import TrustRoot
from scripts.bench.report import write
from scripts.installation import free_ports
from signing.testing import pki

ORIGIN = "bench.concord.invalid/log"
REPOSITORY = Path(__file__).resolve().parents[2]
HEADS = ("What", "Measured", "Must")
Row = tuple[str, str, str]
console = Console(stderr=True)


def run(
    leaves: Annotated[int, typer.Option(help="entries of the log")] = 1_000_000,
    part: Annotated[str, typer.Option(help="all | proofs | audit | court")] = "all",
    rate: Annotated[int, typer.Option(help="court: events a second")] = 50,
    seconds: Annotated[float, typer.Option(help="court: how long")] = 60.0,
) -> None:
    """证据链：证明、审计、见证与司法链 / proofs, audit, witnesses and judicial chain."""
    if part in ("all", "proofs", "audit"):
        with tempfile.TemporaryDirectory() as name:
            console.print(f"  making a log of {leaves:,} entries …")
            log = BigLog(Path(name), leaves)
            if part != "audit":
                _write("evidence-proofs", f"--part proofs --leaves {leaves}", log.proof_rows())
            if part != "proofs":
                _write("evidence-audit", f"--part audit --leaves {leaves}", log.audit_rows())
    if part in ("all", "court"):
        from scripts.bench import judicial

        judicial.run(rate, seconds)


def _write(section: str, arguments: str, rows: list[Row]) -> None:
    write(section, f"concord bench evidence {arguments}", HEADS, rows)
    for row in rows:
        typer.echo(" | ".join(row))


class BigLog:
    """A log with `size` entries, its tiles and a witnessed checkpoint, in a migrated SQLite database under `folder`."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.key = LogKey.from_seed(ORIGIN, secrets.token_bytes(32))
        self.witnesses = [WitnessKey(f"{n}.test/w", secrets.token_bytes(32)) for n in ("court", "notary")]
        self.path = folder / "data" / "concord.db"
        self.path.parent.mkdir()
        upgrade(f"sqlite:///{self.path}")
        self._fill()
        self.db = Database(f"sqlite:///{self.path}", FieldKey(bytes(32)))

    def _fill(self) -> None:
        entries = [leaf_hash(number.to_bytes(8, "big")) for number in range(self.size)]
        tiles = MemoryTiles()
        growth = Tree(tiles, 0).append([leaf_hash(entry) for entry in entries])
        head = Checkpoint(ORIGIN, growth.size, growth.root)
        now = "2026-01-01 00:00:00.000000"
        events = (
            (f"s/{n}", 1, entry, "t", "a", "r", "2026-01-01T00:00:00.000Z", "0" * 64, "0" * 64, "anchored", n)
            for n, entry in enumerate(entries)
        )
        connection = sqlite3.connect(self.path)
        with connection:
            connection.executemany(
                "INSERT INTO anchoring_event (stream, seq, entry, type, actor, role, utc, payload_digest, prev, state, "
                "log_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                events,
            )
            connection.executemany(
                "INSERT INTO anchoring_tile (level, number, data) VALUES (?, ?, ?)",
                ((tile.level, tile.number, data) for tile, data in growth.tiles.items()),
            )
            connection.execute(
                "INSERT INTO anchoring_log (name, size, root) VALUES ('log', ?, ?)", (head.size, head.root)
            )
            connection.execute(
                "INSERT INTO anchoring_checkpoint (size, root, note, created_at, token, tsa, token_time, witnessed_at) "
                "VALUES (?, ?, ?, ?, ?, 'one', ?, ?)",
                (head.size, head.root, self.key.sign_checkpoint(head), now, b"token", now, now),
            )
            connection.executemany(
                "INSERT INTO anchoring_cosignature (checkpoint_size, witness, time, line, created_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    (
                        head.size,
                        w.verifier.name,
                        1_790_000_000,
                        w.cosign(head.body(), 1_790_000_000).line(),
                        now,
                    )
                    for w in self.witnesses
                ),
            )
        connection.close()

    # -- proofs

    def proof_rows(self) -> list[Row]:
        """Time and memory of one proof from stored tiles, and what an append reads and writes."""
        with self.db.read() as session:
            tiles = tree.SessionTiles(session)
            whole = Tree(tiles, self.size)
            root, leaf = whole.root(), leaf_hash(leaf_hash((self.size // 3).to_bytes(8, "big")))
            old = self.size * 2 // 3 + 1

            def inclusion() -> None:
                whole.prove_inclusion(self.size // 3)

            def consistency() -> None:
                whole.prove_consistency(old)

            verify_inclusion(leaf, self.size // 3, self.size, whole.prove_inclusion(self.size // 3), root)
            verify_consistency(old, whole.root(old), self.size, root, whole.prove_consistency(old))
            growth = whole.append([bytes(32)])
            return [
                _proof_row("inclusion proof", inclusion),
                _proof_row("consistency proof", consistency),
                (
                    f"append at size {self.size:,}",
                    f"{len(growth.tiles)} tiles, {sum(map(len, growth.tiles.values())):,} bytes written",
                    "does not grow with the size",
                ),
            ]

    # -- audit

    def audit_rows(self) -> list[Row]:
        """Wall time, processor time and peak memory of `concord audit-log` against the API."""
        root = self._trust_root()
        with self._serving() as origin:
            command = [
                sys.executable,
                "-m",
                "scripts.cli",
                "audit-log",
                origin,
                "--trust-root",
                str(root),
                "--json",
            ]
            started = time.monotonic()
            with (self.folder / "audit.json").open("wb") as output:
                child = subprocess.Popen(command, cwd=REPOSITORY, stdout=output, env=_plain())
            peak = 0
            while child.poll() is None:
                peak = max(peak, _peak_of(child.pid))
                time.sleep(0.1)
            seconds = time.monotonic() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        verdict = json.loads((self.folder / "audit.json").read_text("utf-8"))["verdict"]
        return [
            (
                f"audit of {self.size:,} entries, all files over HTTP",
                f"{seconds:.1f} s ({verdict}; auditor and server used {used.ru_utime + used.ru_stime:.1f} s of processor)",
                "≤ 60 s",
            ),
            ("the auditor's peak memory", f"{peak / 1024:.0f} MB", "≤ 200 MB"),
        ]

    def _trust_root(self) -> Path:
        der = base64.b64encode(pki.root(self.folder / "ca", "bench", "TEST bench").der).decode("ascii")
        zero = "0" * 64
        contract = {"address": "0x" + "00" * 20, "code_hash": zero}
        names = ("LaborContractRegistry", "ParticipantRegistry", "EvidenceLog")
        value: dict[str, Any] = {
            "v": 1,
            "version": 1,
            "predecessor": None,
            "test": True,
            "log_origin": ORIGIN,
            "log_vkey": self.key.vkey,
            "chain_id": 1,
            "genesis_hash": zero,
            "web_origins": [],
            "cas": [der],
            "contracts": dict.fromkeys(names, contract),
            "tsas": [{"name": "bench", "certs": [der]}],
            "identity_issuers": [],
            "registrars": [],
            "judicial": [],
            "page_release_keys": [],
            "root_keys": [],
            "root_threshold": 0,
            "retired_algorithms": [],
            "templates": {},
            "renderers": [],
            "valid_from": "2026-01-01T00:00:00.000Z",
            "valid_until": None,
            "witness_threshold": 2,
            "witnesses": [
                {"name": w.verifier.name, "vkey": w.verifier.encode(), "address": None}
                for w in self.witnesses
            ],
        }
        path = self.folder / "trust-root.json"
        path.write_bytes(TrustRoot.of(value).canonical())
        return path

    @contextmanager
    def _serving(self) -> Iterator[str]:
        """The log's routes over this database, in a process of their own."""
        port = free_ports(1)[0]
        key = self.folder / "key"
        key.write_text("11" * 32, encoding="ascii")
        settings = environment({"data_dir": self.path.parent, "log_origin": ORIGIN, "field_key_file": key})
        child = subprocess.Popen(
            [sys.executable, "-m", "scripts.bench.log_server", str(port)],
            cwd=REPOSITORY,
            env=_plain() | settings,
        )
        try:
            origin = f"http://127.0.0.1:{port}"
            _await(f"{origin}/log/checkpoint", child)
            yield origin
        finally:
            child.terminate()
            child.wait(20)


def _proof_row(what: str, prove: Callable[[], None]) -> Row:
    walls, works = [], []
    for _ in range(100):
        wall, work = time.perf_counter(), time.process_time()
        prove()
        walls.append((time.perf_counter() - wall) * 1000)
        works.append((time.process_time() - work) * 1000)
    tracemalloc.start()
    prove()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    prove()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    times = (
        f"{statistics.median(works):.2f} ms of the processor ({statistics.median(walls):.2f} ms by the clock)"
    )
    return (what, f"median {times}, {peak / 1000:.0f} kB", "≤ 5 ms, ≤ 50 kB")


def _peak_of(pid: int) -> int:
    """Peak resident memory of a process in kB. (`ru_maxrss` of a child would begin at its parent's.)"""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}


def _await(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if httpx.get(url, timeout=30).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise RuntimeError("the log's server did not start")
