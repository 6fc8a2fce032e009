"""The platform, unchanged, on four validators: the whole main job, what every validator knows then, stop and start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from rich.console import Console

from chain.abi import load
from chain.deployer import load_deployment
from chain.gateway_rpc import RpcGateway
from chain.package import contents
from node.network.gate import Gate
from node.network.local import LocalNetwork
from scripts.demo import play
from scripts.installation import Installation, InstallationError, prepare
from scripts.journey.client import ApiClient
from scripts.journey.stage import Stage
from scripts.up import REPOSITORY, Platform
from scripts.up_chain import address_of
from signing.commitments import Commitment
from tests.network.conftest import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def say(text: str) -> None:
    sys.stderr.write(f"  {text}\n")


@pytest.fixture(scope="module")
def installation(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return prepare(tmp_path_factory.mktemp("platform"), first_port=0, network="local4")


@pytest.fixture(scope="module")
def platform(installation: Installation) -> Iterator[Platform]:
    """Started once; a test that stops it starts it again."""
    running = Platform(installation, say)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def played(platform: Platform, installation: Installation) -> Installation:
    """The main job has run once, `concord demo`'s own way."""
    play(installation, Console(stderr=True))
    return installation


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.3)


def validators(installation: Installation, program: Path) -> dict[str, str]:
    """Each engine's own JSON-RPC, past gateways and fail-over."""
    network = LocalNetwork(installation.network_folder, program)
    return {node.member.name: node.evm_url for node in network.nodes()}


def known(url: str, installation: Installation, contract_id: str) -> dict[str, Any]:
    """What one validator knows of a contract and of the log."""
    deployment = load_deployment(installation.deployment_folder)
    assert deployment is not None
    registry, log = load("LaborContractRegistry"), load("EvidenceLog")
    with RpcGateway(url, timeout=30.0) as gateway:

        def ask(artifact: Any, name: str, function: str, *arguments: Any) -> Any:
            found = artifact.function(function)
            return found.decode(gateway.call(deployment.address(name), found.encode(*arguments)))

        return {
            "latest": ask(registry, "LaborContractRegistry", "latest", bytes.fromhex(contract_id)),
            "concluded": ask(registry, "LaborContractRegistry", "concludedCount", 0, 0)[0],
            "size": ask(log, "EvidenceLog", "size")[0],
            "root": ask(log, "EvidenceLog", "root")[0],
        }


def everywhere(installation: Installation, program: Path, contract_id: str) -> dict[str, Any]:
    """The same at every validator, once the last one has the newest block."""
    found: list[dict[str, Any]] = []

    def agree() -> bool:
        urls = validators(installation, program).values()
        found[:] = [known(url, installation, contract_id) for url in urls]
        return all(item == found[0] for item in found)

    until(agree)
    assert len(found) == 4
    return found[0]


def of_package(folder: Path) -> tuple[str, str, int]:
    """Contract, commitment and version that an evidence package is about."""
    with zipfile.ZipFile(folder / "evidence.zip") as package:
        opened = Commitment.from_opening(json.loads(package.read(contents.OPENING)))
        subject = json.loads(package.read("manifest.json"))["subject"]
    return subject["contract_id"], opened.digest().hex(), int(subject["version"])


def test_the_main_job_on_four_validators(
    platform: Platform, installation: Installation, program: Path, played: Installation
) -> None:
    """Registration, draft, check, both signatures, EFFECTIVE, package, offline verification."""
    contract_id, commitment, version = of_package(installation.root / "demo")
    facts = everywhere(installation, program, contract_id)
    assert (facts["latest"][0], bytes(facts["latest"][1]).hex()) == (version, commitment)
    assert facts["concluded"] == 1
    status = concord_status(installation)
    assert status["anchoring"]["events"] == {"anchored": facts["size"]}
    assert status["anchoring"]["calls"].keys() <= {"anchored"}
    assert (status["anchoring"]["alarms"], status["anchoring"]["stopped"]) == ([], False)


def judged_by_both(package: Path, installation: Installation) -> dict[str, Any]:
    """What `concord verify --engine both` says of a file, under the root that the platform publishes; they agree."""
    command = [sys.executable, "-m", "scripts.cli", "verify", str(package), "--engine", "both", "--json"]
    command += ["--trust-root", str(installation.root / "demo" / "trust-root.json")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    said: dict[str, Any] = json.loads(done.stdout)
    assert (said["agree"], said["differences"]) == (True, []), said["differences"]
    return said


def step_of(said: dict[str, Any], number: int) -> dict[str, Any]:
    """A step by both engines: its outcome is the same, and the first one's facts are returned."""
    steps = [
        next(step for step in said[engine]["steps"] if step["no"] == number) for engine in ("python", "js")
    ]
    assert steps[0]["outcome"] == steps[1]["outcome"]
    found: dict[str, Any] = steps[0]
    return found


def test_the_demos_package_passes_the_chains_own_step_in_both_engines(
    platform: Platform, installation: Installation, played: Installation
) -> None:
    """The record was made while the contract was anchored; nobody has asked for it."""
    said = judged_by_both(installation.root / "demo" / "evidence.zip", installation)
    step = step_of(said, 17)
    assert (step["outcome"], step["sub_indication"]) == ("passed", ""), step
    assert (step["facts"]["type"], step["facts"]["events"]) == ("cometbft-ics23", ["Concluded"])
    assert step["facts"]["signed"] * 3 > step["facts"]["power"] * 2
    with zipfile.ZipFile(installation.root / "demo" / "evidence.zip") as package:
        size = package.getinfo(contents.CHAIN_RECORD).file_size
        record = json.loads(package.read(contents.CHAIN_RECORD))
    assert size <= 12_000
    root = json.loads((installation.root / "demo" / "trust-root.json").read_bytes())["network"]
    assert root["chain_id"] == record["light"]["chain_id"]
    assert [item["height"] for item in root["headers"]] == [step["facts"]["trusted_height"]]


def test_a_figure_is_proven_and_passes_on_the_page_as_well(
    platform: Platform, installation: Installation, played: Installation, tmp_path: Path
) -> None:
    stage = Stage(installation, lambda: ApiClient(installation.public_origin, patience=60))
    regulator = stage.staff("regulator")
    value = regulator.get("/supervision/counters")["value"]
    assert value >= 1
    file = tmp_path / "figure.zip"
    file.write_bytes(regulator.download("/supervision/counters/evidence"))
    said = judged_by_both(file, installation)
    step = step_of(said, 22)
    assert (said["python"]["verdict"], step["outcome"]) == ("passed", "passed"), step
    assert step["facts"]["value"] == value
    with ApiClient(installation.public_origin, patience=60) as anyone:
        page = anyone.upload("/verify", file.name, file.read_bytes(), "application/zip", method="POST")
    assert page["verdict"] == "passed"


def concord_status(installation: Installation) -> dict[str, Any]:
    """What `concord status --json` says, which must be that everything is ready."""
    command = [sys.executable, "-m", "scripts.cli", "status", "--data", str(installation.root), "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_status_names_the_engine_and_every_validator(
    platform: Platform, installation: Installation, program: Path
) -> None:
    status = concord_status(installation)
    assert status["engine"]["sha256"] == sha256(program.read_bytes()).hexdigest()
    assert status["engine"]["version"]
    assert set(status["validators"]) == {"hr", "court", "union", "notary"}
    assert all(facts["peers"] == 3 for facts in status["validators"].values())
    assert "node" not in status["programs"]
    assert status["chain"]["height"] > 0


def test_accounts_have_what_they_need_and_no_more(
    platform: Platform, installation: Installation, program: Path
) -> None:
    url = next(iter(validators(installation, program).values()))
    with RpcGateway(url, timeout=30.0) as gateway:
        gate = Gate(gateway)
        held = {name: gate.permissions(address_of(installation.key(name))) for name in ("relay", "deployer")}
    assert held == {"relay": 1, "deployer": 0}


@pytest.mark.parametrize("member", ["hr", "court", "union", "notary"])
def test_the_door_of_each_validator_is_narrow(
    platform: Platform, installation: Installation, member: str
) -> None:
    door = installation.url(f"rpc_{member}")
    token = (installation.front_folder(member) / "rpc-token").read_text("ascii").strip()
    headers = {"Authorization": f"Bearer {token}"}
    calls = [
        {"jsonrpc": "2.0", "id": n, "method": method, "params": []}
        for n, method in enumerate(
            ("debug_traceBlock", "txpool_content", "eth_sendTransaction", "eth_chainId")
        )
    ]
    with httpx.Client(trust_env=False, timeout=30) as http:
        answers = http.post(door, json=calls, headers=headers).json()
        assert [answer.get("error", {}).get("code") for answer in answers] == [-32601] * 3 + [None]
        sending = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x02"]}
        assert http.post(door, json=sending).json()["error"]["code"] == -32001
        assert http.get(f"{door}/health/ready").status_code == 200


def test_a_killed_validator_is_started_again(
    platform: Platform, installation: Installation, program: Path
) -> None:
    child = platform.supervisor.children["validator_court"]
    before = child.pid
    assert before is not None
    psutil.Process(before).send_signal(signal.SIGKILL)
    until(lambda: child.pid not in (None, before))
    network = LocalNetwork(installation.network_folder, program)
    node = network.node("court")
    until(lambda: network.pid(node) == child.pid)  # everybody's `concord network status` knows the new one
    until(lambda: network.status(node)["peers"] == 3 and network.status(node)["head_age"] < 30)


def test_stopping_stops_everything_and_a_second_start_continues(
    platform: Platform, installation: Installation, program: Path
) -> None:
    before = everywhere(installation, program, "00" * 32)
    pids = [child.pid for child in platform.supervisor.children.values()]
    assert None not in pids
    platform.stop()
    assert not [pid for pid in pids if pid and psutil.pid_exists(pid)]
    made = load_deployment(installation.deployment_folder)

    again = Platform(prepare(installation.root), say)
    try:
        again.start()
        assert load_deployment(installation.deployment_folder) == made
        play(installation, Console(stderr=True))
        after = everywhere(installation, program, of_package(installation.root / "demo")[0])
    finally:
        again.stop()
    assert after["concluded"] == before["concluded"] + 1
    assert after["size"] > before["size"]


def test_an_installation_keeps_its_chain(tmp_path: Path) -> None:
    prepare(tmp_path / "embedded", first_port=0)
    with pytest.raises(InstallationError, match=r"内嵌链.*begin a new folder"):
        prepare(tmp_path / "embedded", network="local4")
    with pytest.raises(InstallationError, match=r"没有名为.*no network"):
        prepare(tmp_path / "other", network="local5")
    made = prepare(tmp_path / "network", first_port=0, network="local4")
    assert made.validators == ("hr", "court", "union", "notary")
    assert prepare(tmp_path / "network").network == "local4"
    assert "node" not in made.ports
    assert "node" in prepare(tmp_path / "embedded").ports
