"""A JSON-RPC caller for node tests, with a small contract that counts, stores and logs.

The contract: storage slot 0 counts calls, slot n holds n for the n-th call, and each call logs its call data.
"""

from __future__ import annotations

import time
from typing import Any

import httpx
from eth_account import Account
from eth_utils.address import to_checksum_address

SENDER = Account.from_key("0x" + "31" * 32)
SECOND = Account.from_key("0x" + "32" * 32)
STRANGER = Account.from_key("0x" + "33" * 32)

_RUNTIME = bytes.fromhex("5f54600101805f55808155365f5f37365fa000")
COUNTER_CODE = bytes.fromhex(f"60{len(_RUNTIME):02x}600a5f3960{len(_RUNTIME):02x}5ff3") + _RUNTIME


class Caller:
    """Calls one node; raises ``AssertionError`` with the answer when a result was expected and none came."""

    def __init__(self, url: str, token: str | None, chain_id: int) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)
        self.chain_id = chain_id

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def answer(self, method: str, *params: object) -> dict[str, Any]:
        response = self.http.post(
            "/", json={"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        )
        found: dict[str, Any] = response.json()
        return found

    def __call__(self, method: str, *params: object) -> Any:
        found = self.answer(method, *params)
        assert "result" in found, found
        return found["result"]

    def batch(self, calls: list[tuple[str, list[object]]]) -> list[dict[str, Any]]:
        payload = [
            {"jsonrpc": "2.0", "id": f"c{i}", "method": m, "params": p} for i, (m, p) in enumerate(calls)
        ]
        found: list[dict[str, Any]] = self.http.post("/", json=payload).json()
        return found

    def raw(
        self, nonce: int, to: str | None, data: bytes, *, account: Any = SENDER, gas: int = 1_000_000
    ) -> str:
        fields: dict[str, Any] = {
            "nonce": nonce,
            "data": data,
            "gas": gas,
            "value": 0,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "chainId": self.chain_id,
            "type": 2,
        }
        if to is not None:
            fields["to"] = to_checksum_address(to)
        return "0x" + bytes(account.sign_transaction(fields).raw_transaction).hex()

    def receipt(self, transaction: str, seconds: float = 20.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] | None = self("eth_getTransactionReceipt", transaction)
            if found is not None:
                return found
            assert time.monotonic() < deadline, f"{transaction} was never mined"
            time.sleep(0.02)

    def next_nonce(self, account: Any = SENDER) -> int:
        return int(self("eth_getTransactionCount", account.address, "pending"), 16)

    def deploy_counter(self) -> str:
        sent = self("eth_sendRawTransaction", self.raw(self.next_nonce(), None, COUNTER_CODE))
        receipt = self.receipt(sent)
        assert receipt["status"] == "0x1"
        return str(receipt["contractAddress"])

    def hashes(self) -> list[str]:
        height = int(self("eth_blockNumber"), 16)
        found = self.batch([("eth_getBlockByNumber", [hex(n), False]) for n in range(height + 1)])
        return [answer["result"]["hash"] for answer in found]
