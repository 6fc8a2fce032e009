"""The Solidity libraries decide the public vectors as published: RFC 6962 proofs, and P-256 with and without the precompile."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import solcx
from eth_abi.abi import decode, encode

from chain.abi import keccak
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.transactions import Sender
from scripts.build_contracts import COMPILER, MODULES, SETTINGS, SOURCES

from .conftest import CHAIN_ID, Evm, key

HARNESS = """
pragma solidity 0.8.37;
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {RFC9162} from "src/libraries/RFC9162.sol";
contract Harness {
    function inclusion(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata proof, bytes32 root)
        external pure returns (bool) { return RFC9162.verifyInclusion(leaf, index, size, proof, root); }
    function consistency(uint256 first, uint256 second, bytes32 a, bytes32 b, bytes32[] calldata proof)
        external pure returns (bool) { return RFC9162.verifyConsistency(first, second, a, b, proof); }
    function p256(bytes32 h, bytes32 r, bytes32 s, bytes32 x, bytes32 y)
        external view returns (bool) { return P256.verify(h, r, s, x, y); }
}
"""
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Ask = Callable[[str, list[str], list[Any]], bool]


@pytest.fixture(scope="module")
def code() -> bytes:
    library = "src/libraries/RFC9162.sol"
    sources = {
        "Harness.sol": {"content": HARNESS},
        library: {"content": (SOURCES / "libraries" / "RFC9162.sol").read_text()},
    }
    answer = solcx.compile_standard(
        {"language": "Solidity", "sources": sources, "settings": SETTINGS},
        solc_binary=COMPILER,
        base_path=MODULES,
        allow_paths=MODULES,
    )
    return bytes.fromhex(answer["contracts"]["Harness.sol"]["Harness"]["evm"]["bytecode"]["object"])


@pytest.fixture
def ask(evm: Evm, code: bytes) -> Ask:
    signed = Sender(key(0x51), CHAIN_ID).sign(None, code, 0, 6_000_000)
    evm.gateway.send([signed.raw])
    while (receipt := evm.gateway.receipts([signed.hash])[0]) is None:
        pass
    target = receipt.contract
    assert target is not None

    def call(name: str, types: list[str], values: list[Any]) -> bool:
        selector = keccak(f"{name}({','.join(types)})".encode())[:4]
        return bool(decode(["bool"], evm.gateway.call(target, selector + encode(types, values)))[0])

    return call


def _vectors(folder: Path, name: str) -> Any:
    return json.loads((folder / "vectors" / name).read_text("utf-8"))


def _hashes(listed: list[str] | None) -> list[bytes]:
    return [base64.b64decode(item) for item in listed or []]


def _words(hashes: list[bytes]) -> bool:
    """The chain's types hold 32-byte hashes only: a vector with another length cannot even be asked about."""
    return all(len(item) == 32 for item in hashes)


def test_inclusion_proofs(ask: Ask, shared_data: Path) -> None:
    asked, wrong = 0, []
    for path, vector in _vectors(shared_data, "rfc6962-inclusion.json").items():
        leaf, root = _hashes([vector["leafHash"], vector["root"]])
        proof = _hashes(vector["proof"])
        if not _words([leaf, root, *proof]):
            continue
        asked += 1
        types = ["bytes32", "uint256", "uint256", "bytes32[]", "bytes32"]
        found = ask("inclusion", types, [leaf, vector["leafIdx"], vector["treeSize"], proof, root])
        if found == vector["wantErr"]:
            wrong.append(path)
    assert wrong == []
    assert asked == 72


def test_proofs_of_the_python_tree_hold_in_solidity_and_nothing_near_them_does(ask: Ask) -> None:
    """Every shape up to 20 leaves and a few larger ones: made here, judged there; a changed bit, index or size fails."""
    sizes = [*range(1, 21), 31, 32, 33, 255, 256, 257]
    tiles = MemoryTiles()
    leaves = [leaf_hash(number.to_bytes(32, "big")) for number in range(sizes[-1])]
    tiles.write(Tree(tiles, 0).append(leaves).tiles)
    tree = Tree(tiles, sizes[-1])
    inclusion = ["bytes32", "uint256", "uint256", "bytes32[]", "bytes32"]
    consistency = ["uint256", "uint256", "bytes32", "bytes32", "bytes32[]"]
    for size in sizes:
        root = tree.root(size)
        for index in {0, size // 2, size - 1}:
            path = tree.prove_inclusion(index, size)
            assert ask("inclusion", inclusion, [leaves[index], index, size, path, root])
            assert not ask("inclusion", inclusion, [leaves[index], index + size, size, path, root])
            assert not ask("inclusion", inclusion, [leaves[index], index, size, [*path, bytes(32)], root])
            if path:
                assert not ask("inclusion", inclusion, [leaves[index], index, size, path[:-1], root])
        for first in {1, size // 2 or 1, size - 1 or 1}:
            proof = tree.prove_consistency(first, size)
            before = tree.root(first)
            assert ask("consistency", consistency, [first, size, before, root, proof])
            changed = hashlib.sha256(before).digest()
            assert not ask("consistency", consistency, [first, size, changed, root, proof])
            assert not ask("consistency", consistency, [first, size, before, root, [*proof, bytes(32)]])


def test_consistency_proofs(ask: Ask, shared_data: Path) -> None:
    asked, wrong = 0, []
    for path, vector in _vectors(shared_data, "rfc6962-consistency.json").items():
        first, second = _hashes([vector["root1"], vector["root2"]])
        proof = _hashes(vector["proof"])
        if not _words([first, second, *proof]):
            continue
        asked += 1
        types = ["uint256", "uint256", "bytes32", "bytes32", "bytes32[]"]
        found = ask("consistency", types, [vector["size1"], vector["size2"], first, second, proof])
        if found == vector["wantErr"]:
            wrong.append(path)
    assert wrong == []
    assert asked == 71


def test_p256_signatures(ask: Ask, shared_data: Path) -> None:
    """Signatures with a high s are refused on chain although they verify elsewhere: one text, one signature."""
    asked = 0
    for group in _vectors(shared_data, "wycheproof-ecdsa_secp256r1_sha256_p1363_test.json")["testGroups"]:
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        x, y = point[1:33], point[33:]
        for test in group["tests"]:
            signature = bytes.fromhex(test["sig"])
            if len(signature) != 64:
                assert test["result"] == "invalid"
                continue
            r, s = signature[:32], signature[32:]
            digest = hashlib.sha256(bytes.fromhex(test["msg"])).digest()
            expected = test["result"] == "valid" and int.from_bytes(s, "big") <= ORDER // 2
            asked += 1
            assert ask("p256", ["bytes32"] * 5, [digest, r, s, x, y]) == expected, test["tcId"]
    assert asked > 150
