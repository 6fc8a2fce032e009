"""kill -9 of every program of an installation while contracts are signed and anchored: nothing lost, nothing twice.

At every state-changing call of a played contract one program is killed, in turn, a random moment before or during the call; the
supervisor restarts it and the client repeats the same request under the same key, as a browser or system would.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chain.abi import load
from chain.gateway_rpc import RpcGateway
from chain.trust_root import TrustRoot
from chain.verifier.child import verify_in_child
from scripts.journey.client import ApiClient
from scripts.journey.contract import ContractPlay
from scripts.journey.stage import Stage, wait_until
from scripts.up import Platform
from tests.support.live_platform import running_platform

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.slow, pytest.mark.timeout(900)]

VICTIMS = ("api", "worker", "node", "anvil", "identity", "ca", "tsa_one", "tsa_two", "sms", "idp")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("kills")) as made:
        yield made


class Killer:
    """Kills the next victim at every state-changing call on the signing path."""

    def __init__(self, platform: Platform, chance: random.Random) -> None:
        self._platform = platform
        self._chance = chance
        self._turn = 0
        self._last = 0.0
        self.kills: Counter[str] = Counter()
        self.active = False

    def pid(self, name: str) -> int | None:
        if name == "anvil":
            node = self._platform.supervisor.children["node"].pid
            children = psutil.Process(node).children(recursive=True) if node else []
            return next((child.pid for child in children if "anvil" in child.name()), None)
        return self._platform.supervisor.children[name].pid

    def before(self, method: str, path: str) -> None:
        # One kill at a time: the next comes when the last victim has had a moment to come back.
        if not self.active or method == "GET" or time.monotonic() - self._last < 2.0:
            return
        victim = VICTIMS[self._turn % len(VICTIMS)]
        self._turn += 1
        self._last = time.monotonic()
        threading.Timer(self._chance.uniform(0, 0.25), self._kill, (victim,)).start()

    def _kill(self, victim: str) -> None:
        # A victim that is just being started again (anvil comes after its node) is waited for: it is its turn.
        until = time.monotonic() + 10
        while self.active and time.monotonic() < until:
            try:
                pid = self.pid(victim)
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                    self.kills[victim] += 1
                    self._last = time.monotonic()
                    return
            except (ProcessLookupError, psutil.NoSuchProcess):
                pass
            time.sleep(0.1)


def test_kills_at_every_step_lose_nothing_and_double_nothing(platform: Platform) -> None:
    killer = Killer(platform, random.Random(9))

    def connect() -> ApiClient:
        origin = platform.installation.public_origin
        return ApiClient(origin, patience=90, timeout=30, before=killer.before)

    stage = Stage(platform.installation, connect)
    employer = stage.employer(external_wallet=True)
    contract = ContractPlay(connect, stage.town, employer)
    killer.active = True
    played = []
    # a fast machine plays a contract between two kills: go on until everybody had his turn
    for person in stage.newcomers(14):
        played.append(contract.play(person))
        if len(played) >= 4 and set(killer.kills) == set(VICTIMS):
            break
    killer.active = False
    assert set(killer.kills) == set(VICTIMS), killer.kills
    for one in played:
        contract.effective(one, seconds=120)
        package = contract.package(one, seconds=120)
        trust_root = platform.installation.trust_root.read_bytes()
        assert TrustRoot.parse(trust_root)
        result = verify_in_child(package, trust_root)
        assert result["verdict"] == "passed", json.dumps(result, ensure_ascii=False)[:3000]
    wait_until("anchoring of the last downloads", 90, lambda: settled(platform))
    check_log(platform, len(played))


def settled(platform: Platform) -> bool:
    """Whether nothing waits for the chain any more: downloads are events, too."""
    path = platform.installation.data / "concord.db"
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = ("anchoring_event", "anchoring_call")
    states = {row[0] for table in tables for row in database.execute(f"SELECT state FROM {table}")}
    database.close()
    return states == {"anchored"}


def check_log(platform: Platform, contracts: int) -> None:
    """Every event stands in the log exactly once, every log entry is an event, nothing is parked or alarmed."""
    installation = platform.installation
    database = sqlite3.connect(f"file:{installation.data / 'concord.db'}?mode=ro", uri=True)
    events = database.execute("SELECT hex(entry), state FROM anchoring_event").fetchall()
    calls = database.execute("SELECT method, state FROM anchoring_call").fetchall()
    alarms = database.execute(
        "SELECT code, facts FROM anchoring_alarm WHERE severity = 'integrity'"
    ).fetchall()
    database.close()
    assert {state for _entry, state in events} == {"anchored"}
    assert {state for _method, state in calls} == {"anchored"}
    assert Counter(method for method, _state in calls)["conclude"] == contracts
    assert alarms == []
    logged = entries_on_chain(installation.root, installation.url("node"), installation.deployment_folder)
    assert len(logged) == len(set(logged)), "an entry stands in the log twice"
    assert {entry for entry, _state in events} == set(logged)


def entries_on_chain(root: Path, url: str, folder: Path) -> list[str]:
    """All entries from the call data of every append, in order: what any node can rebuild."""
    address = json.loads((folder / "deployment.json").read_text())["contracts"]["EvidenceLog"]["address"]
    append = load("EvidenceLog").function("append")
    token = (root / "node" / "rpc-token").read_text().strip()
    found: list[str] = []
    from chain.calls import decode_append

    with RpcGateway(url, token=token) as gateway:
        head = gateway.head().number
        logs = gateway.logs(0, head, [address])
        hashes = list(dict.fromkeys(log.transaction for log in logs))
        for transaction in gateway.transactions(hashes):
            assert transaction is not None
            assert transaction.data[:4] == append.selector
            found += [entry.hex().upper() for entry in decode_append(transaction.data)[1]]
    return found
