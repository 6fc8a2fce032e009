"""Whose a node's process is: ours, systemd's, somebody's; and what each is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from node.network import processes, units
from node.network.processes import NotOurs, Running, StillRuns
from node.network.units import Unit

UNIT = """[Service]
ExecStart=/opt/concord/concordd start \\
  --home {home}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "validator"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(tmp_path: Path, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """In place of the engine: a process with its command line."""
    program = tmp_path / "concordd"
    program.symlink_to(Path(sys.executable).resolve())
    code = tmp_path / "start"
    code.write_text("import time; time.sleep(60)", "ascii")
    process = subprocess.Popen([str(program), "start", "--home", str(home)], cwd=tmp_path)
    yield process
    process.kill()
    process.wait()


def seen(home: Path) -> Running | None:
    deadline = time.monotonic() + 20
    while (found := processes.find(home)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_node_of_somebody_else_is_found_and_not_ours(home: Path, engine: subprocess.Popen[bytes]) -> None:
    found = seen(home)
    assert found is not None
    assert (found.pid, found.ours, found.by) == (engine.pid, False, "other")
    assert processes.find(home.parent) is None
    processes.remember(home, engine.pid)
    found = processes.find(home)
    assert found == Running(engine.pid, ours=True)
    assert found.by == "concord"
    engine.kill()
    engine.wait()
    assert processes.find(home) is None


def control_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "7").mkdir(exist_ok=True)
    (tmp_path / "7" / "cgroup").write_text(text, "ascii")
    monkeypatch.setattr(units, "PROC", tmp_path)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/concord-validator.service\n", Unit("concord-validator.service")),
        ("0::/system.slice/concord-validator.service/inner\n", Unit("concord-validator.service")),
        ("4:memory:/x.service\n1:name=systemd:/system.slice/v.service\n0::/\n", Unit("v.service")),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/v.service\n", Unit("v.service", True)),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/terminal.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/init\n", None),
        ("4:memory:/x.service\n0::/\n", None),
        ("nonsense\n", None),
    ],
)
def test_the_unit_is_read_from_the_control_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, unit: Unit | None
) -> None:
    control_group(tmp_path, monkeypatch, text)
    assert units.of_process(7) == unit
    assert units.of_process(8) is None


def test_unit_files_that_name_the_folder_are_found(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, user = tmp_path / "system", tmp_path / "user"
    (system / "dropped.service.d").mkdir(parents=True)
    user.mkdir()
    monkeypatch.setattr(units, "FOLDERS", (system, tmp_path / "absent"))
    monkeypatch.setattr(units, "USER_FOLDERS", (user,))
    assert units.of_home(home) == []
    (system / "concord-validator.service").write_text(UNIT.format(home=home), "ascii")
    (system / "other.service").write_text(UNIT.format(home=home.parent / "other"), "ascii")
    (system / "torn.service").write_text(f"ExecStart='/x start --home {home}\n", "ascii")
    (system / "dropped.service.d" / "x.conf").write_text(f"ExecStart=/x start --home={home}/\n", "ascii")
    (user / "mine.service").write_text(UNIT.format(home=home), "ascii")
    assert units.of_home(home) == [
        Unit("concord-validator.service"),
        Unit("dropped.service"),
        Unit("mine.service", True),
    ]


def test_the_line_for_a_person() -> None:
    assert Unit("v.service").line("stop") == "sudo systemctl stop v.service"
    assert Unit("v.service", True).line("start") == "systemctl --user start v.service"


@pytest.mark.parametrize(
    ("state", "active"), [("active", True), ("activating", True), ("inactive", False), ("failed", False)]
)
def test_systemd_says_whether_a_unit_is_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, active: bool
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\n[ "$1 $2" = "is-active v.service" ] && echo {state}\nexit 3\n', "ascii")
    systemctl.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Unit("v.service").active() is active
    monkeypatch.setenv("PATH", str(tmp_path / "absent"))
    assert not Unit("v.service").active()


def test_what_runs_is_refused_with_what_to_type(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "FOLDERS", (tmp_path,))
    monkeypatch.setattr(units, "USER_FOLDERS", ())
    with pytest.raises(StillRuns, match=r"请先执行 concord network stop hr.*run `concord network stop hr`"):
        processes.require_stopped("hr", home, Running(5, ours=True))
    with pytest.raises(
        NotOurs, match=r"请执行 sudo systemctl stop v.service / .*run `sudo systemctl stop v.serv"
    ):
        processes.require_stopped("hr", home, Running(5, unit=Unit("v.service")))
    with pytest.raises(NotOurs, match=r"不是由.*was not started by"):
        processes.require_stopped("hr", home, Running(None))
    processes.require_stopped("hr", home, None)
    (tmp_path / "v.service").write_text(UNIT.format(home=home), "ascii")
    monkeypatch.setattr(Unit, "active", lambda _self: False)
    processes.require_stopped("hr", home, None)
    monkeypatch.setattr(Unit, "active", lambda _self: True)
    with pytest.raises(
        NotOurs, match=r"再次启动 hr.*about to start hr again: run `sudo systemctl stop v.service`"
    ):
        processes.require_stopped("hr", home, None)


def test_a_folder_is_written_by_its_owner_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes.require_owner(home)
    processes.require_owner(home / "absent")
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)
    with pytest.raises(NotOurs, match="belongs to the user"):
        processes.require_owner(home)


def test_a_process_whose_first_thread_has_ended_is_not_gone(home: Path) -> None:
    """It is a zombie to look at, and its other threads still hold the databases' locks."""
    code = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        processes.remember(home, process.pid)
        deadline = time.monotonic() + 20
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert processes.own(home) == process.pid
    finally:
        process.kill()
        process.wait()
    assert processes.own(home) is None
