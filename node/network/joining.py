"""One member's machine: configuration of its node, and `network.json`, by which all commands know the node."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.errors import NodeError
from node.network import configuration, processes
from node.network.configuration import Ports, StateSync
from node.network.local import RECORD, LocalNetwork, LocalNode
from node.network.member import Member


class JoinRefused(NodeError):
    """This folder, or this genesis, is another one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how a member's node runs.

    first_port: of five in a row. listen: address for the other members. shared_address: several of them reach this node
    from one address. block_ms: pause after a block, milliseconds. snapshot_blocks: blocks between snapshots. program:
    the engine's file, as the unit names it; that of these sources when not given.
    """

    first_port: int = 27_000
    listen: str = "0.0.0.0"  # noqa: S104
    shared_address: bool = False
    block_ms: int = 1_000
    snapshot_blocks: int = configuration.SNAPSHOT_BLOCKS
    program: Path | None = None


def join(
    home: Path,
    genesis: Path,
    sha256: str,
    peers: Sequence[Member],
    place: Place,
    state_sync: StateSync | None = None,
) -> LocalNode:
    """Make a member's folder ready for the network of this genesis; again, when ports or other members change.

    genesis: with `description.json` beside it. sha256: as the members agreed, hexadecimal. Raises `JoinRefused`.
    """
    content = genesis.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256.lower():
        raise JoinRefused(
            f"创世文件不符：SHA-256 为 {digest} / {genesis.name} is another genesis: SHA-256 {digest}"
        )
    processes.require_owner(home)
    network = LocalNetwork(home)
    if (home / RECORD).exists():
        record = network.record()
        if not network.joined or record["genesis_sha256"] != digest:
            raise JoinRefused(f"{home} 属于另一个网络 / {home} belongs to another network")
    described = json.loads((genesis.parent / "description.json").read_bytes())
    node = LocalNode(Member.read(home / "member.json"), home, Ports.block(place.first_port))
    others = [peer for peer in peers if peer.node != node.member.node]
    hosts = [member.p2p.rpartition(":")[0] for member in (node.member, *others)]
    configuration.write(
        home,
        node.member,
        others,
        node.ports,
        int(described["evm_chain_id"]),
        content,
        listen=place.listen,
        block_ms=place.block_ms,
        local=place.shared_address or len(set(hosts)) < len(hosts),
        state_sync=state_sync,
        snapshot_blocks=place.snapshot_blocks,
    )
    network.write(
        {
            "joined": True,
            "chain": described["chain_id"],
            "evm_chain_id": described["evm_chain_id"],
            "genesis_sha256": digest,
            "block_ms": place.block_ms,
            "snapshot_blocks": place.snapshot_blocks,
            "program": None if place.program is None else str(place.program.absolute()),
            "nodes": [network.entry(node)],
        }
    )
    return node
