"""Committed artefacts: what the compiler makes of today's sources, and a loader that reads them without web3."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chain.abi import ACCOUNT_GATE, CONTRACTS, EXTENSIONS, FOLDER, JUDICIAL_ANCHOR, keccak, load
from chain.errors import DecodingError

ROOT = Path(__file__).resolve().parents[3]


def test_recompiling_gives_the_committed_artefacts() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_contracts.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_artefact_belongs_to_a_contract() -> None:
    known = (*CONTRACTS, *EXTENSIONS, JUDICIAL_ANCHOR, ACCOUNT_GATE)
    assert {path.stem for path in FOLDER.glob("*.json")} == set(known)
    for name in known:
        stored = json.loads((FOLDER / f"{name}.json").read_bytes())
        assert (stored["compiler"], stored["evm_version"]) == ("0.8.37", "cancun")
        assert len(load(name).deployed_bytecode) <= 24_576  # EIP-170


def test_artefacts_hold_no_machine_paths() -> None:
    for path in FOLDER.glob("*.json"):
        text = path.read_text("ascii")
        assert "node_modules" not in text
        assert '"/' not in text


def test_unknown_contract() -> None:
    with pytest.raises(KeyError):
        load("../errors")


def test_encodes_calls_with_structs() -> None:
    grant = load("ParticipantRegistry").function("grantAgent")
    signature = "grantAgent((bytes32,address,uint8,uint64,uint64),bytes)"
    assert grant.selector == keccak(signature.encode())[:4]
    agent = "0x" + "ab" * 20
    data = grant.encode((b"\x01" * 32, agent, 7, 1_900_000_000, 2), b"\x05" * 65)
    assert grant.decode_call(data) == ((b"\x01" * 32, agent, 7, 1_900_000_000, 2), b"\x05" * 65)
    with pytest.raises(DecodingError):
        load("EvidenceLog").function("append").decode_call(data)
    with pytest.raises(DecodingError):
        grant.decode_call(data[:-40])


def test_decodes_events_by_name() -> None:
    appended = load("EvidenceLog").event("Appended")
    assert appended.topic0 == keccak(b"Appended(uint256,uint256,uint256,bytes32)")
    data = (5).to_bytes(32, "big") + (8).to_bytes(32, "big") + b"\x09" * 32
    found = appended.decode([appended.topic0, (3).to_bytes(32, "big")], data)
    assert found == {"firstIndex": 3, "count": 5, "size": 8, "root": b"\x09" * 32}
    with pytest.raises(DecodingError):
        appended.decode([b"\x00" * 32, (3).to_bytes(32, "big")], data)
    with pytest.raises(DecodingError):
        appended.decode([appended.topic0], data)
    with pytest.raises(DecodingError):
        appended.decode([appended.topic0, (3).to_bytes(32, "big")], data[:-1])


def test_names_revert_reasons() -> None:
    log = load("EvidenceLog")
    numbers = (4).to_bytes(32, "big") + (5).to_bytes(32, "big")
    reason = log.decode_error(keccak(b"SizeMismatch(uint256,uint256)")[:4] + numbers)
    assert reason is not None
    assert str(reason) == "SizeMismatch(expected=4, actual=5)"
    panic = log.decode_error(keccak(b"Panic(uint256)")[:4] + (0x11).to_bytes(32, "big"))
    assert panic is not None
    assert panic.args == {"code": 0x11}
    assert log.decode_error(b"") is None
    assert log.decode_error(b"\x01\x02\x03\x04") is None
    assert log.decode_error(keccak(b"SizeMismatch(uint256,uint256)")[:4]) is None


def test_code_on_chain_is_compared_apart_from_its_immutables() -> None:
    registry = load("ParticipantRegistry")
    code = bytearray(registry.deployed_bytecode)
    start, length = registry.immutable_references[0]
    code[start : start + length] = b"\x77" * length
    assert registry.matches(bytes(code))
    code[0] ^= 1
    assert not registry.matches(bytes(code))
    assert not registry.matches(b"")
    assert not registry.matches(registry.deployed_bytecode + b"\x00")


def test_neither_web3_nor_the_encoder_is_loaded_with_an_artefact() -> None:
    code = (
        "import sys, chain.abi; chain.abi.load('EvidenceLog'); print({'web3', 'eth_abi'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == "set()"
