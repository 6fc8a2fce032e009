"""Settings of one embedded chain, as one frozen dataclass; nothing here reads the environment."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from node.errors import InstallationMismatch

PROJECT_ROOT = Path(__file__).resolve().parent.parent
HARDFORK = "osaka"
BLOCK_GAS_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What the gateway lets through. Sizes in bytes, rates in calls a second per remote address."""

    body_bytes: int = 8 * 1024 * 1024
    batch_calls: int = 500
    transaction_bytes: int = 512 * 1024
    calls_per_second: float = 5_000.0
    calls_burst: int = 10_000
    sends_per_second: float = 1_000.0
    sends_burst: int = 5_000
    pending_transactions: int = 20_000
    call_gas: int = 100_000_000


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """One installation's chain.

    ``block_interval`` is the least pause in seconds between two blocks (zero mines as soon as a transaction
    waits, for benchmarks). ``state_history`` is how many recent blocks keep a queryable state; blocks,
    transactions, receipts and logs are always kept whole, in the archive. ``snapshot_after`` is the replay time in seconds
    that is worth a new snapshot. ``seal_key`` is a file with the Ed25519 seed (hexadecimal) that seals every block under
    the name ``seal_name``; None leaves blocks unsealed.
    """

    data_dir: Path
    port: int = 0
    host: str = "127.0.0.1"
    chain_id: int | None = None
    genesis_time: int | None = None
    block_interval: float = 1.0
    senders: tuple[str, ...] = ()
    anvil: Path | None = None
    state_history: int = 16
    snapshot_after: float = 3.0
    block_transactions: int = 2_000
    warn_ms_per_block: float = 50.0
    seal_key: Path | None = None
    seal_name: str = "court.test/chain"
    limits: Limits = field(default_factory=Limits)

    def anvil_binary(self) -> Path:
        """The anvil to run: the given path, the one npm installed beside this project, or the one on PATH."""
        if self.anvil is not None:
            if not self.anvil.is_file():
                raise InstallationMismatch(f"no anvil at {self.anvil}")
            return self.anvil
        local = PROJECT_ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
        if local.is_file():
            return local
        found = shutil.which("anvil")
        if found is None:
            raise InstallationMismatch(
                "anvil is not installed: run `npm ci` in the project folder, or give --anvil PATH"
            )
        return Path(found)
