"""The data folder of one chain:

its fixed facts, who may send, the bearer token, and the lock that keeps a second node out.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from eth_utils.address import is_address, to_checksum_address

from node.errors import InstallationMismatch
from node.journal import fsync_folder
from node.settings import HARDFORK, NodeSettings

_CHAIN_ID_LOW, _CHAIN_ID_HIGH = 1 << 31, 1 << 53


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What makes block hashes reproducible; written once, never changed."""

    chain_id: int
    genesis_time: int
    hardfork: str
    v: int = 1


def write_atomically(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Temporary file, fsync, rename, fsync of the folder: readers see the old file or the new one, whole."""
    temporary = path.with_name(path.name + ".tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
    fsync_folder(path.parent)


def read_facts(folder: Path) -> ChainFacts:
    """The recorded facts. Raises ``InstallationMismatch`` when there are none or they are not ours."""
    try:
        stored = json.loads((folder / "chain.json").read_bytes())
        facts = ChainFacts(
            chain_id=int(stored["chain_id"]),
            genesis_time=int(stored["genesis_time"]),
            hardfork=str(stored["hardfork"]),
            v=int(stored["v"]),
        )
    except FileNotFoundError as error:
        raise InstallationMismatch(f"{folder} holds no chain (chain.json is missing)") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InstallationMismatch(f"{folder / 'chain.json'} cannot be read: {error}") from error
    if facts.v != 1 or facts.hardfork != HARDFORK:
        raise InstallationMismatch(
            f"{folder / 'chain.json'} is version {facts.v}/{facts.hardfork}; this is 1/{HARDFORK}"
        )
    return facts


def open_installation(settings: NodeSettings) -> ChainFacts:
    """Read the folder's facts, or make a new installation:

    random chain id and the present second as genesis time.
    """
    folder = settings.data_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "chain.json").exists():
        if (folder / "blocks.journal").exists():
            raise InstallationMismatch(f"{folder} has a journal but no chain.json; restore it from a backup")
        span = _CHAIN_ID_HIGH - _CHAIN_ID_LOW
        facts = ChainFacts(
            chain_id=settings.chain_id
            if settings.chain_id is not None
            else _CHAIN_ID_LOW + secrets.randbelow(span),
            genesis_time=settings.genesis_time if settings.genesis_time is not None else int(time.time()),
            hardfork=HARDFORK,
        )
        write_atomically(folder / "chain.json", json.dumps(asdict(facts), indent=1).encode() + b"\n", 0o644)
    facts = read_facts(folder)
    for name, asked, held in (
        ("chain id", settings.chain_id, facts.chain_id),
        ("genesis time", settings.genesis_time, facts.genesis_time),
    ):
        if asked is not None and asked != held:
            raise InstallationMismatch(f"{folder} is a chain with {name} {held}, not {asked}")
    return facts


def record_genesis(folder: Path, genesis_hash: str) -> None:
    """Record the genesis block's hash at the first start; raise ``InstallationMismatch`` when a later one
    differs.
    """
    path = folder / "chain.json"
    stored = json.loads(path.read_bytes())
    held = stored.get("genesis_hash")
    if held is None:
        write_atomically(
            path, json.dumps({**stored, "genesis_hash": genesis_hash}, indent=1).encode() + b"\n", 0o644
        )
    elif held != genesis_hash:
        raise InstallationMismatch(
            f"the genesis block comes out as {genesis_hash}, {path} says {held}: is this another anvil release?"
        )


class FolderLock:
    """An exclusive lock on the data folder, gone with the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise InstallationMismatch(f"another node is running on {folder}") from error

    def release(self) -> None:
        """Let the next node in."""
        os.close(self._handle)


def is_held(folder: Path) -> bool:
    """Whether a node is running on ``folder``."""
    try:
        FolderLock(folder).release()
    except (InstallationMismatch, FileNotFoundError):
        return (folder / "lock").exists()
    return False


class BearerToken:
    """The secret a caller shows to send transactions; created on the first start, readable by the owner only."""

    def __init__(self, folder: Path) -> None:
        path = folder / "rpc-token"
        if not path.exists():
            write_atomically(path, secrets.token_urlsafe(32).encode() + b"\n")
        self._value = path.read_bytes().strip()

    def matches(self, header: str | None) -> bool:
        """Whether an ``Authorization`` header carries this token (compared in constant time)."""
        if header is None or not header.startswith("Bearer "):
            return False
        return hmac.compare_digest(header[7:].strip().encode(), self._value)


class SenderList:
    """Addresses that may send:

    ``senders.txt``, one a line, ``#`` starts a comment; read again when the file changes.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "senders.txt"
        self._stamp: tuple[int, int] | None = None
        self._addresses: frozenset[str] = frozenset()

    def allow(self, addresses: Iterable[str]) -> None:
        """Add addresses to the file (checksummed, once each).

        Raises ``ValueError`` on something that is no address.
        """
        present = self.addresses()
        new: list[str] = []
        for address in addresses:
            if not is_address(address):
                raise ValueError(f"not an address: {address}")
            checked = to_checksum_address(address)
            if checked not in present and checked not in new:
                new.append(checked)
        if new or not self._path.exists():
            old = (
                self._path.read_text("utf-8")
                if self._path.exists()
                else "# addresses that may send transactions\n"
            )
            if not old.endswith("\n"):
                old += "\n"
            write_atomically(self._path, (old + "".join(f"{a}\n" for a in new)).encode(), 0o644)

    def addresses(self) -> frozenset[str]:
        """The present list; a line that is not an address is an error, not an empty permission."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return frozenset()
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            found = set()
            for line in self._path.read_text("utf-8").splitlines():
                text = line.split("#", 1)[0].strip()
                if text:
                    if not is_address(text):
                        raise InstallationMismatch(f"{self._path}: not an address: {text}")
                    found.add(to_checksum_address(text))
            self._addresses, self._stamp = frozenset(found), stamp
        return self._addresses
