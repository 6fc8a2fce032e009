"""A release is served once the log holds its event, and not a moment earlier; from outside anybody can tell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from api.evidence.service import release_files
from api.evidence.service.releases import PAGE, PAGE_ID, TEMPLATE
from api.infra.db import Database
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.page_check import FACTS_PATH, Fetch, PageUnreachable, check_page
from chain.release_cli import sign_release
from chain.releases import STREAMS, TYPES, Release
from signing import jcs
from tests.factories.releases import release_key
from tests.factories.witnesses import trusted
from tests.factories.world import secret
from tests.support.anchoring_store import ORIGIN, Slice
from tests.support.relay_world import CHAIN_ID, CONTRACTS
from tests.support.release_desk import ReleaseDesk


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> ReleaseDesk:
    gateway = MemoryGateway(lambda: installation(CONTRACTS), chain_id=CHAIN_ID)
    return ReleaseDesk(Slice(database, gateway), tmp_path)


# -- the gate


def test_the_first_release_is_served_once_it_is_anchored(desk: ReleaseDesk) -> None:
    assert desk.current() is None
    digest = desk.release()
    assert desk.current() is None
    assert desk.releases.anchored(PAGE, digest) is None
    desk.anchor()
    assert desk.current() == digest


def test_until_the_next_one_is_anchored_the_previous_one_stays_whatever_becomes_of_the_source(
    desk: ReleaseDesk,
) -> None:
    first = desk.release()
    desk.anchor()
    desk.write("index.html", b"<!doctype html>second")
    second = desk.release()
    assert desk.current() == first
    [page, _] = desk.releases.status()
    assert page.current is not None
    assert page.pending is not None
    assert (page.current.release.digest, page.pending.release.digest) == (first, second)
    shutil.rmtree(desk.source)
    assert desk.fetch(f"/signing-page/{first}/index.html") == b"<!doctype html>first"
    desk.anchor()
    assert desk.current() == second
    assert desk.fetch(f"/signing-page/{second}/index.html") == b"<!doctype html>second"
    assert desk.fetch(f"/signing-page/{first}/index.html") == b"<!doctype html>first"


def test_page_and_template_are_released_apart(desk: ReleaseDesk) -> None:
    digest = desk.release(TEMPLATE)
    desk.anchor()
    assert desk.current(TEMPLATE) == digest
    assert desk.current() is None
    [page, template] = desk.releases.status()
    assert (page.source_differs, template.source_differs) == (True, False)


def test_releasing_the_same_again_does_nothing(desk: ReleaseDesk) -> None:
    desk.release()
    assert desk.releases.propose(PAGE, PAGE_ID).settled
    desk.write("index.html", b"other")
    assert not desk.releases.propose(PAGE, PAGE_ID).settled


def test_a_strangers_signature_releases_nothing(desk: ReleaseDesk) -> None:
    proposal = desk.releases.propose(PAGE, PAGE_ID)
    with pytest.raises(DomainError) as refused:
        desk.releases.sign_and_record(proposal, release_key("stranger"))
    assert refused.value.code == "evidence.release_refused"
    desk.anchor()
    assert desk.current() is None


def test_an_event_that_the_platform_writes_past_the_key_is_never_served(desk: ReleaseDesk) -> None:
    first = desk.release()
    desk.anchor()
    files = desk.digests(PAGE, PAGE_ID) | {"index.html": "ab" * 32}
    forged = Release.of(PAGE, PAGE_ID, 2, files)
    note = forged.sign(release_key("stranger"), ORIGIN)
    with desk.slice_.service.uow() as session:
        draft = EventDraft(STREAMS[PAGE], TYPES[PAGE], "release-key", "operator", forged.payload(note))
        desk.slice_.service.recorder.record(session, draft)
    desk.anchor()
    assert desk.current() == first
    # The stream goes on behind it.
    desk.write("index.html", b"third")
    third = desk.release()
    desk.anchor()
    assert desk.current() == third


def test_two_releases_at_once_do_not_take_one_number(desk: ReleaseDesk) -> None:
    one = desk.releases.propose(PAGE, PAGE_ID)
    desk.write("index.html", b"other")
    other = desk.releases.propose(PAGE, PAGE_ID)
    desk.releases.sign_and_record(other, desk.key)
    with pytest.raises((DomainError, ValueError)):
        desk.releases.sign_and_record(one, desk.key)
    desk.write("index.html", b"<!doctype html>first")
    with pytest.raises(DomainError) as overtaken:
        desk.releases.sign_and_record(one, desk.key)
    assert overtaken.value.code == "evidence.release_overtaken"
    with desk.slice_.service.uow.read() as session:
        assert len(desk.slice_.service.proofs.events(session, STREAMS[PAGE])) == 1


def test_damaged_files_are_not_served_and_a_new_release_of_them_heals(desk: ReleaseDesk) -> None:
    digest = desk.release()
    desk.anchor()
    (desk.folder / "releases" / PAGE / digest / "index.html").write_bytes(b"changed on the disk")
    assert desk.fresh().current(PAGE, PAGE_ID) is None
    (desk.folder / "releases" / PAGE / digest / "extra.js").write_bytes(b"more")
    assert desk.fresh().current(PAGE, PAGE_ID) is None
    release_files.ReleaseFiles(desk.folder / "releases").keep(
        Release.of(PAGE, PAGE_ID, 1, desk.digests(PAGE, PAGE_ID)), desk.sources(PAGE, PAGE_ID)
    )
    found = desk.fresh().current(PAGE, PAGE_ID)
    assert found is not None
    assert found.release.digest == digest


def test_a_release_is_signed_where_the_key_is_kept(desk: ReleaseDesk, tmp_path: Path) -> None:
    proposal = desk.releases.propose(PAGE, PAGE_ID)
    statement, key = tmp_path / "release-page-1.txt", tmp_path / "release.key"
    statement.write_bytes(proposal.statement)
    key.write_text(secret("release").hex() + "\n", encoding="ascii")
    app = typer.Typer()
    app.command()(sign_release)
    named = ["--key", str(key), "--name", release_key().verifier.name]
    done = CliRunner().invoke(app, [str(statement), *named])
    assert done.exit_code == 0, done.output
    desk.releases.record(proposal, (tmp_path / "release-page-1.txt.note").read_bytes())
    desk.anchor()
    assert desk.current() == proposal.release.digest
    key.write_text("nonsense", encoding="ascii")
    assert CliRunner().invoke(app, [str(statement), *named]).exit_code == 3
    statement.write_bytes(b"something else to sign\n")
    assert CliRunner().invoke(app, [str(statement), *named]).exit_code == 3


# -- killed anywhere


@pytest.mark.parametrize("step", ["one file", "before the folder", "before the event"])
def test_killed_during_a_release_the_previous_one_stays_and_the_next_try_succeeds(
    desk: ReleaseDesk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = desk.release()
    desk.anchor()
    desk.write("index.html", b"second")
    real = release_files._write

    def dies(path: Path, data: bytes) -> None:
        real(path, data[: len(data) // 2])
        raise KeyboardInterrupt

    def dead(*_: Any) -> None:
        raise KeyboardInterrupt

    if step == "one file":
        monkeypatch.setattr(release_files, "_write", dies)
    elif step == "before the folder":
        monkeypatch.setattr(Path, "rename", dead)
    else:
        monkeypatch.setattr(desk.slice_.service.recorder, "record", dead)
    with pytest.raises(KeyboardInterrupt):
        desk.release()
    monkeypatch.undo()
    desk.anchor()
    assert desk.fresh().current(PAGE, PAGE_ID).release.digest == first  # type: ignore[union-attr]
    second = desk.release()
    desk.anchor()
    assert desk.current() == second
    assert desk.fetch(f"/signing-page/{second}/index.html") == b"second"


# -- from outside


def test_what_is_served_is_what_was_released(desk: ReleaseDesk) -> None:
    digest = desk.release()
    desk.anchor()
    found = check_page(desk.fetch, desk.root(), digest=digest)
    assert (found.verdict, found.code, found.facts["files"]) == ("passed", "", 3)
    assert found.facts["digest"] == digest


def _changed(fetch: Fetch, change: Callable[[dict[str, Any]], Any]) -> Fetch:
    def answer(path: str) -> bytes:
        data = fetch(path)
        if path != FACTS_PATH:
            return data
        told = json.loads(data)
        change(told)
        return jcs.canonical(told)

    return answer


def test_a_server_that_serves_another_file_is_caught(desk: ReleaseDesk) -> None:
    desk.release()
    desk.anchor()

    def lying(path: str) -> bytes:
        return b"evil" if path.endswith("js/key.js") else desk.fetch(path)

    found = check_page(lying, desk.root())
    assert (found.verdict, found.code, found.differing) == ("failed", "FILES_DIFFER", ["js/key.js"])


def test_an_address_with_another_release_is_caught(desk: ReleaseDesk) -> None:
    desk.release()
    desk.anchor()
    assert check_page(desk.fetch, desk.root(), digest="ab" * 32).code == "ANOTHER_RELEASE_SERVED"


LIES: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "another payload": (
        lambda told: told["payload"].update(digest="ab" * 32),
        "failed",
        "PAYLOAD_MISMATCH",
    ),
    "a back-dated event": (
        lambda told: told["event"].update(utc="2020-01-01T00:00:00.000Z"),
        "failed",
        "INCLUSION_INVALID",
    ),
    "a proof of nothing": (lambda told: told.update(proof="nothing"), "failed", "FORMAT_FAILURE"),
    "a checkpoint by another key": (
        lambda told: told.update(proof=told["proof"].replace(ORIGIN + "\n", "other.test/log\n")),
        "failed",
        "SIG_CRYPTO_FAILURE",
    ),
    "no proof yet": (lambda told: told.update(proof=None), "indeterminate", "NO_CHECKPOINT_YET"),
    "other members": (lambda told: told.update(more=1), "failed", "RELEASE_MALFORMED"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_tells_another_story_is_caught(desk: ReleaseDesk, lie: str) -> None:
    desk.release()
    desk.anchor()
    change, verdict, code = LIES[lie]
    found = check_page(_changed(desk.fetch, change), desk.root())
    assert (found.verdict, found.code) == (verdict, code)


def test_the_trust_root_decides_which_keys_and_witnesses_count(desk: ReleaseDesk) -> None:
    desk.release()
    desk.anchor()
    strange = desk.root(page_release_keys=[release_key("stranger").vkey])
    assert check_page(desk.fetch, strange).code == "RELEASE_KEY_UNKNOWN"
    assert check_page(desk.fetch, desk.root(page_release_keys=[])).code == "NO_RELEASE_KEYS"
    found = check_page(desk.fetch, desk.root(**trusted()))
    assert (found.verdict, found.code) == ("indeterminate", "WITNESS_QUORUM_MISSING")


def test_no_release_and_no_answer_are_told_apart(desk: ReleaseDesk) -> None:
    assert check_page(desk.fetch, desk.root()).code == "NO_RELEASE_EVENT"

    def silent(_path: str) -> bytes:
        raise PageUnreachable("no answer")

    with pytest.raises(PageUnreachable):
        check_page(silent, desk.root())
