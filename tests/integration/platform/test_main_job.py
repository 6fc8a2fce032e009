"""The main job through the HTTP API: what is signed is anchored, verified by strangers, and counted from the chain."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.journey.client import Refused
from scripts.journey.stage import Stage, wait_until
from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]


def verify(package: Path, trust_root: Path) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "scripts.cli", "verify", package, "--trust-root", trust_root, "--json"]
    done = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}


def test_the_package_verifies_from_the_command_line(done: Done) -> None:
    code, result = verify(done.package, done.trust_root)
    assert (code, result["verdict"]) == (0, "passed"), result
    outcomes = {step["name"]: step["outcome"] for step in result["steps"]}  # type: ignore[index, union-attr]
    assert {"passed", "indeterminate"} >= set(outcomes.values())


def test_any_changed_byte_is_found(done: Done, tmp_path: Path) -> None:
    """A sample through the real command; every byte of a package is covered in tests/attacks."""
    data = done.package.read_bytes()
    chosen = random.Random(20261122)
    for _ in range(6):
        at = chosen.randrange(len(data))
        (tmp_path / "x.zip").write_bytes(
            data[:at] + bytes([data[at] ^ (1 << chosen.randrange(8))]) + data[at + 1 :]
        )
        code, result = verify(tmp_path / "x.zip", done.trust_root)
        assert code in {1, 3}, (at, result.get("verdict"))


def test_another_trust_root_does_not_accept_it(done: Done, tmp_path: Path) -> None:
    root = json.loads(done.trust_root.read_text())
    root["log_origin"] = "concord.test/another"
    other = tmp_path / "root.json"
    other.write_text(json.dumps(root, sort_keys=True, separators=(",", ":")))
    assert verify(done.package, other)[0] != 0


def test_a_platform_held_keystore_signs_as_well(world: World) -> None:
    contract = world.contract(world.stage.employer(external_wallet=False))
    played = contract.play(world.worker())
    detail = contract.effective(played)
    assert detail["contract"]["state"] == "EFFECTIVE"


def test_nobody_gets_a_part_twice_on_one_installation(world: World) -> None:
    """A worker whose phone already belongs to an agent could not sign; a later run must not choose him again."""
    later = Stage(world.platform.installation, world.connect)
    given = [*world.stage.newcomers(2), *later.newcomers(2), world.worker()]
    agents = {world.stage.town.person(number).phone for number in (0, 1)}
    assert len({person.phone for person in given} | agents) == 7


def test_strangers_see_nothing(world: World, done: Done) -> None:
    contract = done.played.contract
    with pytest.raises(Refused) as refused:
        world.connect().get(f"/contracts/{contract}")
    assert refused.value.status in {401, 403, 404}
    other = world.stage.employer(external_wallet=True)
    for client, path in (
        (other.agent, f"/contracts/{contract}"),
        (other.agent, f"/contracts/{contract}/evidence"),
        (other.agent, f"/contracts/{contract}/document.pdf"),
        (other.representative, f"/signing/{done.played.round_id}"),
    ):
        with pytest.raises(Refused) as refused:
            client.get(path)
        assert refused.value.status in {403, 404}, path
    with pytest.raises(Refused) as refused:
        world.employer.agent.post(f"/signing/{done.played.round_id}/enter", {})
    assert refused.value.status in {403, 404}


def test_one_pending_or_effective_contract_per_pair(world: World) -> None:
    worker = world.worker()
    contract = world.contract()
    sent, _seen = contract.send(worker)
    with pytest.raises(Refused) as refused:
        contract.send(worker)
    assert refused.value.status == 409
    assert sent["id"] in json.dumps(refused.value.body)


def test_a_recalled_contract_leaves_a_dead_link(world: World) -> None:
    worker = world.worker()
    contract = world.contract()
    sent, seen = contract.send(worker)
    client, code = contract.open_link(worker, seen)
    world.employer.agent.post(f"/contracts/{sent['id']}/recall", {"reason": "岗位有误"})
    assert client.get(f"/sign/{code}")["step"] == "closed"
    with pytest.raises(Refused):
        contract.identify(client, code, worker)


def test_the_regulator_counts_from_the_chain(world: World, done: Done) -> None:
    regulator = world.stage.staff("regulator")

    def indexed() -> object:
        rows = regulator.get("/supervision/contracts", limit=100)
        text = json.dumps(rows)
        return rows if done.played.contract_id in text else None

    rows = wait_until("the index", 30, indexed)
    assert "block" in json.dumps(rows)
    package = regulator.download(f"/supervision/contracts/{done.played.contract_id}/evidence")
    path = done.package.parent / "supervision.zip"
    path.write_bytes(package)
    code, result = verify(path, done.trust_root)
    assert (code, result["verdict"]) == (0, "passed"), result


def test_an_authority_reads_a_text_only_with_a_case_and_the_worker_sees_it(world: World, done: Done) -> None:
    regulator = world.stage.staff("court")
    with pytest.raises(Refused):
        regulator.post(f"/econtract/texts/{done.played.contract_id}", {"case_no": "", "purpose": ""})
    body = {"case_no": "2026-TEST-1", "purpose": "核对合同文本"}
    assert regulator.post(f"/econtract/texts/{done.played.contract_id}", body)
    mine = json.dumps(done.played.worker.get(f"/me/contracts/{done.played.contract}"), ensure_ascii=False)
    assert '"accesses": [{' in mine
    employer = json.dumps(world.employer.agent.get(f"/contracts/{done.played.contract}"))
    assert "2026-TEST-1" not in employer
    assert "text_read" not in employer


def test_a_nested_body_is_refused_and_the_process_lives(world: World) -> None:
    client = world.connect()
    answer = client.http.post(
        "/api/v1/identity/login", content=b"[" * 200_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 413, 422}
    assert client.http.get("/health/live").status_code == 200
