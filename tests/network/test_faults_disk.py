"""A node whose data is damaged, whose disk is full, or whose clock is wrong, while a load runs on all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from node.network.alarms import judge
from node.network.archive import ArchiveRefused, rebuild
from node.network.cli import app
from node.network.memory import Signed
from tests.network.conftest import PATIENCE
from tests.network.load import Load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NEEDS_MOUNT = "mounting a small disk needs root"
NEEDS_TRACE = "slowing another process's disk needs root and the right to trace it"
FLUSH_SECONDS = 0.4


@pytest.fixture
def load(network: Any) -> Iterator[Load]:
    network.whole()
    with Load(network) as running:
        yield running


def test_a_damaged_folder_is_filled_again_from_the_others(network: Any, load: Load) -> None:
    node = network.nodes[1]
    network.kill(node)
    for file in (node.home / "data" / "blockstore.db").iterdir():
        if file.suffix in {".ldb", ".log"}:
            file.write_bytes(os.urandom(file.stat().st_size))
    network.local.start(node)
    network.until(lambda: network.local.pid(node) is None)
    assert network.local.status(node)["height"] is None
    told = CliRunner().invoke(app, ["status", "--data", str(network.local.data)])
    assert f"!! network.node_down: 节点 {node.member.name}" in told.stderr
    load.until_anchored(40)

    memory = (node.home / "data" / "priv_validator_state.json").read_bytes()
    done = CliRunner().invoke(app, ["rebuild", node.member.name, "--data", str(network.local.data)])
    assert done.exit_code == 0, done.output
    assert (node.home / "data" / "priv_validator_state.json").read_bytes() == memory
    network.local.start(node)
    network.local.wait(node, network.height(network.nodes[0]), PATIENCE)
    load.settle()


def test_without_its_memory_a_validator_signs_only_above_a_height(network: Any, tmp_path: Path) -> None:
    home = tmp_path / "hr"
    shutil.copytree(network.nodes[0].home / "config", home / "config")
    (home / "data").mkdir()
    (home / "data" / "priv_validator_state.json").write_bytes(b"\0\0")
    with pytest.raises(ArchiveRefused, match="the memory of what was signed cannot be read"):
        rebuild(home)
    assert (home / "data").exists()
    away = rebuild(home, Signed(70))
    assert (away / "priv_validator_state.json").read_bytes() == b"\0\0"
    memory = json.loads((home / "data" / "priv_validator_state.json").read_bytes())
    assert memory == {"height": "70", "round": 0, "step": 3}


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """A disk of that size in the place of a folder, with what the folder held."""
    kept = place.with_name("kept")
    place.rename(kept)
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        place.rmdir()
        kept.rename(place)
        pytest.skip(NEEDS_MOUNT)
    try:
        shutil.copytree(kept, place, dirs_exist_ok=True)
        yield
    finally:
        shutil.rmtree(kept)
        shutil.copytree(place, kept)
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()
        kept.rename(place)


def fill(file: Path) -> None:
    """Take all room that is left on a disk."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(1 << 16)):
            pass
    assert shutil.disk_usage(file.parent).free < 1 << 16


def test_a_full_disk_stops_one_node_and_nothing_else(network: Any, load: Load) -> None:
    """It stops where it cannot write, the others go on; with room again it starts and catches up."""
    if os.geteuid() != 0:
        pytest.skip(NEEDS_MOUNT)
    node = network.nodes[2]
    network.local.stop(node)
    with small_disk(node.home, 256):
        try:
            network.local.start(node)
            network.local.wait(node, network.height(network.nodes[0]), PATIENCE)
            fill(node.home / "filler")
            facts = [{"member": node.member.name, **network.local.status(node)}]
            assert "network.disk_full" in {alarm.code for alarm in judge(facts, 4) if alarm.critical}
            stood = network.height(node)
            load.until_anchored(60)
            assert network.height(node) <= stood + 3
            assert load.outages == 0
            network.local.stop(node, signal.SIGKILL)
            (node.home / "filler").unlink()
            network.local.start(node)
            network.local.wait(node, network.height(network.nodes[0]), PATIENCE)
        finally:
            network.local.stop(node, signal.SIGKILL)
    network.local.start(node)
    load.settle()


@contextmanager
def slow_disk(pid: int, log: Path) -> Iterator[None]:
    """Each flush to disk of a process takes `FLUSH_SECONDS` longer than it does; `log` gets a line for each."""
    delay = f"inject=fsync,fdatasync:delay_enter={int(FLUSH_SECONDS * 1e6)}"
    command = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        delay,
        "-o",
        str(log),
        "-p",
        str(pid),
    ]
    with subprocess.Popen(command) as tracer:
        try:
            status = Path(f"/proc/{pid}/status")
            deadline = time.monotonic() + 20
            while f"TracerPid:\t{tracer.pid}" not in status.read_text("ascii"):
                if tracer.poll() is not None:
                    pytest.skip(NEEDS_TRACE)
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield
        finally:
            if tracer.poll() is None:
                tracer.send_signal(signal.SIGINT)  # it lets go of the process and ends


def test_a_slow_disk_holds_nobody_up(network: Any, load: Load, tmp_path: Path) -> None:
    """One validator waits for its disk at every flush: the others decide without it, and it catches up afterwards."""
    if os.geteuid() != 0:
        pytest.skip(NEEDS_TRACE)
    node, log = network.nodes[1], tmp_path / "flushes"
    pid = network.local.pid(node)
    before = load.anchored
    with slow_disk(pid, log):
        load.until_anchored(100)
    flushes = log.read_text("ascii").count("sync(")
    assert flushes >= 10, "the disk was never slow"
    assert load.anchored >= before + 100
    assert load.outages == 0
    assert network.local.pid(node) == pid
    network.local.wait(node, network.height(network.nodes[0]), PATIENCE)
    load.settle()
