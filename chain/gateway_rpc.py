"""The gateway over JSON-RPC: httpx, batches, nothing of web3.

Sending passes the node's RPC gateway with a bearer token. A node that answers "already known" or "nonce too low" has
seen the transaction or one in its place: that is reported as KNOWN, and the caller reads back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
from eth_hash.auto import keccak

from chain.errors import CallReverted, GatewayUnavailable, RpcRefused
from chain.gateway import BlockRef, ChainTransaction, Log, Receipt, SendOutcome, SendResult
from chain.transactions import checksum_address

BATCH = 100
"""Calls in one HTTP request."""
BATCH_BYTES = 2_000_000
"""Raw bytes of transactions in one HTTP request."""

_KNOWN = (
    "already known",
    "already imported",
    "known transaction",
    "nonce too low",
    "already in mempool",
    "alreadyknown",
)
_NOT_READY = {-32005}


def _data(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _block(value: Mapping[str, Any]) -> BlockRef:
    return BlockRef(
        int(value["number"], 16),
        _data(value["hash"]),
        _data(value["parentHash"]),
        int(value["timestamp"], 16),
    )


def read_log(value: Mapping[str, Any]) -> Log:
    """An event as eth_getLogs and receipts spell it."""
    return Log(
        checksum_address(_data(value["address"])),
        tuple(_data(t) for t in value["topics"]),
        _data(value["data"]),
        int(value["blockNumber"], 16),
        _data(value["blockHash"]),
        _data(value["transactionHash"]),
        int(value["logIndex"], 16),
    )


def _address(value: str | None) -> str | None:
    return checksum_address(_data(value)) if value else None


class RpcGateway:
    """A chain behind a JSON-RPC address.

    finality_depth: blocks that must stand on top of a final one; 0 on the embedded chain and with one-block finality.
    """

    index_lag = 0

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        finality_depth: int = 0,
        timeout: float = 10.0,
        http: httpx.Client | None = None,
    ) -> None:
        self._url = url
        self._finality_depth = finality_depth
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = http or httpx.Client(timeout=timeout, trust_env=False)
        self._owned = http is None

    def close(self) -> None:
        """Close the connections that this gateway opened."""
        if self._owned:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    # -- transport

    def _post(self, body: Any) -> Any:
        try:
            response = self._http.post(self._url, json=body, headers=self._headers)
        except httpx.HTTPError as exc:
            raise GatewayUnavailable(type(exc).__name__) from exc
        try:
            return response.json()
        except ValueError as exc:
            raise GatewayUnavailable(f"HTTP {response.status_code}") from exc

    def _answer(self, answer: Any) -> Any:
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise GatewayUnavailable("not a JSON-RPC answer", code="gateway.answer_malformed")
        error = answer.get("error")
        if error is None:
            return answer["result"]
        code, message = int(error.get("code", 0)), str(error.get("message", ""))
        if code in _NOT_READY:
            raise GatewayUnavailable(message)
        raise RpcRefused(code, message, error.get("data"))

    def request(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call. Raises RpcRefused for an error answer, GatewayUnavailable for none."""
        return self._answer(self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}))

    def _batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Raw answers in the order of `calls`; a batch that the node refused as a whole raises."""
        answers: list[Any] = []
        for start in range(0, len(calls), BATCH):
            part = calls[start : start + BATCH]
            body = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(part)
            ]
            found = self._post(body)
            if isinstance(found, dict):
                self._answer(found)
            if not isinstance(found, list) or len(found) != len(part):
                raise GatewayUnavailable("a batch came back incomplete", code="gateway.answer_malformed")
            by_id = {answer.get("id"): answer for answer in found if isinstance(answer, dict)}
            if set(by_id) != set(range(len(part))):
                raise GatewayUnavailable("a batch came back with other ids", code="gateway.answer_malformed")
            answers += [by_id[i] for i in range(len(part))]
        return answers

    # -- port

    def chain_id(self) -> int:
        return int(self.request("eth_chainId"), 16)

    def head(self) -> BlockRef:
        found: Mapping[str, Any] | None = self.request("eth_getBlockByNumber", "latest", False)
        if not found:  # an engine that was started a moment ago, with nothing yet
            raise GatewayUnavailable("the node has no block")
        return _block(found)

    def final_head(self) -> BlockRef:
        head = self.head()
        if self._finality_depth == 0:
            return head
        final = self.block(max(0, head.number - self._finality_depth))
        if final is None:
            raise GatewayUnavailable("the head moved back while it was read")
        return final

    def block(self, number: int) -> BlockRef | None:
        found = self.request("eth_getBlockByNumber", hex(number), False)
        return _block(found) if found else None

    def transaction_count(self, address: str) -> int:
        return int(self.request("eth_getTransactionCount", address, "latest"), 16)

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        results: list[SendResult] = []
        part: list[bytes] = []
        size = 0
        for raw in raws:
            if part and (size + len(raw) > BATCH_BYTES or len(part) == BATCH):
                results += self._send_part(part)
                part, size = [], 0
            part.append(raw)
            size += len(raw)
        return results + (self._send_part(part) if part else [])

    def _send_part(self, raws: Sequence[bytes]) -> list[SendResult]:
        answers = self._batch([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])
        results = []
        for raw, answer in zip(raws, answers, strict=True):
            own = keccak(raw)
            try:
                self._answer(answer)
            except RpcRefused as refusal:
                text = refusal.message.lower()
                outcome = SendOutcome.KNOWN if any(k in text for k in _KNOWN) else SendOutcome.REFUSED
                results.append(SendResult(own, outcome, refusal.message))
            else:
                results.append(SendResult(own, SendOutcome.ACCEPTED))
        return results

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        answers = self._batch([("eth_getTransactionReceipt", ["0x" + h.hex()]) for h in hashes])
        return [self._receipt(self._answer(a)) for a in answers]

    @staticmethod
    def _receipt(value: Mapping[str, Any] | None) -> Receipt | None:
        if not value or value.get("blockNumber") is None:
            return None
        return Receipt(
            transaction=_data(value["transactionHash"]),
            block_number=int(value["blockNumber"], 16),
            block_hash=_data(value["blockHash"]),
            index=int(value["transactionIndex"], 16),
            ok=int(value["status"], 16) == 1,
            gas_used=int(value["gasUsed"], 16),
            contract=_address(value.get("contractAddress")),
            logs=tuple(read_log(entry) for entry in value["logs"]),
        )

    def transactions(self, hashes: Sequence[bytes]) -> list[ChainTransaction | None]:
        found: list[ChainTransaction | None] = []
        for answer in self._batch([("eth_getTransactionByHash", ["0x" + h.hex()]) for h in hashes]):
            value = self._answer(answer)
            if value is None:
                found.append(None)
                continue
            number = value.get("blockNumber")
            found.append(
                ChainTransaction(
                    hash=_data(value["hash"]),
                    sender=checksum_address(_data(value["from"])),
                    to=_address(value.get("to")),
                    nonce=int(value["nonce"], 16),
                    data=_data(value["input"]),
                    block_number=None if number is None else int(number, 16),
                )
            )
        return found

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        query = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}
        logs = [read_log(value) for value in self.request("eth_getLogs", query)]
        logs.sort(key=lambda entry: (entry.block_number, entry.index))
        return logs

    def call(self, to: str, data: bytes) -> bytes:
        try:
            return _data(self.request("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest"))
        except RpcRefused as refusal:
            reason = refusal.data if isinstance(refusal.data, str) and refusal.data.startswith("0x") else "0x"
            if refusal.rpc_code == 3 or "revert" in refusal.message.lower():
                raise CallReverted(_data(reason), refusal.message) from refusal
            raise

    def code(self, address: str) -> bytes:
        return _data(self.request("eth_getCode", address, "latest"))

    # -- source of state proofs

    def header(self, number: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] | None = self.request("eth_getBlockByNumber", hex(number), False)
        if not found:
            raise GatewayUnavailable(f"the node does not have block {number}")
        return found

    def block_receipts(self, number: int) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] | None = self.request("eth_getBlockReceipts", hex(number))
        if found is None:
            raise GatewayUnavailable(f"the node does not have the receipts of block {number}")
        return found

    def storage(self, address: str, slots: Sequence[bytes], number: int) -> list[int]:
        """Values of a contract's storage `slots` (32 bytes each) in block `number`; 0 where nothing is stored."""
        calls: list[tuple[str, list[Any]]] = [
            ("eth_getStorageAt", [address, "0x" + slot.hex(), hex(number)]) for slot in slots
        ]
        return [int(self._answer(answer), 16) for answer in self._batch(calls)]

    def account_proof(self, address: str, slots: Sequence[bytes], number: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.request(
            "eth_getProof", address, ["0x" + slot.hex() for slot in slots], hex(number)
        )
        return found
