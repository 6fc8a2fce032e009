"""The gateway to a validator network: every validator's RPC gateway, one after another when one does not answer.

What a network of engines needs and one node does not:

- fail-over; and a head that never goes back, although another node may be some blocks behind. A head that stands still is
  compared with everybody else's: the validator that is asked may be the one that lost the others;
- permission first: the engine answers a transaction of an account that may not send as if it had taken it, and drops it;
- a transaction that is handed over again goes to another validator, because the first may have dropped it;
- no receipt of a transaction that is still waiting is asked for: the engine would hold that answer back for many seconds;
- "unknown" is what no validator that answers knows: each of them finds a mined transaction a moment after its block.

A block of a validator network is final when it exists. There is no block 0; asked for it, the engine shows the first one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar

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
INDEX_LAG = 5
"""Blocks after which every validator that follows finds a mined transaction by its hash."""
_PERMISSION_KEPT = 10.0
"""Seconds for which an account's permissions are believed without asking again."""
_REMEMBERED = 10_000
_DROPPED_AFTER = 20.0
"""Seconds after which a transaction that the engine took and nobody has seen since counts as dropped."""
_STANDS = 5.0
"""Seconds after which a head that has not moved is compared with the other validators'."""
_RESTS = 5.0
"""Seconds for which a validator that did not answer is asked last, and not at all where another's word is enough."""
_SETTLES = 3.0
"""Seconds that a validator is given to catch up with what it has shown itself."""
_BEHIND = (
    "failed to get receipts from comet block",
    "tx not found",
    "block result not found",
    "invalid block range",
    "height in the future",
    "less than or equal to the current blockchain height",
    "header not found",
)
"""Refusals (cosmos/evm 0.7) of a node that does not have, or has not indexed yet, what another one has shown."""
_NONCE_WAITS = "replacement transaction underpriced"
_NO_HEAD = "exceeds block gas limit"
"""Also said of any transaction by a pool that was started a moment ago and has no block yet (its limit is 0)."""

T = TypeVar("T")


class NetworkGateway:
    """A chain behind the JSON-RPC addresses of several validators.

    tokens: bearer tokens for sending, one an address; None where reading is enough. timeout: seconds an answer may take.
    """

    index_lag = INDEX_LAG

    def __init__(
        self,
        urls: Sequence[str],
        *,
        tokens: Sequence[str | None] | None = None,
        timeout: float = 10.0,
        http: httpx.Client | None = None,
    ) -> None:
        if not urls:
            raise ValueError("a network has at least one address")
        self._http = http or httpx.Client(timeout=timeout, trust_env=False)
        self._owned = http is None
        pairs = zip(urls, tokens or [None] * len(urls), strict=True)
        self._nodes = [RpcGateway(url, token=token, http=self._http) for url, token in pairs]
        self._urls = tuple(urls)
        self._at = 0
        self._silent: dict[int, float] = {}
        self._highest = -1
        self._risen = float("-inf")
        self._permissions: dict[str, tuple[float, int]] = {}
        self._handed_over: dict[bytes, tuple[float, bytes]] = {}

    def close(self) -> None:
        """Close the connections that this gateway opened."""
        if self._owned:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address that is asked at present."""
        return self._urls[self._at]

    # -- whom to ask

    def _order(self) -> list[int]:
        """All validators from the present one on; those that did not answer a moment ago last."""
        places = [(self._at + step) % len(self._nodes) for step in range(len(self._nodes))]
        return sorted(places, key=self._rests)

    def _rests(self, place: int) -> bool:
        return time.monotonic() - self._silent.get(place, float("-inf")) < _RESTS

    def _try(self, place: int, question: Callable[[RpcGateway], T]) -> T:
        """One validator's answer. Raises GatewayUnavailable also when it is behind."""
        try:
            return question(self._nodes[place])
        except GatewayUnavailable:
            self._silent[place] = time.monotonic()
            raise
        except RpcRefused as refusal:
            if not any(words in refusal.message for words in _BEHIND):
                raise
            raise GatewayUnavailable(refusal.message, code="gateway.behind") from refusal

    def _ask(self, question: Callable[[RpcGateway], T]) -> T:
        """The answer of the present validator, or of the first after it that gives one."""
        deadline = time.monotonic() + _SETTLES
        while True:
            trouble: list[GatewayUnavailable] = []
            for place in self._order():
                try:
                    answer = self._try(place, question)
                except GatewayUnavailable as error:
                    trouble.append(error)
                else:
                    self._at = place
                    return answer
            if all(error.code != "gateway.behind" for error in trouble) or time.monotonic() > deadline:
                raise trouble[-1]
            time.sleep(0.05)

    def _others(self) -> Iterator[int]:
        """Validators beside the present one whose word may be had without waiting for a silent one."""
        return (place for place in self._order() if place != self._at and not self._rests(place))

    def request(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call. Raises RpcRefused for an error answer, GatewayUnavailable for none."""
        return self._ask(lambda node: node.request(method, *params))

    # -- port

    def chain_id(self) -> int:
        return self._ask(lambda node: node.chain_id())

    def head(self) -> BlockRef:
        """The newest block. A node that is behind what was seen before is passed over."""
        best: tuple[BlockRef, int] | None = None
        trouble: GatewayUnavailable | None = None
        for place in self._order():
            try:
                head = self._try(place, lambda node: node.head())
            except GatewayUnavailable as error:
                trouble = error
                continue
            if best is None or head.number > best[0].number:
                best = (head, place)
            if head.number > self._highest or (head.number == self._highest and not self._stands()):
                break
        if best is None:
            raise trouble or GatewayUnavailable("nobody was asked")
        head, place = best
        if head.number < self._highest:
            raise GatewayUnavailable(f"the nodes that answer are behind block {self._highest}")
        self._at, self._highest, self._risen = place, head.number, self._moment(head)
        return head

    def _stands(self) -> bool:
        return time.monotonic() - self._risen > _STANDS

    def _moment(self, head: BlockRef) -> float:
        """When the head last rose; after everybody was asked whether it stands, that is asked again in a while."""
        fresh = head.number > self._highest or self._stands()
        return time.monotonic() if fresh else self._risen

    def final_head(self) -> BlockRef:
        return self.head()

    def block(self, number: int) -> BlockRef | None:
        return self._ask(lambda node: node.block(number))

    def transaction_count(self, address: str) -> int:
        return self._ask(lambda node: node.transaction_count(address))

    def call(self, to: str, data: bytes) -> bytes:
        return self._ask(lambda node: node.call(to, data))

    def code(self, address: str) -> bytes:
        return self._ask(lambda node: node.code(address))

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Events of `addresses` in blocks `first` to `last`, both included, in chain order."""
        # There is no block 0, and the engine takes that number for the newest one.
        return self._ask(lambda node: node.logs(max(first, 1), last, addresses)) if last >= 1 else []

    # -- sending

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        """Hand over signed transactions; one of an account without the permission is refused here."""
        if any(keccak(raw) in self._handed_over for raw in raws):
            self._at = (self._at + 1) % len(self._nodes)
        results: dict[int, SendResult] = {}
        allowed: list[tuple[int, bytes]] = []
        for place, raw in enumerate(raws):
            reason = self._forbidden(raw)
            if reason is None:
                allowed.append((place, raw))
            else:
                results[place] = SendResult(keccak(raw), SendOutcome.REFUSED, reason)
        sent = self._ask(lambda node: _hand_over(node, [raw for _, raw in allowed])) if allowed else []
        for (place, raw), result in zip(allowed, sent, strict=True):
            if _NONCE_WAITS in result.reason:  # another one with its nonce waits, or was mined just now
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

    # -- what became of it

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        """Receipt of each mined transaction, None for the others, without waiting."""
        return self._gather(hashes, _mined_receipts)

    def transactions(self, hashes: Sequence[bytes]) -> list[ChainTransaction | None]:
        """Each transaction that is mined or waiting, None for the others.

        The engine does not show all that waits; what it took a moment ago counts as waiting until the deadline.
        """
        found = self._gather(hashes, lambda node, asked: node.transactions(asked))
        return [self._waiting(h) if seen is None else seen for h, seen in zip(hashes, found, strict=True)]

    def _gather(
        self, hashes: Sequence[bytes], question: Callable[[RpcGateway, Sequence[bytes]], Sequence[T | None]]
    ) -> list[T | None]:
        """Answers of the present validator; what it should know and does not is asked of the others too."""
        if not hashes:
            return []
        found = list(self._ask(lambda node: question(node, hashes)))
        for place in self._others():
            missing = [
                number for number, h in enumerate(hashes) if found[number] is None and not self._taken(h)
            ]
            if not missing:
                break
            try:
                more = self._try(place, lambda node: question(node, [hashes[n] for n in missing]))  # noqa: B023
            except GatewayUnavailable:
                continue
            for number, answer in zip(missing, more, strict=True):
                found[number] = answer
        return found

    def _taken(self, hash_: bytes) -> bytes | None:
        """The transaction's bytes while the engine's word that it took them counts."""
        sent, raw = self._handed_over.get(hash_, (0.0, b""))
        return raw if raw and time.monotonic() - sent <= _DROPPED_AFTER else None

    def _waiting(self, hash_: bytes) -> ChainTransaction | None:
        raw = self._taken(hash_)
        if raw is None:
            return None
        fields = read_raw(raw)
        return ChainTransaction(hash_, fields.sender, fields.to, fields.nonce, fields.data, None)

    # -- the chain's own structures

    def header(self, number: int) -> Mapping[str, Any]:
        """The block object of eth_getBlockByNumber without transactions."""
        return self._ask(lambda node: node.header(number))

    def block_receipts(self, number: int) -> Sequence[Mapping[str, Any]]:
        """All receipts of a block, eth_getBlockReceipts."""
        return self._ask(lambda node: node.block_receipts(number))

    def storage(self, address: str, slots: Sequence[bytes], number: int) -> list[int]:
        """Values of a contract's storage `slots` (32 bytes each) in block `number`; 0 where nothing is stored."""
        return self._ask(lambda node: node.storage(address, slots, number))

    def account_proof(self, address: str, slots: Sequence[bytes], number: int) -> Mapping[str, Any]:
        """eth_getProof of `address` and its storage `slots` at a block."""
        return self._ask(lambda node: node.account_proof(address, slots, number))


def _hand_over(node: RpcGateway, raws: Sequence[bytes]) -> list[SendResult]:
    """One validator's word on each transaction. Raises GatewayUnavailable when its pool has no block yet."""
    results = node.send(raws)
    doubtful = [raw for raw, result in zip(raws, results, strict=True) if _NO_HEAD in result.reason]
    if doubtful:
        limit = int(node.header(node.head().number)["gasLimit"], 16)
        if any(read_raw(raw).gas <= limit for raw in doubtful):
            raise GatewayUnavailable(_NO_HEAD, code="gateway.behind")
    return results


def _mined_receipts(node: RpcGateway, hashes: Sequence[bytes]) -> list[Receipt | None]:
    mined = [found is not None and found.block_number is not None for found in node.transactions(hashes)]
    asked = iter(node.receipts([h for h, there in zip(hashes, mined, strict=True) if there]))
    return [next(asked) if there else None for there in mined]
