"""Erasure, end to end: announced, carried out, certified, repeated by a restored installation before it serves.

The attacker of this test holds everything that the platform holds, keys included, and tries all numbers of one birthday.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey
from sqlalchemy import select

from api.bootstrap.container import Container
from api.infra.db import Base
from api.infra.idempotency import IdempotencyRow
from api.infra.settings import PREFIX, Settings
from api.kernel.clock import FixedClock
from chain.checkpoint import SignedNote
from scripts.backup import make_backup, restore_backup
from scripts.installation import Installation, prepare
from scripts.journey.client import ApiClient, Refused
from scripts.journey.contract import ContractPlay, Played
from scripts.journey.people import Person
from scripts.journey.stage import Stage
from scripts.up import Platform
from signing.identity_service.persons import Claim, Pseudonyms, check_character
from tests.support.live_platform import running_platform

SECRET = PrivateKey(bytes(range(2, 34)))
LATER = datetime.now(UTC) + timedelta(days=7 * 365)
HEX = re.compile(rb"[0-9a-f]{64}")


def container(installation: Installation, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Container:
    """The platform's services as the worker process has them, with a clock of ours."""
    values = json.loads((installation.root / "settings.json").read_text("utf-8"))
    for name, value in values.items():
        if name.startswith(PREFIX):
            monkeypatch.setenv(name, value)
    return Container(Settings(), FixedClock(now)).wire()


def candidates(number: str) -> Iterator[str]:
    """All resident numbers of the same region and birthday."""
    for sequence in range(1000):
        body = f"{number[:14]}{sequence:03d}"
        yield body + check_character(body)


def derived(number: str, made: Container, pseudonyms: Pseudonyms) -> set[str]:
    """Everything that somebody with all keys can compute from a number."""
    keyed = made.field_key.lookup
    return {
        number,
        hashlib.sha256(number.encode()).hexdigest(),
        keyed("id", f"resident_id:{number}"),
        keyed("econtract.worker", f"resident_id:{number}"),
        pseudonyms.person(Claim("", "resident_id", number, "")),
    }


def everything(made: Container, root: Path) -> tuple[set[str], str]:
    """All 64-character values in the platform's and the identity service's files, and all rows with seals opened."""
    files = [path for folder in ("data", "identity") for path in (root / folder).rglob("*") if path.is_file()]
    tokens = {found.decode() for path in files for found in HEX.findall(path.read_bytes())}
    opened = []
    assert IdempotencyRow in {mapper.class_ for mapper in Base.registry.mappers}, (
        "kept answers are looked through too"
    )
    with made.uow.read() as session:
        for mapper in Base.registry.mappers:
            for row in session.scalars(select(mapper.class_)):
                opened.append({column.key: getattr(row, column.key) for column in mapper.columns})
    text = json.dumps(opened, default=repr, ensure_ascii=False)
    return tokens | {found.decode() for found in HEX.findall(text.encode())}, text


def hits(made: Container, root: Path, person: Person) -> list[str]:
    """Numbers of the person's birthday that something on the platform's disks gives away."""
    pseudonyms = Pseudonyms(bytes.fromhex((root / "identity" / "pseudonym.key").read_text("ascii").strip()))
    tokens, text = everything(made, root)
    return [
        number
        for number in candidates(person.id_number)
        if derived(number, made, pseudonyms) & tokens or number in text
    ]


def traces(made: Container, root: Path, person: Person) -> list[tuple[str, int]]:
    """Files that hold something derived from the person's number, and which of the derived values it is."""
    pseudonyms = Pseudonyms(bytes.fromhex((root / "identity" / "pseudonym.key").read_text("ascii").strip()))
    words = sorted(derived(person.id_number, made, pseudonyms))
    files = [path for folder in ("data", "identity") for path in (root / folder).rglob("*") if path.is_file()]
    return [
        (str(path.relative_to(root)), number)
        for path in files
        for number, word in enumerate(words)
        if word.encode() in path.read_bytes()
    ]


def played_contract(platform: Platform) -> tuple[Person, Played, Stage]:
    def connect() -> ApiClient:
        return ApiClient(platform.installation.public_origin, patience=30)

    stage = Stage(platform.installation, connect)
    employer = stage.employer(external_wallet=True)
    others = {stage.town.person(number).name for number in range(2)}  # representative and agent
    worker = next(one for one in stage.newcomers(20) if one.name not in others)
    play = ContractPlay(connect, stage.town, employer)
    played = play.play(worker)
    play.effective(played, 120)
    return worker, played, stage


def erased_in_time(made: Container) -> None:
    """Erasing waits for the chain and for readers of the database, as the background process does."""
    deadline = time.monotonic() + 90
    while made.rights.run_due() == 0:
        assert time.monotonic() < deadline, "nothing was erased"
        time.sleep(1)


@pytest.mark.slow
@pytest.mark.xdist_group("live")
@pytest.mark.timeout(600)
def test_what_was_erased_is_gone_and_stays_gone_after_a_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, restored = tmp_path / "before.cbk", tmp_path / "restored"
    with running_platform(tmp_path / "first") as platform:
        root = platform.installation.root
        person, played, stage = played_contract(platform)
        make_backup(root, archive, SECRET.public_key)
        now = container(platform.installation, datetime.now(UTC), monkeypatch)
        assert hits(now, root, person) == [person.id_number], "the attacker's eyes are open"
        assert now.rights.run_due() == 0, "nothing is due yet"

        announcing = container(platform.installation, LATER, monkeypatch)
        assert announcing.rights.run_due() == 1
        (announced,) = announcing.rights.listing(None, "", 10)
        told = announcing.notification.inbox("person", _person_id(announcing, played), limit=50)
        assert any("清除" in item.title for item in told)

        erasing = container(platform.installation, LATER + timedelta(days=31), monkeypatch)
        erased_in_time(erasing)
        (erased,) = erasing.rights.listing(None, "", 10)
        assert erased.state.value == "erased"
        assert erased.certificate is not None
        note = SignedNote.parse(erased.certificate.note.encode())
        assert erasing.anchoring.proofs.log_key.verifier.signature_in(note)
        facts = json.loads(erased.certificate.body)
        assert facts["contract_id"] == played.contract_id == announced.contract_id
        assert facts["log"]["entries"] > 10
        assert facts["destroyed"]["documents"] == 3
        listed = stage.staff("operator").get("/erasures")
        assert [item["state"] for item in listed["items"]] == ["erased"]
        with pytest.raises(Refused):
            played.worker.download(f"/me/contracts/{played.contract}/document.pdf")
        assert not list((root / "data" / "blobs").rglob("bafy*"))
        assert traces(erasing, root, person) == []
        assert hits(erasing, root, person) == []
        _tokens, text = everything(erasing, root)
        assert person.name not in text
        assert person.phone not in text
        ledger = tmp_path / "erasures.jsonl"
        ledger.write_bytes((root / "data" / "erasures.jsonl").read_bytes())
        for made in (now, announcing, erasing):
            made.close()
    for phrase in (person.name, person.phone, person.id_number):
        assert phrase not in ledger.read_text("utf-8")

    restore_backup(archive, SECRET, restored, erasures=ledger)
    again = Platform(prepare(restored))
    try:
        again.start()
        back = container(again.installation, LATER, monkeypatch)
        (repeated,) = back.rights.listing(None, "", 10)
        assert repeated.state.value == "erased"
        assert repeated.certificate == erased.certificate
        assert hits(back, restored, person) == []
        assert not (restored / "data" / "erasures.replay.jsonl").exists()
        assert (restored / "data" / "erasures.jsonl").read_bytes() == ledger.read_bytes()
        back.close()
    finally:
        again.stop()


def _person_id(made: Container, played: Played) -> str:
    facts: Any = made.econtract.portal.facts(played.contract_id)
    return str(facts.worker_person_id)
