"""What `concord status` tells: asked from the programs themselves and from the database, never from memory."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from scripts.installation import Installation, InstallationError, port_names, prepare

HEALTH = {"api": "/health/ready"}


def collect(data: Path) -> dict[str, dict[str, Any]]:
    """Sections of facts: programs, chain, a network's engine and validators, anchoring.

    Raises InstallationError when there is no installation.
    """
    if not (data / "installation.json").exists():
        raise InstallationError(
            f"there is no installation in {data}: start one with `concord up --data {data}`"
        )
    installation = prepare(data)
    programs: dict[str, str] = {}
    for name in port_names(installation.network):
        try:
            answer = httpx.get(installation.url(name) + HEALTH.get(name, "/health/live"), timeout=3)
            programs[name] = "ready" if answer.status_code == 200 else f"answers {answer.status_code}"
        except httpx.HTTPError:
            programs[name] = "down"
    programs["worker"] = _worker(data)
    facts: dict[str, dict[str, Any]] = {"programs": programs}
    gateways = [f"rpc_{name}" for name in installation.validators] or ["node"]
    answering = next((name for name in gateways if programs[name] == "ready"), None)
    if answering is not None:
        facts["chain"] = httpx.get(installation.url(answering) + "/status", timeout=5).json()
    if installation.network:
        facts |= _network(installation)
    settings = data / "settings.json"
    if settings.exists():
        facts["anchoring"] = _anchoring(json.loads(settings.read_text("utf-8")))
    return facts


def _network(installation: Installation) -> dict[str, dict[str, Any]]:
    """Checksum and versions of the validators' program, and each validator as it is now."""
    from node.network import program
    from node.network.local import LocalNetwork, NetworkFailed

    try:
        network = LocalNetwork(installation.network_folder, program.find())
        nodes = {node.member.name: network.status(node) for node in network.nodes()}
    except (program.ProgramMissing, NetworkFailed) as error:
        return {"engine": {"trouble": str(error)}}
    return {"engine": program.facts(network.program), "validators": nodes}


def _worker(data: Path) -> str:
    state = data / "up.json"
    if not state.exists():
        return "down"
    pid = json.loads(state.read_text("utf-8")).get("worker", {}).get("pid")
    return "ready" if pid and Path(f"/proc/{pid}").exists() else "down"


def _anchoring(environment: dict[str, str]) -> dict[str, Any]:
    os.environ.update(environment)
    from api.bootstrap.container import Container
    from api.infra.settings import Settings

    container = Container(Settings())
    try:
        with container.uow.read() as session:
            return asdict(container.anchoring.operator.status(session))
    finally:
        container.close()
