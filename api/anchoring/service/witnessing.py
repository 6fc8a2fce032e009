"""Asks the witnesses about each stamped checkpoint and keeps their checked cosignatures.

Nothing is remembered between steps but how long to wait: what a witness has cosigned stands in the database, and what it
has cosigned without our hearing of it it says itself (409). So every failure is a step that is done again: an answer that
was lost, a process that died, a request sent twice. Each witness has a thread of its own, and none holds up another one,
the relay or any user. A witness that was away is asked about the newest checkpoint, which covers the ones it missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from api.anchoring.model import StoredCheckpoint
from api.anchoring.ports import Witness
from api.anchoring.repository import cosignatures, tree, witnesses
from api.anchoring.rules import witness_trouble
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from chain.cosignature import Pair
from chain.errors import LogIntegrityError, ProofInvalid
from chain.merkle import Tree, verify_consistency
from chain.witness_client import WitnessConflict, WitnessRefuses, WitnessUnavailable

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 60.0


@dataclass
class _Line:
    """Our side of the conversation with one witness."""

    witness: Witness
    asking: tuple[StoredCheckpoint, Future[Pair]] | None = None
    not_before: float = float("-inf")
    failures: int = 0
    said: str = field(default="")
    troubled: bool = True  # on record, as far as we know: an earlier process may have left it


class Witnessing:
    """The witness client of the worker process. `step` is called again and again."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        witnesses: Sequence[Witness],
        threshold: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._threshold = threshold
        self._monotonic = monotonic
        self._lines = [_Line(witness) for witness in witnesses]
        self._pool = ThreadPoolExecutor(max(len(witnesses), 1), thread_name_prefix="witness")

    @property
    def answered(self) -> bool:
        """Whether an answer waits to be kept."""
        return any(line.asking is not None and line.asking[1].done() for line in self._lines)

    def step(self) -> int:
        """Keep what has arrived and ask who is free; returns how many cosignatures were kept.

        Raises WitnessConflict when a witness contradicts the log: the caller raises the alarm and stops.
        """
        kept = sum(self._collect(line) for line in self._lines)
        now = self._monotonic()
        free = [line for line in self._lines if line.asking is None and line.not_before <= now]
        if not free:
            return kept
        with self._uow.read() as session:
            target = cosignatures.newest_stamped(session)
            sizes = [cosignatures.last_size(session, line.witness.name) for line in free]
        for line, size in zip(free, sizes, strict=True):
            if target is not None and size < target.size:
                line.asking = (target, self._pool.submit(self._ask, line.witness, target, size))
        return kept

    def close(self) -> None:
        """End the threads; a question under way is abandoned, its answer can be had again."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, witness: Witness, target: StoredCheckpoint, last_size: int) -> Pair:
        return witness.cosign(target.note, last_size, self._log_size, lambda old: self._prove(old, target))

    def _log_size(self) -> int:
        with self._uow.read() as session:
            return tree.log_state(session)[0]

    def _prove(self, old: int, target: StoredCheckpoint) -> Sequence[bytes]:
        """The path from `old` to the target, checked: if the witness refuses it, its root at `old` is not ours."""
        with self._uow.read() as session:
            size, _ = tree.log_state(session)
            grown = Tree(tree.SessionTiles(session), size)
            path, root = grown.prove_consistency(old, target.size), grown.root(old)
        try:
            verify_consistency(old, root, target.size, bytes.fromhex(target.root), path)
        except ProofInvalid as exc:
            raise LogIntegrityError("our own tiles contradict a checkpoint", size=target.size) from exc
        return path

    def _collect(self, line: _Line) -> int:
        if line.asking is None or not line.asking[1].done():
            return 0
        (target, future), line.asking = line.asking, None
        error = future.exception()
        if isinstance(error, (WitnessConflict, LogIntegrityError)):
            raise error
        if error is not None:
            self._wait(line, error)
            return 0
        pair = future.result()
        with self._uow() as session:
            cosignatures.keep(session, target.size, pair, self._threshold, self._clock.now())
            if line.troubled:
                witnesses.clear_trouble(session, line.witness.name)
        if line.failures:
            log.info("anchoring.witness.came_back", witness=line.witness.name)
        line.failures, line.said, line.troubled = 0, "", False
        return 1

    def _wait(self, line: _Line, error: BaseException) -> None:
        """Ask again after 1, 2, 4, … 60 seconds; each new reason is logged once."""
        line.not_before = self._monotonic() + min(2.0**line.failures, LONGEST_PAUSE)
        line.failures = min(line.failures + 1, 10)
        known = isinstance(error, WitnessUnavailable)
        refuses = isinstance(error, WitnessRefuses)
        said = type(error).__name__ if refuses or not known else "unavailable"
        if said != line.said:
            line.said = said
            log.warning("anchoring.witness.failed", witness=line.witness.name, error=f"{said}: {error}")
        reason = str(error.facts["reason"]) if isinstance(error, WitnessUnavailable) else type(error).__name__
        line.troubled = True
        with self._uow() as session:
            code = witness_trouble(reason, refuses) if known else "unusable"
            witnesses.keep_trouble(session, line.witness.name, code, reason, self._clock.now())
