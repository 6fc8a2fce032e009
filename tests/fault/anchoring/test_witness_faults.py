"""The witness client of the worker under {lost, done-but-reported-failed, killed, duplicated, delayed by an hour}.

Every database and HTTP step of the conversation with three witnesses is broken once in every way. Afterwards every
witness has cosigned the newest checkpoint, both forms verify, no witness has two histories, and nothing was alarmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from api.anchoring.repository import cosignatures, tree
from api.anchoring.service.witnessing import Witnessing
from api.anchoring.tables import CheckpointRow
from api.infra.db import Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.clock import SystemClock
from chain.checkpoint import Checkpoint, SignedNote
from chain.cosignature import WitnessVerifier, bridge_digest
from chain.merkle import Tree, leaf_hash
from chain.witness import identity
from chain.witness.service import Witness
from chain.witness_client import Endpoint, WitnessClient, WitnessConflict
from signing.wallets import recover
from tests.support.anchoring_store import create_tables
from tests.support.relay_world import Killed
from tests.support.witness_world import BRIDGE, KEY, NOW, ORIGIN, AppTransport, GrowingLog, make_witness

NAMES = ("court", "union", "notary")
MODES = ("lost", "reported failed", "killed before", "killed after", "duplicated", "delayed")
SIZES = (3, 260, 300, 520)


class Broken(Exception):
    """The database reported a failure."""


class World:
    """A log in the database, three witnesses, and a worker's witnessing part that may be broken at one step."""

    def __init__(self, folder: Path, at: int = -1, mode: str = "") -> None:
        self.folder, self.at, self.mode = folder, at, mode
        self.steps, self.time, self.broken = 0, 0.0, False
        self.clock = float(NOW)
        self.db = Database(f"sqlite:///{folder}/world.db", FieldKey(bytes(32)))
        create_tables(self.db)
        self.uow = UnitOfWork(self.db)
        self.witnesses: dict[str, Witness] = {}
        for name in NAMES:
            self.start(name)
        self.parts = self.new_part()

    def start(self, name: str) -> None:
        """Start a witness (again)."""
        self.witnesses[name] = make_witness(self.folder / name, f"{name}.test/w", now=lambda: self.clock)

    def grow(self, size: int) -> None:
        """The relay's and checkpoint loop's part: more entries, a checkpoint, its token."""
        with self.uow() as session:
            old, _ = tree.log_state(session)
            leaves = [leaf_hash(i.to_bytes(32, "big")) for i in range(old, size)]
            growth = Tree(tree.SessionTiles(session), old).append(leaves)
            tree.grow(session, old, growth)
            note = KEY.sign_checkpoint(Checkpoint(ORIGIN, size, growth.root))
            tree.add_checkpoint(session, size, growth.root, note, SystemClock().now())
            tree.set_token(session, size, b"token", "one", SystemClock().now())

    def new_part(self) -> Witnessing:
        """A worker process's part, as after a start."""
        world = self

        class Faulty(httpx.BaseTransport):
            def __init__(self, name: str) -> None:
                self._real = AppTransport(lambda: world.witnesses[name])

            def handle_request(self, request: httpx.Request) -> httpx.Response:
                mode = world.next_mode()
                if mode == "lost":
                    raise httpx.ConnectError("refused", request=request)
                if mode == "killed before":
                    raise Killed
                answer = self._real.handle_request(request)
                if mode == "duplicated":
                    answer = self._real.handle_request(request)
                if mode == "reported failed":
                    raise httpx.ReadError("connection reset", request=request)
                if mode == "killed after":
                    raise Killed
                if mode == "delayed":
                    world.time += 3600
                return answer

        clients = []
        for name in NAMES:
            facts = identity.load(self.folder / name).facts
            http = httpx.Client(transport=Faulty(name))
            endpoint = Endpoint(facts.name, "http://w", facts.vkey, facts.address)
            clients.append(WitnessClient(endpoint, BRIDGE, http, pause=0))
        return Witnessing(FaultyUow(self), SystemClock(), clients, 2, lambda: self.time)  # type: ignore[arg-type]

    def next_mode(self) -> str:
        """The fault of the I/O step that comes now; most have none."""
        number, self.steps = self.steps, self.steps + 1
        if number != self.at:
            return ""
        self.broken = True
        return self.mode

    def pass_(self) -> None:
        """One pass of the worker; a process that dies is started again."""
        self.time += 1.0
        try:
            for line in self.parts._lines:
                if line.asking is not None:
                    error = line.asking[1].exception(30)
                    if isinstance(error, Killed):
                        raise error
            self.parts.step()
        except Broken:
            pass
        except Killed:
            self.parts.close()
            self.parts = self.new_part()

    def drain(self, passes: int = 12) -> None:
        for _ in range(passes):
            self.pass_()

    def check(self, size: int) -> None:
        """What must hold in the end."""
        with self.uow.read() as session:
            for stored in session.scalars(select(CheckpointRow)):
                note = tree.as_checkpoint(stored).with_cosignatures(cosignatures.pairs(session, stored.size))
                self._check_note(note.note, note.cosignatures)
            newest = cosignatures.pairs(session, size)
            assert cosignatures.newest_witnessed(session) == size
        assert [pair.witness for pair in newest] == sorted(f"{name}.test/w" for name in NAMES)
        for name in NAMES:
            assert self.witnesses[name]._memory.last(ORIGIN).size == size

    def _check_note(self, data: bytes, pairs: tuple[Any, ...]) -> None:
        note = SignedNote.parse(data)
        head = Checkpoint.parse(note.text)
        facts = {f.name: f for f in (identity.load(self.folder / name).facts for name in NAMES)}
        for pair in pairs:
            mine = facts[pair.witness]
            assert WitnessVerifier.parse(mine.vkey).cosigned_at(note) == pair.time
            assert recover(bridge_digest(BRIDGE, head, pair.time), pair.bridge) == mine.address


class FaultyUow:
    """Units of work whose reads and commits are steps."""

    def __init__(self, world: World) -> None:
        self._world = world

    @contextmanager
    def __call__(self) -> Iterator[Any]:
        yield from self._step(self._world.uow)

    @contextmanager
    def read(self) -> Iterator[Any]:
        yield from self._step(self._world.uow.read)

    def _step(self, real: Any) -> Iterator[Any]:
        mode = self._world.next_mode()
        if mode == "lost":
            raise Broken
        if mode == "killed before":
            raise Killed
        with real() as session:
            yield session
        if mode == "reported failed":
            raise Broken
        if mode == "killed after":
            raise Killed
        if mode == "delayed":
            self._world.time += 3600


def _play(world: World) -> None:
    for size in SIZES:
        world.grow(size)
        world.drain(3)
    world.drain()
    world.check(SIZES[-1])


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_every_step_may_fail_once(tmp_path: Path, mode: str) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    whole = World(clean)
    _play(whole)
    assert whole.steps > 50
    for at in range(MODES.index(mode), whole.steps, len(MODES)):
        folder = tmp_path / f"{at}"
        folder.mkdir()
        world = World(folder, at, mode)
        _play(world)
        assert world.broken
        world.db.close()


def test_one_that_is_away_only_delays_and_catches_up_with_the_newest(tmp_path: Path) -> None:
    world = World(tmp_path)
    away = world.witnesses["union"]

    def gone(_body: bytes) -> Any:
        raise OSError("nobody there")

    world.witnesses["union"] = type("Gone", (), {"name": away.name, "add_checkpoint": staticmethod(gone)})()  # type: ignore[assignment]
    for size in SIZES:
        world.grow(size)
        world.drain(4)
        with world.uow.read() as session:
            assert cosignatures.newest_witnessed(session) == size  # two of three
            assert len(cosignatures.pairs(session, size)) == 2
    world.witnesses["union"] = away
    world.time += 120
    world.drain()
    world.check(SIZES[-1])


@pytest.mark.parametrize("jump", [86_400, -86_400])
def test_clocks_of_witnesses_jump_by_a_day(tmp_path: Path, jump: int) -> None:
    world = World(tmp_path)
    world.grow(SIZES[0])
    world.drain(4)
    world.clock += jump
    for size in SIZES[1:]:
        world.grow(size)
        world.drain(4)
    world.check(SIZES[-1])
    with world.uow.read() as session:
        for index in range(len(NAMES)):
            times = [cosignatures.pairs(session, size)[index].time for size in SIZES]
            assert times == sorted(times)


def test_the_clock_of_the_platform_may_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    real = SystemClock.now
    for size, days in zip(SIZES, (0, 1, -1, 0), strict=True):
        monkeypatch.setattr(SystemClock, "now", lambda self, d=days: real(self) + timedelta(days=d))
        world.grow(size)
        world.drain(4)
    world.check(SIZES[-1])


def test_a_witness_of_another_history_is_reported_and_nothing_is_kept_of_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    fork = GrowingLog(salt=b"fork", fork_at=2).grow(10)
    world.witnesses["union"].add_checkpoint(fork.body(0, 10))
    world.grow(260)
    with pytest.raises(WitnessConflict) as caught:
        world.drain()
    assert caught.value.facts["witness"] == "union.test/w"
    with world.uow.read() as session:
        assert "union.test/w" not in {pair.witness for pair in cosignatures.pairs(session, 260)}
