"""A witness that dies at any moment: it never cosigns two histories, and who asks again gets his cosignature."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from chain.checkpoint import Verifier
from chain.witness import identity
from chain.witness import memory as memory_module
from chain.witness.errors import Refused
from chain.witness.memory import FILE
from tests.support.programs import Program
from tests.support.relay_world import Killed
from tests.support.witness_world import (
    KEY,
    NOW,
    ORIGIN,
    GrowingLog,
    make_witness,
    plain_cosignatures,
    public_key,
)

STEPS = ("before it begins", "begun", "read", "written", "committed", "signed once", "signed twice")


class DyingConnection:
    """A database connection whose process dies at a named step: what was not committed is gone with it."""

    def __init__(self, inner: sqlite3.Connection, step: str) -> None:
        self._inner, self._step = inner, step

    def execute(self, sql: str, *args: Any) -> Any:
        word = sql.split()[0]
        before = {"BEGIN": "before it begins", "SELECT": "begun", "INSERT": "read", "COMMIT": "written"}.get(
            word
        )
        if before == self._step:
            raise Killed
        if word == "ROLLBACK":
            return None  # a dead process rolls nothing back: the next one to open the file finds its journal
        return self._inner.execute(sql, *args)


def _dying(folder: Path, step: str) -> Any:
    witness = make_witness(folder)
    connection = witness._memory._connection
    witness._memory._connection = DyingConnection(connection, step)  # type: ignore[assignment]
    if step in ("committed", "signed once"):

        def die(*_: Any) -> Any:
            raise Killed

        if step == "committed":
            witness._sign = die  # type: ignore[method-assign]
        else:
            witness._keys.cosigner.cosign = die  # type: ignore[method-assign]
    return witness, connection


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step_it_stays_with_one_history(tmp_path: Path, step: str) -> None:
    log, fork = GrowingLog().grow(30), GrowingLog(salt=b"fork", fork_at=5).grow(30)
    make_witness(tmp_path).add_checkpoint(log.body(0, 10))
    witness, connection = _dying(tmp_path, step)
    answered = False
    try:
        witness.add_checkpoint(log.body(10, 20))
        answered = True
    except Killed:
        pass
    connection.close()  # the process is gone

    again = make_witness(tmp_path)
    last = again._memory.last(ORIGIN).size
    assert last in (10, 20)
    assert last == 20 or not answered
    for old in (10, 20):
        with pytest.raises(Refused):
            again.add_checkpoint(fork.body(old, 25))
    if last == 10:
        again.add_checkpoint(log.body(10, 20))
    assert again.add_checkpoint(log.body(20, 20)).time >= NOW
    assert again.add_checkpoint(log.body(20, 30)).time >= NOW


def test_two_processes_on_one_memory_never_split(tmp_path: Path) -> None:
    log, fork = GrowingLog().grow(30), GrowingLog(salt=b"fork", fork_at=5).grow(30)
    make_witness(tmp_path).add_checkpoint(log.body(0, 5))
    results: list[str] = []
    gate = threading.Barrier(2)

    def race(name: str, history: GrowingLog) -> None:
        witness = make_witness(tmp_path)
        gate.wait()
        try:
            witness.add_checkpoint(history.body(5, 20))
            results.append(name)
        except Refused:
            pass

    threads = [threading.Thread(target=race, args=item) for item in (("log", log), ("fork", fork))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1


def test_a_full_disk_signs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = GrowingLog().grow(30)
    witness = make_witness(tmp_path)

    class Full(DyingConnection):
        def execute(self, sql: str, *args: Any) -> Any:
            if sql.startswith("COMMIT"):
                self._inner.execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
            return self._inner.execute(sql, *args)

    real = witness._memory._connection
    monkeypatch.setattr(witness._memory, "_connection", Full(real, ""))
    with pytest.raises(sqlite3.OperationalError):
        witness.add_checkpoint(log.body(0, 10))
    monkeypatch.setattr(witness._memory, "_connection", real)
    assert witness._memory.last(ORIGIN).size == 0
    witness.add_checkpoint(log.body(0, 10))


def test_its_memory_is_on_disk_before_it_answers() -> None:
    connection = memory_module._connect(Path(":memory:"))
    assert connection.execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA


@pytest.mark.slow
def test_kill_9_of_the_real_program(tmp_path: Path) -> None:
    """The program is killed again and again under a client that mixes two histories; the client keeps what it got."""
    facts = identity.make(tmp_path / "witness", "court.test/")
    log, fork = GrowingLog().grow(400), GrowingLog(salt=b"fork", fork_at=3).grow(400)
    program = Program(
        "witness",
        [sys.executable, "-m", "chain.witness", "--data", str(tmp_path / "witness"), "--port", "0"]
        + ["--log", KEY.vkey],
    ).start()
    dice, cosigned, old, restarts = random.Random(7), [], 0, 0
    until = time.monotonic() + 60
    client = httpx.Client(timeout=5, trust_env=False)
    try:
        while time.monotonic() < until and (restarts < 6 or len(cosigned) <= 20):
            kill = threading.Timer(dice.uniform(0.05, 0.6), _kill_9(program))
            kill.start()
            while True:
                history = dice.choice([log, log, fork])
                size = min(old + dice.randint(0, 3), 400)
                try:
                    answer = client.post(program.url + "/add-checkpoint", content=history.body(old, size))
                except httpx.HTTPError:
                    break
                if answer.status_code == 200:
                    assert plain_cosignatures(
                        answer.content, history.note(size), facts.name, public_key(facts.vkey)
                    )
                    cosigned.append((size, history.root(size)))
                    old = size
                elif answer.headers["content-type"] == "text/x.tlog.size":
                    old = int(answer.content)
            kill.join()
            assert program.process is not None
            program.process.wait()
            program.start()
            restarts += 1
    finally:
        client.close()
        if program.process is not None and program.process.poll() is None:
            program.process.send_signal(signal.SIGTERM)
            program.process.wait(10)
    assert restarts >= 6
    assert len(cosigned) > 20
    assert any(all(h.root(size) == root for size, root in cosigned) for h in (log, fork))
    assert [size for size, _ in cosigned] == sorted(size for size, _ in cosigned)


def _kill_9(program: Program) -> Callable[[], None]:
    process = program.process
    assert process is not None
    return lambda: os.kill(process.pid, signal.SIGKILL)


def test_the_command_line_makes_runs_and_shows_a_witness(tmp_path: Path) -> None:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "chain.witness", *arguments, "--data", str(tmp_path / "w")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert "init" in call("run", "--log", KEY.vkey).stderr
    assert '"court.test/' in call("init", "--name", "court.test/").stdout
    assert '"logs": []' in call("show").stdout
    assert "--log" in call("run").stderr
    (tmp_path / "w" / FILE).unlink()
    assert call("run", "--log", KEY.vkey).returncode == 1
    assert Verifier.parse(KEY.vkey).name == ORIGIN
