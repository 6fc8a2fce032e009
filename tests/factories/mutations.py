"""Structure-aware mutations of real packages: most are sealed again by the log's key, so that they reach deep steps.

`Mutator(...).mutant(number)` is a function of seed and number alone: a disagreement is named by the two.
"""

from __future__ import annotations

import copy
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chain.checkpoint import Checkpoint, SignedNote, token_imprint
from chain.errors import ChainError
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.package import contents, manifest, read_package, write_package
from chain.package.proofs import LogProof, write_heads
from chain.trust_root import TrustRoot
from signing import eip712, jcs, wallets
from signing.errors import SigningError
from tests.attacks.evidence.story import Made, Scene, Story
from tests.factories import mutated_bytes as raw
from tests.factories.mutated_json import altered_somewhere
from tests.factories.world import at, b64, secret

Files = dict[str, bytes]
ODD = (SigningError, ChainError, ValueError, KeyError, TypeError, AttributeError)
"""What our own makers raise for values that no package may hold."""
SEALS = ("manifest.json", "manifest.sig")


@dataclass(frozen=True)
class Mutant:
    """What a verifier is given, and how it came to be."""

    made: Made
    recipe: str


class Mutator:
    """Mutants of the packages of honest stories."""

    def __init__(self, scene: Scene, stories: Sequence[Story], seed: int) -> None:
        self.scene, self.seed = scene, seed
        self.names = [story.id for story in stories]
        self.bases = [story.make(scene) for story in stories]
        self.entries = [read_package(made.package) for made in self.bases]

    def mutant(self, number: int) -> Mutant:
        """The mutant of this number."""
        dice = random.Random(f"{self.seed} {number}")
        choice = dice.randrange(len(self.bases))
        made, files = self.bases[choice], dict(self.entries[choice])
        recipe = [self.names[choice]]
        if dice.random() < 0.12:
            data, what = raw.zip_trick(made.package, dice)
            return Mutant(Made(data, made.root, made.now), f"{recipe[0]}: {what}")
        root = made.root
        if dice.random() < 0.08:
            root, what = self._other_root(root, dice)
            recipe.append(what)
        else:
            for _ in range(1 if dice.random() < 0.8 else 2):
                files, what = self._mutate(files, dice)
                recipe.append(what)
        if dice.random() < 0.08:
            recipe.append("not sealed again")
        else:
            files = self.sealed(files)
        try:
            data = write_package(files)
        except ODD:
            data = made.package[: dice.randrange(len(made.package))]
        return Mutant(Made(data, root, made.now), ": ".join(recipe))

    # --- sealing

    def sealed(self, files: Files) -> Files:
        """The same entries with manifest and signature made again by the log's key; odd manifests stay as they are."""
        own = {name: data for name, data in files.items() if name not in SEALS}
        try:
            value: Any = jcs.parse_object(files["manifest.json"], max_bytes=1_000_000)
        except ODD:
            return files
        if not isinstance(value.get("entries"), list):
            return files
        value["entries"] = [
            {"name": name, "size": len(own[name]), "sha256": hashlib.sha256(own[name]).hexdigest()}
            for name in sorted(own)
        ]
        made = jcs.canonical(value)
        if "manifest.sig" not in files:
            return {"manifest.json": made, **own}
        text = manifest.note_text(made, self.scene.world.log_origin)
        note = SignedNote(text, (self.scene.world.log_key.sign(text),)).encode()
        return {"manifest.json": made, "manifest.sig": note, **own}

    # --- what is altered

    def _mutate(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        ways: list[tuple[int, Callable[[Files, random.Random], tuple[Files, str]]]] = [
            (42, self._json),
            (12, self._text),
            (12, self._binary),
            (8, self._swapped),
            (4, self._dropped),
            (14, self._events),
            (8, self._signed_again),
        ]
        way = dice.choices([item for _, item in ways], [weight for weight, _ in ways])[0]
        return way(files, dice)

    def _json(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        name = dice.choice([name for name in sorted(files) if name.endswith(".json")])
        try:
            value = copy.deepcopy(jcs.parse_object(files[name], max_bytes=8_000_000))
        except ODD:  # an earlier change has put something else under this name
            data, what = raw.der(files[name], dice)
            return files | {name: data}, f"{name} {what}"
        value, what = altered_somewhere(value, dice)
        try:
            return files | {name: jcs.canonical(value)}, f"{name} {what}"
        except ODD:
            return files | {name: raw.loosely(value)}, f"{name} {what} (not canonical)"

    def _text(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        names = [name for name in sorted(files) if name.endswith((".txt", ".sig"))]
        if not names:
            return self._json(files, dice)
        name = dice.choice(names)
        data, what = raw.text_lines(files[name], dice)
        return files | {name: data}, f"{name} {what}"

    def _binary(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        names = [name for name in sorted(files) if name.endswith((".pdf", ".tsr", ".ocsp", ".crl"))]
        if not names:
            return self._json(files, dice)
        name = dice.choice(names)
        change = raw.pdf if name.endswith(".pdf") else raw.der
        data, what = change(files[name], dice)
        return files | {name: data}, f"{name} {what}"

    def _swapped(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        other = dice.choice(self.entries)
        shared = [
            name
            for name in sorted(other)
            if name in files and name not in SEALS and other[name] != files[name]
        ]
        if not shared:
            return self._json(files, dice)
        chosen = dice.sample(shared, min(len(shared), dice.choice([1, 1, 2, 4])))
        return files | {name: other[name] for name in chosen}, f"{', '.join(chosen)} of another package"

    def _dropped(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        name = dice.choice(sorted(set(files) - {"manifest.json"}))
        if dice.random() < 0.5:
            return {key: data for key, data in files.items() if key != name}, f"{name} dropped"
        extra = dice.choice(
            ["trust-root.json", "log/proofs/00001.tlog-proof", "revocation/77.crl", "judicial/receipt.json"]
        )
        return files | {extra: files[name]}, f"{extra} added"

    def _events(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        """Events dropped, doubled, reordered or altered; often the whole log is made again over them."""
        if contents.STREAM not in files or contents.CITED not in files:
            return self._json(files, dice)
        stream: Any = jcs.parse_object(files[contents.STREAM], max_bytes=8_000_000)
        cited: Any = jcs.parse_object(files[contents.CITED], max_bytes=8_000_000)
        items = stream.get("events")
        if not isinstance(items, list) or not isinstance(cited.get("events"), list) or len(items) < 2:
            return self._json(files, dice)
        place, other = dice.sample(range(len(items)), 2)
        what = dice.choice(["dropped", "doubled", "swapped", "altered", "withheld"])
        if what == "dropped":
            del items[place]
        elif what == "doubled":
            items.insert(other, copy.deepcopy(items[place]))
        elif what == "swapped":
            items[place], items[other] = items[other], items[place]
        elif what == "withheld":
            items[place]["payload"] = None
        else:
            items[place], how = altered_somewhere(items[place], dice)
            what = f"{what} ({how})"
        note = f"event {place + 1} {what}"
        try:
            if dice.random() < 0.7:
                _chain(items)
                note += ", chain made again"
            made = files | {contents.STREAM: jcs.canonical(stream)}
            if dice.random() < 0.7:
                made = self._logged(made, [*items, *cited["events"]])
                note += ", log made again"
        except ODD:
            return files | {contents.STREAM: raw.loosely(stream)}, f"{note} (odd)"
        return made, note

    def _logged(self, files: Files, items: list[Any]) -> Files:
        """Checkpoint, token and proofs made again by the log's own key, witnesses and court left behind."""
        world = self.scene.world
        leaves = [leaf_hash(jcs.digest(item["event"])) for item in items]
        store = MemoryTiles()
        store.write(Tree(store, 0).append(leaves).tiles)
        tree = Tree(store, len(leaves))
        note = world.log_key.sign_checkpoint(Checkpoint(world.log_origin, tree.size, tree.root()))
        token = world.stamp(world.tsa_one, token_imprint(note, world.log_key.verifier), at(620))
        proofs = [LogProof.of(place, tree.prove_inclusion(place), note) for place in range(len(items))]
        return files | {
            contents.CHECKPOINT: note,
            contents.CHECKPOINT_TOKEN: token.der,
            contents.PROOFS: write_heads(proofs),
        }

    def _signed_again(self, files: Files, dice: random.Random) -> tuple[Files, str]:
        """A statement of the identity service or the employer, altered and signed by a rightful or a wrong key."""
        names = [
            name
            for name in (contents.CHECK, contents.ATTESTATION, contents.EMPLOYER_CONSENT)
            if name in files
        ]
        if not names:
            return self._json(files, dice)
        name = dice.choice(names)
        value: Any = jcs.parse_object(files[name])
        member, kind = _STATEMENTS[name]
        owner = dice.choice(
            [self.scene.world.issuer, self.scene.world.agent, self.scene.world.representative, secret("x")]
        )
        try:
            if dice.random() < 0.6:
                value[member], what = altered_somewhere(value[member], dice)
            else:
                what = "as it was"
            members = {
                key: bytes.fromhex(item) if isinstance(item, str) else item
                for key, item in value[member].items()
            }
            domain = self.bases[0].root.domain("LaborContractRegistry")
            value["signature"] = b64(wallets.sign_digest(owner, eip712.digest(domain, kind(**members))))
            return files | {name: jcs.canonical(value)}, f"{name} {what}, signed again"
        except ODD:
            return files | {name: raw.loosely(value)}, f"{name} odd"

    def _other_root(self, root: TrustRoot, dice: random.Random) -> tuple[TrustRoot, str]:
        value = copy.deepcopy(root.value)
        for _ in range(20):
            made, what = altered_somewhere(copy.deepcopy(value), dice)
            try:
                return TrustRoot.parse(TrustRoot.of(made).canonical()), f"trust root {what}"
            except ODD:
                continue
        return root, "trust root as it was"


_STATEMENTS: dict[str, tuple[str, type[eip712.Statement]]] = {
    contents.CHECK: ("statement", eip712.IdentityCheck),
    contents.ATTESTATION: ("statement", eip712.Attestation),
    contents.EMPLOYER_CONSENT: ("consent", eip712.Consent),
}


def _chain(items: list[Any]) -> None:
    """Numbers, predecessors and payload digests made right again."""
    prev = "0" * 64
    for number, item in enumerate(items, start=1):
        item["event"] |= {"seq": number, "prev": prev}
        if item["payload"] is not None:
            item["event"]["payload_digest"] = jcs.digest(item["payload"]).hex()
        prev = jcs.digest(item["event"]).hex()
