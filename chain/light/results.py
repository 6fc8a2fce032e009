"""The EVM's logs in a transaction's result (evidence-spec, annex C)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.errors import ProofInvalid
from chain.light.encoding import result_bytes
from chain.light.reading import Fields, decode, of_octets, one, read, text
from chain.merkle import leaf_hash, root_from_inclusion
from chain.transactions import checksum_address

RESPONSE = "/cosmos.evm.vm.v1.MsgEthereumTxResponse"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_TOPIC = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class ResultLog:
    """An event that the network agreed on."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Response:
    """What one EVM message came to. `error` is empty when it went through; `hash` is Ethereum's, 0x and hex."""

    error: str
    logs: tuple[ResultLog, ...]
    hash: str


def results_root(result: Mapping[str, Any]) -> bytes:
    """The `last_results_hash` that the result's path leads to. Raises ProofInvalid."""
    path = [bytes.fromhex(item) for item in result["path"]]
    return root_from_inclusion(leaf_hash(result_bytes(result)), result["index"], result["total"], path)


def responses(data: bytes) -> list[Response]:
    """The EVM's answers in the data of a result (TxMsgData). Raises ProofInvalid for anything else."""
    packed = read(data).get(2, [])
    if not packed:
        raise ProofInvalid("the result holds no answer")
    return [_response(of_octets(item)) for item in packed]


def _response(packed: bytes) -> Response:
    envelope = read(packed)
    if text(envelope, 1) != RESPONSE:
        raise ProofInvalid("the answer is of another module")
    answer = read(one(envelope, 2))
    logs = tuple(_log(read(of_octets(item))) for item in answer.get(2, []))
    return Response(text(answer, 4), logs, text(answer, 1))


def _log(fields: Fields) -> ResultLog:
    address = text(fields, 1)
    topics = [decode(of_octets(item)) for item in fields.get(2, [])]
    if _ADDRESS.fullmatch(address) is None or len(topics) > 4:
        raise ProofInvalid("a log has no address or too many topics")
    if any(_TOPIC.fullmatch(topic) is None for topic in topics):
        raise ProofInvalid("a topic is malformed")
    raw = tuple(bytes.fromhex(topic[2:]) for topic in topics)
    return ResultLog(checksum_address(bytes.fromhex(address[2:])), raw, one(fields, 3))


def data_of(result: Mapping[str, Any]) -> bytes:
    """The data of a result as stated."""
    return base64.b64decode(result["data"])
