"""A third party's audit of the whole log over HTTP: nothing is believed, everything is computed again, in one pass.

Downloads the checkpoint, every entry bundle and every tile (C2SP tlog-tiles), and judges: the log's signature; the
witnesses' cosignatures; that each entry hashes to its leaf; that every tile is the one these leaves give; that their root
(RFC 9162) is the checkpoint's; and that the tree extends a checkpoint that the auditor kept from an earlier audit. Only
the right edge of the tree is held in memory, so the cost in space does not grow with the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import tenacity

from chain.checkpoint import Checkpoint, SignedNote, Verifier, open_checkpoint
from chain.cosignature import WitnessVerifier
from chain.errors import TEXTS, ChainError, NoteInvalid
from chain.merkle import EMPTY_ROOT, TILE_WIDTH, MemoryTiles, TileId, Tree, leaf_hash
from chain.merkle.hashing import HASH_SIZE
from chain.merkle.tiles import split_hashes, tile_path
from chain.trust_root import TrustRoot

AHEAD: Final = 48
"""Downloads under way or waiting at any time: bounds memory (two files of at most 9 kB each)."""
CONNECTIONS: Final = 6
MAX_FILE: Final = 64 * 1024
PASSED, INDETERMINATE, FAILED = "passed", "indeterminate", "failed"

TEXTS.update(
    {
        "audit.unavailable": (
            "无法下载 {path}（{reason}）；请稍后再试。",
            "{path} can't be downloaded ({reason}); try again later.",
        )
    }
)


class AuditUnavailable(ChainError):
    """The log can't be read: no verdict."""

    default_code = "audit.unavailable"


@dataclass(frozen=True)
class Finding:
    """One thing that was judged: `name` signature, witnesses, entries, tiles, root or consistency."""

    name: str
    outcome: str
    facts: dict[str, Any]


@dataclass
class AuditReport:
    """What was found, and the checkpoint to keep for the next audit (only when nothing failed)."""

    origin: str
    size: int = 0
    root: str = ""
    note: bytes = b""
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst outcome; indeterminate while nothing was judged."""
        outcomes = [finding.outcome for finding in self.findings]
        for worst in (FAILED, INDETERMINATE):
            if worst in outcomes:
                return worst
        return PASSED if outcomes else INDETERMINATE

    def add(self, name: str, outcome: str, **facts: Any) -> None:
        """Add a finding."""
        self.findings.append(Finding(name, outcome, facts))


class Mirror:
    """The log's files over HTTP, under the prefix of its checkpoint and tiles."""

    def __init__(self, prefix: str, http: httpx.Client | None = None, pause: float = 0.3) -> None:
        self._prefix = prefix.rstrip("/")
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._http = http or httpx.Client(
            timeout=15, limits=limits, follow_redirects=False, headers={"Accept-Encoding": "identity"}
        )
        self._pause = pause

    def get(self, path: str) -> bytes:
        """A file's bytes; raises AuditUnavailable."""
        found = self._tried(path)
        if found is None:
            raise AuditUnavailable(path=path, reason="HTTP 404")
        return found

    def tile(self, tile: TileId, width: int, entries: bool = False) -> bytes:
        """A tile or entry bundle; where a partial one was replaced by the full one meanwhile, that one."""
        path = tile_path(tile, width)
        whole = tile_path(tile)
        if entries:
            path, whole = (p.replace("tile/0/", "tile/entries/", 1) for p in (path, whole))
        found = self._tried(path)
        return self.get(whole) if found is None else found

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _tried(self, path: str) -> bytes | None:
        try:
            for attempt in tenacity.Retrying(
                stop=tenacity.stop_after_attempt(6),
                wait=tenacity.wait_exponential(self._pause, max=10),
                retry=tenacity.retry_if_exception_type((httpx.TransportError, _Later)),
                reraise=True,
            ):
                with attempt:
                    return self._once(path)
        except (httpx.HTTPError, httpx.InvalidURL, _Later) as exc:
            raise AuditUnavailable(path=path, reason=f"{type(exc).__name__} {exc}".strip()) from exc
        raise AuditUnavailable(path=path, reason="no answer")

    def _once(self, path: str) -> bytes | None:
        with self._http.stream("GET", f"{self._prefix}/{path}") as answer:
            if answer.status_code == 429 or answer.status_code >= 500:
                raise _Later(f"HTTP {answer.status_code}")
            if answer.status_code == 404:
                return None
            if answer.status_code != 200:
                raise AuditUnavailable(path=path, reason=f"HTTP {answer.status_code}")
            data = b""
            for part in answer.iter_bytes():
                data += part
                if len(data) > MAX_FILE:
                    raise AuditUnavailable(path=path, reason="larger than any file of a log")
            return data


class _Later(Exception):
    """The server asks for patience."""


def audit(
    mirror: Mirror,
    root: TrustRoot,
    earlier: bytes | None = None,
    progress: Callable[[int, int], None] = lambda _done, _size: None,
) -> AuditReport:
    """Audit the whole log behind `mirror` under a trust root.

    `earlier` is the signed note that an earlier audit kept. `progress` is told (leaves done, size). Raises
    AuditUnavailable when the log can't be read; everything that is read and wrong is a finding.
    """
    log = Verifier.parse(root.log_vkey)
    report = AuditReport(root.log_origin, note=mirror.get("checkpoint"))
    try:
        head = open_checkpoint(report.note, log)
    except NoteInvalid as exc:
        report.add("signature", FAILED, reason=exc.en)
        return report
    report.size, report.root = head.size, head.root.hex()
    report.add("signature", PASSED, key=log.key_id.hex())
    _judge_witnesses(report, root)
    before = None if earlier is None else open_checkpoint(earlier, log)
    _judge_tree(report, mirror, head, before, progress)
    return report


def _judge_witnesses(report: AuditReport, root: TrustRoot) -> None:
    note = SignedNote.parse(report.note)
    valid: dict[str, int] = {}
    for witness in root.witnesses:
        key = WitnessVerifier.parse(witness.vkey)
        if not any(line.name == key.name and line.key_id == key.key_id for line in note.signatures):
            continue
        try:
            valid[witness.name] = key.cosigned_at(note)
        except NoteInvalid:
            report.add("witnesses", FAILED, witness=witness.name, reason="a cosignature does not verify")
            return
    enough = bool(root.witnesses) and len(valid) >= max(root.witness_threshold, 1)
    report.add(
        "witnesses", PASSED if enough else INDETERMINATE, valid=valid, threshold=root.witness_threshold
    )


def _judge_tree(
    report: AuditReport,
    mirror: Mirror,
    head: Checkpoint,
    before: Checkpoint | None,
    progress: Callable[[int, int], None],
) -> None:
    tree = _Edge()
    if before is not None and before.size > head.size:
        report.add("consistency", FAILED, earlier=before.size, reason="the log has become shorter")
        return
    old_root = EMPTY_ROOT
    for number, leaves, entries in _bundles(mirror, head.size):
        wrong = _first_difference(leaves, entries)
        if wrong is not None:
            report.add(
                "entries", FAILED, index=number * TILE_WIDTH + wrong, reason="the entry is not its leaf"
            )
            return
        cut = before.size - tree.size if before is not None else 0
        if before is not None and 0 < cut <= len(leaves):
            tree.append(leaves[:cut])
            old_root = tree.root
            leaves = leaves[cut:]
        tree.append(leaves)
        progress(tree.size, head.size)
    report.add("entries", PASSED, count=tree.size)
    if tree.root != head.root:
        report.add("root", FAILED, computed=tree.root.hex())
        return
    report.add("root", PASSED)
    _judge_tiles(report, mirror, tree)
    if before is None:
        return
    if (old_root if before.size else EMPTY_ROOT) != before.root:
        report.add(
            "consistency", FAILED, earlier=before.size, reason="the log has another history than before"
        )
        return
    report.add("consistency", PASSED, earlier=before.size)


def _judge_tiles(report: AuditReport, mirror: Mirror, tree: _Edge) -> None:
    """Upper tiles are computed from the leaves; the ones that are served must be the same bytes."""
    for tile, data in tree.upper():
        width = len(data) // HASH_SIZE
        if mirror.tile(tile, width)[: len(data)] != data:
            report.add("tiles", FAILED, level=tile.level, number=tile.number)
            return
    report.add("tiles", PASSED)


class _Edge:
    """A growing tree that forgets its full leaf tiles; upper tiles (1/256 of the leaves' size) are kept for comparison."""

    def __init__(self) -> None:
        self._store = MemoryTiles()
        self.size = 0
        self.root = EMPTY_ROOT

    def append(self, leaves: list[bytes]) -> None:
        """Add leaf hashes."""
        growth = Tree(self._store, self.size).append(leaves)
        self._store.write(growth.tiles)
        for tile, data in growth.tiles.items():
            if tile.level == 0 and len(data) == TILE_WIDTH * HASH_SIZE:
                del self._store.tiles[tile]
        self.size, self.root = growth.size, growth.root

    def upper(self) -> Iterator[tuple[TileId, bytes]]:
        """The tiles above the leaves."""
        return ((tile, data) for tile, data in sorted(self._store.tiles.items()) if tile.level > 0)


def _first_difference(leaves: list[bytes], entries: list[bytes]) -> int | None:
    for position, leaf in enumerate(leaves):
        if position >= len(entries) or leaf_hash(entries[position]) != leaf:
            return position
    return None


def _bundles(mirror: Mirror, size: int) -> Iterator[tuple[int, list[bytes], list[bytes]]]:
    """(number, leaf hashes, entries) of each leaf tile in order, downloaded ahead by a few threads."""

    def fetch(number: int) -> tuple[list[bytes], list[bytes]]:
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        tile = TileId(0, number)
        leaves = split_hashes(mirror.tile(tile, width)[: width * HASH_SIZE])
        if len(leaves) != width or len(leaves[-1]) != HASH_SIZE:
            raise AuditUnavailable(path=tile_path(tile, width), reason="the tile is too short")
        return leaves, _entries(mirror.tile(tile, width, entries=True), width)

    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="audit") as pool:
        waiting: deque[tuple[int, Future[tuple[list[bytes], list[bytes]]]]] = deque()
        numbers = iter(range(-(-size // TILE_WIDTH)))
        try:
            for number in numbers:
                waiting.append((number, pool.submit(fetch, number)))
                if len(waiting) >= AHEAD:
                    first, future = waiting.popleft()
                    yield first, *future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, *future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _entries(bundle: bytes, count: int) -> list[bytes]:
    """The first `count` entries of a bundle (16-bit length before each); fewer when it is malformed."""
    found: list[bytes] = []
    at = 0
    while len(found) < count and at + 2 <= len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        found.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    return found
