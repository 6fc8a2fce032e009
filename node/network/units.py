"""systemd units that run a validator: found by the process's control group, or by the unit files that name its folder.

systemd starts what ended again, so a folder may be changed only while no unit is active on it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    )
)  # fmt: skip
USER_FOLDERS = (Path("/etc/systemd/user"), Path.home() / ".config" / "systemd" / "user")
_RESTS = {"inactive", "failed", "unknown", "offline", ""}


@dataclass(frozen=True, slots=True)
class Unit:
    """A service of systemd; `user`: of a user's own manager."""

    name: str
    user: bool = False

    def line(self, *words: str) -> str:
        """The command for a person to type: `systemctl WORDS UNIT`."""
        start = "systemctl --user" if self.user else "sudo systemctl"
        return " ".join([start, *words, self.name])

    def active(self) -> bool:
        """Whether systemd runs it now, or is about to start it again."""
        program = shutil.which("systemctl")
        if program is None:
            return False
        scope = ["--user"] if self.user else []
        with suppress(subprocess.SubprocessError):
            asked = [program, *scope, "is-active", self.name]
            done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10)
            return done.stdout.strip() not in _RESTS
        return True


def of_process(pid: int) -> Unit | None:
    """The unit in whose control group a process is (proc(5), cgroups(7)); None for one of a terminal or a container."""
    try:
        lines = (PROC / str(pid) / "cgroup").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        number, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        if number != "0" and controllers != "name=systemd":
            continue
        parts = path.split("/")
        held = [part for part in parts if part.endswith((".service", ".scope"))]
        if held and held[-1].endswith(".service") and not held[-1].startswith("user@"):
            return Unit(held[-1], any(part.startswith("user@") for part in parts))
    return None


def of_home(home: Path) -> list[Unit]:
    """Units whose files start the engine on this folder. Specifiers such as %i are not filled in."""
    found = [Unit(name) for folder in FOLDERS for name in _naming(folder, home)]
    found += [Unit(name, True) for folder in USER_FOLDERS for name in _naming(folder, home)]
    return list(dict.fromkeys(found))


def _naming(folder: Path, home: Path) -> Iterator[str]:
    files = [(path, path.name) for path in folder.glob("*.service")]
    files += [(path, path.parent.name.removesuffix(".d")) for path in folder.glob("*.service.d/*.conf")]
    for path, name in sorted(files):
        try:
            text = path.read_text("utf-8", "replace").replace("\\\n", " ")
        except OSError:
            continue
        if any(runs_on(command, home) for command in commands(text)):
            yield name


def commands(text: str) -> Iterator[list[str]]:
    """The words of each ExecStart line of a unit file (systemd.service(5)); a line that is none is passed over."""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "ExecStart":
            with suppress(ValueError):
                yield shlex.split(value)


def runs_on(words: list[str], home: Path) -> bool:
    """Whether a command line starts the engine on this folder: `PROGRAM start … --home DIR`."""
    if words[1:2] != ["start"]:
        return False
    pairs = zip(words, [*words[1:], ""], strict=True)
    given = [
        after if word == "--home" else word[len("--home=") :] for word, after in pairs if _names_home(word)
    ]
    return any(os.path.realpath(value) == os.path.realpath(home) for value in given if value)


def _names_home(word: str) -> bool:
    return word == "--home" or word.startswith("--home=")
