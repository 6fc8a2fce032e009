"""Every reader of strangers' bytes: no crash, no hang over two seconds, at most 64 MB for a file of five."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.package import contents, read_package, write_package
from tests.attacks.evidence.story import seal
from tests.factories import mutated_bytes
from tests.factories.evidence import Forge, World
from tests.support.evidence_world import world
from tests.support.reader_child import HEAD

__all__ = ["world"]

ROOT = Path(__file__).resolve().parents[3]
MEGABYTES = 64
SECONDS = 2.0
FEW = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Child:
    """The process that reads."""

    def __init__(self, root: bytes, warm: bytes) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.reader_child", str(MEGABYTES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self._send(b"r", root)
        self._send(b"v", warm)
        assert self._answer() == {"ready": True}

    def _send(self, reader: bytes, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(HEAD.pack(reader, len(data)) + data)
        self.process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the reader died: {self.process.wait(10)}"
        value: dict[str, Any] = json.loads(line)
        return value

    def reads(self, reader: bytes, data: bytes) -> None:
        """Hand it bytes; it must neither crash nor hang."""
        self._send(reader, data)
        answer = self._answer()
        assert not answer["crash"], (reader, answer["crash"], len(data), data[:200])
        assert answer["ms"] <= SECONDS * 1000, (reader, answer["ms"], len(data), data[:200])

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


@pytest.fixture(scope="module")
def forge(world: World) -> Forge:
    return Forge(world)


@pytest.fixture(scope="module")
def child(forge: Forge) -> Iterator[Child]:
    made = Child(forge.root.canonical(), forge.package)
    yield made
    made.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
SEEDS = st.integers(min_value=0, max_value=2**64)


@FEW
@given(data=st.binary(max_size=400))
@pytest.mark.parametrize("reader", [b"z", b"j", b"m", b"n", b"p", b"t", b"r", b"v"])
def test_any_bytes(child: Child, reader: bytes, data: bytes) -> None:
    child.reads(reader, data)


@FEW
@given(value=JSON, name=st.sampled_from(sorted(contents.SHAPES)))
def test_any_json(child: Child, value: Any, name: str) -> None:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for reader, data in (
        (b"j", text),
        (b"m", text),
        (b"r", text),
        (b"e", name.encode() + b"\n" + text),
        (b"x", text),
    ):
        child.reads(reader, data)


@FEW
@given(seed=SEEDS)
def test_archives_that_were_tampered_with(child: Child, forge: Forge, seed: int) -> None:
    data, _ = mutated_bytes.zip_trick(forge.package, random.Random(seed))
    child.reads(b"z", data)
    child.reads(b"v", data)


@FEW
@given(seed=SEEDS)
def test_tokens_that_were_tampered_with(child: Child, forge: Forge, seed: int) -> None:
    data, _ = mutated_bytes.der(forge.checkpoint_token, random.Random(seed))
    child.reads(b"t", data)


@FEW
@given(seed=SEEDS)
def test_files_that_were_tampered_with_and_sealed_again(child: Child, forge: Forge, seed: int) -> None:
    dice = random.Random(seed)
    name = dice.choice(
        [contents.PDF, contents.PDF, contents.CHECKPOINT_TOKEN, contents.CHECKPOINT, contents.PROOFS]
    )
    change = {contents.PDF: mutated_bytes.pdf, contents.CHECKPOINT_TOKEN: mutated_bytes.der}.get(
        name, mutated_bytes.text_lines
    )
    data, _ = change(forge.files[name], dice)
    child.reads(b"v", seal(forge, dict(forge.files) | {name: data}))


def _nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"0" + b"}" * depth


def _der_nested(depth: int) -> bytes:
    return b"\x30\x80" * depth + b"\x05\x00" + b"\x00\x00" * depth


LOCAL = struct.Struct("<4sHHHHHIIIHH")
EDGES = {
    "json-deep": (b"j", _nested(200_000)),
    "json-arrays-deep": (b"j", b"[" * 1_000_000),
    "json-long-number": (b"j", b'{"a":' + b"9" * 1_000_000 + b"}"),
    "json-exponent": (b"j", b'{"a":1e999999999}'),
    "json-surrogates": (b"j", b'{"a":"\\ud800"}'),
    "json-many-members": (b"j", b"{" + b",".join(b'"%07d":0' % n for n in range(300_000)) + b"}"),
    "json-doubled-member": (b"j", b'{"a":1,"a":1}'),
    "json-bom": (b"j", b'\xef\xbb\xbf{"a":1}'),
    "json-utf-16": (b"j", '{"a":1}'.encode("utf-16")),
    "der-deep": (b"t", _der_nested(50_000)),
    "der-endless-length": (b"t", b"\x30\x84\xff\xff\xff\xff" + bytes(100)),
    "der-long-oid": (b"t", b"\x30\x82\x40\x04\x06\x82\x40\x00" + b"\xff" * 0x4000),
    "note-many-lines": (b"n", b"a\n1\nAAAA\n\n" + "— a AAAAAAAA\n".encode() * 4000),
    "proof-many-hashes": (b"p", b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 43 + b"=\n" * 100_000),
    "zip-bomb-of-sizes": (b"z", LOCAL.pack(b"PK\x03\x04", 10, 0, 0, 0, 0x21, 0, 2**32 - 1, 2**32 - 1, 1, 0) + b"a"),
    "zip-many-entries": (b"z", b"".join(
        LOCAL.pack(b"PK\x03\x04", 10, 0, 0, 0, 0x21, 0, 0, 0, 3, 0) + b"%03d" % n for n in range(999)
    )),
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_edges(child: Child, edge: str) -> None:
    child.reads(*EDGES[edge])


def _five_megabytes(forge: Forge) -> dict[str, bytes]:
    """Files of five megabytes, each heavy in another way, sealed by the log's key."""
    files, size = dict(forge.files), 5_000_000
    zeros = b"0," * (size // 2 - 100) + b"0"
    stream = b'{"events":[' + zeros + b'],"stream":"x","v":1}'
    deep = b'{"events":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}"
    words = b'{"clauses":[' + b",".join(b'{"id":"%07d"}' % n for n in range(size // 18)) + b'],"v":1}'
    rest = size - len(forge.package)
    heavy = {
        "pdf-tail": {contents.PDF: files[contents.PDF] + bytes(rest)},
        "pdf-objects": {contents.PDF: files[contents.PDF] + b"1 0 obj\n<<>>\nendobj\n" * (rest // 20)},
        "json-numbers": {contents.STREAM: stream},
        "json-deep": {contents.STREAM: deep},
        "json-objects": {contents.CLAUSES: words},
        "token": {contents.CHECKPOINT_TOKEN: _der_nested(rest // 4)},
        "note": {contents.CHECKPOINT: files[contents.CHECKPOINT] + "— a AAAAAAAA\n".encode() * (rest // 16)},
        "proofs": {
            contents.PROOFS: b"c2sp.org/tlog-proof@v1\nindex 0\n"
            + (b"A" * 43 + b"=\n") * (rest // 45)
            + b"\n"
        },
        "proof-lines": {contents.PROOFS: b"c2sp.org/tlog-proof@v1\n" + b"a\n" * (rest // 2) + b"\n"},
        "proof-ends": {contents.PROOFS: b"\n" * rest},
    }
    return {name: seal(forge, files | change) for name, change in heavy.items()}


@pytest.mark.parametrize(
    "what",
    [
        "pdf-tail",
        "pdf-objects",
        "json-numbers",
        "json-deep",
        "json-objects",
        "token",
        "note",
        "proofs",
        "proof-lines",
        "proof-ends",
    ],
)
def test_five_megabytes_within_limits(child: Child, forge: Forge, what: str) -> None:
    data = _five_megabytes(forge)[what]
    assert 4_500_000 < len(data) < 6_000_000
    child.reads(b"v", data)


def test_the_limits_bite(child: Child, forge: Forge) -> None:
    """A reader that took more memory, or that crashed, would be seen."""
    made = Child(forge.root.canonical(), forge.package)
    with pytest.raises(AssertionError, match="MemoryError"):
        made.reads(b"x", b"[" + b"0," * 10_000_000 + b"0]")
    made.close()
    with pytest.raises(AssertionError, match="JSONDecodeError"):
        child.reads(b"x", b"no json at all")


def test_the_helpers_make_packages(forge: Forge) -> None:
    """The sealed files are readable, so the mutations reach behind the archive."""
    assert read_package(seal(forge, dict(forge.files))) == read_package(
        write_package(read_package(seal(forge, dict(forge.files))))
    )
