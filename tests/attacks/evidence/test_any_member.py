"""Whoever holds the log's key may seal what he likes: still no single value of any statement or event can be changed."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from chain.checkpoint import SignedNote
from chain.package import contents, manifest, write_package
from chain.verifier import Outcome, verify
from signing import jcs
from tests.factories.evidence import Forge, World
from tests.support.signing_authorities import NOW

LATER = NOW + dt.timedelta(hours=1)
SAMPLE = int(os.environ.get("CONCORD_TEST_MEMBERS", "40"))
"""How many of the roughly 300 members one run changes; 0 for all."""


NOTHING_RESTS_ON = {(contents.INTENT, ("credential_id",))}
"""A passkey's id serves to find it; WebAuthn does not sign it and the specification says that nothing rests on it."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path


def altered(value: Any) -> Any:
    """The smallest change that keeps the kind: another digit, another number, another letter."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return {"blind": "00" * 32}
    last = value[-1:] or "a"
    if last == "=":
        middle = len(value) // 2
        return value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]
    return value[:-1] + ("0" if last != "0" else "1")


def changed(value: Any, path: tuple[Any, ...]) -> Any:
    made = copy.deepcopy(value)
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = altered(place[path[-1]])
    return made


def resealed(forge: Forge, files: dict[str, bytes]) -> bytes:
    value: Any = jcs.parse_object(forge.sealed["manifest.json"])
    value["entries"] = [
        {"name": name, "size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
    ]
    made = jcs.canonical(value)
    text = manifest.note_text(made, forge.world.log_origin)
    note = SignedNote(text, (forge.world.log_key.sign(text),)).encode()
    return write_package({"manifest.json": made, "manifest.sig": note, **files})


@pytest.mark.parametrize("passkey", [False, True], ids=["code", "passkey"])
def test_no_member_can_be_changed(world: World, passkey: bool) -> None:
    forge = Forge(world, passkey=passkey)
    members = [
        (name, path)
        for name in contents.SHAPES
        if name in forge.files
        for path in leaves(jcs.parse_object(forge.files[name]))
        if (name, path) not in NOTHING_RESTS_ON
    ]
    assert len(members) > 250
    chosen = random.Random(20261122 + passkey).sample(members, SAMPLE) if SAMPLE else members
    for name, path in chosen:
        value = jcs.parse_object(forge.files[name])
        files = dict(forge.files) | {name: jcs.canonical(changed(value, path))}
        report = verify(resealed(forge, files), forge.root, now=LATER)
        assert report.verdict is not Outcome.PASSED, (name, path)
        unreadable = [step for step in report.steps if step.sub_indication == "UNREADABLE"]
        assert not unreadable, (name, path, unreadable)
