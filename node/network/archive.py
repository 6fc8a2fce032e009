"""Backup and restore of one node's folder.

What a backup must never do is bring back an old memory of what the validator has signed: a validator that signs one
height twice is suspended by all others. So the memory (`priv_validator_state.json`) is not taken from the archive; a
restored validator starts to sign above a height that its operator names, which the network has not reached yet.
"""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

from node.errors import NodeError
from node.installation import write_atomically

_SECRETS = ("operator.key", "config/node_key.json", "config/priv_validator_key.json")
_LEFT_OUT = ("pid", "node.log", "data/priv_validator_state.json", "data/cs.wal")
_MEMORY = Path("data") / "priv_validator_state.json"


class ArchiveRefused(NodeError):
    """A backup cannot be made or restored as asked."""

    exit_code = 2


def backup(home: Path, out: Path, *, with_keys: bool) -> int:
    """Write a stopped node's folder into a tar file; its size in bytes.

    with_keys: also the three keys. Such a file is as secret as the keys are. Raises `ArchiveRefused`.
    """
    if not (home / "config" / "genesis.json").exists():
        raise ArchiveRefused(f"{home} is no node's folder")
    skipped = _LEFT_OUT if with_keys else (*_LEFT_OUT, *_SECRETS)

    def chosen(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        left_out = any(entry.name == name or entry.name.startswith(f"{name}/") for name in skipped)
        return None if left_out else entry

    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
        for path in sorted(home.iterdir()):
            archive.add(path, arcname=path.name, filter=chosen)
    return out.stat().st_size


def restore(archive: Path, home: Path, sign_above: int) -> None:
    """Unpack a backup into an empty or missing folder, or into one that holds the node's keys only.

    sign_above: height above which the validator may sign; it must be above every height that it can have signed: the
    network's present height, plus ten. Raises `ArchiveRefused`.
    """
    if (home / "data").exists() and any((home / "data").iterdir()):
        raise ArchiveRefused(f"{home} holds data already: move it away first")
    if sign_above < 1:
        raise ArchiveRefused("say above which height the validator may sign: the network's height plus ten")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(archive, mode="r:gz") as file:
            kept = [m for m in file.getmembers() if not (m.name in _SECRETS and (home / m.name).exists())]
            file.extractall(home, members=kept, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ArchiveRefused(f"{archive.name} cannot be unpacked: {error}") from error
    (home / "data").mkdir(exist_ok=True, mode=0o700)
    memory = {"height": str(sign_above), "round": 0, "step": 3}
    write_atomically(home / _MEMORY, json.dumps(memory, indent=1).encode() + b"\n")


def rebuild(home: Path, sign_above: int | None = None) -> Path:
    """Move a stopped node's damaged data away and leave an empty folder, which it fills from the others; the old one.

    The keys stay, and so does the memory of what was signed. Where that cannot be read, `sign_above` takes its place:
    the network's present height, plus ten. Raises `ArchiveRefused`.
    """
    if not (home / "config" / "genesis.json").exists():
        raise ArchiveRefused(f"{home} is no node's folder")
    memory = _readable(home / _MEMORY)
    if memory is None:
        if sign_above is None or sign_above < 1:
            raise ArchiveRefused(
                "the memory of what was signed cannot be read: say above which height the validator may sign, "
                "the network's height plus ten"
            )
        memory = json.dumps({"height": str(sign_above), "round": 0, "step": 3}, indent=1).encode() + b"\n"
    number = 1 + sum(1 for path in home.glob("data.damaged-*"))
    away = home / f"data.damaged-{number}"
    if (home / "data").exists():
        (home / "data").rename(away)
    (home / "data").mkdir(mode=0o700)
    write_atomically(home / _MEMORY, memory)
    return away


def _readable(file: Path) -> bytes | None:
    try:
        memory = file.read_bytes()
        int(json.loads(memory)["height"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return memory
