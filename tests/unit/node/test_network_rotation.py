"""A new consensus key lies beside the old one until it is taken up; nothing is lost on the way."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from node.network import rotation
from node.network.rotation import RotationRefused

OLD, NEW = b"\x01" * 32, b"\x02" * 32


def key_file(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pub_key": {"value": base64.b64encode(key).decode()}}), "ascii")


def engine(folder: Path, exit_code: int = 0) -> Path:
    """In place of the engine: makes NEW in the folder that it is given."""
    made = folder / "engine"
    content = json.dumps({"pub_key": {"value": base64.b64encode(NEW).decode()}})
    made.write_text(
        f'#!/bin/sh\nmkdir -p "$3/config"\necho \'{content}\' > "$3/config/priv_validator_key.json"\nexit {exit_code}\n',
        "ascii",
    )
    made.chmod(0o700)
    return made


def test_the_next_key_is_made_once_and_taken_up_with_an_empty_memory(tmp_path: Path) -> None:
    home = tmp_path / "hr"
    key_file(home / "config" / "priv_validator_key.json", OLD)
    (home / "data").mkdir()
    (home / "data" / "priv_validator_state.json").write_text(
        '{"height": "900", "round": 2, "step": 3}', "ascii"
    )
    (home / "member.json").write_text(json.dumps({"name": "hr", "consensus_key": OLD.hex()}), "ascii")

    assert rotation.prepare(home, engine(tmp_path)) == NEW.hex()
    assert rotation.public_half(home / "config" / "priv_validator_key.json") == OLD.hex()
    assert rotation.prepare(home, engine(tmp_path, exit_code=1)) == NEW.hex(), "not made a second time"

    rotation.take_up(home)
    assert rotation.public_half(home / "config" / "priv_validator_key.json") == NEW.hex()
    assert rotation.public_half(home / "config" / "priv_validator_key.retired.json") == OLD.hex()
    assert json.loads((home / "member.json").read_bytes()) == {"name": "hr", "consensus_key": NEW.hex()}
    assert json.loads((home / "data" / "priv_validator_state.json").read_bytes())["height"] == "0"
    assert (home / "config" / "priv_validator_key.json").stat().st_mode & 0o077 == 0


def test_nothing_is_taken_up_that_was_not_prepared(tmp_path: Path) -> None:
    key_file(tmp_path / "config" / "priv_validator_key.json", OLD)
    with pytest.raises(RotationRefused, match="no next key"):
        rotation.take_up(tmp_path)
    assert rotation.public_half(tmp_path / "config" / "priv_validator_key.json") == OLD.hex()


def test_an_engine_that_fails_leaves_no_key(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with pytest.raises(RotationRefused, match="could not be made"):
        rotation.prepare(tmp_path / "home", engine(tmp_path, exit_code=1))
    assert list((tmp_path / "home").iterdir()) == []


def test_a_file_that_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_bytes(b"[]")
    with pytest.raises(RotationRefused, match="no key of the engine"):
        rotation.public_half(tmp_path / "key.json")
