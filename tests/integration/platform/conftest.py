"""One contract played on the shared running platform; its files serve several tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.journey.client import ApiClient
from scripts.journey.contract import ContractPlay, Played
from scripts.journey.people import Person
from scripts.journey.stage import Employer, Stage
from scripts.up import Platform


@dataclass
class World:
    """A platform with staff and one employer, and ways to make more."""

    platform: Platform
    stage: Stage
    employer: Employer

    @property
    def origin(self) -> str:
        """Public origin."""
        return self.platform.installation.public_origin

    def connect(self) -> ApiClient:
        """A new anonymous visitor."""
        return ApiClient(self.origin, patience=30)

    def contract(self, employer: Employer | None = None) -> ContractPlay:
        """Plays with the world's employer."""
        return ContractPlay(self.connect, self.stage.town, employer or self.employer)

    def worker(self) -> Person:
        """A person nobody else in this world has used."""
        return self.stage.newcomers(1)[0]


@pytest.fixture(scope="session")
def world(live_platform: Platform) -> World:
    """The shared platform with a verified employer whose agent has an external wallet."""
    installation = live_platform.installation

    def connect() -> ApiClient:
        return ApiClient(installation.public_origin, patience=30)

    stage = Stage(installation, connect)
    return World(live_platform, stage, stage.employer(external_wallet=True))


@dataclass
class Done:
    """An effective contract and its files."""

    played: Played
    pdf: Path
    package: Path
    trust_root: Path


@pytest.fixture(scope="session")
def done(world: World, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """One contract played to the end."""
    folder = tmp_path_factory.mktemp("done")
    contract = world.contract()
    played = contract.play(world.worker())
    contract.effective(played)
    files = {
        "contract.pdf": played.worker.download(f"/me/contracts/{played.contract}/document.pdf"),
        "evidence.zip": contract.package(played),
        "trust-root.json": world.connect().download("/trust-root"),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Done(played, folder / "contract.pdf", folder / "evidence.zip", folder / "trust-root.json")


@pytest.fixture
def anyone(world: World) -> Callable[[], ApiClient]:
    """Makes anonymous clients."""
    return world.connect
