"""A validator's CometBFT RPC in one object: a forged network that answers as the engine's nodes do."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chain.errors import GatewayUnavailable, RpcRefused
from chain.light import encoding
from chain.light.encoding import message, number, octets
from chain.merkle import leaf_hash
from tests.factories.light_network import (
    CHAIN,
    MEMBERS,
    Iavl,
    Plan,
    audit,
    b64,
    equal,
    header,
    multistore,
    sha256,
    signed,
)

START = 1_795_000_000
GAS = {"gas_wanted": 400_000, "gas_used": 210_000}


def four(_height: int) -> Mapping[str, int]:
    """The same four validators at every height."""
    return equal(*MEMBERS)


class LightNode:
    """`store`: the state of all heights. `results`: data of each transaction's result, by height. `lies` replaces
    answers by method. `down`: it does not answer. `asked` keeps (method, height).
    """

    def __init__(
        self,
        store: Iavl,
        results: Mapping[int, Sequence[bytes]] | None = None,
        *,
        newest: int = 1_000,
        members: Callable[[int], Mapping[str, int]] = four,
        start: int = START,
        chain: str = CHAIN,
        **lies: Any,
    ) -> None:
        self.store, self.results, self.newest = store, dict(results or {}), newest
        self.members, self.start, self.chain, self.lies = members, start, chain, lies
        self.down = False
        self.asked: list[tuple[str, int]] = []
        roots = {"acc": sha256(b"acc"), "bank": sha256(b"bank"), "evm": store.root}
        self.app_hash, self.path = multistore(roots, "evm")

    def ask(self, method: str, **params: str) -> Mapping[str, Any]:
        """As CometBFT answers; RpcRefused above the newest block."""
        height = int(params.get("height", 0))
        self.asked.append((method, height))
        if self.down:
            raise GatewayUnavailable("down")
        if height > self.newest:
            raise RpcRefused(-32603, f"height {height} must be less than or equal to {self.newest}")
        if method in self.lies:
            found: Mapping[str, Any] = self.lies[method]
            return found
        answers: dict[str, Callable[[], Mapping[str, Any]]] = {
            "status": lambda: {
                "node_info": {"network": self.chain},
                "sync_info": {"latest_block_height": str(self.newest)},
            },
            "commit": lambda: {"signed_header": self._signed(height)},
            "validators": lambda: self._validators(height),
            "block_results": lambda: {"txs_results": self._results(height)},
            "abci_query": lambda: self._query(bytes.fromhex(params["data"][2:])),
        }
        return answers[method]()

    def header(self, height: int) -> dict[str, Any]:
        """The fourteen members of a block's header."""
        found: dict[str, Any] = self._block(height)["header"]
        return found

    def hash(self, height: int) -> str:
        """A block's hash, as a trust root lists it."""
        return encoding.header_hash(self.chain, self.header(height)).hex()

    def _results(self, height: int) -> list[dict[str, Any]]:
        shown = {name: str(value) for name, value in GAS.items()}
        return [
            {"code": 0, "data": b64(data), **shown, "log": "more"} for data in self.results.get(height, ())
        ]

    def results_root(self, height: int) -> bytes:
        """Root of a block's results, which the next header holds."""
        leaves = [
            leaf_hash(encoding.result_bytes({"code": 0, "data": b64(data), **GAS}))
            for data in self.results.get(height, ())
        ]
        return audit(leaves, 0)[0] if leaves else sha256(b"")

    def _block(self, height: int) -> dict[str, Any]:
        members = self.members(height)
        plan = Plan(height, self.start + height, members, tuple(members), self.members(height + 1))
        changes = {"app_hash": self.app_hash.hex(), "last_results_hash": self.results_root(height - 1).hex()}
        return signed(plan, header(plan, **changes), chain=self.chain)

    def _signed(self, height: int) -> dict[str, Any]:
        block = self._block(height)
        head, commit = block["header"], block["commit"]
        last = head["last_block"] or {"hash": "", "total": 0, "parts": ""}
        names = [name for name in head if name.endswith("_hash")]
        shown = {name: head[name].upper() for name in names} | {
            "version": {"block": str(head["version"][0])},
            "chain_id": self.chain,
            "height": str(head["height"]),
            "time": _time(head["time"]),
            "last_block_id": {
                "hash": last["hash"].upper(),
                "parts": {"total": last["total"], "hash": last["parts"].upper()},
            },
            "proposer_address": head["proposer"].upper(),
        }
        signatures = [
            {"block_id_flag": 2, "timestamp": _time(vote["time"]), "signature": vote["signature"]}
            if vote
            else {"block_id_flag": 1, "timestamp": "0001-01-01T00:00:00Z", "signature": None}
            for vote in commit["signatures"]
        ]
        block_id = {"hash": "00", "parts": {"total": commit["total"], "hash": commit["parts"].upper()}}
        return {
            "header": shown,
            "commit": {"round": commit["round"], "block_id": block_id, "signatures": signatures},
        }

    def _validators(self, height: int) -> dict[str, Any]:
        found = self._block(height)["validators"]
        listed = [{"pub_key": {"value": item["key"]}, "voting_power": str(item["power"])} for item in found]
        return {"total": str(len(listed)), "validators": listed}

    def _query(self, key: bytes) -> dict[str, Any]:
        there = key in self.store.pairs
        inner = message(1, _exists(self.store, key)) if there else message(2, _absent(self.store, key))
        outer = message(
            1,
            octets(1, b"evm") + octets(2, self.store.root) + message(3, octets(5, b"\0")) + _steps(self.path),
        )
        ops = [{"type": "ics23:iavl", "data": b64(inner)}, {"type": "ics23:simple", "data": b64(outer)}]
        return {"response": {"proofOps": {"ops": ops}}}


def _time(value: Sequence[int]) -> str:
    whole = dt.datetime.fromtimestamp(value[0], dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = f"{value[1]:09d}".rstrip("0")
    return f"{whole}.{rest}Z" if rest else f"{whole}Z"


def _steps(path: Sequence[Sequence[str]]) -> bytes:
    return b"".join(
        message(4, number(1, 1) + octets(2, base64.b64decode(prefix)) + octets(3, base64.b64decode(suffix)))
        for prefix, suffix in path
    )


def _exists(store: Iavl, key: bytes) -> bytes:
    operation = number(1, 1) + number(3, 1) + number(4, 1) + octets(5, store.leaf_prefix)
    return (
        octets(1, key) + octets(2, store.pairs[key]) + message(3, operation) + _steps(store.leaf(key)["path"])
    )


def _absent(store: Iavl, key: bytes) -> bytes:
    low, high = max(k for k in store.pairs if k < key), min(k for k in store.pairs if k > key)
    return octets(1, key) + message(2, _exists(store, low)) + message(3, _exists(store, high))
