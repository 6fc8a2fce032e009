"""Each trust root is made by the keys of the one before; the command line says so in words and exit codes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from chain import trust_root_files as files
from chain.checkpoint import COSIGNATURE, LogKey, SignedNote, key_id
from chain.trust_root import TrustRoot, TrustRootError
from chain.trust_root_cli import app as trust_root_app
from chain.trust_root_succession import (
    SignedRoot,
    SuccessionRefused,
    add_signature,
    check_chain,
    check_first,
    check_successor,
    signers,
    signing_key,
    statement,
)
from chain.verifier import offline
from chain.verifier.cli import verify
from tests.factories.witnesses import Witness
from tests.factories.world import World, b64
from tests.support.release_desk import NoRenderer

SEEDS = {name: bytes([number] * 32) for number, name in enumerate(("a", "b", "c", "stranger"), start=1)}
KEYS = {name: LogKey.from_seed(f"{name}.test/root", seed) for name, seed in SEEDS.items()}
VKEYS = [KEYS[name].vkey for name in ("a", "b", "c")]


@cache
def _base() -> dict[str, Any]:
    return dict(World(renderer=NoRenderer()).trust_root().value)  # type: ignore[arg-type]


def root(version: int = 1, predecessor: str | None = None, **changes: Any) -> TrustRoot:
    keys = {"root_keys": VKEYS, "root_threshold": 2}
    return TrustRoot.of(_base() | {"version": version, "predecessor": predecessor} | keys | changes)


def signed(made: TrustRoot, *names: str) -> SignedRoot:
    note: bytes | None = None
    for name in names:
        note = add_signature(made, note, KEYS[name])
    return SignedRoot(made, note)


FIRST = root()
SECOND = root(2, FIRST.fingerprint, templates={"ab" * 32: "agreement/2"})


def refusal(make: Any) -> str:
    with pytest.raises(SuccessionRefused) as refused:
        make()
    assert refused.value.zh
    assert refused.value.en
    assert "{" not in refused.value.zh + refused.value.en
    return refused.value.code.removeprefix("trust_root.")


def test_the_statement_is_the_documented_one() -> None:
    assert statement(FIRST) == f"concord-trust-root/v1\n1\n{FIRST.fingerprint}\n".encode()


def test_enough_keys_of_the_predecessor_make_a_successor() -> None:
    assert check_first(signed(FIRST, "a", "c")) == ("a.test/root", "c.test/root")
    assert check_successor(signed(SECOND, "b", "a", "stranger"), FIRST) == ("a.test/root", "b.test/root")
    third = root(3, SECOND.fingerprint)
    assert check_chain([signed(FIRST), signed(SECOND, "a", "b"), signed(third, "b", "c")]) == (
        "b.test/root",
        "c.test/root",
    )


def test_new_keys_count_from_the_version_after_the_one_that_names_them() -> None:
    handed = root(2, FIRST.fingerprint, root_keys=[KEYS["stranger"].vkey], root_threshold=1)
    assert refusal(lambda: check_successor(signed(handed, "stranger"), FIRST)) == "too_few_signatures"
    assert check_successor(signed(handed, "a", "b"), FIRST)
    third = root(3, handed.fingerprint)
    assert refusal(lambda: check_successor(signed(third, "a", "b"), handed)) == "too_few_signatures"
    assert check_successor(signed(third, "stranger"), handed) == ("stranger.test/root",)


@pytest.mark.parametrize(
    ("successor", "code"),
    [
        (signed(SECOND), "too_few_signatures"),
        (signed(SECOND, "a"), "too_few_signatures"),
        (signed(SECOND, "stranger"), "too_few_signatures"),
        (signed(root(3, FIRST.fingerprint), "a", "b"), "version_skipped"),
        (signed(root(1, FIRST.fingerprint), "a", "b"), "version_skipped"),
        (signed(root(2, "ab" * 32), "a", "b"), "predecessor_differs"),
        (signed(root(2), "a", "b"), "predecessor_differs"),
        (signed(root(2, FIRST.fingerprint, log_origin="log.other"), "a", "b"), "other_installation"),
        (signed(root(2, FIRST.fingerprint, test=False), "a", "b"), "other_installation"),
        (SignedRoot(SECOND, signed(FIRST, "a", "b").note), "other_file"),
        (SignedRoot(SECOND, b"not a note"), "note_malformed"),
    ],
)
def test_whatever_is_no_successor_is_refused(successor: SignedRoot, code: str) -> None:
    assert refusal(lambda: check_successor(successor, FIRST)) == code


def test_a_tampered_line_of_a_listed_key_spoils_the_whole_signature() -> None:
    good = SignedNote.parse(signed(SECOND, "a", "b").note or b"")
    wrong = KEYS["c"].sign(b"something else\n")
    spoilt = SignedNote(good.text, (*good.signatures, wrong)).encode()
    assert refusal(lambda: signers(SECOND, FIRST, spoilt)) == "signature_invalid"


def test_one_key_signs_once_however_often_it_is_asked() -> None:
    note = add_signature(SECOND, signed(SECOND, "a").note, KEYS["a"])
    assert signers(SECOND, FIRST, note) == ("a.test/root",)


def test_a_root_without_root_keys_has_no_verifiable_successor() -> None:
    bare = root(root_keys=[], root_threshold=0)
    after = root(2, bare.fingerprint)
    assert refusal(lambda: check_successor(signed(after, "a", "b"), bare)) == "no_root_keys"
    assert refusal(lambda: check_first(SignedRoot(bare, None))) == "no_root_keys"
    assert refusal(lambda: check_first(signed(SECOND, "a", "b"))) == "not_the_first"


def test_a_strangers_key_does_not_get_a_name() -> None:
    assert signing_key(SEEDS["b"], FIRST).verifier.name == "b.test/root"
    assert refusal(lambda: signing_key(SEEDS["stranger"], FIRST)) == "key_not_listed"


COSIGNER = KEYS["a"].verifier.public
WRONG_TYPE = (
    f"a.test/root+{key_id('a.test/root', COSIGNATURE, COSIGNER).hex()}+{b64(bytes([COSIGNATURE]) + COSIGNER)}"
)


@pytest.mark.parametrize(
    "change",
    [
        {"root_threshold": 0},
        {"root_threshold": 4},
        {"root_keys": [VKEYS[0], VKEYS[0]]},
        {"root_keys": [VKEYS[0], LogKey.from_seed("other.test/name", SEEDS["a"]).vkey]},
        {"root_keys": [VKEYS[0], VKEYS[1].replace("b.test", "x.test")]},
        {"root_keys": [VKEYS[1], WRONG_TYPE]},
        {"page_release_keys": [VKEYS[0], VKEYS[0]]},
        {"root_keys": [], "root_threshold": 1},
        {"witnesses": [Witness("a.test/w").entry] * 2, "witness_threshold": 2},
        {"retired_algorithms": [{"name": "SHA-1"}]},
        {"retired_algorithms": [{"name": "SHA-1", "from": "yesterday"}]},
    ],
)
def test_keys_that_could_count_twice_or_not_at_all_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TrustRootError):
        root(**change)


# -- the command line


def concord(*arguments: str | Path, cwd: Path) -> Result:
    """`concord trust-root …` or `concord verify …` in this process, with its paths under `cwd`."""
    app = typer.Typer()
    app.add_typer(trust_root_app, name="trust-root")
    app.command("verify")(verify)
    named = [
        str(cwd / item) if str(item).endswith((".json", ".key", ".zip")) else str(item) for item in arguments
    ]
    return CliRunner().invoke(app, named)


def test_the_whole_life_of_a_trust_root_by_hand(tmp_path: Path) -> None:
    """Two keys are made, the first version is signed, the next replaces a key, and a stranger gets nowhere."""
    made = {}
    for name in ("one", "two", "three"):
        done = concord(
            "trust-root", "key", "--name", f"{name}.test/root", "--out", f"{name}.key", cwd=tmp_path
        )
        assert done.exit_code == 0, done.stderr
        made[name] = done.stdout.strip()
    assert (tmp_path / "one.key").stat().st_mode & 0o777 == 0o600
    again = concord("trust-root", "key", "--name", "x", "--out", "one.key", cwd=tmp_path)
    assert again.exit_code == 3
    first = root(root_keys=[made["one"], made["two"]], root_threshold=2)
    (tmp_path / "1.json").write_bytes(first.canonical())
    for name in ("one", "two"):
        done = concord("trust-root", "sign", "1.json", "--key", f"{name}.key", cwd=tmp_path)
        assert done.exit_code == 0, done.stderr
    done = concord("trust-root", "verify", "1.json", cwd=tmp_path)
    assert (done.exit_code, first.fingerprint in done.stdout) == (0, True), done.stderr

    rotated = concord(
        *("trust-root", "rotate", "1.json", "--out", "2.json", "--drop-root-key", "one.test/root"),
        *("--add-root-key", made["three"], "--retire", "RSA-2048=2030-01-01T00:00:00.000Z"),
        cwd=tmp_path,
    )
    assert rotated.exit_code == 0, rotated.stderr
    unsigned = concord("trust-root", "verify", "2.json", "--previous", "1.json", cwd=tmp_path)
    assert (unsigned.exit_code, "签名不足" in unsigned.stderr) == (3, True)
    new_key = concord(
        "trust-root", "sign", "2.json", "--previous", "1.json", "--key", "three.key", cwd=tmp_path
    )
    assert (new_key.exit_code, "不在第 1 版" in new_key.stderr) == (3, True)
    for name in ("one", "two"):
        concord("trust-root", "sign", "2.json", "--previous", "1.json", "--key", f"{name}.key", cwd=tmp_path)
    assert concord("trust-root", "verify", "2.json", "--previous", "1.json", cwd=tmp_path).exit_code == 0
    shown = json.loads(concord("trust-root", "show", "2.json", "--json", cwd=tmp_path).stdout)
    assert (shown["version"], shown["predecessor"]) == (2, first.fingerprint)
    assert shown["root_keys"] == [made["two"], made["three"]]
    assert files.load(tmp_path / "2.json").root.retired_algorithms.keys() == {"RSA-2048"}


def test_verify_refuses_a_root_that_its_predecessor_did_not_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "without_network", lambda: None)  # this process has other tests to run
    (tmp_path / "1.json").write_bytes(FIRST.canonical())
    files.write(signed(SECOND, "a", "stranger"), tmp_path / "2.json")
    (tmp_path / "some.zip").write_bytes(b"not a package")
    plain = concord("verify", "some.zip", "--trust-root", "2.json", cwd=tmp_path)
    assert plain.exit_code == 1  # the root itself is its user's decision
    done = concord("verify", "some.zip", "--trust-root", "2.json", "--previous", "1.json", cwd=tmp_path)
    assert (done.exit_code, "签名不足" in done.stderr) == (3, True), done.stderr
    files.write(signed(SECOND, "a", "b"), tmp_path / "2.json")
    done = concord("verify", "some.zip", "--trust-root", "2.json", "--previous", "1.json", cwd=tmp_path)
    assert done.exit_code == 1, done.stderr


@pytest.mark.parametrize("wrong", ["absent.json", "empty.json"])
def test_files_that_are_no_trust_roots_are_named(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "empty.json").write_bytes(b"{}")
    for command in ("show", "verify"):
        done = concord("trust-root", command, wrong, cwd=tmp_path)
        assert done.exit_code == 3
        assert wrong in done.stderr or "信任根文件无法使用" in done.stderr
        assert "Traceback" not in done.stderr
