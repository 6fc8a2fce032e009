"""The court user's desk: every answer is the court's contract's, and by structure it can come from nowhere else."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from api.kernel.errors import DomainError
from chain.checkpoint import Checkpoint, SignedNote
from chain.judicial_check import check_package
from chain.judicial_receipt import evidence_number
from chain.package import contents, read_package, write_package
from chain.package.disclosure import disclose
from chain.verifier import verify
from chain.verifier.report import arrange
from tests.factories.evidence import Forge, World
from tests.support.court_desk import ADDRESS, CHAIN, Court, desk
from tests.support.evidence_world import world
from tests.support.signing_authorities import NOW

__all__ = ["world"]

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def forge(world: World) -> Forge:
    return Forge(world)


@pytest.fixture(scope="module")
def package(forge: Forge) -> bytes:
    return forge.package


@pytest.fixture
def head(package: bytes) -> Checkpoint:
    return Checkpoint.parse(SignedNote.parse(read_package(package)[contents.CHECKPOINT]).text)


@pytest.fixture
def court(head: Checkpoint) -> Court:
    return Court(head.origin, {head.size: head.root})


def test_a_package_is_confirmed_event_by_event(court: Court, package: bytes, head: Checkpoint) -> None:
    answer = desk(court).by_package(package)
    assert (answer.answer, answer.size, answer.accepted_root) == ("confirmed", head.size, head.root.hex())
    assert len(answer.events) > 10
    assert all(event.included for event in answer.events)
    assert answer.to_json()["events"][0]["included"] is True


def test_one_shown_clause_is_looked_up_like_a_whole_package(court: Court, package: bytes) -> None:
    answer = desk(court).by_package(disclose(package, 3, now=NOW))
    assert answer.answer == "confirmed"
    assert answer.events


def test_an_event_that_the_court_denies_is_named(court: Court, package: bytes) -> None:
    entries = read_package(package)
    stream = entries[contents.STREAM]
    entries[contents.STREAM] = stream.replace(b'"actor":"actor-1"', b'"actor":"actor-2"', 1)
    assert entries[contents.STREAM] != stream
    answer = desk(court).by_package(write_package(entries))
    assert answer.answer == "not_included"
    assert [event.included for event in answer.events].count(False) == 1


@pytest.mark.parametrize(
    ("roots", "expected"), [({}, "not_accepted"), ({"same": bytes([9] * 32)}, "differs")]
)
def test_a_checkpoint_that_the_court_does_not_hold(
    package: bytes, head: Checkpoint, roots: dict[str, bytes], expected: str
) -> None:
    court = Court(head.origin, dict.fromkeys([head.size], roots["same"]) if roots else {})
    assert desk(court).by_package(package).answer == expected
    number = evidence_number(0, head.size, head.root.hex())
    assert desk(court).by_number(number).answer == expected


def test_another_log_is_said_to_be_another(package: bytes, head: Checkpoint) -> None:
    court = Court("log.another.example", {head.size: head.root})
    assert desk(court).by_package(package).answer == "other_log"


def test_the_number_on_the_report_is_confirmed(forge: Forge, court: Court) -> None:
    result = verify(forge.package, forge.root, now=NOW + timedelta(hours=1)).to_json()
    report = arrange(result, forge.root, "0" * 64, lang="zh", now=NOW)
    (number,) = [value for label, value in report.technique if "存证编号" in label]
    assert desk(court).by_number(number).answer == "confirmed"


def test_a_number_names_entry_checkpoint_and_root(court: Court, head: Checkpoint) -> None:
    number = evidence_number(3, head.size, head.root.hex())
    answer = desk(court).by_number(f"  {number.upper()} ")
    assert (answer.answer, answer.index, answer.size) == ("confirmed", 3, head.size)


@pytest.mark.parametrize(
    "number",
    ["", "x", "3@2-0123456789abcdef", "03@4-0123456789abcdef", "1@4-0123", "1@4-" + "g" * 16, "9" * 400],
)
def test_what_is_no_number_is_refused(court: Court, number: str) -> None:
    with pytest.raises(DomainError) as refused:
        desk(court).by_number(number)
    assert refused.value.code == "evidence.number_malformed"


@pytest.mark.parametrize(
    "data", [b"PK", b"\x00" * 100, write_package({"manifest.json": b"{}", "manifest.sig": b"x"})]
)
def test_a_file_that_is_no_package_is_refused(court: Court, data: bytes) -> None:
    with pytest.raises(DomainError) as refused:
        desk(court).by_package(data)
    assert refused.value.code == "evidence.package_unreadable"


def test_empty_and_too_large_files_are_refused(court: Court) -> None:
    for data, code in ((b"", "evidence.file_missing"), (bytes(20_000_001), "evidence.file_too_large")):
        with pytest.raises(DomainError) as refused:
            desk(court).by_package(data)
        assert refused.value.code == code


def test_a_court_that_does_not_answer_gives_no_answer(court: Court, package: bytes) -> None:
    court.down = True
    with pytest.raises(DomainError) as away:
        desk(court).by_package(package)
    assert away.value.code == "evidence.court_unreachable"
    court.down, court.chain = False, CHAIN + 1
    with pytest.raises(DomainError) as stranger:
        desk(court).by_package(package)
    assert stranger.value.code == "evidence.court_contradicts"
    with pytest.raises(DomainError) as absent:
        desk(court, None).by_package(package)
    assert absent.value.code == "evidence.court_absent"


def test_the_library_asks_nobody_but_its_reader(court: Court, package: bytes) -> None:
    assert check_package(court, ADDRESS, package).address == ADDRESS


@pytest.mark.parametrize(
    "module",
    [
        "api/evidence/service/court.py",
        "api/bootstrap/court.py",
        "api/bootstrap/court_access.py",
        "api/bootstrap/gateways.py",
        "chain/judicial_check.py",
        "chain/judicial_rpc.py",
    ],
)
def test_the_desk_can_reach_no_database_and_no_other_service(module: str) -> None:
    exact = {
        "api.kernel.errors", "api.infra.settings", "api.evidence.service.court", "api.bootstrap.court_access",
        "api.bootstrap.gateways", "signing", "collections.abc", "contextlib", "dataclasses", "enum", "pathlib", "re",
        "threading", "typing", "__future__",
    }  # fmt: skip
    text = (ROOT / module).read_text("utf-8")
    assert "settings.chain_" not in text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
            for name in names:
                assert name in exact or name.startswith("chain."), f"{module} imports {name}"
