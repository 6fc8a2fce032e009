"""`concord demo --rewrite`: all validators together rewrite history, and what catches them.

Played on a small installation of its own: two embedded chains of the same keys, genesis and contracts (the second is the
rewrite), the log's own key, three witnesses with memories on disk, both verifiers. Everything a cheating platform holds is
used: the log's key, the relay's and the validators'. What it does not hold: the parties' keys (the worker's is gone), the
witnesses' keys, the court's sealing key.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from chain.calls import Contracts, append, decode_log
from chain.checkpoint import Checkpoint, SignedNote, token_imprint
from chain.deployer import Deployment, DeploymentConfig, deploy
from chain.gateway_rpc import RpcGateway
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.package import contents
from chain.transactions import Sender
from chain.trust_root import TrustRoot
from chain.witness import identity
from chain.witness.errors import Refused
from chain.witness.memory import Memory
from chain.witness.service import Cosigned, Witness
from chain.witness.submission import encode
from node.launch import start_node
from node.settings import NodeSettings
from signing import jcs, wallets
from signing.jcs import JSON
from tests.attacks.evidence.story import LATER, Made
from tests.factories.court import court_key, trusted_court, with_receipt
from tests.factories.evidence import Forge, World
from tests.factories.signed_parts import SignedParts
from tests.factories.witnesses import SEEN, bridge_domain
from tests.factories.world import at, b64
from tests.support.engines import Engine, Judged, engines

ORIGIN = "log.rewrite.test/demo"
DEPLOYER, RELAY = (bytes([number] * 32) for number in (11, 12))
WITNESSES = ("court.test/", "notary.test/", "union.test/")
A_DAY_LATER = at(90_000)


class NotCaught(RuntimeError):
    """Something that had to be caught was not: the demonstration has failed."""


@dataclass
class Chain:
    """One embedded chain with the contracts on it."""

    gateway: RpcGateway
    deployment: Deployment

    def append(self, entries: Sequence[bytes]) -> tuple[bytes, int, bytes]:
        """Put entries into the log contract; the log's root on chain, and the block's number and hash."""
        sender = Sender(RELAY, self.deployment.chain_id)
        contracts = Contracts(*(self.deployment.address(name) for name in
                                ("EvidenceLog", "ParticipantRegistry", "LaborContractRegistry")))  # fmt: skip
        call = append(contracts, 0, entries)
        signed = sender.sign(call.to, call.data, self.gateway.transaction_count(sender.address), call.gas)
        self.gateway.send([signed.raw])
        deadline = time.monotonic() + 120
        while (receipt := self.gateway.receipts([signed.hash])[0]) is None:
            if time.monotonic() > deadline:
                raise NotCaught("the chain did not mine / 链没有出块")
            time.sleep(0.05)
        for log in self.gateway.logs(receipt.block_number, receipt.block_number, contracts.all()):
            event = decode_log(contracts, log)
            if event is not None and event.name == "Appended":
                root: bytes = event.fields["root"]
                return root, receipt.block_number, receipt.block_hash
        raise NotCaught("the log contract emitted nothing / 日志合约没有事件")


@contextmanager
def _chain(folder: Path, chain_id: int, genesis_time: int) -> Iterator[Chain]:
    senders = tuple(wallets.address_of(key) for key in (DEPLOYER, RELAY))
    settings = NodeSettings(
        data_dir=folder / "node",
        senders=senders,
        block_interval=0.1,
        chain_id=chain_id,
        genesis_time=genesis_time,
    )
    people = tuple(wallets.address_of(bytes([number] * 32)) for number in (13, 14, 21, 22, 23))
    with start_node(settings) as node, RpcGateway(node.rpc_url, token=node.token) as gateway:
        config = DeploymentConfig(ORIGIN, True, people[:1], people[1:2], people[2:], 2, 3600)
        yield Chain(gateway, deploy(gateway, DEPLOYER, config, folder / "record"))


@dataclass
class Installed(World):
    """An installation whose trust root names the chain's contracts, the witnesses and the court."""

    deployment: Deployment | None = None
    watched_by: list[dict[str, Any]] = field(default_factory=list)

    def trust_root(self, **changes: Any) -> TrustRoot:
        """The trust root."""
        assert self.deployment is not None
        known = {
            name: {"address": item.address, "code_hash": item.code_hash}
            for name, item in self.deployment.contracts.items()
            if name in ("EvidenceLog", "ParticipantRegistry", "LaborContractRegistry")
        }
        facts = {
            "genesis_hash": self.deployment.genesis_hash,
            "contracts": known,
            "witnesses": self.watched_by,
            "witness_threshold": 2,
            **trusted_court(self),
        }
        return super().trust_root(**facts | changes)


def _witnesses(folder: Path, world: Installed) -> list[Witness]:
    made = []
    for name in WITNESSES:
        place = folder / name.strip("/")
        facts = identity.make(place, name)
        world.watched_by.append({"name": facts.name, "vkey": facts.vkey, "address": facts.address})
        made.append((place, facts))
    domains = {world.log_origin: bridge_domain(world)}
    log = world.log_key.verifier
    return [
        Witness(identity.load(place), Memory.open(place, facts.vkey), [log], domains, lambda: float(SEEN))
        for place, facts in made
    ]


def _cosigned(note: bytes, words: Sequence[Cosigned]) -> bytes:
    parsed = SignedNote.parse(note)
    return SignedNote(parsed.text, (*parsed.signatures, *(word.line for word in words))).encode()


def _bridged(files: dict[str, bytes], words: Sequence[Cosigned]) -> dict[str, bytes]:
    told: list[JSON] = [
        {"name": word.name, "time": word.time, "signature": b64(word.bridge or b"")}
        for word in sorted(words, key=lambda word: word.name)
    ]
    return files | {contents.BRIDGE: jcs.canonical({"v": 1, "cosignatures": told})}


def _entries(forge: Forge) -> list[bytes]:
    """What the log contract is given: the same order as the forge's tree."""
    import hashlib

    return [
        item
        for number, entry in enumerate(forge.entries)
        for item in (hashlib.sha256(b"stranger%d" % number).digest(), entry)
    ]


def _rewritten(true: Forge, **changes: Any) -> Forge:
    """The same contract with another history: what the parties signed is copied, everything behind is made anew."""
    made = Forge(true.world, changes=_new_history() | changes)
    made.contract_id, made.nonce = true.contract_id, true.nonce
    for name, value in vars(SignedParts).items():
        if isinstance(value, cached_property) and name in vars(true):
            vars(made)[name] = vars(true)[name]
    return made


def _new_history() -> dict[str, Any]:
    """The worker is said to have read the text for two and a half hours; the checkpoint is stamped a day later."""

    def story(value: list[Any], forge: Forge) -> list[Any]:
        return [
            (name, when, payload | {"seconds": 9000} if name == "E07" else payload)
            for name, when, payload in value
        ]

    def token(value: bytes, forge: Forge) -> bytes:
        imprint = token_imprint(forge.checkpoint_note, forge.world.log_key.verifier)
        return forge.world.stamp(forge.world.tsa_one, imprint, A_DAY_LATER).der

    return {"story": story, "checkpoint_token": token}


@dataclass(frozen=True)
class Attempt:
    """One way to present the rewrite, and the step at which it must end."""

    zh: str
    en: str
    forge: Forge
    step: int
    outcome: str
    sub: str


def play(console: Console) -> None:
    """Play it. Raises NotCaught when a verifier or a witness lets anything through."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain_id, genesis = 1_000_000 + secrets.randbelow(1_000_000_000), int(time.time()) - 3600
        console.print("[bold]1[/bold] 真实的历史 / the true history", highlight=False)
        with _chain(folder / "true", chain_id, genesis) as chain:
            world = Installed(log_origin=ORIGIN, chain_id=chain_id, deployment=chain.deployment)
            witnesses = _witnesses(folder / "witnesses", world)
            true = Forge(world)
            assert true.files, "everything is signed before the worker's key is gone"
            _anchor(console, chain, true)
        words = [witness.add_checkpoint(encode(0, [], true.checkpoint_note)) for witness in witnesses]
        console.print(
            f"   见证人联署 / cosigned by {', '.join(word.name for word in words)}", highlight=False
        )
        shown = Forge(world, changes={
            "checkpoint_file": lambda note, forge: _cosigned(note, words),
            "files": lambda files, forge: with_receipt()(_bridged(files, words), forge),
        })  # fmt: skip
        shown.contract_id, shown.nonce = true.contract_id, true.nonce
        vars(shown).update(
            {
                k: v
                for k, v in vars(true).items()
                if k not in ("changes", "files", "sealed", "checkpoint_file", "proofs")
            }
        )
        _judge(console, "真实的证据包 / the true package", shown, 0, "passed", "")

        console.print(
            "[bold]2[/bold] 全体验证人改写：同样的密钥、创世与合约，E07 改为阅读 9000 秒 / "
            "all validators rewrite: same keys, genesis and contracts, E07 now says 9,000 s of reading",
            highlight=False,
        )
        false = _rewritten(true)
        with _chain(folder / "rewritten", chain_id, genesis) as second:
            if second.deployment.genesis_hash != chain.deployment.genesis_hash:
                raise NotCaught("the second chain is another one / 第二条链并非同一创世")
            _anchor(console, second, false)
        console.print("[bold]3[/bold] 见证人 / the witnesses", highlight=False)
        _ask(console, witnesses, true, false)
        console.print("[bold]4[/bold] 两个验证程序 / both verifiers", highlight=False)
        for attempt in _attempts(true, words):
            _judge(
                console,
                f"{attempt.zh} / {attempt.en}",
                attempt.forge,
                attempt.step,
                attempt.outcome,
                attempt.sub,
            )
        console.print("[green]✓[/green] 每一次改写都被发现 / every rewrite was caught", highlight=False)


def _anchor(console: Console, chain: Chain, forge: Forge) -> None:
    root, number, block_hash = chain.append(_entries(forge))
    tree, _ = forge.log
    if root != tree.root():
        raise NotCaught("the log on chain and the tree differ / 链上日志与树不符")
    console.print(
        f"   区块 block {number} {block_hash.hex()[:16]}…  树 size {tree.size}  root {root.hex()[:16]}…",
        highlight=False,
    )


def _ask(console: Console, witnesses: Sequence[Witness], true: Forge, false: Forge) -> None:
    """The rewritten checkpoint at the same size, and a longer one with every proof that its log can give."""
    size = true.log[0].size
    store = MemoryTiles()
    leaves = [leaf_hash(entry) for entry in (*_entries(false), bytes(32))]
    store.write(Tree(store, 0).append(leaves).tiles)
    longer = Tree(store, len(leaves))
    world = false.world
    note = world.log_key.sign_checkpoint(Checkpoint(world.log_origin, longer.size, longer.root()))
    bodies = {
        "同样大小、另一个树根 same size, another root": encode(size, [], false.checkpoint_note),
        "更长的历史 a longer history": encode(size, longer.prove_consistency(size, longer.size), note),
        "从零重来 from the beginning": encode(0, [], note),
    }
    for what, body in bodies.items():
        refused = []
        for witness in witnesses:
            try:
                witness.add_checkpoint(body)
            except Refused as error:
                refused.append(str(error.status))
            else:
                raise NotCaught(f"{witness.name} cosigned the rewrite / 联署了改写的历史")
        console.print(f"   [green]✓[/green] {what}: 拒绝 refused ({', '.join(refused)})", highlight=False)


def _attempts(true: Forge, words: Sequence[Cosigned]) -> list[Attempt]:
    paste: Callable[[bytes, Forge], bytes] = lambda note, forge: _cosigned(note, words)  # noqa: E731
    truth = Checkpoint.parse(SignedNote.parse(true.checkpoint_note).text)

    def altered(value: list[Any], forge: Forge) -> list[Any]:
        stream: list[Any] = _rewritten(true).stream
        return stream

    kept = Forge(true.world, changes={"stream": altered})
    kept.contract_id, kept.nonce = true.contract_id, true.nonce
    skip = ("changes", "stream", "files", "sealed")
    vars(kept).update({name: value for name, value in vars(true).items() if name not in skip})
    return [
        Attempt("没有见证人联署", "no witness cosigned", _rewritten(true), 15, "indeterminate", "WITNESS_QUORUM_MISSING"),
        Attempt(
            "贴上真实的联署", "with the true cosignatures pasted under it",
            _rewritten(true, checkpoint_file=paste), 15, "failed", "SIG_CRYPTO_FAILURE",
        ),
        Attempt(
            "附上法院的真实回执", "with the court's receipt of the true checkpoint",
            _rewritten(true, files=with_receipt(root=truth.root, size=truth.size)), 18, "failed", "STATEMENT_MISMATCH",
        ),
        Attempt(
            "自签的新区块封签", "with new block seals of the validators' own",
            _rewritten(true, files=with_receipt(key=court_key("validators"))), 18, "failed", "SIG_CRYPTO_FAILURE",
        ),
        Attempt(
            "改了的事件放进真实的日志", "the changed event under the true checkpoint",
            kept, 16, "failed", "INCLUSION_INVALID",
        ),
    ]  # fmt: skip


def _judge(console: Console, what: str, forge: Forge, step: int, outcome: str, sub: str) -> None:
    made = Made(forge.package, forge.world.trust_root(), LATER)
    for engine in engines():
        found = engine.judge([made])[0]
        caught = found.verdict == outcome and (not step or found.steps.get(step) == (outcome, sub))
        if not caught:
            raise NotCaught(f"{engine.name}: {what}: {_told(engine, found)}")
        place = f"第 {step} 步 step {step} {sub}" if step else "全部通过 all passed"
        console.print(f"   [green]✓[/green] {engine.name:6} {what}: {outcome} · {place}", highlight=False)


def _told(engine: Engine, found: Judged) -> str:
    open_steps = {no: step for no, step in found.steps.items() if step[0] != "passed"}
    return f"{engine.name} says {found.verdict or found.trouble} {open_steps}"
