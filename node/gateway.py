"""The only public door to the chain: JSON-RPC over HTTP with allow-lists, plus status, health and metrics.

Reading is open to whoever reaches the port; sending needs the bearer token *and* a listed sender. Everything
that is not on the list of methods is refused here and never reaches anvil, or a validator's engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from node.backend import REFUSED, Backend
from node.errors import NodeError, RpcRefused
from node.installation import BearerToken
from node.metrics import Counters, exposition
from node.policy import (
    INVALID_REQUEST,
    LIMITED,
    SEAL,
    SEND,
    UNAUTHORISED,
    Call,
    RateLimit,
    admit,
    block_number,
    call_id,
    parse_body,
    raw_transaction,
)
from node.transactions import RawTransaction, decode

Answer = dict[str, Any]


def _error(identity: str | int | None, refusal: RpcRefused) -> Answer:
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": refusal.code, "message": refusal.message}}


class Gateway:
    """Turns HTTP requests into admitted calls. One per chain."""

    def __init__(self, chain: Backend, clock: Callable[[], float] = time.monotonic) -> None:
        self._chain = chain
        self._limits = chain.settings.limits
        self._token = BearerToken(chain.settings.data_dir)
        self._clock = clock
        self._calls = RateLimit(self._limits.calls_per_second, self._limits.calls_burst)
        self._sends = RateLimit(self._limits.sends_per_second, self._limits.sends_burst)
        self.counters = Counters()

    async def rpc(self, request: Request) -> Response:
        """One JSON-RPC request, single or batch."""
        try:
            raws, is_batch = parse_body(await self._body(request), self._limits)
            remote = request.client.host if request.client else "?"
            if not self._calls.take(remote, len(raws), self._clock()):
                raise RpcRefused(LIMITED, "too many calls, slow down", 429)
        except RpcRefused as refusal:
            self.counters.refused(refusal.code)
            return JSONResponse(_error(None, refusal), refusal.status)
        if not is_batch:
            return await self._single(request, raws[0], remote)
        answers = await self._answer_all(request, raws, remote)
        return JSONResponse([answer for answer, _ in answers])

    async def _single(self, request: Request, raw: object, remote: str) -> Response:
        try:
            call = admit(raw, self._limits)
            if call.method not in (SEND, SEAL):
                content = await self._chain.read(call)
                self.counters.answered(call.method)
                return Response(content, media_type="application/json")
        except RpcRefused as refusal:
            self.counters.refused(refusal.code)
            return JSONResponse(_error(call_id(raw), refusal), refusal.status)
        ((answer, status),) = await self._answer_all(request, [raw], remote)
        return JSONResponse(answer, status)

    async def _answer_all(self, request: Request, raws: list[Any], remote: str) -> list[tuple[Answer, int]]:
        """Answers in the order of the calls:

        refusals, then the sends in order, then the reads in one exchange.
        """
        answers: list[tuple[Answer, int] | None] = [None] * len(raws)
        reads: list[tuple[int, Call]] = []
        sends: list[tuple[int, Call, RawTransaction]] = []
        for place, raw in enumerate(raws):
            try:
                call = admit(raw, self._limits)
                if call.method == SEAL:
                    seal = self._chain.seal_of(block_number(call))
                    self.counters.answered(SEAL)
                    answers[place] = ({"jsonrpc": "2.0", "id": call.id, "result": seal}, 200)
                elif call.method == SEND:
                    sends.append((place, call, self._listed_transaction(request, call, remote)))
                else:
                    reads.append((place, call))
            except RpcRefused as refusal:
                answers[place] = self._refuse(call_id(raw), refusal)
        if sends:
            outcomes = await self._chain.send([transaction for _, _, transaction in sends])
            for (place, call, _), outcome in zip(sends, outcomes, strict=True):
                if isinstance(outcome, RpcRefused):
                    answers[place] = self._refuse(call.id, outcome)
                else:
                    self.counters.answered(SEND)
                    answers[place] = ({"jsonrpc": "2.0", "id": call.id, "result": outcome}, 200)
        await self._read_all(reads, answers)
        return [answer for answer in answers if answer is not None]

    async def _read_all(
        self, reads: list[tuple[int, Call]], answers: list[tuple[Answer, int] | None]
    ) -> None:
        if not reads:
            return
        found: Sequence[Answer | RpcRefused]
        try:
            found = await self._chain.read_batch([call for _, call in reads])
        except RpcRefused as refusal:
            found = [refusal] * len(reads)
        for (place, call), answer in zip(reads, found, strict=True):
            if isinstance(answer, RpcRefused):
                answers[place] = self._refuse(call.id, answer)
            else:
                self.counters.answered(call.method)
                answers[place] = ({"jsonrpc": "2.0", "id": call.id, **answer}, 200)

    def _listed_transaction(self, request: Request, call: Call, remote: str) -> RawTransaction:
        if not self._token.matches(request.headers.get("authorization")):
            raise RpcRefused(UNAUTHORISED, "sending needs the bearer token of this node", 401)
        if not self._sends.take(remote, 1, self._clock()):
            raise RpcRefused(LIMITED, "too many transactions, slow down", 429)
        transaction = decode(raw_transaction(call, self._limits), self._chain.chain_id)
        if transaction.sender not in self._chain.senders.addresses():
            raise RpcRefused(REFUSED, f"{transaction.sender} is not on the list of senders")
        return transaction

    def _refuse(self, identity: str | int | None, refusal: RpcRefused) -> tuple[Answer, int]:
        self.counters.refused(refusal.code)
        return _error(identity, refusal), refusal.status

    async def _body(self, request: Request) -> bytes:
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise RpcRefused(INVALID_REQUEST, "send application/json", 415)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._limits.body_bytes:
                raise RpcRefused(LIMITED, f"a body has at most {self._limits.body_bytes} bytes", 413)
        return bytes(body)

    async def status(self, request: Request) -> Response:
        """Height, pending, milliseconds a block and the rest of ``Status``."""
        return JSONResponse(asdict(self._chain.status()))

    async def live(self, request: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("live\n")

    async def ready(self, request: Request) -> Response:
        """The chain takes transactions."""
        status = self._chain.status()
        good = status.ready and status.trouble is None
        return PlainTextResponse(
            "ready\n" if good else f"not ready: {status.trouble or 'starting'}\n", 200 if good else 503
        )

    async def metrics(self, request: Request) -> Response:
        """Prometheus text."""
        return PlainTextResponse(
            exposition(self._chain.status().gauges(), self.counters), media_type="text/plain; version=0.0.4"
        )


async def _node_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": {"code": -32603, "message": str(error)}}, 500)


def build_app(chain: Backend) -> Starlette:
    """The HTTP application of one chain."""
    gateway = Gateway(chain)
    return Starlette(
        routes=[
            Route("/", gateway.rpc, methods=["POST"]),
            Route("/status", gateway.status),
            Route("/health/live", gateway.live),
            Route("/health/ready", gateway.ready),
            Route("/metrics", gateway.metrics),
        ],
        exception_handlers={NodeError: _node_error},
    )
