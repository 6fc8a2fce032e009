"""The examples of docs/guide-employer.md, run as an employer's own system would run them: another process, over HTTP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from eth_account.signers.local import LocalAccount

from api.infra.auth import Principal
from api.signing_round import router as signing_router
from api.signing_round.texts import TEXTS as SIGNING_TEXTS
from signing import error_texts
from signing.rendering import FontBook, Renderer
from tests.support.employers_world import World
from tests.support.fonts import installed_fonts
from tests.support.signing_rounds import PASSPHRASE, Bench
from tests.support.slice_application import SliceApplication, slice_application

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide-employer.md"


def examples() -> list[str]:
    """The guide's Python blocks in order."""
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.S)


@contextmanager
def served(site: SliceApplication) -> Iterator[str]:
    """The application on a loopback port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(site.app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def machine(who: Principal) -> Principal:
    """A credential of the person's own system with the scope to sign."""
    return Principal(**{**vars(who), "kind": "machine", "scopes": frozenset({"read", "sign"})})


def key_file(folder: Path, key: bytes) -> str:
    path = folder / "wallet.key"
    path.write_text(key.hex() + "\n")
    return str(path)


def test_the_example_has_twenty_lines() -> None:
    for code in examples():
        lines = [line for line in code.splitlines() if line.strip()]
        assert len(lines) <= 21, "imports and twenty lines"


@pytest.mark.slow
def test_signing_a_contract(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Renderer(FontBook.load(installed_fonts())))
    round_id = bench.open()
    bench.sign_worker(round_id)
    services: dict[str, Any] = {"signing_round": bench.service}
    texts = {**error_texts.TEXTS, **SIGNING_TEXTS}
    with slice_application(bench.db, signing_router, texts, **services) as site, served(site) as origin:
        site.app.state.container.authenticator.people["token"] = machine(bench.agent)
        arguments = (origin, "token", round_id, key_file(tmp_path, bench.organisations.wallet_key))
        refused = run(examples()[0], *arguments, "another passphrase")
        assert refused.returncode == 1
        assert "passphrase" in refused.stderr
        done = run(examples()[0], *arguments, PASSPHRASE)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "completed"


@pytest.mark.slow
def test_authorising_an_agent(
    site: SliceApplication, world: World, wallet: LocalAccount, agent_wallet: LocalAccount, tmp_path: Path
) -> None:
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    agent = world.agent(boss)
    world.prove(agent, agent_wallet)
    site.app.state.container.authenticator.people["token"] = machine(boss)
    account_id = agent.account_id or ""
    with served(site) as origin:
        common = (account_id, agent_wallet.address, "7", "2027-06-30T00:00:00Z")
        stranger = run(examples()[1], origin, "token", key_file(tmp_path, bytes(agent_wallet.key)), *common)
        assert stranger.returncode == 1
        assert "Another wallet signed" in stranger.stderr
        done = run(examples()[1], origin, "token", key_file(tmp_path, bytes(wallet.key)), *common)
    assert (done.returncode, done.stdout) == (0, "signed\n"), done.stderr
    assert world.service.authority(org_id, account_id, 7, wallet=agent_wallet.address)
