"""Organisations on machines of their own: a folder each, made by `member`, `found` and `join`, as people type it.

One of them runs its node as systemd would: the command line, environment and folder of the unit file in the documents.
systemd itself is not asked; which unit a process belongs to is told in its place.
"""

from __future__ import annotations

import configparser
import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from node.network import units
from node.network.cli import app
from node.network.local import LocalNetwork, LocalNode, free_block
from node.network.units import Unit, commands
from node.settings import PROJECT_ROOT
from tests.network.conftest import PATIENCE

UNIT_FILE = PROJECT_ROOT / "docs" / "operations" / "concord-validator.service"
UNIT = Unit("concord-validator.service")
FOUNDERS = ("hr", "court", "union", "notary")
UNDER_SYSTEMD = "notary"
NEWCOMER = "bank"
CHAIN_ID = 7_001_001


def typed(*arguments: object, code: int = 0) -> Any:
    """A command of `concord network`; its JSON where that was asked for, else what it printed."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if "--json" in arguments and not code else result.output


def unit_words(program: Path, home: Path) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of the documented unit, for this program and folder."""
    text = UNIT_FILE.read_text("utf-8")
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(text)
    service = parsed["Service"]
    documented = Path(service["ReadWritePaths"])
    (words,) = commands(text)
    assert words[0].endswith("/concordd")
    assert words.count(str(documented)) == 1
    words = [str(program), *(str(home) if word == str(documented) else word for word in words[1:])]
    name, _, value = shlex.split(service["Environment"])[0].partition("=")
    return words, {"PATH": "/usr/bin:/bin", name: value}


class Organisations:
    """The folders of all, and the processes that are run as systemd would."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder
        self.program = program
        self.first_port = free_block(60)
        self.units: dict[str, subprocess.Popen[bytes]] = {}
        self.names = list(FOUNDERS)

    def home(self, name: str) -> Path:
        return self.folder / name

    def node(self, name: str) -> LocalNode:
        return LocalNetwork(self.home(name)).node(name)

    def status(self, name: str) -> dict[str, Any]:
        return LocalNetwork(self.home(name)).status(self.node(name))

    def height(self, name: str = "hr") -> int:
        return int(self.status(name)["height"] or 0)

    # -- coming to be

    def member(self, name: str) -> int:
        """Its keys; the first of its ports."""
        port = self.first_port + 10 * len(list(self.folder.glob("*/member.json")))
        typed("member", "--name", name, "--p2p", f"127.0.0.1:{port}", "--home", self.home(name), "--json")
        return port

    def found(self) -> None:
        ports = {name: self.member(name) for name in self.names}
        files = [self.home(name) / "member.json" for name in self.names]
        agreed = ["--chain", "concord-joined", "--evm-chain-id", CHAIN_ID, "--genesis-time", int(time.time())]
        told = set()
        for name in self.names:  # everybody builds it by himself
            place = self.folder / "told" / name
            place.mkdir(parents=True)
            made = typed("found", *files, "--out", place / "genesis.json", *agreed, "--json")
            told.add(made["genesis_sha256"])
        assert len(told) == 1
        self.sha256 = told.pop()
        for name in self.names:
            self.join(name, ports[name])

    def join(self, name: str, port: int, *more: object) -> None:
        peers = [word for other in self.names if other != name for word in ("--peer", self._public(other))]
        genesis = self.folder / "told" / (name if name in FOUNDERS else "hr") / "genesis.json"
        typed(
            "join", "--home", self.home(name), "--genesis", genesis, "--sha256", self.sha256, *peers,
            "--listen", "127.0.0.1", "--port", port, "--block-ms", 400, "--snapshot-blocks", 20,
            "--program", self.program, *more,
        )  # fmt: skip

    def _public(self, name: str) -> Path:
        return self.home(name) / "member.json"

    # -- running

    def start(self, name: str) -> None:
        if name == UNDER_SYSTEMD:
            if name not in self.units:
                words, environment = unit_words(self.program, self.home(name))
                with (self.folder / "journal").open("ab") as journal:
                    self.units[name] = subprocess.Popen(
                        words,
                        stdout=journal,
                        stderr=journal,
                        stdin=subprocess.DEVNULL,
                        env=environment,
                        cwd="/",
                    )
        else:
            typed("start", "--data", self.home(name), "--json")

    def systemctl_stop(self, name: str = UNDER_SYSTEMD) -> None:
        """What systemd does on that word (KillSignal=SIGTERM)."""
        process = self.units.pop(name)
        process.terminate()
        assert process.wait(PATIENCE) is not None

    def kill(self, *names: str) -> None:
        for name in names:
            local = LocalNetwork(self.home(name))
            local.stop(local.node(name), signal.SIGKILL)

    def end(self) -> None:
        for process in self.units.values():
            process.kill()
            process.wait()
        for record in self.folder.glob("*/network.json"):
            local = LocalNetwork(record.parent)
            for node in local.nodes():
                local.stop(node, signal.SIGKILL)

    # -- looking

    def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, {name: self.tail(name) for name in self.names}
            time.sleep(0.5)

    def tail(self, name: str) -> str:
        if name == UNDER_SYSTEMD:
            return (self.folder / "journal").read_text("utf-8", "replace")[-1500:]
        return LocalNetwork.log_tail(self.node(name), 8)

    def whole(self) -> None:
        """Everybody follows, all sign, nobody is suspended, and all have the same block."""
        first = max(self.height(name) for name in self.names)
        for name in self.names:
            self.until(lambda name=name: self.height(name) > first + 2)  # type: ignore[misc]
        self.until(lambda: self.status("hr")["missing_validators"] == 0)
        assert len({self.hash_at(name, first) for name in self.names}) == 1
        told = typed("status", "--data", self.home("hr"), "--json")
        assert not any(member["suspended"] for member in told["members"])
        assert len(told["members"]) == len(self.names)

    def hash_at(self, name: str, height: int) -> str:
        url = f"http://127.0.0.1:{self.node(name).ports.rpc}/block?height={height}"
        found = httpx.get(url, trust_env=False, timeout=PATIENCE).json()
        return str(found["result"]["block_id"]["hash"])


@pytest.fixture(scope="module")
def organisations(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Four of them, started."""
    all_ = Organisations(tmp_path_factory.mktemp("joined"), program)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            units, "of_process", lambda pid: UNIT if pid in {p.pid for p in all_.units.values()} else None
        )
        try:
            all_.found()
            for name in FOUNDERS:
                all_.start(name)
            all_.until(lambda: all_.height() > 2)
            yield all_
        finally:
            all_.end()
