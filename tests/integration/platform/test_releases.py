"""Releases on a running platform: checked from outside, changed while people sign, killed in the middle."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.bootstrap.container import Container
from api.bootstrap.evidence import AnchoredLog
from api.evidence.service.release_files import ReleaseFiles
from api.evidence.service.releases import PAGE, PAGE_ID, Releases
from api.infra.settings import Settings
from chain.checkpoint import LogKey
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, verify
from scripts.journey.client import Refused
from scripts.journey.stage import wait_until
from signing.page_release import page_release
from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]


def page_check(world: World, url: str = "") -> tuple[int, dict[str, object]]:
    root = str(world.platform.installation.trust_root)
    command = [
        sys.executable,
        "-m",
        "scripts.cli",
        "page-check",
        url or world.origin,
        "--trust-root",
        root,
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def checked(world: World) -> bool:
    """Whether the check passes; seconds after a release the witnesses may still be missing, but nothing may be wrong."""
    code, found = page_check(world)
    assert code in (0, 2), found
    return code == 0


def in_force(world: World) -> str:
    return str(httpx.get(f"{world.origin}/releases/page").json()["digest"])


class Operator:
    """`concord release page` on the platform's machine, of a page that differs in one comment."""

    def __init__(self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made = world.platform.installation
        for name, value in json.loads((made.root / "settings.json").read_text("utf-8")).items():
            monkeypatch.setenv(name, value)
        self.container = container = Container(Settings()).wire()
        self.key: LogKey = made.note_key("release")
        self.folder = folder
        self.sources = {path: item.source for path, item in page_release(ROOT / "node_modules").files.items()}
        self.releases = Releases(
            container.uow,
            lambda: container.recorder,
            AnchoredLog(container),
            ReleaseFiles(made.data / "releases"),
            made.log_origin,
            lambda: (self.key.vkey,),
            lambda _kind, _id: self.sources,
            lambda _kind, _id: {
                path: hashlib.sha256(source.read_bytes()).hexdigest() for path, source in self.sources.items()
            },
            {PAGE: (PAGE_ID,)},
            enabled=True,
        )

    def change(self, comment: str) -> None:
        """Another page: the same one with a comment in its style sheet."""
        target = self.folder / "page.css"
        target.write_bytes((ROOT / "signing/page/page.css").read_bytes() + f"/* {comment} */\n".encode())
        self.sources["page.css"] = target

    def release(self) -> str:
        """Release what `sources` hold; returns the digest."""
        proposal = self.releases.propose(PAGE, PAGE_ID)
        self.releases.sign_and_record(proposal, self.key)
        return proposal.release.digest


@pytest.fixture
def operator(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    made = Operator(world, tmp_path, monkeypatch)
    original = dict(made.sources)
    yield made
    made.sources.update(original)
    digest = made.release()
    wait_until("the page of this source tree", 60, lambda: in_force(world) == digest)
    made.container.close()


def test_the_page_that_is_served_is_the_released_one(world: World) -> None:
    code, found = page_check(world)
    assert (code, found["verdict"]) == (0, "passed"), found
    digest = found["facts"]["digest"]  # type: ignore[index]
    code, found = page_check(world, f"{world.origin}/signing-page/{digest}/index.html")
    assert (code, found["verdict"]) == (0, "passed"), found
    code, found = page_check(world, f"{world.origin}/signing-page/{'ab' * 32}/index.html")
    assert (code, found["code"]) == (1, "ANOTHER_RELEASE_SERVED")
    code, found = page_check(world, "http://127.0.0.1:9/")
    assert code == 3


def test_a_package_carries_both_releases(done: Done, world: World) -> None:
    root = TrustRoot.parse(done.trust_root.read_bytes())
    report = verify(done.package.read_bytes(), root, now=dt.datetime.now(dt.UTC))
    step = report.step(23)
    assert step is not None
    assert step.outcome is Outcome.PASSED, step
    assert step.facts["page"]["number"] >= 1
    assert step.facts["template"]["id"] == "agreement/1"
    assert root.templates == {}  # the root names keys, never releases
    assert root.root_keys
    source = report.step(3)
    assert source is not None
    assert len(source.facts["source_sha256"]) == 64


def test_a_new_release_comes_into_force_and_older_pages_can_no_longer_sign(
    world: World, operator: Operator
) -> None:
    before = in_force(world)
    contract = world.contract()
    assert contract._page_release == before
    worker = world.worker()
    _, seen = contract.send(worker)
    client, code = contract.open_link(worker, seen)
    contract.identify(client, code, worker)
    round_id = contract.read_and_consent(client, code)
    operator.change("another page")
    after = operator.release()
    assert (
        httpx.get(f"{world.origin}/signing-page/{after}/page.css").status_code == 404
        or in_force(world) == after
    )
    wait_until("the new release", 60, lambda: in_force(world) == after)
    wait_until("a witnessed checkpoint over it", 60, lambda: checked(world))
    with pytest.raises(Refused) as refused:
        contract.sign(client, round_id, worker)
    assert refused.value.code == "signing.page_release_unknown"
    # The browser is sent to the page in force and signs there.
    del contract._page_release
    contract.sign(client, round_id, worker)
    assert httpx.get(f"{world.origin}/signing-page/{before}/page.css").status_code == 200


def test_killed_while_a_release_enters_the_log(world: World, operator: Operator) -> None:
    before = in_force(world)
    operator.change(f"killed {time.time()}")
    after = operator.release()
    for name in ("worker", "api"):
        pid = world.platform.supervisor.children[name].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def served() -> str:
        try:
            return in_force(world)
        except (httpx.HTTPError, ValueError, KeyError):
            return ""

    seen: set[str] = set()

    def settled() -> bool:
        seen.add(served())
        return after in seen

    wait_until("the release after the kill", 90, settled)
    assert seen <= {"", before, after}
    wait_until("a witnessed checkpoint over it", 60, lambda: checked(world))
