"""JSON-RPC questions about mined blocks, answered from the archive instead of the engine, which forgets.

Answers are what the engine would have said had it kept everything (``tests/conformance/node/test_archive.py`` compares
them). A parameter that cannot be read is refused here and never passed on: the engine would take it and answer
from its short memory, as if there were no such log.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from node.archive import Archive, LogFilter
from node.engine import Engine
from node.errors import RpcRefused
from node.policy import INVALID_PARAMS, LIMITED, Call

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,15}")
_SAFE, _FINALIZED = 32, 64
"""How many blocks behind the head the engine puts these two tags."""
_MAX_ALTERNATIVES = 1_000
_MAX_TOPICS = 4
_FILTER = frozenset({"fromBlock", "toBlock", "blockHash", "address", "topics"})


def _octets(value: object, length: int, what: str) -> bytes:
    if isinstance(value, str) and value.startswith("0x") and len(value) == 2 + 2 * length:
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise RpcRefused(INVALID_PARAMS, f"{what} has {length} bytes in hexadecimal with 0x")


def _quantity(value: object) -> int:
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise RpcRefused(INVALID_PARAMS, "write numbers as hexadecimal quantities")


def _tagged(archive: Archive, value: object) -> int | None:
    """The number that a block number or tag means; None for the pending block."""
    height = archive.height
    tags = {
        "latest": height,
        "earliest": 0,
        "safe": max(0, height - _SAFE),
        "finalized": max(0, height - _FINALIZED),
        "pending": None,
    }
    if isinstance(value, str) and value in tags:
        return tags[value]
    return _quantity(value)


def _held(archive: Archive, number: int | None) -> int | None:
    return number if number is not None and number <= archive.height else None


def _numbered(archive: Archive, value: object) -> int | None:
    """A block number or tag; None where the archive has no such block."""
    return _held(archive, _tagged(archive, value))


def _hashed(archive: Archive, value: object) -> int | None:
    return archive.number_of(_octets(value, 32, "a block hash"))


def _identified(archive: Archive, value: object) -> int | None:
    """EIP-1898: number, tag, hash, or an object with one of them."""
    if isinstance(value, dict):
        if len(value) == 1 and "blockHash" in value:
            return _hashed(archive, value["blockHash"])
        if len(value) == 1 and "blockNumber" in value:
            return _numbered(archive, value["blockNumber"])
        raise RpcRefused(INVALID_PARAMS, "name the block by blockHash or by blockNumber")
    if isinstance(value, str) and len(value) == 66:
        return _hashed(archive, value)
    return _numbered(archive, value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise RpcRefused(INVALID_PARAMS, "say with true or false whether whole transactions are wanted")
    return value


def _alternatives(value: object, length: int, what: str) -> list[bytes]:
    """One value, or several of which one must stand there; nothing for any."""
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    if len(values) > _MAX_ALTERNATIVES:
        raise RpcRefused(LIMITED, f"a filter names at most {_MAX_ALTERNATIVES} values in one place")
    if None in values and length == 32:
        return []
    return [_octets(item, length, what) for item in values]


def _log_filter(archive: Archive, wanted: object) -> LogFilter | None:
    """The filter of ``eth_getLogs``; None where its blocks are not here and the engine says what is wrong."""
    if not isinstance(wanted, dict) or not _FILTER.issuperset(wanted):
        raise RpcRefused(INVALID_PARAMS, f"send a filter object with {', '.join(sorted(_FILTER))}")
    topics = wanted.get("topics") or []
    if not isinstance(topics, list) or len(topics) > _MAX_TOPICS:
        raise RpcRefused(INVALID_PARAMS, f"topics is a list of at most {_MAX_TOPICS}")
    ends = [wanted.get("fromBlock"), wanted.get("toBlock")]
    if wanted.get("blockHash") is not None:
        if ends != [None, None]:
            raise RpcRefused(INVALID_PARAMS, "give blockHash, or fromBlock and toBlock, not both")
        first = last = _hashed(archive, wanted["blockHash"])
    else:
        # An end that is not given, and the pending block, which has no logs, mean the head.
        first, last = (_tagged(archive, "latest" if end in (None, "pending") else end) for end in ends)
        first = _held(archive, first)
    if first is None or last is None:
        return None
    return LogFilter(
        first,
        min(last, archive.height),
        _alternatives(wanted.get("address"), 20, "an address"),
        [_alternatives(topic, 32, "a topic") for topic in topics],
    )


def _block(
    find: Callable[[Archive, object], int | None],
    answer: Callable[..., str | None],
    *more: Callable[[object], Any],
) -> Callable[[Archive, Sequence[object]], str | None]:
    """A question about one block: how it is named, what is answered, and what the other parameters are."""

    def ask(archive: Archive, params: Sequence[object]) -> str | None:
        if len(params) != 1 + len(more):
            raise RpcRefused(INVALID_PARAMS, f"this method takes {1 + len(more)} parameters")
        number = find(archive, params[0])
        others = [read(value) for read, value in zip(more, params[1:], strict=True)]
        return None if number is None else answer(archive, number, *others)

    return ask


def _transaction(
    answer: Callable[[Archive, bytes], str | None],
) -> Callable[[Archive, Sequence[object]], str | None]:
    def ask(archive: Archive, params: Sequence[object]) -> str | None:
        if len(params) != 1:
            raise RpcRefused(INVALID_PARAMS, "this method takes 1 parameter")
        return answer(archive, _octets(params[0], 32, "a transaction hash"))

    return ask


def _logs(archive: Archive, params: Sequence[object]) -> str | None:
    if len(params) != 1:
        raise RpcRefused(INVALID_PARAMS, "this method takes 1 parameter")
    wanted = _log_filter(archive, params[0])
    return None if wanted is None else archive.logs(wanted)


def _place(archive: Archive, number: int, place: int) -> str:
    return archive.transaction_at(number, place) or "null"


def _count(archive: Archive, number: int) -> str:
    return f'"{archive.count(number):#x}"'


QUESTIONS: dict[str, Callable[[Archive, Sequence[object]], str | None]] = {
    "eth_getBlockByHash": _block(_hashed, Archive.block, _flag),
    "eth_getBlockByNumber": _block(_numbered, Archive.block, _flag),
    "eth_getBlockReceipts": _block(_identified, Archive.receipts),
    "eth_getBlockTransactionCountByHash": _block(_hashed, _count),
    "eth_getBlockTransactionCountByNumber": _block(_numbered, _count),
    "eth_getLogs": _logs,
    "eth_getTransactionByBlockHashAndIndex": _block(_hashed, _place, _quantity),
    "eth_getTransactionByBlockNumberAndIndex": _block(_numbered, _place, _quantity),
    "eth_getTransactionByHash": _transaction(Archive.transaction),
    "eth_getTransactionReceipt": _transaction(Archive.receipt),
}
"""The methods about mined blocks."""


def recall(archive: Archive, call: Call) -> str | None:
    """The result of a question about mined blocks as JSON text.

    None for every other question and for what is not mined (pending, unknown, above the head): the engine's to answer.
    Raises ``RpcRefused`` for parameters that cannot be read.
    """
    question = QUESTIONS.get(call.method)
    return None if question is None else question(archive, call.params)


async def read_one(engine: Engine, archive: Archive, call: Call) -> bytes:
    """The whole JSON-RPC answer to one read, by archive or engine. Raises ``RpcRefused`` and ``EngineDown``."""
    if call.method in QUESTIONS:
        known = await asyncio.to_thread(recall, archive, call)
        if known is not None:
            return f'{{"jsonrpc":"2.0","id":{json.dumps(call.id)},"result":{known}}}'.encode("ascii")
    return await engine.exchange(call.as_json())


async def read_all(
    engine: Engine, archive: Archive, calls: Sequence[Call]
) -> list[dict[str, Any] | RpcRefused]:
    """What stands beside ``jsonrpc`` and ``id`` in each answer, or why a call was refused. Raises ``EngineDown``."""
    answers = await asyncio.to_thread(_recall_all, archive, calls)
    open_places = [place for place, answer in enumerate(answers) if answer is None]
    if open_places:
        # Callers may use an id twice; ours are places.
        payload = [{**calls[place].as_json(), "id": place} for place in open_places]
        for told in json.loads(await engine.exchange(payload)):
            answers[told["id"]] = {name: told[name] for name in ("result", "error") if name in told}
    return [answer for answer in answers if answer is not None]


def _recall_all(archive: Archive, calls: Sequence[Call]) -> list[dict[str, Any] | RpcRefused | None]:
    answers: list[dict[str, Any] | RpcRefused | None] = []
    for call in calls:
        try:
            known = recall(archive, call)
            answers.append(None if known is None else {"result": json.loads(known)})
        except RpcRefused as refusal:
            answers.append(refusal)
    return answers
