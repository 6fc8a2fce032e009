"""One story: who cheats with which keys, the package that results, and how every verifier must judge it.

The stories are both the attacks of the tests and, made with fixed seeds, the conformance vectors. Where a story says
"the platform", the forger holds the log's key and seals the package properly, so nothing but the named step can tell.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from chain.checkpoint import LogKey, SignedNote
from chain.package import manifest, write_package
from chain.trust_root import TrustRoot
from chain.verifier import Outcome
from signing import jcs
from tests.factories.evidence import Forge, World
from tests.factories.signed_parts import Change
from tests.support.signing_authorities import NOW

LATER = NOW + dt.timedelta(hours=1)
Changes = dict[str, Change]


@dataclasses.dataclass
class Scene:
    """The installation that is cheated in, and a stranger's."""

    world: World

    @cached_property
    def stranger(self) -> World:
        """Another installation: other keys, log, chain, CA and TSAs."""
        return World(
            name="two",
            log_origin="log.other.example",
            chain_id=31415,
            renderer=self.world.renderer,
            seed=self.world.seed,
        )

    @cached_property
    def good(self) -> Forge:
        """An honest package, by an agent with a one-time code."""
        return Forge(self.world)


@dataclasses.dataclass(frozen=True)
class Made:
    """What a verifier is given: the file, the trust root, the moment."""

    package: bytes
    root: TrustRoot
    now: dt.datetime = LATER


@dataclasses.dataclass(frozen=True)
class Story:
    """`step` 0: nothing is wrong. Else that step, and no other, must end in `outcome` with `sub`."""

    en: str
    zh: str
    step: int
    sub: str
    make: Callable[[Scene], Made]
    outcome: Outcome = Outcome.FAILED
    verdict: Outcome | None = None
    """None: that of the step. A story may end in a step that the default policy does not require."""
    expects: dict[int, str] = dataclasses.field(default_factory=dict)
    """Sub-indications that other steps must show beside it, each with its own usual outcome."""

    @property
    def id(self) -> str:
        """Step and words, for file names."""
        words = re.sub(r"[^a-z0-9]+", "-", self.en.lower()).strip("-")[:70].strip("-")
        return f"{self.step:02d}-{words}"

    @property
    def ends(self) -> Outcome:
        """The verdict that must come out."""
        if self.verdict is not None:
            return self.verdict
        return self.outcome if self.step else Outcome.PASSED

    @property
    def negative(self) -> bool:
        """Whether some step must fail or be left open."""
        return self.step > 0


def forged(
    en: str,
    zh: str,
    step: int,
    sub: str,
    changes: Changes,
    *,
    passkey: bool = False,
    by_agent: bool = True,
    outcome: Outcome = Outcome.FAILED,
    verdict: Outcome | None = None,
    root: Callable[[Scene], TrustRoot] | None = None,
    now: dt.datetime = LATER,
    supervision: bool = False,
    expects: dict[int, str] | None = None,
) -> Story:
    """A package one part of which was altered before everything behind it was made."""

    def make(scene: Scene) -> Made:
        forge = Forge(scene.world, passkey=passkey, by_agent=by_agent, changes=changes)
        data = forge.supervision if supervision else forge.package
        return Made(data, root(scene) if root else forge.root, now)

    return Story(en, zh, step, sub, make, outcome, verdict, expects or {})


def resealed(
    en: str,
    zh: str,
    step: int,
    sub: str,
    change: Callable[[dict[str, bytes], Scene], dict[str, bytes]],
    *,
    outcome: Outcome = Outcome.FAILED,
    **members: Any,
) -> Story:
    """Entries altered at the very end and sealed by the log's key without the checks of our own writer."""

    def make(scene: Scene) -> Made:
        forge = scene.good
        return Made(seal(forge, change(dict(forge.files), scene), **members), forge.root)

    return Story(en, zh, step, sub, make, outcome)


def raw(
    en: str,
    zh: str,
    step: int,
    sub: str,
    change: Callable[[bytes], bytes],
    *,
    outcome: Outcome = Outcome.FAILED,
) -> Story:
    """A finished file of which the bytes are altered."""
    return Story(en, zh, step, sub, lambda scene: Made(change(scene.good.package), scene.good.root), outcome)


def seal(forge: Forge, files: dict[str, bytes], key: LogKey | None = None, **members: Any) -> bytes:
    """The file over `files`; `members` replace members of the manifest."""
    value: Any = jcs.parse_object(forge.sealed["manifest.json"])
    value["entries"] = [
        {"name": name, "size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
    ]
    made = jcs.canonical(value | members)
    return write_package({"manifest.json": made, "manifest.sig": sign_manifest(forge, made, key), **files})


def sign_manifest(forge: Forge, made: bytes, key: LogKey | None = None) -> bytes:
    """The signed note over a manifest."""
    text = manifest.note_text(made, forge.world.log_origin)
    return SignedNote(text, ((key or forge.world.log_key).sign(text),)).encode()
