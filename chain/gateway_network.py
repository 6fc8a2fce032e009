"""The gateway to a validator network: every validator's JSON-RPC, one after another when one does not answer.

It is `RpcGateway` plus what a network of engines needs and one node does not:

- fail-over; and a head that never goes back, although another node may be some blocks behind;
- permission first: the engine answers a transaction of an account that may not send as if it had taken it, and drops it;
- a transaction that is handed over again goes to another validator, because the first may have dropped it;
- no receipt of a transaction that is still waiting is asked for: the engine would hold that answer back for many seconds.

A block of a validator network is final when it exists.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import httpx
from eth_hash.auto import keccak

from chain.abi import ACCOUNT_GATE, load
from chain.errors import CallReverted, DecodingError, GatewayUnavailable, RpcRefused
from chain.gateway import BlockRef, ChainTransaction, Log, Receipt, SendOutcome, SendResult
from chain.gateway_rpc import RpcGateway
from chain.transactions import checksum_address, read_raw

GATE = checksum_address(bytes.fromhex("0000000000000000000000000000000000006a7e"))
"""Where the AccountGate contract stands on every network."""
TRANSACT, DEPLOY = 1, 2
_PERMISSION_KEPT = 10.0
"""Seconds for which an account's permissions are believed without asking again."""
_REMEMBERED = 10_000
_DROPPED_AFTER = 20.0
"""Seconds after which a transaction that the engine took and nobody has seen since counts as dropped."""
_INDEX_SECONDS = 3.0
_NOT_INDEXED = "failed to get receipts from comet block"
_NONCE_WAITS = "replacement transaction underpriced"


class NetworkGateway(RpcGateway):
    """A chain behind the JSON-RPC addresses of several validators."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        token: str | None = None,
        timeout: float = 10.0,
        http: httpx.Client | None = None,
    ) -> None:
        if not urls:
            raise ValueError("a network has at least one address")
        super().__init__(urls[0], token=token, timeout=timeout, http=http)
        self._urls = tuple(urls)
        self._at = 0
        self._highest = -1
        self._permissions: dict[str, tuple[float, int]] = {}
        self._handed_over: dict[bytes, tuple[float, bytes]] = {}

    @property
    def url(self) -> str:
        """The address that is asked at present."""
        return self._urls[self._at]

    def _next(self) -> None:
        self._at = (self._at + 1) % len(self._urls)

    def _post(self, body: Any) -> Any:
        """The answer of the present node, or of the first after it that gives one."""
        for remaining in range(len(self._urls) - 1, -1, -1):
            self._url = self.url
            try:
                return super()._post(body)
            except GatewayUnavailable:
                self._next()
                if not remaining:
                    raise
        raise AssertionError("unreachable")  # the loop returns or raises

    def request(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call. A block whose transactions the node has not indexed yet is asked for again."""
        deadline = time.monotonic() + _INDEX_SECONDS
        while True:
            try:
                return super().request(method, *params)
            except RpcRefused as refusal:
                if _NOT_INDEXED not in refusal.message:
                    raise
                if time.monotonic() > deadline:
                    raise GatewayUnavailable(refusal.message) from refusal
            time.sleep(0.05)

    def head(self) -> BlockRef:
        """The newest block. A node that is behind what was seen before is passed over."""
        for _ in self._urls:
            head = super().head()
            if head.number >= self._highest:
                self._highest = head.number
                return head
            self._next()
        raise GatewayUnavailable(f"the nodes that answer are behind block {self._highest}")

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        """Hand over signed transactions; one of an account without the permission is refused here."""
        if any(keccak(raw) in self._handed_over for raw in raws):
            self._next()
        results: dict[int, SendResult] = {}
        allowed: list[tuple[int, bytes]] = []
        for place, raw in enumerate(raws):
            reason = self._forbidden(raw)
            if reason is None:
                allowed.append((place, raw))
            else:
                results[place] = SendResult(keccak(raw), SendOutcome.REFUSED, reason)
        sent = super().send([raw for _, raw in allowed])
        for (place, raw), result in zip(allowed, sent, strict=True):
            if (
                _NONCE_WAITS in result.reason
            ):  # another transaction with its nonce waits, or was mined just now
                result = SendResult(result.hash, SendOutcome.KNOWN, result.reason)
            results[place] = result
            if result.outcome is SendOutcome.ACCEPTED:
                self._handed_over[result.hash] = (time.monotonic(), raw)
        while len(self._handed_over) > _REMEMBERED:
            del self._handed_over[next(iter(self._handed_over))]
        return [results[place] for place in range(len(raws))]

    def _forbidden(self, raw: bytes) -> str | None:
        """Why the network would drop this transaction; None when it would not, or when that cannot be told."""
        try:
            fields = read_raw(raw)
        except DecodingError:
            return None  # the node says what is wrong with it
        permissions = self._permissions_of(fields.sender)
        if not permissions & TRANSACT:
            return "the account may not send transactions on this network"
        if fields.to is None and not permissions & DEPLOY:
            return "the account may not create contracts on this network"
        return None

    def _permissions_of(self, account: str) -> int:
        now = time.monotonic()
        known = self._permissions.get(account)
        if known is not None and now - known[0] < _PERMISSION_KEPT and known[1]:
            return known[1]
        function = load(ACCOUNT_GATE).function("permissionsOf")
        try:
            found = int(function.decode(self.call(GATE, function.encode(account)))[0])
        except (CallReverted, DecodingError) as error:
            raise GatewayUnavailable("the network has no gate", code="gateway.answer_malformed") from error
        self._permissions[account] = (now, found)
        return found

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Events of `addresses` in blocks `first` to `last`, both included, in chain order."""
        # There is no block 0, and the engine takes that number for the newest one.
        return super().logs(max(first, 1), last, addresses) if last >= 1 else []

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        """Receipt of each mined transaction, None for the others, without waiting."""
        mined = [found is not None and found.block_number is not None for found in self.transactions(hashes)]
        asked = iter(super().receipts([h for h, there in zip(hashes, mined, strict=True) if there]))
        return [next(asked) if there else None for there in mined]

    def transactions(self, hashes: Sequence[bytes]) -> list[ChainTransaction | None]:
        """Each transaction that is mined or waiting, None for the others.

        The engine does not show all that waits; what it took a moment ago counts as waiting until the deadline.
        """
        if not hashes:
            return []
        found = super().transactions(hashes)
        return [self._waiting(h) if seen is None else seen for h, seen in zip(hashes, found, strict=True)]

    def _waiting(self, hash_: bytes) -> ChainTransaction | None:
        sent, raw = self._handed_over.get(hash_, (0.0, b""))
        if not raw or time.monotonic() - sent > _DROPPED_AFTER:
            return None
        fields = read_raw(raw)
        return ChainTransaction(hash_, fields.sender, fields.to, fields.nonce, fields.data, None)
