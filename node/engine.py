"""One anvil process and the calls that only this package may make to it.

anvil asks nobody who they are, so it listens on a fresh loopback port each time and everything else goes
through the gateway. Flags are those of the design, section 5; the hard fork, chain id and genesis time make
hashes reproducible.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from node.errors import EngineDown, EngineRefused
from node.installation import ChainFacts
from node.settings import BLOCK_GAS_LIMIT

_BOOT_SECONDS = 20.0
_KEPT_BLOCKS = 1
"""Blocks whose transactions, receipts, logs and traces anvil keeps: the archive has taken the older ones."""


def _die_with_parent() -> None:  # pragma: no cover - runs in the child between fork and exec
    """Ask Linux to kill anvil when this process dies, kill -9 included:

    no orphan keeps the old state alive.
    """
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command_line(binary: Path, facts: ChainFacts, port: int, state_history: int) -> list[str]:
    """anvil's arguments:

    no mining by itself, no accounts, no fees, fixed genesis, loopback, no cross-origin answers.
    """
    options: dict[str, object] = {
        "--host": "127.0.0.1",
        "--port": port,
        "--chain-id": facts.chain_id,
        "--timestamp": facts.genesis_time,
        "--hardfork": facts.hardfork,
        "--gas-limit": BLOCK_GAS_LIMIT,
        "--base-fee": 0,
        "--gas-price": 0,
        "--order": "fifo",
        "--accounts": 0,
        "--prune-history": state_history,
        "--transaction-block-keeper": _KEPT_BLOCKS,
    }
    flags = ["--no-mining", "--disable-min-priority-fee", "--no-cors", "--no-request-size-limit", "--quiet"]
    return [str(binary), *(str(part) for pair in options.items() for part in pair), *flags]


class Engine:
    """A running anvil. Every method raises ``EngineDown`` when it does not answer."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            timeout=httpx.Timeout(120.0, connect=5.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
        )

    @classmethod
    async def start(cls, binary: Path, facts: ChainFacts, state_history: int, scratch: Path) -> Engine:
        """Start anvil on a free loopback port and wait until it answers. ``scratch`` is its home folder."""
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        port = _free_port()
        process = await asyncio.create_subprocess_exec(
            *command_line(binary, facts, port, state_history),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"HOME": str(scratch), "TMPDIR": str(scratch)},
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        engine = cls(process, port)
        deadline = asyncio.get_running_loop().time() + _BOOT_SECONDS
        while True:
            try:
                if int(await engine.call("eth_chainId"), 16) != facts.chain_id:
                    raise EngineDown(f"something else answers on port {port}")
                return engine
            except EngineDown:
                if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                    await engine.kill()
                    raise EngineDown(f"anvil did not start (exit code {process.returncode})") from None
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End anvil. Nothing it holds is needed: the journal is the truth."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._http.aclose()

    async def exchange(self, payload: object) -> bytes:
        """Post a JSON-RPC payload and give back the answer's bytes as they came."""
        try:
            response = await self._http.post("/", json=payload)
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: the client was closed by a restart
            raise EngineDown(f"anvil does not answer: {type(error).__name__}") from error
        if response.status_code != 200:
            raise EngineDown(f"anvil answered HTTP {response.status_code}")
        return response.content

    async def call(self, method: str, *params: object) -> Any:
        """One call; its result. Raises ``EngineRefused`` when anvil answers with an error."""
        answer = json.loads(
            await self.exchange({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        )
        return _result(method, answer)

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several calls in one exchange; results in order, ``EngineRefused`` objects in the place of errors."""
        if not calls:
            return []
        payload = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in enumerate(calls)
        ]
        answers = json.loads(await self.exchange(payload))
        if not isinstance(answers, list) or len(answers) != len(calls):
            raise EngineDown("anvil answered a batch with something else")
        results: list[Any] = []
        for (method, _), answer in zip(calls, sorted(answers, key=lambda a: int(a["id"])), strict=True):
            try:
                results.append(_result(method, answer))
            except EngineRefused as error:
                results.append(error)
        return results

    async def mine(self, raw_transactions: Sequence[str], time: int, one_sender: bool) -> float:
        """Mine exactly these transactions, in this order, into one block with this timestamp; seconds it took.

        The pool is emptied first, so that the block is a function of the journal alone. anvil may run the calls
        of a batch side by side, so only transactions whose nonces fix their order (one sender) go in a batch.
        """
        await self.call("anvil_dropAllTransactions")
        if one_sender:
            await self.batch([("eth_sendRawTransaction", [raw]) for raw in raw_transactions])
        else:
            for raw in raw_transactions:
                # A refusal here repeats itself at every replay; the producer sees what is missing in the block.
                with suppress(EngineRefused):
                    await self.call("eth_sendRawTransaction", raw)
        await self.call("evm_setNextBlockTimestamp", time)
        started = monotonic()
        await self.call("evm_mine")
        return monotonic() - started

    async def head(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The latest block with whole transactions, and its receipts: anvil forgets them with the next block."""
        block, receipts = await self.batch(
            [("eth_getBlockByNumber", ["latest", True]), ("eth_getBlockReceipts", ["latest"])]
        )
        if not isinstance(block, dict) or not isinstance(receipts, list):
            raise EngineDown("anvil does not tell its latest block")
        return block, receipts

    async def height(self) -> int:
        """The number of the latest block."""
        return int(await self.call("eth_blockNumber"), 16)

    async def dump_state(self, write: Callable[[bytes], object]) -> int:
        """Stream ``anvil_dumpState``'s bytes (decoded from hex) to ``write``; returns how many.

        The answer is tens of megabytes of hex; it is never held whole.
        """
        request = {"jsonrpc": "2.0", "id": 1, "method": "anvil_dumpState", "params": []}
        total, started, rest = 0, False, b""
        try:
            async with self._http.stream("POST", "/", json=request) as response:
                async for chunk in response.aiter_bytes():
                    rest += chunk
                    if not started:
                        start = rest.find(b'"0x')
                        if start < 0:
                            if len(rest) > 4096 or b'"error"' in rest:
                                raise EngineDown("anvil_dumpState gave no state")
                            continue
                        rest, started = rest[start + 3 :], True
                    end = rest.find(b'"')
                    usable = rest[:end] if end >= 0 else rest[: len(rest) - len(rest) % 2]
                    write(bytes.fromhex(usable.decode("ascii")))
                    total += len(usable) // 2
                    if end >= 0:
                        return total
                    rest = rest[len(usable) :]
        except (httpx.HTTPError, RuntimeError) as error:
            raise EngineDown(f"anvil does not answer: {type(error).__name__}") from error
        raise EngineDown("anvil_dumpState ended early")

    async def load_state(self, chunks: AsyncIterator[bytes]) -> bool:
        """Stream a dumped state back. False when anvil refuses it."""

        async def body() -> AsyncIterator[bytes]:
            yield b'{"jsonrpc":"2.0","id":1,"method":"anvil_loadState","params":["0x'
            async for chunk in chunks:
                yield chunk.hex().encode("ascii")
            yield b'"]}'

        try:
            response = await self._http.post(
                "/", content=body(), headers={"Content-Type": "application/json"}
            )
        except (httpx.HTTPError, RuntimeError) as error:
            raise EngineDown(f"anvil does not answer: {type(error).__name__}") from error
        try:
            return response.status_code == 200 and json.loads(response.content).get("result") is True
        except (ValueError, AttributeError):
            return False


def _result(method: str, answer: object) -> Any:
    if not isinstance(answer, dict):
        raise EngineDown("anvil answered something that is not JSON-RPC")
    if "error" in answer:
        error = answer["error"]
        raise EngineRefused(method, int(error.get("code", -32000)), str(error.get("message", "")))
    return answer.get("result")
