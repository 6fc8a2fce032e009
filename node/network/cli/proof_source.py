"""``concord network proof`` and ``header``: light proofs from a member's side (docs/evidence-spec.md, 3.6 and 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chain.light.maker import Stamp
    from chain.light.rpc import CometRpc
    from node.network.local import LocalNetwork


@contextmanager
def source(network: LocalNetwork | None, urls: Sequence[str]) -> Iterator[CometRpc]:
    """The CometBFT RPC addresses that were given, or else those of the nodes of this folder."""
    from chain.light.rpc import CometRpc

    own = [] if network is None else [f"http://127.0.0.1:{node.ports.rpc}" for node in network.nodes()]
    with CometRpc(list(urls) or own) as opened:
        yield opened


def slot_proof(
    opened: CometRpc, address: str, slot: bytes, height: int | None, trusted: int, stamp: Stamp | None
) -> dict[str, Any]:
    """The proof of one slot; the newest possible height when none is given."""
    from chain.light.maker import code_hash_of, light_slot

    at = height or int(opened.ask("status")["sync_info"]["latest_block_height"]) - 1
    code_hash = code_hash_of(opened, address, at)
    return light_slot(
        opened,
        trusted_height=trusted,
        address=address,
        code_hash=code_hash,
        slot=slot,
        height=at,
        stamp=stamp,
    )


def stamper(url: str, roots: Sequence[Path]) -> Stamp:
    """Tokens from the authority at `url`, whose certificates stand in DER files."""
    import httpx

    from signing.timestamps import TimestampClient, Tsa

    tsa = Tsa(name="tsa", url=url, roots=tuple(path.read_bytes() for path in roots))

    def stamp(imprint: bytes) -> bytes:
        with httpx.Client(timeout=20.0, trust_env=False) as http:
            return TimestampClient([tsa], _Now(), http).stamp(imprint).der

    return stamp


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)
