"""A witness answers as C2SP tlog-witness says, signs both forms as a pair, and never two histories."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from chain.checkpoint import Checkpoint, LogKey
from chain.cosignature import BRIDGE_HEADER, bridge_digest
from chain.witness import identity
from chain.witness.app import Pace
from chain.witness.errors import Refused, WitnessError
from chain.witness.memory import FILE, Memory
from chain.witness.service import Witness
from chain.witness.submission import MAX_BODY, encode
from signing.wallets import recover
from tests.support.witness_world import (
    BRIDGE,
    KEY,
    NOW,
    ORIGIN,
    AppTransport,
    GrowingLog,
    lines,
    make_witness,
    plain_cosignatures,
    public_key,
)


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog().grow(600)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return make_witness(tmp_path)


@pytest.fixture
def post(witness: Witness) -> Callable[[bytes], httpx.Response]:
    client = httpx.Client(transport=AppTransport(lambda: witness), base_url="http://witness")
    return lambda body: client.post("/add-checkpoint", content=body)


def test_a_plain_client_gets_its_cosignatures(tmp_path, log, post) -> None:  # type: ignore[no-untyped-def]
    facts = identity.load(tmp_path).facts
    old = 0
    for size in (1, 2, 255, 256, 257, 600):
        answer = post(log.body(old, size))
        assert answer.status_code == 200
        assert answer.content.endswith(b"\n")
        assert plain_cosignatures(answer.content, log.note(size), facts.name, public_key(facts.vkey)) == [NOW]
        old = size


def test_the_second_form_is_of_the_same_checkpoint_and_time(tmp_path, log, post) -> None:  # type: ignore[no-untyped-def]
    facts = identity.load(tmp_path).facts
    name, time, signature = post(log.body(0, 7)).headers[BRIDGE_HEADER].split(" ")
    assert (name, time) == (facts.name, str(NOW))
    digest = bridge_digest(BRIDGE, Checkpoint(ORIGIN, 7, log.root(7)), NOW)
    assert recover(digest, base64.b64decode(signature)) == facts.address


def test_without_a_judicial_chain_there_is_one_form_only(tmp_path: Path, log: GrowingLog) -> None:
    made = make_witness(tmp_path, bridges={}).add_checkpoint(log.body(0, 7))
    assert made.bridge is None


def test_the_same_checkpoint_again_gives_a_cosignature_again(log, post) -> None:  # type: ignore[no-untyped-def]
    assert post(log.body(0, 9)).status_code == 200
    stale = post(log.body(0, 9))
    assert (stale.status_code, stale.content, stale.headers["content-type"]) == (
        409,
        b"9\n",
        "text/x.tlog.size",
    )
    assert post(log.body(9, 9)).status_code == 200


def test_the_empty_tree_is_a_checkpoint_too(log, post) -> None:  # type: ignore[no-untyped-def]
    assert post(log.body(0, 0)).status_code == 200
    assert post(log.body(0, 0)).status_code == 200
    assert post(log.body(0, 5)).status_code == 200


def test_each_refusal_has_the_status_of_the_specification(log, post) -> None:  # type: ignore[no-untyped-def]
    assert post(log.body(0, 10)).status_code == 200
    fork = GrowingLog(salt=b"other", fork_at=5).grow(600)
    stranger = GrowingLog(LogKey.from_seed("stranger.test/log", bytes(32))).grow(3)
    thief = GrowingLog(LogKey.from_seed(ORIGIN, bytes(31) + b"\1")).grow(20)
    cases = {
        "unknown origin": (stranger.body(0, 3), 404),
        "a key that nobody trusts": (thief.body(10, 20), 403),
        "old size above the new one": (encode(11, [], log.note(10)), 400),
        "not the last size": (log.body(9, 20), 409),
        "another history": (fork.body(10, 20), 422),
        "another root at the same size": (encode(10, [], fork.note(10)), 409),
        "a proof of something else": (encode(10, log.proof(9, 20), log.note(20)), 422),
        "a proof where none is needed": (encode(10, log.proof(9, 10), log.note(10)), 422),
        "a proof cut short": (encode(10, log.proof(10, 20)[:-1], log.note(20)), 422),
        "no proof": (encode(10, [], log.note(20)), 422),
    }
    for what, (body, status) in cases.items():
        assert post(body).status_code == status, what
    assert post(log.body(10, 20)).status_code == 200  # none of them moved it
    assert post(encode(10, [], fork.note(10))).content == b"20\n"


def test_a_first_proof_must_be_empty(log, post) -> None:  # type: ignore[no-untyped-def]
    assert post(encode(0, log.proof(3, 8), log.note(8))).status_code == 422
    assert post(log.body(0, 8)).status_code == 200


def test_malformed_requests_are_bad_requests(log, post) -> None:  # type: ignore[no-untyped-def]
    note, good = log.note(3), lines(log.proof(3, 8))
    for body in (
        b"", b"\n", b"old 3\n", note, b"old 03\n\n" + note, b"old -1\n\n" + note, b"old  3\n\n" + note, b"Old 3\n\n" + note,
        b"old 3\r\n\r\n" + note, b"old 99999999999999999999\n\n" + note, b"old 3\n" + good + note,
        b"old 3\n" + good[:-3] + b"==\n\n" + note, b"old 3\n" + good.replace(b"=", b"", 1) + b"\n" + note,
        b"old 3\n" + lines([bytes(31)]) + b"\n" + note, b"old 3\n" + lines([bytes(32)] * 64) + b"\n" + note,
        b"old 0\n\n" + note.replace(b"\n\n", b"\n"), b"old 0\n\n" + note + b"x", b"\xff" + log.body(0, 3),
        b"old 0\n\n" + note.replace(b"\n3\n", b"\n03\n"),
    ):  # fmt: skip
        assert post(body).status_code == 400, body[:60]
    assert post(b"old 0\n\n" + note + b"A" * MAX_BODY).status_code == 413
    assert post(log.body(0, 3)).status_code == 200


def test_a_signed_conflict_is_kept_as_evidence(tmp_path: Path, witness: Witness, log: GrowingLog) -> None:
    witness.add_checkpoint(log.body(0, 10))
    fork = GrowingLog(salt=b"other").grow(600)
    for _ in range(3):
        with pytest.raises(Refused):
            witness.add_checkpoint(fork.body(10, 20))
    with pytest.raises(Refused):
        witness.add_checkpoint(log.body(3, 20))  # only stale: no evidence of anything
    story = Memory.open(tmp_path, identity.load(tmp_path).facts.vkey).story()
    assert [item["request"].encode() for item in story["refused"]] == [fork.body(10, 20)]  # type: ignore[attr-defined,index]


@pytest.mark.parametrize("jump", [86_400, -86_400])
def test_a_clock_that_jumps_never_takes_time_back(tmp_path: Path, log: GrowingLog, jump: int) -> None:
    clock = [float(NOW)]
    first = make_witness(tmp_path, now=lambda: clock[0])
    times = [first.add_checkpoint(log.body(0, 1)).time]
    for size, at in ((2, NOW + jump), (3, NOW + 5), (3, NOW + 6), (4, NOW - jump)):
        clock[0] = at
        again = make_witness(tmp_path, now=lambda: clock[0])  # it forgets nothing when it is started again
        times.append(again.add_checkpoint(log.body(again._memory.last(ORIGIN).size, size)).time)
    assert times == sorted(times)


def test_logs_do_not_mix(tmp_path: Path, log: GrowingLog) -> None:
    other_key = LogKey.from_seed("other.test/log", bytes(32))
    other = GrowingLog(other_key).grow(9)
    witness = make_witness(tmp_path, logs=[KEY.verifier, other_key.verifier])
    witness.add_checkpoint(log.body(0, 300))
    assert witness.add_checkpoint(other.body(0, 9)).bridge is None  # the bridge is the first log's only
    assert witness.add_checkpoint(log.body(300, 301)).bridge is not None


# -- keys and memory


def test_a_witness_without_its_memory_never_starts(tmp_path: Path) -> None:
    facts = identity.make(tmp_path, "court.test/")
    assert facts.name.startswith("court.test/")
    (tmp_path / FILE).unlink()
    with pytest.raises(WitnessError, match="停用此密钥"):
        Memory.open(tmp_path, facts.vkey)


def test_another_witness_memory_is_refused(tmp_path: Path) -> None:
    one, two = (identity.make(tmp_path / name, "court.test/") for name in ("one", "two"))
    (tmp_path / "one" / FILE).replace(tmp_path / "two" / FILE)
    with pytest.raises(WitnessError, match="belongs to another"):
        Memory.open(tmp_path / "two", two.vkey)
    assert one.vkey != two.vkey


def test_making_it_again_changes_nothing_and_secrets_are_private(tmp_path: Path) -> None:
    facts = identity.make(tmp_path, "court.test/")
    assert identity.make(tmp_path, "court.test/") == facts
    with pytest.raises(WitnessError):
        identity.make(tmp_path, "union.test/")
    for name in (identity.COSIGNER, identity.BRIDGE):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    with pytest.raises(WitnessError):
        identity.make(tmp_path / "new", "a name with spaces")
    with pytest.raises(WitnessError):
        identity.load(tmp_path / "nobody")


def test_an_interrupted_making_goes_on(tmp_path: Path) -> None:
    facts = identity.make(tmp_path, "court.test/")
    (tmp_path / identity.FACTS).unlink()
    assert identity.make(tmp_path, "court.test/") == facts


def test_requests_are_paced() -> None:
    clock = [0.0]
    pace = Pace(rate=2.0, burst=3.0, monotonic=lambda: clock[0])
    assert [pace.take() for _ in range(4)] == [True, True, True, False]
    clock[0] += 1.0
    assert [pace.take() for _ in range(3)] == [True, True, False]


def test_the_program_knows_nothing_of_the_platform() -> None:
    code = (
        "import chain.witness.__main__, sys; "
        "print([m for m in sys.modules if m.split('.')[0] in ('api', 'node', 'sqlalchemy', 'web3')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
