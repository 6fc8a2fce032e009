"""The EVM's logs in a transaction's result: the one place where protobuf is read, strictly (evidence-spec, annex C)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.errors import ProofInvalid
from chain.light.encoding import result_bytes
from chain.merkle import leaf_hash, root_from_inclusion
from chain.transactions import checksum_address

RESPONSE = "/cosmos.evm.vm.v1.MsgEthereumTxResponse"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_TOPIC = re.compile(r"0x[0-9a-fA-F]{64}")
_OCTETS = 2


@dataclass(frozen=True)
class ResultLog:
    """An event that the network agreed on."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Response:
    """What one EVM message came to. `error` is empty when it went through."""

    error: str
    logs: tuple[ResultLog, ...]


def results_root(result: Mapping[str, Any]) -> bytes:
    """The `last_results_hash` that the result's path leads to. Raises ProofInvalid."""
    path = [bytes.fromhex(item) for item in result["path"]]
    return root_from_inclusion(leaf_hash(result_bytes(result)), result["index"], result["total"], path)


def responses(data: bytes) -> list[Response]:
    """The EVM's answers in the data of a result (TxMsgData). Raises ProofInvalid for anything else."""
    packed = _fields(data).get(2, [])
    if not packed:
        raise ProofInvalid("the result holds no answer")
    return [_response(_of_octets(item)) for item in packed]


def _response(packed: bytes) -> Response:
    envelope = _fields(packed)
    if _text(envelope, 1) != RESPONSE:
        raise ProofInvalid("the answer is of another module")
    answer = _fields(_one(envelope, 2))
    logs = tuple(_log(_fields(_of_octets(item))) for item in answer.get(2, []))
    return Response(_text(answer, 4), logs)


def _log(fields: Mapping[int, list[bytes | int]]) -> ResultLog:
    address = _text(fields, 1)
    topics = [_decode(_of_octets(item)) for item in fields.get(2, [])]
    if _ADDRESS.fullmatch(address) is None or len(topics) > 4:
        raise ProofInvalid("a log has no address or too many topics")
    if any(_TOPIC.fullmatch(topic) is None for topic in topics):
        raise ProofInvalid("a topic is malformed")
    raw = tuple(bytes.fromhex(topic[2:]) for topic in topics)
    return ResultLog(checksum_address(bytes.fromhex(address[2:])), raw, _one(fields, 3))


def _fields(data: bytes) -> dict[int, list[bytes | int]]:
    """Fields by number, in ascending order, of the wire types 0 and 2 only, every number in its shortest form."""
    found: dict[int, list[bytes | int]] = {}
    at = last = 0
    while at < len(data):
        tag, at = _number(data, at, 32)
        field, kind = tag >> 3, tag & 7
        if field == 0 or field < last or kind not in (0, _OCTETS):
            raise ProofInvalid("the result is not in its one spelling")
        last = field
        value: bytes | int
        value, at = _number(data, at, 31 if kind else 64)
        if kind == _OCTETS:
            value, at = data[at : at + value], at + value
            if at > len(data):
                raise ProofInvalid("the result ends too early")
        found.setdefault(field, []).append(value)
    return found


def _number(data: bytes, at: int, bits: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ProofInvalid("a number of the result can't be read")
        octet = data[at]
        at += 1
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            break
    if (octet == 0 and shift > 7) or value >> bits:
        raise ProofInvalid("a number of the result is not in its shortest form, or out of range")
    return value, at


def _one(fields: Mapping[int, list[bytes | int]], field: int) -> bytes:
    values = fields.get(field, [b""])
    if len(values) != 1:
        raise ProofInvalid("a member of the result comes twice")
    return _of_octets(values[0])


def _of_octets(value: bytes | int) -> bytes:
    if isinstance(value, int):
        raise ProofInvalid("a member of the result is a number")
    return value


def _text(fields: Mapping[int, list[bytes | int]], field: int) -> str:
    return _decode(_one(fields, field))


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProofInvalid("a text of the result can't be read") from error


def data_of(result: Mapping[str, Any]) -> bytes:
    """The data of a result as stated."""
    return base64.b64decode(result["data"])
