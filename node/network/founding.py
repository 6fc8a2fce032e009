"""The genesis: members' public descriptions go in, one file that everybody can rebuild comes out.

Each founder runs this by himself on the same descriptions and compares the SHA-256 with the others': nobody has to
trust the one who collected.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from node.errors import NodeError
from node.installation import write_atomically
from node.network.member import Member

MAX_GAS = 240_000_000
"""Gas *limits* of a block's transactions together (the engine counts limits, not use)."""
MAX_BYTES = 8_000_000
TRANSACT, DEPLOY = 1, 2
_CHAIN_IDS = (1 << 40, 1 << 52)


class FoundingFailed(NodeError):
    """The engine refused the founders' description."""

    exit_code = 2


def describe(
    members: Sequence[Member],
    *,
    chain: str,
    grants: Mapping[str, int],
    evm_chain_id: int | None = None,
    genesis_time: int | None = None,
) -> bytes:
    """What the founders agree on, as JSON with sorted keys.

    chain: name of the network. grants: permissions (1 transact, 2 deploy, 3 both) by account, which the first member
    answers for. evm_chain_id: EIP-155; random when not given, so that no two installations share one.
    genesis_time: seconds since 1970 of the first block; now when not given.
    """
    low, high = _CHAIN_IDS
    moment = datetime.fromtimestamp(genesis_time if genesis_time is not None else int(time.time()), UTC)
    content = {
        "chain_id": chain,
        "evm_chain_id": evm_chain_id if evm_chain_id is not None else low + secrets.randbelow(high - low),
        "genesis_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "max_gas": MAX_GAS,
        "max_bytes": MAX_BYTES,
        # Where a node listens is each member's own business and may change: it is not part of the chain.
        "members": [{k: v for k, v in asdict(member).items() if k != "p2p"} for member in members],
        "grants": [
            {"account": account, "permissions": permissions, "grantor": members[0].operator}
            for account, permissions in sorted(grants.items())
        ],
    }
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode("ascii")


def build(description: bytes, out: Path, program: Path) -> str:
    """Write the genesis file of a description; its SHA-256 in hexadecimal. Raises `FoundingFailed`."""
    source = out.with_name("description.json")
    write_atomically(source, description, 0o644)
    done = subprocess.run(
        [str(program), "genesis", str(source), "--out", str(out)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FoundingFailed(done.stderr.strip())
    return done.stdout.strip()
