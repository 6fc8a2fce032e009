"""However two histories, stale requests, restarts and clocks are mixed, a witness cosigns one history, in order of time."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chain.merkle import verify_consistency
from chain.witness.errors import Refused
from chain.witness.submission import encode
from tests.support.witness_world import NOW, ORIGIN, GrowingLog, make_witness

SIZES = st.integers(0, 40)
HISTORIES = [
    GrowingLog().grow(40),
    GrowingLog(salt=b"fork", fork_at=7).grow(40),
    GrowingLog(salt=b"x").grow(40),
]


class WitnessMachine(RuleBasedStateMachine):
    """`cosigned` is what the world outside holds of this witness: (size, root, time)."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.clock = float(NOW)
        self.cosigned: list[tuple[int, bytes, int]] = []
        self.start_again()

    @rule()
    def start_again(self) -> None:
        self.witness = make_witness(Path(self._folder.name), now=lambda: self.clock)

    @rule(by=st.sampled_from([-86_400, -1, 0, 1, 86_400]))
    def jump(self, by: int) -> None:
        self.clock += by

    @rule(history=st.sampled_from(HISTORIES), proven=st.sampled_from(HISTORIES), old=SIZES, size=SIZES)
    def submit(self, history: GrowingLog, proven: GrowingLog, old: int, size: int) -> None:
        self._submit(encode(old, proven.proof(old, size), history.note(size)), history, size)

    @precondition(lambda self: self.cosigned)
    @rule(history=st.sampled_from(HISTORIES), size=SIZES)
    def submit_from_the_last(self, history: GrowingLog, size: int) -> None:
        self._submit(history.body(self.cosigned[-1][0], size), history, size)

    def _submit(self, body: bytes, history: GrowingLog, size: int) -> None:
        try:
            made = self.witness.add_checkpoint(body)
        except Refused:
            return
        self.cosigned.append((size, history.root(size), made.time))

    @invariant()
    def one_history_in_order(self) -> None:
        sizes = [size for size, _, _ in self.cosigned]
        times = [time for _, _, time in self.cosigned]
        assert sizes == sorted(sizes)
        assert times == sorted(times)
        assert any(all(log.root(size) == root for size, root, _ in self.cosigned) for log in HISTORIES)

    @precondition(lambda self: self.cosigned and self.cosigned[-1][0] > 0)
    @invariant()
    def the_last_extends_the_first(self) -> None:
        log = next(h for h in HISTORIES if h.root(self.cosigned[-1][0]) == self.cosigned[-1][1])
        last = self.cosigned[-1][0]
        for size, root, _ in self.cosigned:
            if size:
                verify_consistency(size, root, last, log.root(last), log.proof(size, last))

    def teardown(self) -> None:
        assert self.witness._memory.last(ORIGIN).size == (self.cosigned[-1][0] if self.cosigned else 0)
        self._folder.cleanup()


TestWitness = WitnessMachine.TestCase
TestWitness.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
