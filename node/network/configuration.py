"""A node's two configuration files, written whole from what differs between nodes. What is not named stands at the
engine's own default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from node.errors import NodeError
from node.installation import write_atomically
from node.network.member import Member

DENOM = "agas"


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of one node. Only `p2p` is for the other members; the rest listens on loopback."""

    p2p: int
    rpc: int
    evm: int
    websocket: int
    metrics: int

    @classmethod
    def block(cls, first: int) -> Ports:
        """Five ports in a row."""
        return cls(*range(first, first + 5))


@dataclass(frozen=True, slots=True)
class StateSync:
    """Where a new node gets a snapshot checked instead of replaying all blocks.

    servers: CometBFT RPC addresses of two or more members. height, hash: of a block that the operator was told on
    another way, hash in hexadecimal; its signers are trusted to be honest for `TRUST_HOURS` after it.
    """

    servers: tuple[str, ...]
    height: int
    hash: str

    def __post_init__(self) -> None:
        """Raises `ConfigurationInvalid`."""
        if len(self.servers) < 2:
            raise ConfigurationInvalid("a snapshot is checked against two members or more")
        if not all(_SERVER.fullmatch(server) for server in self.servers):
            raise ConfigurationInvalid("say the members' RPC addresses as http://HOST:PORT")
        if self.height < 1 or not _HASH.fullmatch(self.hash):
            raise ConfigurationInvalid("say a block's height and its hash, 64 hexadecimal digits")


class ConfigurationInvalid(NodeError):
    """A node cannot be configured as asked."""

    exit_code = 2


TRUST_HOURS = 168
SNAPSHOT_BLOCKS = 1_000
"""Every so many blocks a node makes a snapshot for new members; the newest two are kept."""
_SERVER = re.compile(r"https?://[A-Za-z0-9.\-]+:[0-9]{1,5}")
_HASH = re.compile(r"[0-9A-Fa-f]{64}")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _toml(sections: Mapping[str, Mapping[str, object]]) -> bytes:
    lines: list[str] = []
    for name, pairs in sections.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {_value(value)}" for key, value in pairs.items()]
        lines.append("")
    return "\n".join(lines).encode("ascii")


def consensus(
    member: Member,
    others: Sequence[Member],
    ports: Ports,
    listen: str,
    block_ms: int,
    local: bool,
    state_sync: StateSync | None = None,
) -> bytes:
    """`config.toml`: the peer-to-peer side.

    A node talks to members' nodes only: it dials those it knows (`others`), exchanges no addresses, and asks the
    application about whoever dials it (`filter_peers`), which looks the node up in the AccountGate contract.
    block_ms: pause after a block, milliseconds. local: several nodes share one address.
    """
    ids = ",".join(other.node for other in others)
    return _toml(
        {
            "": {
                "moniker": member.name,
                "log_level": "state:info,server:info,*:warn",
                "log_no_color": True,
                "filter_peers": True,
            },
            "rpc": {"laddr": f"tcp://127.0.0.1:{ports.rpc}"},
            "p2p": {
                "laddr": f"tcp://{listen}:{ports.p2p}",
                "persistent_peers": ",".join(f"{other.node}@{other.p2p}" for other in others),
                "unconditional_peer_ids": ids,
                "private_peer_ids": ids,
                "pex": False,
                "max_num_inbound_peers": 40,
                "addr_book_strict": not local,
                "allow_duplicate_ip": local,
                "persistent_peers_max_dial_period": "3s",
                "flush_throttle_timeout": "10ms",
            },
            "mempool": {
                "type": "app",
                "size": 20_000,
                "cache_size": 40_000,
                "max_txs_bytes": 134_217_728,
                "reap_interval": "100ms",
            },
            "consensus": {
                # A dead proposer costs the first and the last of these in one height of four: together they stay below
                # a block's pause. A busy machine that misses them gets longer ones with each round of the height.
                "timeout_propose": "800ms",
                "timeout_propose_delta": "500ms",
                "timeout_prevote": "300ms",
                "timeout_prevote_delta": "250ms",
                "timeout_precommit": "200ms",
                "timeout_precommit_delta": "250ms",
                "timeout_commit": f"{block_ms}ms",
            },
            "statesync": {}
            if state_sync is None
            else {
                "enable": True,
                "rpc_servers": ",".join(state_sync.servers),
                "trust_height": state_sync.height,
                "trust_hash": state_sync.hash,
                "trust_period": f"{TRUST_HOURS}h0m0s",
                "discovery_time": "5s",
            },
            "storage": {"discard_abci_responses": False},  # the results of old blocks prove old events
            "tx_index": {"indexer": "null"},
            "instrumentation": {"prometheus": True, "prometheus_listen_addr": f"127.0.0.1:{ports.metrics}"},
        }
    )


def application(evm_chain_id: int, ports: Ports, snapshot_blocks: int = SNAPSHOT_BLOCKS) -> bytes:
    """`app.toml`: the EVM side. One account, the relay, sends nearly everything: the pool's slots allow for it."""
    return _toml(
        {
            "": {
                "minimum-gas-prices": f"0{DENOM}",
                # Proofs are of a recent state, below blocks and commits of any age: the engine keeps the newest
                # 362,880 states ("default"), and every block (0: none is ever dropped).
                "pruning": "default",
                "min-retain-blocks": 0,
                "iavl-cache-size": 100_000,
            },
            "state-sync": {"snapshot-interval": snapshot_blocks, "snapshot-keep-recent": 2},
            "evm": {"evm-chain-id": evm_chain_id},
            "evm.mempool": {
                "account-slots": 2_048,
                "global-slots": 20_480,
                "account-queue": 4_096,
                "global-queue": 20_480,
                "insert-queue-size": 20_000,
                "included-nonce-cache-size": 16_384,
            },
            "json-rpc": {
                "enable": True,
                "address": f"127.0.0.1:{ports.evm}",
                "ws-address": f"127.0.0.1:{ports.websocket}",
                "enable-indexer": True,
                "gas-cap": 50_000_000,
                "logs-cap": 100_000,
                "block-range-cap": 100_000,
                "allow-unprotected-txs": False,
                "allow-insecure-unlock": False,
            },
            "grpc": {"enable": False},
            "grpc-web": {"enable": False},
            "api": {"enable": False},
        }
    )


def write(
    home: Path,
    member: Member,
    others: Sequence[Member],
    ports: Ports,
    evm_chain_id: int,
    genesis: bytes,
    *,
    listen: str = "127.0.0.1",
    block_ms: int = 1_000,
    local: bool = True,
    state_sync: StateSync | None = None,
    snapshot_blocks: int = SNAPSHOT_BLOCKS,
) -> None:
    """Write a node's configuration and genesis into its folder. `listen` is the address for the other members."""
    folder = home / "config"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(folder / "genesis.json", genesis, 0o644)
    comet = consensus(member, others, ports, listen, block_ms, local, state_sync)
    write_atomically(folder / "config.toml", comet, 0o644)
    write_atomically(folder / "app.toml", application(evm_chain_id, ports, snapshot_blocks), 0o644)
    chain = _toml({"": {"keyring-backend": "test", "output": "json"}})
    write_atomically(folder / "client.toml", chain, 0o644)
