"""An auditor believes nothing: each way in which a log can be wrong is its own finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from chain.audit import AuditReport, AuditUnavailable, Mirror, audit
from chain.checkpoint import Checkpoint, LogKey
from chain.cosignature import WitnessKey
from chain.merkle import TILE_WIDTH, MemoryTiles, TileId, Tree, leaf_hash
from chain.trust_root import TrustRoot
from tests.factories.world import World
from tests.support.witness_world import KEY

WITNESSES = [
    WitnessKey(f"{name}.test/w", bytes([n]) * 32) for n, name in enumerate(("court", "notary", "union"), 1)
]


class PublishedLog:
    """A log's files as a web server would give them; any file can be replaced."""

    def __init__(self, size: int, salt: bytes = b"", fork_at: int = 0) -> None:
        self.entries = [
            i.to_bytes(32, "big") if i < fork_at else salt[:4].rjust(4, b"\0") + i.to_bytes(28, "big")
            for i in range(size)
        ]
        self.tiles = MemoryTiles()
        self.tiles.write(Tree(self.tiles, 0).append([leaf_hash(e) for e in self.entries]).tiles)
        self.size = size
        self.replaced: dict[str, Callable[[bytes], bytes]] = {}
        self.asked: list[str] = []
        self.note = self.signed(size)

    def signed(self, size: int, key: LogKey = KEY, cosigners: int = 2) -> bytes:
        head = Checkpoint(key.verifier.name, size, Tree(self.tiles, self.size).root(size))
        lines = b"".join(w.cosign(head.body(), 1_795_000_000).line().encode() for w in WITNESSES[:cosigners])
        return key.sign_checkpoint(head) + lines

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/log/")
        self.asked.append(path)
        data = self._file(path)
        if data is None:
            return httpx.Response(404)
        return httpx.Response(200, content=self.replaced.get(path, lambda plain: plain)(data))

    def _file(self, path: str) -> bytes | None:
        if path == "checkpoint":
            return self.note
        match = re.fullmatch(r"tile/(entries|\d+)/([x\d/]+)(?:\.p/(\d+))?", path)
        assert match is not None, path
        number, width = int(re.sub("[x/]", "", match[2])), int(match[3] or TILE_WIDTH)
        if match[1] == "entries":
            part = self.entries[number * TILE_WIDTH : number * TILE_WIDTH + width]
            return b"".join(b"\x00\x20" + entry for entry in part)
        return self.tiles.tiles[TileId(int(match[1]), number)][: width * 32]


def mirror(log: PublishedLog) -> Mirror:
    return Mirror("http://log.test/log", httpx.Client(transport=httpx.MockTransport(log.handle)), pause=0)


@pytest.fixture(scope="module")
def root() -> TrustRoot:
    return World().trust_root(
        log_origin=KEY.verifier.name,
        log_vkey=KEY.vkey,
        witnesses=[
            {"name": w.verifier.name, "vkey": w.verifier.encode(), "address": None} for w in WITNESSES
        ],
        witness_threshold=2,
    )


def outcome(report: AuditReport) -> dict[str, str]:
    return {finding.name: finding.outcome for finding in report.findings}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700, 66_000])
def test_a_right_log_passes(root: TrustRoot, size: int) -> None:
    log, seen = PublishedLog(size), []
    report = audit(mirror(log), root, progress=lambda done, of: seen.append((done, of)))
    assert report.verdict == "passed"
    assert outcome(report) == dict.fromkeys(("signature", "witnesses", "entries", "root", "tiles"), "passed")
    assert (report.size, seen[-1]) == (size, (size, size))


@pytest.mark.parametrize("before", [0, 1, 255, 256, 300, 700])
def test_it_extends_what_was_seen_before(root: TrustRoot, before: int) -> None:
    log = PublishedLog(700)
    report = audit(mirror(log), root, earlier=log.signed(before))
    assert outcome(report)["consistency"] == "passed"
    assert report.verdict == "passed"


def test_another_history_than_before_fails_whatever_it_looks_like_itself(root: TrustRoot) -> None:
    log, other = PublishedLog(700, b"fork", fork_at=300), PublishedLog(700)
    for size, expected in ((100, "passed"), (300, "passed"), (301, "failed"), (700, "failed")):
        assert outcome(audit(mirror(log), root, earlier=other.signed(size)))["consistency"] == expected
    shorter = PublishedLog(200)
    assert audit(mirror(shorter), root, earlier=other.signed(300)).verdict == "failed"


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_each_thing_that_is_wrong_is_a_finding(root: TrustRoot) -> None:
    cases: list[tuple[str, str, Callable[[bytes], bytes]]] = [
        ("entries", "tile/entries/001", _flip(40)),
        ("entries", "tile/entries/002.p/188", lambda data: data[:-34]),
        ("entries", "tile/0/001", _flip(40)),
        ("tiles", "tile/1/000.p/2", _flip(5)),
        ("root", "checkpoint", lambda _data: _other_root()),
        ("signature", "checkpoint", lambda data: data.replace(b"\n700\n", b"\n699\n")),
        ("signature", "checkpoint", lambda _data: b"<html>"),
        ("witnesses", "checkpoint", _broken_cosignature),
    ]
    for name, path, change in cases:
        log = PublishedLog(700)
        log.replaced[path] = change
        report = audit(mirror(log), root)
        assert report.verdict == "failed", (name, path)
        assert outcome(report)[name] == "failed", (name, path)


def _other_root() -> bytes:
    return PublishedLog(700, b"fork").note


def _broken_cosignature(note: bytes) -> bytes:
    lines = note.split(b"\n")
    lines[-2] = lines[-2][:-6] + (b"AAAA==" if lines[-2][-2:] == b"==" else b"AAAAA=")
    return b"\n".join(lines)


def test_too_few_witnesses_leave_it_undecided(root: TrustRoot) -> None:
    log = PublishedLog(300)
    log.note = log.signed(300, cosigners=1)
    report = audit(mirror(log), root)
    assert (report.verdict, outcome(report)["witnesses"]) == ("indeterminate", "indeterminate")


def test_a_stranger_key_is_no_signature(root: TrustRoot) -> None:
    log = PublishedLog(300)
    log.note = log.signed(300, LogKey.from_seed(KEY.verifier.name, bytes(32)))
    assert audit(mirror(log), root).verdict == "failed"


def test_a_partial_tile_may_have_become_full_meanwhile(root: TrustRoot) -> None:
    log = PublishedLog(700)
    log.note = log.signed(600)
    real = log._file
    log._file = lambda path: None if ".p/88" in path else real(path)  # type: ignore[method-assign]
    assert audit(mirror(log), root).verdict == "passed"


def test_a_log_that_cannot_be_read_gives_no_verdict(root: TrustRoot) -> None:
    for status in (404, 429, 500, 302):
        http = httpx.Client(
            transport=httpx.MockTransport(lambda _request, status=status: httpx.Response(status))
        )
        with pytest.raises(AuditUnavailable):
            audit(Mirror("http://log.test/log", http, pause=0), root)
    log = PublishedLog(700)
    log.replaced["tile/0/001"] = lambda data: data[:100]
    with pytest.raises(AuditUnavailable, match="too short"):
        audit(mirror(log), root)
    log.replaced["tile/0/001"] = lambda data: data * 10
    with pytest.raises(AuditUnavailable, match="larger"):
        audit(mirror(log), root)


def test_memory_does_not_grow_with_the_log(root: TrustRoot, tmp_path: Path) -> None:
    import tracemalloc

    def peak(size: int) -> int:
        source = mirror(PublishedLog(size))
        tracemalloc.start()
        try:
            assert audit(source, root).verdict == "passed"
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # How many files wait side by side differs from run to run, up to a bound: the most of three comes near it.
    small, large = (max(peak(size) for _ in range(3)) for size in (20_000, 80_000))
    assert large < small * 1.5
