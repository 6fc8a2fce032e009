"""Step 15 by itself: lines, quorum, and pairs that belong together (evidence-spec, step 15)."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from chain.checkpoint import Checkpoint, LogKey
from chain.cosignature import WitnessKey, bridge_digest, bridge_domain
from chain.package import contents
from chain.trust_root import Witness
from chain.verifier.outcome import Failed, Undecided
from chain.verifier.steps.log import witnesses
from signing.wallets import address_of, sign_digest

LOG = LogKey.from_seed("log.test/x", bytes(range(32)))
HEAD = Checkpoint("log.test/x", 77, b"\5" * 32)
ANCHOR = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
DOMAIN = bridge_domain(9, ANCHOR, "log.test/x", test=True)
KEYS = {
    f"{n}.test/w": (WitnessKey(f"{n}.test/w", bytes([i]) * 32), bytes([i + 9]) * 32)
    for i, n in enumerate("abc", 1)
}
TIME = 1_795_000_000


def entry(
    name: str, time: int = TIME, signed: int | None = None, key: bytes | None = None, domain: Any = DOMAIN
) -> Any:
    digest = bridge_digest(domain, HEAD, time if signed is None else signed)
    signature = sign_digest(key or KEYS[name][1], digest)
    return {"name": name, "time": time, "signature": base64.b64encode(signature).decode()}


def judge(
    lines: dict[str, int],
    entries: list[Any] | None = None,
    *,
    broken: str = "",
    threshold: int = 2,
    known: tuple[str, ...] = tuple(KEYS),
    judicial: bool = True,
    addresses: bool = True,
    root: bytes = HEAD.root,
) -> dict[str, Any]:
    note = LOG.sign_checkpoint(HEAD)
    for name, time in lines.items():
        text = HEAD.body() if name != broken else b"other\n"
        note += KEYS[name][0].cosign(text, time).line().encode()
    rows = tuple(
        Witness(n, KEYS[n][0].verifier.encode(), address_of(KEYS[n][1]) if addresses else None) for n in known
    )
    value = {
        "judicial": [{"chain_id": 8, "address": ANCHOR}, {"chain_id": 9, "address": ANCHOR}]
        if judicial
        else []
    }
    trust = SimpleNamespace(
        witnesses=rows, witness_threshold=threshold, value=value, log_origin=LOG.verifier.name, test=True
    )
    json = {} if entries is None else {contents.BRIDGE: {"v": 1, "cosignatures": entries}}
    head = Checkpoint(HEAD.origin, HEAD.size, root)
    case: Any = SimpleNamespace(
        trust_root=trust, entries={contents.CHECKPOINT: note}, json=json, checkpoint=head
    )
    return dict(witnesses(case).facts)


A, B, C = KEYS
TWO = {A: TIME, B: TIME + 1}


def test_a_quorum_with_and_without_the_second_form() -> None:
    assert judge(TWO)["witnesses"] == [A, B]
    facts = judge(TWO, [entry(A), entry(B, TIME + 1)])
    assert (facts["valid"], facts["bridged"], facts["threshold"]) == (2, [A, B], 2)
    assert judge(TWO, [entry(B, TIME + 1)])["bridged"] == [B]
    assert judge({**TWO, C: 0}, threshold=3)["valid"] == 3


@pytest.mark.parametrize(
    ("lines", "entries"),
    [
        (TWO, [entry(A), entry(B, TIME)]),  # its line is of another second
        (TWO, [entry(A, TIME + 1)]),
        (TWO, [entry(A, signed=TIME + 1)]),
        (TWO, [entry(A, key=KEYS[B][1])]),
        (TWO, [entry(A, domain=bridge_domain(10, ANCHOR, "log.test/x", test=True))]),
        (TWO, [entry(A, domain=bridge_domain(9, ANCHOR, "log.test/x", test=False))]),
        (TWO, [entry(A, domain=bridge_domain(9, ANCHOR, "log.test/y", test=True))]),
        (TWO, [entry(A), entry(B, TIME + 1), entry(C)]),  # C has signed for the bridge only
        (TWO, [entry(A) | {"signature": base64.b64encode(bytes(65)).decode()}]),
    ],
)
def test_forms_that_do_not_belong_together_fail(lines: dict[str, int], entries: list[Any]) -> None:
    with pytest.raises(Failed) as caught:
        judge(lines, entries)
    assert caught.value.sub_indication == "COSIGNATURE_PAIR_DIFFERS"


def test_a_broken_line_fails_and_so_does_its_pair() -> None:
    with pytest.raises(Failed) as caught:
        judge(TWO, broken=A)
    assert caught.value.sub_indication == "SIG_CRYPTO_FAILURE"
    with pytest.raises(Failed) as caught:
        judge(TWO, [entry(A)], broken=A)
    assert caught.value.sub_indication == "COSIGNATURE_PAIR_DIFFERS"


def test_another_root_than_the_checkpoints_fails() -> None:
    with pytest.raises(Failed):
        judge(TWO, [entry(A)], root=b"\6" * 32)


def test_names_stand_in_order_once() -> None:
    for entries in ([entry(B, TIME + 1), entry(A)], [entry(A), entry(A)]):
        with pytest.raises(Failed) as caught:
            judge(TWO, entries)
        assert caught.value.sub_indication == "FORMAT_FAILURE"


def test_what_cannot_be_judged_is_not_judged() -> None:
    wrong = [entry(A, TIME + 5)]
    assert judge(TWO, wrong, judicial=False)["bridged"] == []
    assert judge(TWO, wrong, addresses=False)["bridged"] == []
    assert judge(TWO, [entry(C)], known=(A, B))["valid"] == 2
    assert judge({**TWO, C: TIME}, known=(A, B))["valid"] == 2


def test_too_few_and_none() -> None:
    with pytest.raises(Undecided) as caught:
        judge({A: TIME})
    assert caught.value.sub_indication == "WITNESS_QUORUM_MISSING"
    with pytest.raises(Undecided) as caught:
        judge({}, threshold=0)
    assert caught.value.sub_indication == "WITNESS_QUORUM_MISSING"
    with pytest.raises(Undecided) as caught:
        judge(TWO, known=())
    assert caught.value.sub_indication == "NO_WITNESSES"
