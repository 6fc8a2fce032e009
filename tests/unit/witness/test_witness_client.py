"""The client believes nothing it has not checked, and keeps a silent witness apart from a contradicting one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from chain.cosignature import BRIDGE_HEADER, Pair, WitnessKey
from chain.errors import NoteInvalid
from chain.witness import identity
from chain.witness.service import Witness
from chain.witness_client import Endpoint, WitnessClient, WitnessConflict, WitnessRefuses, WitnessUnavailable
from signing.wallets import sign_digest
from tests.support.witness_world import BRIDGE, NOW, AppTransport, GrowingLog, make_witness

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog().grow(100)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return make_witness(tmp_path)


class Twisted(httpx.BaseTransport):
    """A witness whose answers are changed on their way."""

    def __init__(self, witness: Witness, twist: Callable[[httpx.Response], httpx.Response]) -> None:
        self._real, self._twist = AppTransport(lambda: witness), twist

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._real.handle_request(request)
        return self._twist(answer) if answer.status_code == 200 else answer


def client(folder: Path, transport: httpx.BaseTransport) -> WitnessClient:
    facts = identity.load(folder).facts
    endpoint = Endpoint(facts.name, "http://witness", facts.vkey, facts.address)
    return WitnessClient(endpoint, BRIDGE, httpx.Client(transport=transport), pause=0)


def ask(made: WitnessClient, log: GrowingLog, size: int, last: int = 0) -> Pair:
    return made.cosign(log.note(size), last, lambda: log.size, lambda old: log.proof(old, size))


def test_it_gets_a_checked_pair_whatever_it_believed_of_the_last_size(tmp_path, log, witness) -> None:  # type: ignore[no-untyped-def]
    made = client(tmp_path, AppTransport(lambda: witness))
    first = ask(made, log, 10)
    assert first == Pair(witness.name, NOW, first.line, first.bridge)
    assert len(first.bridge or b"") == 65
    for last, size in ((10, 20), (0, 30), (7, 40), (40, 40), (0, 40), (99, 41)):
        assert ask(made, log, size, last).time == NOW


def test_another_history_is_a_conflict(tmp_path, log, witness) -> None:  # type: ignore[no-untyped-def]
    fork = GrowingLog(salt=b"fork", fork_at=5).grow(100)
    made = client(tmp_path, AppTransport(lambda: witness))
    ask(made, fork, 10)
    for size, last in ((20, 10), (20, 0), (10, 0), (10, 10)):
        with pytest.raises(WitnessConflict):
            ask(made, log, size, last)
    shorter = GrowingLog().grow(8)
    with pytest.raises(WitnessConflict, match="never had"):
        ask(made, shorter, 8)


def test_a_witness_that_is_ahead_of_an_old_checkpoint_is_no_conflict(tmp_path, log, witness) -> None:  # type: ignore[no-untyped-def]
    made = client(tmp_path, AppTransport(lambda: witness))
    ask(made, log, 50)
    with pytest.raises(WitnessUnavailable, match="ahead"):
        ask(made, log, 20)


def _with_header(value: str) -> Callable[[httpx.Response], httpx.Response]:
    def twist(answer: httpx.Response) -> httpx.Response:
        return httpx.Response(answer.status_code, headers={BRIDGE_HEADER: value}, content=answer.content)

    return twist


def test_forms_that_do_not_belong_together_are_a_conflict(tmp_path, log, witness) -> None:  # type: ignore[no-untyped-def]
    from chain.checkpoint import Checkpoint
    from chain.cosignature import bridge_digest

    keys = identity.load(tmp_path)
    here = Checkpoint(log.key.verifier.name, 10, log.root(10))

    def header(key: bytes, checkpoint: Checkpoint, signed: int, stated: int, name: str = witness.name) -> str:
        signature = sign_digest(key, bridge_digest(BRIDGE, checkpoint, signed))
        return f"{name} {stated} {base64.b64encode(signature).decode()}"

    wrong = [
        header(keys.bridge, here, NOW + 1, NOW + 1),
        header(keys.bridge, here, NOW, NOW + 1),
        header(keys.bridge, here, NOW, NOW, "someone.test/else"),
        header(keys.bridge, Checkpoint(here.origin, 11, here.root), NOW, NOW),
        header(b"\7" * 32, here, NOW, NOW),
        f"{witness.name} {NOW} AAAA",
        f"{witness.name} {NOW}",
    ]
    for value in wrong:
        with pytest.raises(WitnessConflict):
            ask(client(tmp_path, Twisted(witness, _with_header(value))), log, 10)
    good = Twisted(witness, _with_header(header(keys.bridge, here, NOW, NOW)))
    assert ask(client(tmp_path, good), log, 10).bridge is not None


def _body(change: Callable[[bytes], bytes]) -> Callable[[httpx.Response], httpx.Response]:
    return lambda answer: httpx.Response(answer.status_code, content=change(answer.content))


def test_a_wrong_signature_is_a_conflict_and_strangers_lines_are_ignored(tmp_path, log, witness) -> None:  # type: ignore[no-untyped-def]
    stranger = WitnessKey("stranger.test/x", b"\1" * 32).cosign(b"other\n", NOW).line().encode()
    other_text = identity.load(tmp_path).cosigner.cosign(b"other\n", NOW).line().encode()
    with pytest.raises(WitnessConflict, match="does not verify"):
        ask(client(tmp_path, Twisted(witness, _body(lambda _: other_text))), log, 10)
    pair = ask(client(tmp_path, Twisted(witness, _body(lambda body: stranger + body))), log, 10)
    assert pair.bridge is None  # an answer without the second form
    for nonsense in (b"", b"<html>log in</html>", stranger, b"\xff\xfe", b"\xe2\x80\x94 a b\n" * 3):
        twisted = Twisted(witness, _body(lambda _, nonsense=nonsense: nonsense))
        with pytest.raises(WitnessUnavailable, match="no line"):
            ask(client(tmp_path, twisted), log, 10)


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (400, b"", WitnessRefuses), (403, b"", WitnessRefuses), (404, b"", WitnessRefuses), (422, b"", WitnessRefuses),
        (429, b"", WitnessUnavailable), (500, b"", WitnessUnavailable), (301, b"", WitnessUnavailable),
        (409, b"", WitnessUnavailable), (409, b"03\n", WitnessUnavailable), (409, b"3", WitnessUnavailable),
        (200, b"A" * 20_000, WitnessUnavailable), (409, b"3\n", WitnessUnavailable),
    ],
)  # fmt: skip
def test_useless_answers_only_delay(tmp_path, log, witness, status, content, error) -> None:  # type: ignore[no-untyped-def]
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=content))
    with pytest.raises(WitnessUnavailable) as caught:
        ask(client(tmp_path, transport), log, 10)
    assert type(caught.value) is error


def test_a_broken_line_is_tried_once_more(tmp_path, log, witness) -> None:  # type: ignore[no-untyped-def]
    calls = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        if len(calls) == 1:
            raise httpx.ConnectError("refused", request=request)
        return AppTransport(lambda: witness).handle_request(request)

    assert ask(client(tmp_path, httpx.MockTransport(handle)), log, 10).time == NOW
    dead = httpx.MockTransport(
        lambda request: (_ for _ in ()).throw(httpx.ReadTimeout("slow", request=request))
    )
    with pytest.raises(WitnessUnavailable, match="ReadTimeout"):
        ask(client(tmp_path, dead), log, 10)


def test_the_name_is_that_of_the_key(tmp_path: Path, witness: Witness) -> None:
    facts = identity.load(tmp_path).facts
    with pytest.raises(NoteInvalid):
        WitnessClient(Endpoint("union.test/x", "http://witness", facts.vkey, None), None)
