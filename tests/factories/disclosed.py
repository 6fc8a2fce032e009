"""Packages of one clause and of one figure, honest and altered, for tests of the format and for attacks."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import rlp
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from chain.figures import counter_slot
from chain.package import contents, read_package, write_package
from chain.package.disclosure import disclose
from signing import jcs
from tests.factories.evidence import Forge, World, at
from tests.factories.signed_parts import part

Files = dict[str, bytes]


@dataclass
class TextForge(Forge):
    """A contract without a real PDF: nothing in a clause's package rests on it, and it costs most of the time."""

    @part
    def rendered(self) -> Any:
        assert self.world.renderer is not None
        template = next(iter(self.world.renderer.templates()))
        return SimpleNamespace(template_sha256=template, renderer_id=self.world.renderer.renderer_id)

    @part
    def base(self) -> bytes:
        return b"%PDF-1.7 " + jcs.canonical(self.data) + b"\n%%EOF\n"

    @part
    def worker_signed(self) -> tuple[bytes, Any]:
        return self.base, SimpleNamespace(sha256=hashlib.sha256(b"worker's token").hexdigest())

    @part
    def employer_signed(self) -> tuple[bytes, Any]:
        return self.base, SimpleNamespace(sha256=hashlib.sha256(b"employer's token").hexdigest())

    @part
    def finished(self) -> tuple[bytes, Any]:
        return self.base + b"end", SimpleNamespace(sha256=hashlib.sha256(b"document's token").hexdigest())

    def clause(self, number: int = 3) -> bytes:
        """The package of one clause."""
        return disclose(self.package, number, now=at(800))

    def clause_files(self, number: int = 3) -> Files:
        """Its entries without the manifest."""
        return {
            name: data for name, data in read_package(self.clause(number)).items() if name != "manifest.json"
        }


def put_json(name: str, change: Callable[[Any], Any]) -> Callable[[Files], Files]:
    """Alter one JSON entry."""
    return lambda files: files | {name: jcs.canonical(change(dict(jcs.parse_object(files[name]))))}


def repacked(forge: TextForge, files: Mapping[str, bytes], **members: Any) -> bytes:
    """A clause's package over any entries; `members` replace members of its manifest."""
    value: Any = jcs.parse_object(read_package(forge.clause())["manifest.json"])
    value["entries"] = [
        {"name": name, "size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
        if name != "manifest.sig"
    ]
    return write_package({"manifest.json": jcs.canonical(value | members), **files})


# -- figures


def _trie(values: Mapping[bytes, bytes]) -> HexaryTrie:
    tree = HexaryTrie({})
    for key, value in values.items():
        tree.set(keccak(key), value)
    return tree


def _proof(tree: HexaryTrie, key: bytes) -> list[str]:
    return [base64.b64encode(rlp.encode(node)).decode() for node in tree.get_proof(keccak(key))]


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def storage_proof(
    address: str,
    code_hash: bytes,
    stored: Mapping[bytes, int],
    shown: list[bytes],
    *,
    block: int = 7,
) -> dict[str, Any]:
    """A storage proof against a header that nobody but us has made: accounts, storage, header, all consistent."""
    storage = _trie({slot: rlp.encode(_number(value)) for slot, value in stored.items() if value})
    account = rlp.encode([b"\x01", b"", storage.root_hash, code_hash])
    raw = bytes.fromhex(address[2:])
    state = _trie({raw: account, bytes(20): rlp.encode([b"", b"", keccak(rlp.encode(b"")), keccak(b"")])})
    header = [
        bytes(32), bytes(32), bytes(20), state.root_hash, bytes(32), bytes(32), bytes(256), b"", _number(block),
        b"\x01", b"\x01", (1_795_000_000).to_bytes(4, "big"), b"", bytes(32), bytes(8), b"",
    ]  # fmt: skip
    return {
        "v": 1,
        "type": "anvil-mpt",
        "kind": "storage",
        "header": base64.b64encode(rlp.encode(header)).decode(),
        "address": address,
        "account_nodes": _proof(state, raw),
        "slots": [{"slot": slot.hex(), "nodes": _proof(storage, slot)} for slot in shown],
    }


@dataclass
class FigureForge:
    """One figure's package in the making: 12 versions in a street and month, 40 in that month, 99 in all."""

    world: World
    region: int | None = 500112013
    month: str | None = "2026-11"

    def __post_init__(self) -> None:
        self.forge = Forge(self.world)
        self.root = self.forge.root
        registry = self.root.value["contracts"]["LaborContractRegistry"]
        self.address, self.code_hash = registry["address"], bytes.fromhex(registry["code_hash"])
        self.counters: dict[tuple[int | None, str | None], int] = {
            (500112013, "2026-11"): 12,
            (500112013, None): 30,
            (500112014, "2026-11"): 28,
            (None, "2026-11"): 40,
            (None, None): 99,
        }

    @property
    def stored(self) -> dict[bytes, int]:
        """The registry's storage as far as it matters."""
        return {counter_slot(*key): value for key, value in self.counters.items()} | {bytes(32): 5}

    @property
    def subject(self) -> dict[str, Any]:
        """The manifest's subject."""
        return {"what": contents.CONCLUDED, "region": self.region, "month": self.month}

    @property
    def statement(self) -> dict[str, Any]:
        """What the figure says."""
        value = self.counters.get((self.region, self.month), 0)
        return {"v": 1, **self.subject, "value": value, "block": 7}

    def proof(self, **changes: Any) -> dict[str, Any]:
        """The proof of the counter's slot; `changes` replace arguments of `storage_proof`."""
        wanted = {
            "address": self.address,
            "code_hash": self.code_hash,
            "stored": self.stored,
            "shown": [counter_slot(self.region, self.month)],
        }
        return storage_proof(**(wanted | changes))

    def package(self, statement: Any = None, proof: Any = None, subject: Any = None) -> bytes:
        """The file, sealed by the log's key."""
        files = {
            contents.FIGURE_STATEMENT: jcs.canonical(statement or self.statement),
            contents.FIGURE_PROOF: jcs.canonical(proof or self.proof()),
        }
        return write_package(self.forge.seal(files, contents.FIGURE, subject or self.subject))
