"""One validator's engine behind the same RPC gateway as the embedded chain: allow-lists, bearer token, limits.

The engine's own JSON-RPC listens on loopback and knows many more methods; nothing but what the policy admits is ever
passed on to it. The door keeps no state beside its token and its list of senders: what a network of validators accepted
is known to the network alone.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog

from node.backend import METHOD_NOT_FOUND, NOT_READY
from node.errors import InstallationMismatch, RpcRefused
from node.installation import FolderLock, SenderList
from node.policy import SEND, Call
from node.settings import Limits
from node.transactions import RawTransaction

ENGINE_SECONDS = 8.0
"""An engine that has not answered by then counts as away; the caller goes to another validator."""
HALT_SECONDS = 30.0
"""A head older than this means that the network stands."""
_POLL_SECONDS = 1.0
_log = structlog.get_logger("node")


@dataclass(frozen=True, slots=True)
class FrontSettings:
    """The door of one validator. ``engine`` is the address of its JSON-RPC, ``chain_id`` the one (EIP-155) it must have."""

    data_dir: Path
    engine: str
    chain_id: int
    port: int = 0
    host: str = "127.0.0.1"
    senders: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class FrontStatus:
    """What an operator and a monitor want to know. ``head_age`` in seconds."""

    ready: bool
    chain_id: int
    height: int
    head_hash: str | None
    head_time: int
    head_age: float | None
    trouble: str | None
    pending: int = 0
    ms_per_block: float | None = None
    ms_per_block_warn: bool = False
    restarts: int = 0

    def gauges(self) -> dict[str, float]:
        """Figures for Prometheus by their name without prefix."""
        return {
            "ready": float(self.ready),
            "height": self.height,
            "head_age_seconds": -1.0 if self.head_age is None else self.head_age,
        }


class ValidatorFront:
    """The engine of one validator as what stands behind a gateway."""

    def __init__(
        self,
        settings: FrontSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FolderLock(settings.data_dir)
        self.senders = SenderList(settings.data_dir)
        self.senders.allow(settings.senders)
        self.ready = asyncio.Event()
        self._http = httpx.AsyncClient(timeout=ENGINE_SECONDS, transport=transport, trust_env=False)
        self._now = now
        self._stopping = asyncio.Event()
        self._head: dict[str, Any] | None = None
        self._answers = False

    @property
    def chain_id(self) -> int:
        """Chain id (EIP-155)."""
        return self.settings.chain_id

    # -- life

    async def run(self) -> None:
        """Watch the engine until ``stop``. Raises ``InstallationMismatch`` when it is another chain's."""
        while not self._stopping.is_set():
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _POLL_SECONDS)

    async def look(self) -> None:
        """Ask for the newest block once; the first time also which chain it is."""
        try:
            if not self.ready.is_set():
                found = int((await self._one("eth_chainId"))["result"], 16)
                if found != self.chain_id:
                    raise InstallationMismatch(
                        f"{self.settings.engine} is of chain {found}, this is {self.chain_id}"
                    )
            answer = await self._one("eth_getBlockByNumber", "latest", False)
        except RpcRefused as error:
            if self._answers:
                _log.warning("node.engine.went_away", reason=str(error))
            self._answers = False
            return
        if "result" in answer:  # now and then the newest block is not indexed yet: the next look sees it
            self._head = answer["result"]
            self.ready.set()
        self._answers = True

    async def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping.set()

    async def close(self) -> None:
        """Close the connections and let another door in."""
        await self._http.aclose()
        self._lock.release()

    # -- callers

    def seal_of(self, number: int) -> str | None:
        """No seal of one court: more than two thirds of the validators have signed every block."""
        raise RpcRefused(METHOD_NOT_FOUND, "this chain is not sealed")

    async def read(self, call: Call) -> bytes:
        """The whole answer to one already checked read. Raises ``RpcRefused``."""
        return (await self._post(call.as_json())).content

    async def read_batch(self, calls: Sequence[Call]) -> list[dict[str, Any] | RpcRefused]:
        """What stands beside ``jsonrpc`` and ``id`` in the answers. Raises ``RpcRefused``."""
        return [*(await self._batch([(call.method, call.params) for call in calls]))]

    async def send(self, transactions: Sequence[RawTransaction]) -> list[str | RpcRefused]:
        """Hand transactions over in order; the engine's answer to each. It is no promise: only a block is one."""
        try:
            answers = await self._batch([(SEND, [transaction.hex]) for transaction in transactions])
        except RpcRefused as refusal:
            return [refusal for _ in transactions]
        return [
            transaction.hash
            if "result" in answer
            else RpcRefused(int(answer["error"].get("code", 0)), str(answer["error"].get("message", "")))
            for transaction, answer in zip(transactions, answers, strict=True)
        ]

    async def _post(self, body: Any) -> httpx.Response:
        try:
            response = await self._http.post(self.settings.engine, json=body)
        except httpx.HTTPError as error:
            reason = f"the validator's engine does not answer, try again ({type(error).__name__})"
            raise RpcRefused(NOT_READY, reason, 503) from error
        if response.status_code != httpx.codes.OK:
            reason = f"the validator's engine answered HTTP {response.status_code}, try again"
            raise RpcRefused(NOT_READY, reason, 503)
        return response

    async def _one(self, method: str, *params: Any) -> dict[str, Any]:
        (answer,) = await self._batch([(method, list(params))])
        return answer

    async def _batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """Answers in the order of ``calls``, each ``{"result": …}`` or ``{"error": …}``. Ids are ours: callers' may collide."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            found = {item["id"]: item for item in (await self._post(body)).json()}
            answers = [found[number] for number in range(len(calls))]
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError, KeyError) as error:
            raise RpcRefused(
                NOT_READY, "the validator's engine answered something else, try again", 503
            ) from error
        return [
            {"error": item["error"]} if item.get("error") else {"result": item.get("result")}
            for item in answers
        ]

    # -- facts

    def status(self) -> FrontStatus:
        """The present state, without asking the engine."""
        head = self._head
        moment = 0 if head is None else int(head["timestamp"], 16)
        age = None if head is None else round(max(0.0, self._now() - moment), 1)
        trouble = None
        if not self._answers:
            trouble = "the validator's engine does not answer"
        elif age is not None and age > HALT_SECONDS:
            trouble = f"the newest block is {age:.0f} s old: the network stands, or this validator lost it"
        return FrontStatus(
            ready=self.ready.is_set() and self._answers,
            chain_id=self.chain_id,
            height=0 if head is None else int(head["number"], 16),
            head_hash=None if head is None else head["hash"],
            head_time=moment,
            head_age=age,
            trouble=trouble,
        )
