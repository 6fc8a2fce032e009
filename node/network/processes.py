"""Which process is a node: one that was started here, or one that somebody else started, systemd above all.

Our own are known by a pid file and the start time of the process behind it: a pid that the system gave to another
program is not ours, and is never signalled. Others' are found by their command line, and a folder that is in use by one
that cannot be seen (in a container) by the locks of its databases.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from node.errors import NodeError
from node.installation import write_atomically
from node.network import units
from node.network.units import Unit


class NotOurs(NodeError):
    """Somebody else runs the node, or owns its folder: what to type instead."""

    exit_code = 2


class StillRuns(NodeError):
    """A node of ours runs, and must not."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Running:
    """A node that runs. pid: None where it answers and its process cannot be seen. ours: `start` or `up` started it."""

    pid: int | None
    ours: bool = False
    unit: Unit | None = None

    @property
    def by(self) -> str:
        """Who runs it, for `status`."""
        if self.ours:
            return "concord"
        return "other" if self.unit is None else f"systemd: {self.unit.name}"


def remember(home: Path, pid: int) -> None:
    """Note which process is the node, so that everybody's `status` and `stop` find it."""
    with suppress(psutil.NoSuchProcess):
        stamp = json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()})
        write_atomically(home / "pid", stamp.encode() + b"\n", 0o644)


def own(home: Path) -> int | None:
    """Process id of a node that was started here, while it runs."""
    try:
        stamp = json.loads((home / "pid").read_bytes())
        process = psutil.Process(int(stamp["pid"]))
        same = process.create_time() == stamp["started"] and not _ended(process)
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process.pid if same else None


def _ended(process: psutil.Process) -> bool:
    """Whether nothing of a process holds a file any more: its first thread may end, and be a zombie, before the others."""
    return bool(process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)


def strangers(home: Path) -> int | None:
    """Process id of an engine that somebody else runs on this folder."""
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] != psutil.STATUS_ZOMBIE and units.runs_on(
            process.info["cmdline"] or [], home
        ):
            return int(process.pid)
    return None


def find(home: Path) -> Running | None:
    """The process that runs a node; None when none can be seen."""
    pid = own(home)
    if pid is not None:
        return Running(pid, ours=True)
    pid = strangers(home)
    return None if pid is None else Running(pid, unit=units.of_process(pid))


def refusal(name: str, running: Running, verb: str) -> NotOurs:
    """Why a node that somebody else runs is left alone, with the line that does it. verb: of systemctl."""
    process = "?" if running.pid is None else str(running.pid)
    if running.unit is not None:
        line = running.unit.line(verb)
        return NotOurs(
            f"{name} 由 systemd 运行（进程 {process}）：请执行 {line} / "
            f"{name} is run by systemd (process {process}): run `{line}`"
        )
    return NotOurs(
        f"{name} 不是由 concord network start 启动的（进程 {process}）：请以启动它的方式停止 / "
        f"{name} was not started by `concord network start` (process {process}): stop it the way it was started"
    )


def require_owner(home: Path) -> None:
    """Raises `NotOurs` where files that we write would not be readable to the folder's owner, who runs the node."""
    if not home.exists() or home.stat().st_uid == os.geteuid():
        return
    owner = home.stat().st_uid
    with suppress(KeyError):
        name = pwd.getpwuid(owner).pw_name
        raise NotOurs(
            f"{home} 属于用户 {name}：请以该用户执行 sudo -u {name} concord network … / "
            f"{home} belongs to the user {name}: run `sudo -u {name} concord network …`"
        )
    raise NotOurs(f"{home} 属于用户 {owner} / {home} belongs to the user {owner}: run this as that user")


def require_stopped(name: str, home: Path, running: Running | None) -> None:
    """Raises `StillRuns` or `NotOurs` while a node runs, or while systemd would start it again."""
    if running is not None and running.ours:
        raise StillRuns(
            f"{name} 正在运行：请先执行 concord network stop {name}，其他成员照常运行 / "
            f"{name} runs: run `concord network stop {name}` first, the others go on without it"
        )
    if running is not None:
        raise refusal(name, running, "stop")
    for unit in units.of_home(home):
        if unit.active():
            line = unit.line("stop")
            raise NotOurs(
                f"systemd 将再次启动 {name}：请先执行 {line} / "
                f"systemd is about to start {name} again: run `{line}` first"
            )


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the locks of a stopped node's databases, so that nothing starts on the folder meanwhile.

    The engine locks a file `LOCK` of each database (flock(2)). Raises `NotOurs` when somebody holds one.
    """
    with ExitStack() as held:
        for path in sorted((home / "data").glob("*.db/LOCK")):
            file = held.enter_context(path.open("rb"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise NotOurs(
                    f"{home} 的数据库正被其他进程使用：请先停止该进程 / "
                    f"the databases of {home} are in use by another process: stop it first"
                ) from error
        yield
