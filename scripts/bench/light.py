"""`concord bench light`: what one light proof costs both verifiers, token included, beside its bare signatures.

Judged is a whole figure's package (container, statement, proof): a little more than the proof itself. The baseline
checks the same signatures with PyNaCl and cryptography alone: the validators' Ed25519 and the token's two P-256.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from scripts.bench.report import write
from scripts.bench.verification import cpu, second_engine

PYTHON_MS, JS_MS, SIZE = 5, 15, 12_000
TOKEN_SIGNATURES = 2
"""P-256: the token's own, and its certificate's."""


def run(n: Annotated[int, typer.Option(help="repetitions, warm")] = 200) -> None:
    """轻证明的核验耗时与大小 / CPU and size of one light proof."""
    from chain.package import contents, read_package
    from chain.verifier import verify
    from scripts.vectors import make_one, scene
    from tests.attacks.evidence.stories import light, light_records

    stage = scene()
    made = make_one(next(story for story in light.STORIES if story.step == 0), stage)
    record = make_one(next(story for story in light_records.STORIES if story.step == 0), stage)
    proof = read_package(made.package)[contents.FIGURE_PROOF]
    size = len(read_package(record.package)[contents.CHAIN_RECORD])
    trail: list[dict[str, Any]] = json.loads(proof)["light"]["trail"]
    commits = [block["commit"] for block in trail if block["commit"]]
    votes = sum(vote is not None for commit in commits for vote in commit["signatures"])
    bare = _bare(votes)
    ours, theirs = [], []
    for _ in range(5):
        assert verify(made.package, made.root, now=made.now).verdict.value == "passed"
    for _ in track(range(n), description="python"):
        theirs.append(cpu(bare))
        ours.append(cpu(lambda: verify(made.package, made.root, now=made.now)))
    with tempfile.TemporaryDirectory() as name:
        file, root = Path(name) / "figure.zip", Path(name) / "trust-root.json"
        file.write_bytes(made.package)
        root.write_bytes(made.root.canonical())
        asked = {"file": str(file), "trust_root": str(root), "now": made.now.strftime("%Y-%m-%dT%H:%M:%SZ")}
        second = second_engine(asked, n) * 1000
    python, floor = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    rows = [
        (f"bare signatures: {votes} Ed25519, {TOKEN_SIGNATURES} P-256", f"{floor:.2f} ms", "1"),
        ("package with one light proof and its token, Python", f"{python:.2f} ms", f"{python / floor:.1f} × (≤ {PYTHON_MS} ms)"),
        ("the same, JavaScript, mean", f"{second:.2f} ms", f"{second / floor:.1f} × (≤ {JS_MS} ms)"),
        ("a contract's record with its light proof", f"{size:,} bytes", f"≤ {SIZE:,}"),
    ]  # fmt: skip
    write("light", f"concord bench light --n {n}", ("What", "CPU, median", "Beside the baseline"), rows)
    for row in rows:
        typer.echo(" | ".join(row))


def _bare(votes: int) -> Callable[[], None]:
    """So many Ed25519 checks and the token's P-256 checks, by the libraries alone."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from nacl.signing import SigningKey

    message = bytes(120)
    signer, authority = SigningKey.generate(), ec.generate_private_key(ec.SECP256R1())
    vote, key = signer.sign(message).signature, signer.verify_key
    stamp, issuer = authority.sign(message, ec.ECDSA(SHA256())), authority.public_key()

    def check() -> None:
        for _ in range(votes):
            key.verify(message, vote)
        for _ in range(TOKEN_SIGNATURES):
            issuer.verify(stamp, message, ec.ECDSA(SHA256()))

    return check
