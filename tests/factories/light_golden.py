"""The golden light proofs: every story as one case, for the engine's own libraries to judge (`node/engine/lightproof`).

`python -m tests.factories.light_golden` writes them again. All keys come from fixed seeds; tokens are left out, their
time stands in `now`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chain.package import contents, read_package
from signing import jcs
from tests.attacks.evidence.stories import light, light_records
from tests.attacks.evidence.story import Scene
from tests.factories.evidence import World
from tests.factories.light_proofs import when_stamped

CASES = Path(__file__).resolve().parents[1] / "golden" / "light" / "cases.json.gz"
SEED = "light"


def cases() -> Iterator[dict[str, Any]]:
    """The proof, the trust root's part and the expected outcome of each story."""
    scene = Scene(World(seed=SEED))
    for story in (*light.STORIES, *light_records.STORIES):
        made = story.make(scene)
        if made.now < when_stamped():  # the moment of verification is nothing that a light client knows of
            continue
        files = read_package(made.package)
        name = contents.FIGURE_PROOF if contents.FIGURE_PROOF in files else contents.CHAIN_RECORD
        proof: Any = jcs.parse_object(files[name])
        proof["light"]["token"] = None
        registry = made.root.value["contracts"]["LaborContractRegistry"]
        yield {
            "id": story.id,
            "outcome": story.outcome.value if story.step else "passed",
            "sub_indication": story.sub,
            "now": int(when_stamped().timestamp()),
            "code_hash": registry["code_hash"],
            "network": made.root.value.get("network"),
            "proof": proof,
        }


def read() -> list[dict[str, Any]]:
    """The cases that are kept."""
    found: list[dict[str, Any]] = json.loads(gzip.decompress(CASES.read_bytes()))
    return found


def write() -> None:
    """Keep the cases as they are made now."""
    CASES.parent.mkdir(exist_ok=True)
    text = json.dumps(list(cases()), separators=(",", ":"), sort_keys=True)
    CASES.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    write()
