"""Backup and restore of one node's folder.

What a backup must never do is bring back an old memory of what the validator has signed: a validator that signs one
height twice is suspended by all others. So the memory (`priv_validator_state.json`) is not taken from the archive; a
restored validator signs only above what its operator names, which a living member tells him (`memory.seen`).
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

from node.errors import NodeError
from node.installation import write_atomically
from node.network.memory import Signed
from node.network.processes import alone

_SECRETS = (
    "operator.key",
    "config/node_key.json",
    "config/priv_validator_key.json",
    "config/priv_validator_key.next.json",
    "config/priv_validator_key.retired.json",
)
_LEFT_OUT = ("pid", "node.log", "data/priv_validator_state.json", "data/cs.wal")
_DAMAGED = "data.damaged-"
_MEMORY = Path("data") / "priv_validator_state.json"


class ArchiveRefused(NodeError):
    """A backup cannot be made or restored as asked."""

    exit_code = 2


def backup(home: Path, out: Path, *, with_keys: bool) -> int:
    """Write a stopped node's folder into a tar file; its size in bytes.

    with_keys: also the keys. Such a file is as secret as the keys are. Raises `ArchiveRefused`, `processes.NotOurs`.
    """
    _require_node(home)
    skipped = _LEFT_OUT if with_keys else (*_LEFT_OUT, *_SECRETS)

    def chosen(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        left_out = any(entry.name == name or entry.name.startswith(f"{name}/") for name in skipped)
        return None if left_out or entry.name.startswith(_DAMAGED) else entry

    with alone(home):
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(handle, "wb") as file,
            tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive,
        ):
            for path in sorted(home.iterdir()):
                archive.add(path, arcname=path.name, filter=chosen)
    return out.stat().st_size


def record(archive: Path, name: str) -> dict[str, Any] | None:
    """The JSON file `name` at the top of a backup; None where it holds none. Raises `ArchiveRefused`."""
    try:
        with tarfile.open(archive, mode="r:gz") as file:
            member = next((entry for entry in file if entry.name == name), None)
            held = None if member is None else file.extractfile(member)
            found: dict[str, Any] | None = None if held is None else json.loads(held.read())
    except (OSError, EOFError, ValueError, tarfile.TarError) as error:
        raise _unreadable(archive, error) from error
    return found


def restore(archive: Path, home: Path, sign_above: Signed) -> None:
    """Unpack a backup into an empty or missing folder, or into one that has lost its data; what it still holds stays.

    sign_above: at or after everything that the validator can have signed; `memory.seen` tells it. Raises `ArchiveRefused`.
    """
    if (home / "data").exists() and any((home / "data").iterdir()):
        raise ArchiveRefused(f"{home} 已有数据，请先移走 / {home} holds data already: move it away first")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(archive, mode="r:gz") as file:
            for entry in file:
                _unpack(file, entry, home)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise _unreadable(archive, error) from error
    (home / "data").mkdir(exist_ok=True, mode=0o700)
    write_atomically(home / _MEMORY, sign_above.as_file())


def _unpack(archive: tarfile.TarFile, entry: tarfile.TarInfo, home: Path) -> None:
    """Write a folder or a file that is not there; keys, ports and the member's description may be newer than the backup.

    Backups hold nothing else. Python before 3.11.4 has no filter that refuses what leads out of the folder.
    """
    place = PurePosixPath(entry.name)
    if place.is_absolute() or ".." in place.parts or not (entry.isfile() or entry.isdir()):
        raise tarfile.ExtractError(f"unexpected entry {entry.name!r}")
    target = home / place
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        return
    held = archive.extractfile(entry)
    if held is None or target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(f".{target.name}.part")  # a file that is there is whole
    mode = entry.mode & 0o700
    with held, os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        shutil.copyfileobj(held, out)
    part.replace(target)


def missing_keys(home: Path) -> list[str]:
    """Keys without which a restored node does not start as the member that it was."""
    return [name for name in _SECRETS[1:3] if not (home / name).exists()]


def rebuild(home: Path, sign_above: Signed | None = None) -> Path:
    """Move a stopped node's damaged data away and leave an empty folder, which it fills from the others; the old one.

    The keys stay, and so does the memory of what was signed. Where that cannot be read, `sign_above` takes its place
    (`memory.seen` tells it). Raises `ArchiveRefused`, `processes.NotOurs`.
    """
    _require_node(home)
    memory = _readable(home / _MEMORY)
    if memory is None:
        if sign_above is None:
            raise ArchiveRefused(
                "签名记忆无法读取：请以 --sign-above 说明只签何处以上（向其他成员询问 concord network signed） / "
                "the memory of what was signed cannot be read: say --sign-above, as another member's "
                "`concord network signed` tells it"
            )
        memory = sign_above.as_file()
    number = 1 + sum(1 for path in home.glob(f"{_DAMAGED}*"))
    away, fresh = home / f"{_DAMAGED}{number}", home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    write_atomically(fresh / _MEMORY.name, memory)
    with alone(home):
        if (home / "data").exists():
            (home / "data").rename(away)
        fresh.rename(home / "data")
    return away


def _require_node(home: Path) -> None:
    if not (home / "config" / "genesis.json").exists():
        raise ArchiveRefused(f"{home} 不是节点目录 / {home} is no node's folder")


def _unreadable(archive: Path, error: Exception) -> ArchiveRefused:
    return ArchiveRefused(f"{archive.name} 无法解开 / {archive.name} cannot be unpacked: {error}")


def _readable(file: Path) -> bytes | None:
    try:
        memory = file.read_bytes()
        int(json.loads(memory)["height"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return memory
