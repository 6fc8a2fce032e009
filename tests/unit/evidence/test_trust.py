"""The trust root is put together, kept when nothing changes, and rotated without forgetting."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from api.evidence.service.trust import InstallationFacts, assemble
from api.evidence.service.trust_files import TrustFiles
from chain import trust_root_files as files
from chain.checkpoint import LogKey
from chain.trust_root import TrustRoot, TrustRootError
from chain.trust_root_succession import (
    SignedRoot,
    SuccessionRefused,
    add_signature,
    check_first,
    check_successor,
    signing_key,
)
from signing import jcs
from tests.factories.witnesses import Witness
from tests.support.signing_authorities import Authority, Stamper

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=30)
WITNESS_VKEY = Witness("court.test/w").entry["vkey"]
CA_1, CA_2 = (Authority(name).chain[1] for name in ("TEST one", "TEST two"))
(ROOT_1,), (ROOT_2,), (ROOT_2B,) = (Stamper(name).roots for name in ("one", "two", "two, later"))
ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20
FACTS = InstallationFacts(
    test=True,
    log_origin="log.example",
    log_vkey=LogKey.from_seed("log.example", bytes(32)).vkey,
    chain_id=271828,
    genesis_hash="ab" * 32,
    contracts={
        name: {"address": ONE, "code_hash": "cd" * 32}
        for name in ("LaborContractRegistry", "ParticipantRegistry", "EvidenceLog")
    },
    web_origin="https://concord.example",
    rp_id="concord.example",
    cas=(CA_1,),
    tsas={"one": (ROOT_1,), "two": (ROOT_2,)},
    identity_issuers=(ONE,),
    registrars=(ONE,),
    page_release_keys=(),
    templates={"ab" * 32: "agreement/1"},
    renderers=("typst-1/x",),
    since=NOW,
)


def test_the_first_root_has_version_one_and_counts_from_its_start() -> None:
    root = assemble(FACTS, None, NOW)
    assert (root.value["version"], root.value["predecessor"]) == (1, None)
    assert root.valid_from == NOW
    assert root.registrars[0].covers(NOW)
    assert root.domain("LaborContractRegistry").name == "Concord TEST"


def test_unchanged_facts_keep_the_root() -> None:
    root = assemble(FACTS, None, NOW)
    assert assemble(FACTS, root, LATER) is root


def test_a_new_root_names_its_predecessor_and_forgets_nothing() -> None:
    first = assemble(FACTS, None, NOW)
    changed = dataclasses.replace(
        FACTS,
        registrars=(TWO,),
        cas=(CA_2,),
        tsas={"two": (ROOT_2B,)},
        templates={"ef" * 32: "agreement/2"},
    )
    second = assemble(changed, first, LATER)
    assert second.value["version"] == 2
    assert second.value["predecessor"] == first.fingerprint
    assert second.cas == (CA_1, CA_2)
    assert second.tsas == {"one": (ROOT_1,), "two": (ROOT_2, ROOT_2B)}
    assert set(second.templates.values()) == {"agreement/1", "agreement/2"}
    gone, fresh = second.registrars
    assert gone.covers(NOW + dt.timedelta(days=1))
    assert not gone.covers(LATER + dt.timedelta(seconds=1))
    assert not fresh.covers(NOW)
    assert fresh.covers(LATER)
    assert second.valid_from == first.valid_from


def test_witnesses_and_courts_are_renewed_by_name_and_not_forgotten() -> None:
    witness = {"name": "court.test/w", "vkey": WITNESS_VKEY, "address": None}
    court = {
        "chain_id": 7,
        "genesis_hash": "ab" * 32,
        "address": ONE,
        "code_hash": "cd" * 32,
        "seal_vkey": None,
    }
    first = assemble(
        dataclasses.replace(FACTS, witnesses=(witness,), witness_threshold=1, judicial=(court,)), None, NOW
    )
    changed = witness | {"address": TWO}
    second = assemble(dataclasses.replace(FACTS, witnesses=(changed,)), first, LATER)
    assert second.value["witnesses"] == [changed]
    assert second.witness_threshold == 1
    assert second.value["judicial"] == [court]


def make(facts: InstallationFacts, when: dt.datetime = NOW) -> Callable[[TrustRoot | None], TrustRoot]:
    return lambda previous: assemble(facts, previous, when)


SEED, OTHER_SEED, STRANGER = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32)
KEYS = (LogKey.from_seed("a.test/root", SEED).vkey, LogKey.from_seed("b.test/root", OTHER_SEED).vkey)
KEYED = dataclasses.replace(FACTS, root_keys=KEYS, root_threshold=2)
NEXT = dataclasses.replace(KEYED, templates={"ef" * 32: "agreement/2"})


def test_the_file_is_canonical_and_its_digest_is_the_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trust-root.json"
    made = TrustFiles(path).bring_up(make(FACTS), ())
    assert made.state == "published"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made.root.fingerprint
    again = TrustFiles(path).current()
    assert again is not None
    assert again.root.fingerprint == made.root.fingerprint
    assert sorted(item.name for item in path.parent.iterdir()) == ["trust-root.json", "trust-roots"]
    assert TrustFiles(path).bring_up(make(FACTS, LATER), ()).state == "unchanged"


def test_no_file_is_no_root_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    assert TrustFiles(tmp_path / "absent.json").current() is None
    for bad in (b"{}", b"not json", b"{}" * 3):
        (tmp_path / "bad.json").write_bytes(bad)
        with pytest.raises(TrustRootError):
            TrustFiles(tmp_path / "bad.json").current()


def test_each_version_is_signed_by_its_predecessors_keys_and_kept(tmp_path: Path) -> None:
    store = TrustFiles(tmp_path / "trust-root.json")
    first = store.bring_up(make(KEYED), (SEED, OTHER_SEED, STRANGER))
    second = store.bring_up(make(NEXT, LATER), (SEED, OTHER_SEED))
    assert (first.state, second.state, second.root.version) == ("published", "published", 2)
    assert store.versions() == [1, 2]
    kept = [store.version(number) for number in (1, 2)]
    assert kept[0] is not None
    assert kept[1] is not None
    assert check_first(kept[0]) == ("a.test/root", "b.test/root")
    assert check_successor(kept[1], kept[0].root) == ("a.test/root", "b.test/root")
    current = store.current()
    assert current is not None
    assert current.note == kept[1].note == (tmp_path / "trust-root.json.sig").read_bytes()


def test_without_the_keys_a_candidate_waits_and_nothing_that_is_published_changes(tmp_path: Path) -> None:
    path = tmp_path / "trust-root.json"
    store = TrustFiles(path)
    store.bring_up(make(KEYED), (SEED, OTHER_SEED))
    before = path.read_bytes()
    waiting = store.bring_up(make(NEXT, LATER), (SEED,))
    assert (waiting.state, waiting.missing, waiting.candidate) == ("candidate", 1, store.candidate_file)
    assert path.read_bytes() == before
    # Signed elsewhere: the file and its note come back, and the next publication takes them.
    candidate = store.candidate()
    assert candidate is not None
    note = add_signature(candidate.root, candidate.note, signing_key(OTHER_SEED, TrustRoot.parse(before)))
    files.signature_file(store.candidate_file).write_bytes(note)
    done = store.bring_up(make(NEXT, LATER), ())
    assert (done.state, done.root.version) == ("published", 2)
    assert store.candidate() is None


def test_a_stranger_can_not_make_the_next_version(tmp_path: Path) -> None:
    path = tmp_path / "trust-root.json"
    store = TrustFiles(path)
    first = store.bring_up(make(KEYED), (SEED, OTHER_SEED)).root
    taken = dataclasses.replace(
        NEXT, root_keys=(LogKey.from_seed("x.test/root", STRANGER).vkey,), root_threshold=1
    )
    root = assemble(taken, first, LATER)
    note = add_signature(root, None, signing_key(STRANGER, root))
    with pytest.raises(SuccessionRefused) as refused:
        store.publish(SignedRoot(root, note))
    assert refused.value.code == "trust_root.too_few_signatures"
    assert store.bring_up(make(taken, LATER), (STRANGER,)).state == "candidate"
    assert TrustRoot.parse(path.read_bytes()).fingerprint == first.fingerprint


def test_a_first_root_with_keys_must_show_that_it_holds_them(tmp_path: Path) -> None:
    store = TrustFiles(tmp_path / "trust-root.json")
    assert store.bring_up(make(KEYED), (SEED,)).state == "candidate"
    assert store.current() is None


def test_a_crash_between_history_and_current_file_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trust-root.json"
    store = TrustFiles(path)
    store.bring_up(make(KEYED), (SEED, OTHER_SEED))
    whole, calls = files.write, []

    def dies(signed: SignedRoot, target: Path) -> None:
        calls.append(target)
        if target == path:
            raise KeyboardInterrupt
        whole(signed, target)

    monkeypatch.setattr(files, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        store.bring_up(make(NEXT, LATER), (SEED, OTHER_SEED))
    monkeypatch.undo()
    assert store.versions() == [1, 2]
    old = store.current()
    assert old is not None
    assert old.root.version == 1
    assert store.bring_up(make(NEXT, LATER + dt.timedelta(days=1)), (SEED, OTHER_SEED)).root.version == 2
    now = store.current()
    assert now is not None
    assert now.root.version == 2
    assert store.versions() == [1, 2]


def test_a_root_from_before_there_were_root_keys_is_followed_by_its_next_version(tmp_path: Path) -> None:
    path = tmp_path / "trust-root.json"
    later = ("root_keys", "root_threshold", "retired_algorithms")
    old = {key: value for key, value in assemble(FACTS, None, NOW).value.items() if key not in later}
    path.write_bytes(jcs.canonical(old))
    made = TrustFiles(path).bring_up(make(KEYED, LATER), (SEED, OTHER_SEED))
    assert (made.state, made.root.version) == ("published", 2)
    assert made.root.predecessor == hashlib.sha256(jcs.canonical(old)).hexdigest()
    assert (tmp_path / "trust-roots" / "1.older-form").read_bytes() == jcs.canonical(old)
