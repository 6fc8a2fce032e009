"""`concord bench height`: what the chain's height and the number of contracts cost the node.

First 5,000 blocks with one append of six entries each, mined without the pause between blocks; beside them, as baseline of
the same run, the first hundred blocks. At each mark: milliseconds a block, memory of node and anvil, time until ready after a
clean stop and after kill -9. Then, on the same chain, contracts: one `conclude` each with real signatures of wallet, worker's
key and identity service, checked on chain, and twenty log entries each, sent in large blocks. That loads state and history of
so many contracts; the signings themselves are `concord bench signing`'s.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import psutil
import typer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rich.progress import track

from chain import calls
from chain.deployer import Deployment, DeploymentConfig, deploy
from chain.gateway_rpc import RpcGateway
from chain.transactions import Sender
from node.archive import NAME as ARCHIVE
from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from scripts.bench import report
from signing import eip712, p256, wallets

ORIGIN = "bench.concord.invalid/log"
ENTRIES_A_BLOCK = 6
ENTRIES_A_CONTRACT = 20
CONTRACTS_A_BLOCK = 50
BASELINE = 100
PATIENCE = 300.0
"""Seconds to wait for the node, which answers nothing while it computes a large block."""
FAR = 2**33
JOURNAL = "blocks.journal"
LATEST = 20
"""How many blocks a mean is taken over; the node's own figure does the same."""


@dataclass(frozen=True)
class Mark:
    """What was found at one height."""

    height: int
    block_ms: float
    receipt_ms: float
    node: int
    anvil: int
    ready_clean: float | None = None
    ready_killed: float | None = None

    def cells(self) -> list[object]:
        """A table row without its name."""
        ready = ["" if v is None else f"{v:.1f} s" for v in (self.ready_clean, self.ready_killed)]
        return [
            f"{self.block_ms:.0f} / {self.receipt_ms:.0f}",
            f"{self.node / 1e6:.0f} + {self.anvil / 1e6:.0f}",
            *ready,
        ]


class Bench:
    """A node of its own, with our contracts and everybody's keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = {
            name: secrets.token_bytes(32)
            for name in ("relay", "deployer", "registrar", "issuer", "representative", "agent")
        }
        senders = tuple(self._address(name) for name in ("relay", "deployer"))
        self._settings = NodeSettings(data_dir=folder / "node", senders=senders, block_interval=0.0)
        self.node: RunningNode
        self.gateway: RpcGateway
        self._log_size = self._nonce = 0
        self._waits: deque[float] = deque([0.0], maxlen=LATEST)
        self._start()
        governors = tuple(wallets.address_of(secrets.token_bytes(32)) for _ in range(3))
        config = DeploymentConfig(
            ORIGIN, True, (self._address("registrar"),), (self._address("issuer"),), governors, 2, 3600
        )
        self._deployed: Deployment = deploy(self.gateway, self._keys["deployer"], config, folder / "chain")
        self._sender = Sender(self._keys["relay"], self._deployed.chain_id)
        self._contracts = calls.Contracts(
            *(
                self._deployed.address(n)
                for n in ("EvidenceLog", "ParticipantRegistry", "LaborContractRegistry")
            )
        )

    def _address(self, name: str) -> str:
        return wallets.address_of(self._keys[name])

    def _start(self) -> float:
        begin = time.monotonic()
        self.node = start_node(self._settings)
        spent = time.monotonic() - begin
        self.gateway = RpcGateway(self.node.rpc_url, token=self.node.token, timeout=PATIENCE)
        return spent

    def again(self, *, kill: bool) -> float:
        """Stop the node, cleanly or with kill -9, and start it; seconds from the start until it is ready."""
        self.gateway.close()
        if kill:
            self.node.kill()
        else:
            self.node.stop()
        return self._start()

    def close(self) -> None:
        """Stop."""
        self.gateway.close()
        self.node.stop()

    @property
    def height(self) -> int:
        """Blocks so far."""
        return self.gateway.head().number

    def mark(self) -> Mark:
        """Measure now."""
        status = httpx.get(f"{self.node.rpc_url}/status", timeout=30).json()
        process = psutil.Process(self.node.pid)
        anvil = sum(child.memory_info().rss for child in process.children(recursive=True))
        return Mark(
            int(status["height"]),
            float(status["ms_per_block"] or 0.0),
            1000 * sum(self._waits) / len(self._waits),
            process.memory_info().rss,
            anvil,
        )

    def send(self, wanted: Sequence[calls.Call]) -> None:
        """Send calls and wait until all are mined; RuntimeError when one failed."""
        signed = [
            self._sender.sign(call.to, call.data, self._nonce + number, call.gas)
            for number, call in enumerate(wanted)
        ]
        self._nonce += len(signed)
        begin = time.monotonic()
        self.gateway.send([item.raw for item in signed])
        last = signed[-1].hash
        while self.gateway.receipts([last])[0] is None:
            time.sleep(0.001)
        found = self.gateway.receipts([item.hash for item in signed])
        self._waits.append(time.monotonic() - begin)
        if not all(receipt is not None and receipt.ok for receipt in found):
            raise RuntimeError("a transaction of the bench was refused by its contract")

    def append(self, count: int) -> calls.Call:
        """An append of random entries behind those before it."""
        call = calls.append(self._contracts, self._log_size, [secrets.token_bytes(32) for _ in range(count)])
        self._log_size += count
        return call

    # ------------------------------------------------------------- contracts

    def _domain(self, contract: str) -> eip712.Domain:
        made = self._deployed
        return eip712.Domain(made.domain_name, made.chain_id, made.address(contract), made.log_origin)

    def _sign(self, name: str, statement: eip712.Statement, contract: str) -> bytes:
        return wallets.sign_digest(self._keys[name], eip712.digest(self._domain(contract), statement))

    def employer(self) -> bytes:
        """Register an organisation and its agent; the organisation's id."""
        org, registry = secrets.token_bytes(32), "ParticipantRegistry"
        representative, agent = self._address("representative"), self._address("agent")
        registration = eip712.RegisterOrganisation(org, 500101001, representative, bytes(32), 1)
        granted = eip712.GrantAgent(org, agent, 4, FAR, 2)
        register = calls.register_organisation(
            self._contracts,
            org_id=org,
            region_code=500101001,
            representative=representative,
            seal_key_hash=bytes(32),
            nonce=1,
            registrar=self._address("registrar"),
            signature=self._sign("registrar", registration, registry),
        )
        grant = calls.grant_agent(
            self._contracts,
            org_id=org,
            agent=agent,
            scope=4,
            valid_until=FAR,
            nonce=2,
            signature=self._sign("representative", granted, registry),
        )
        self.send([register, grant])
        return org

    def conclusion(self, org: bytes) -> calls.Call:
        """A contract of a new worker with a key of his own, signed by everybody."""
        key = ec.generate_private_key(ec.SECP256R1())
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        own = hashlib.sha256(spki).digest()
        commitment, contract, subject, check = (secrets.token_bytes(32) for _ in range(4))
        labour, agent = "LaborContractRegistry", self._address("agent")
        attested = int(time.time())

        def consent(role: int, key_hash: bytes) -> eip712.Consent:
            return eip712.Consent(commitment, contract, 1, bytes(32), role, key_hash, FAR)

        der = key.sign(
            eip712.preimage(self._domain(labour), consent(eip712.ROLE_WORKER, own)), ec.ECDSA(hashes.SHA256())
        )
        raw, point = p256.low_s(p256.to_raw(der)), spki[-64:]
        statement = eip712.Attestation(commitment, contract, own, subject, 2, check, attested)
        return calls.conclude(
            self._contracts,
            commitment=commitment,
            contract_id=contract,
            version=1,
            prev=bytes(32),
            expiry=FAR,
            org_id=org,
            wallet=agent,
            wallet_signature=self._sign(
                "agent", consent(eip712.ROLE_EMPLOYER, wallets.key_hash(agent)), labour
            ),
            worker_key=(point[:32], point[32:]),
            worker_signature=(raw[:32], raw[32:]),
            subject=subject,
            level=2,
            check_digest=check,
            attested_at=attested,
            attestation_signature=self._sign("issuer", statement, labour),
        )


def _heights(bench: Bench, marks: Sequence[int]) -> Iterator[Mark]:
    """Mine up to each mark and measure there."""
    for mark in marks:
        for _ in track(range(mark - bench.height), description=f"{mark} blocks"):
            bench.send([bench.append(ENTRIES_A_BLOCK)])
        found = bench.mark()
        if mark <= BASELINE:
            yield found
            continue
        yield Mark(
            found.height,
            found.block_ms,
            found.receipt_ms,
            found.node,
            found.anvil,
            bench.again(kill=False),
            bench.again(kill=True),
        )


def run(
    blocks: Annotated[int, typer.Option(help="blocks")] = 5_000,
    contracts: Annotated[int, typer.Option(help="contracts concluded afterwards")] = 10_000,
    rest: Annotated[float, typer.Option(help="seconds of rest before memory is read again")] = 60.0,
) -> None:
    """链高与合同数量的代价 / what height and contracts cost the node."""
    rows: list[list[Any]] = []
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as folder:
        bench = Bench(Path(folder))
        try:
            for mark in _heights(bench, sorted({BASELINE, min(1_000, blocks), blocks})):
                rows.append([f"{mark.height:,} blocks", *mark.cells()])
                typer.echo(rows[-1])
            org = bench.employer()
            for _ in track(range(contracts // CONTRACTS_A_BLOCK), description=f"{contracts} contracts"):
                wanted = [bench.conclusion(org) for _ in range(CONTRACTS_A_BLOCK)]
                bench.send([*wanted, bench.append(CONTRACTS_A_BLOCK * ENTRIES_A_CONTRACT)])
            loaded = bench.mark()
            rows.append([f"… and {contracts:,} contracts", *loaded.cells()])
            typer.echo(rows[-1])
            time.sleep(rest)
            rows.append([f"… after {rest:.0f} s of rest", *bench.mark().cells()])
            clean, killed = bench.again(kill=False), bench.again(kill=True)
            fresh = bench.mark()
            last = Mark(
                fresh.height, loaded.block_ms, loaded.receipt_ms, fresh.node, fresh.anvil, clean, killed
            )
            rows.append(["… started again", *last.cells()])
            journal, archive = ((Path(folder) / "node" / name).stat().st_size for name in (JOURNAL, ARCHIVE))
        finally:
            bench.close()
    rows.append(["must be", "shown", "≤ 400 in all, flat at rest", "shown", "shown"])
    heads = (
        "At",
        "ms a block, until receipts",
        "node + anvil, MB",
        "ready after a clean stop",
        "ready after kill -9",
    )
    notes = (
        f"On disk at the end: journal {journal / 1e6:.0f} MB, archive {archive / 1e6:.0f} MB. Milliseconds a block: anvil's\n"
        "execution as the node measures it, and from sending to the receipts (journal, archive and HTTP with it), both as the\n"
        f"mean of the latest {LATEST} blocks. Up to {blocks:,} blocks each holds one append of {ENTRIES_A_BLOCK} entries.\n"
        f"A block of the contracts holds {CONTRACTS_A_BLOCK} conclusions, each with three signatures to check, and\n"
        f"{CONTRACTS_A_BLOCK * ENTRIES_A_CONTRACT} entries. "
        "MB are 10⁶ bytes of resident memory; ready times hold the start of Python and of anvil."
    )
    report.write(
        "height", f"concord bench height --blocks {blocks} --contracts {contracts}", heads, rows, notes
    )
    for row in rows:
        typer.echo(" | ".join(map(str, row)))
