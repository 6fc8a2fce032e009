"""The renewal job with a clock ten and twenty years on: real tokens of authorities whose certificates end."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

import pytest

from api.anchoring.ports import Stamp
from api.anchoring.repository import alarms, tree
from api.anchoring.service.longevity import Longevity
from api.anchoring.service.proofs import Proofs
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from chain.checkpoint import Checkpoint, LogKey
from signing.timestamps import check_token
from tests.support.signing_authorities import NOW, Stamper

KEY = LogKey.from_seed("log.example/test", bytes(range(32)))
YEAR = dt.timedelta(days=365)


class Authorities:
    """The TSA of the day: each lives ten years, a successor comes every eight."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.down = False
        self.asked = 0
        self.stampers = [Stamper(f"tsa-{n}", moment=NOW + n * 8 * YEAR) for n in range(4)]

    def stamp(self, imprint: bytes) -> Stamp:
        self.asked += 1
        if self.down:
            raise RuntimeError("no authority answers")
        now = self.clock.now()
        stamper = next(item for item in reversed(self.stampers) if item.moment <= now)
        stamper.shift = (now - stamper.moment).total_seconds()
        token = check_token(stamper.token(imprint), imprint, stamper.roots, tsa=stamper.name)
        return Stamp(token.der, token.tsa, token.gen_time)


class Scene:
    def __init__(self, database: Database) -> None:
        self.uow = UnitOfWork(database)
        self.clock = FixedClock(NOW)
        self.authorities = Authorities(self.clock)
        self.job = Longevity(self.uow, self.clock, self.authorities)
        self.proofs = Proofs("log.example/test", lambda: KEY, self.clock)

    def checkpoint(self, size: int) -> None:
        """A signed and stamped checkpoint of the present moment."""
        root = hashlib.sha256(str(size).encode()).digest()
        note = KEY.sign_checkpoint(Checkpoint("log.example/test", size, root))
        stamp = self.authorities.stamp(hashlib.sha256(note).digest())
        with self.uow() as session:
            tree.add_checkpoint(session, size, root, note, self.clock.now())
            tree.set_token(session, size, stamp.der, stamp.tsa, stamp.time)

    def live(self, years: float, each: Callable[[], object] = lambda: None) -> None:
        """Time goes by in steps of a month; the job looks each time."""
        for _ in range(round(years * 12)):
            self.clock.advance(YEAR / 12)
            each()
            self.job.run_due()

    def chosen(self, index: int) -> tuple[int, list[bytes]]:
        with self.uow.read() as session:
            found = self.proofs.checkpoint(session, index)
        assert found is not None
        assert found.token is not None
        return found.size, [found.token, *found.renewals]

    def alarms(self) -> list[str]:
        with self.uow.read() as session:
            return [item.code for item in alarms.open_alarms(session)]


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


def unbroken(scene: Scene, tokens: list[bytes]) -> None:
    """Each token is over the one before, made before the other's certificate ended; the last one still lives."""
    ends = NOW + YEAR
    for number, token in enumerate(tokens):
        stampers = [item for item in scene.authorities.stampers if _is_by(item, token, tokens, number)]
        (stamper,) = stampers
        facts = check_token(token, _imprint(tokens, number) or _own(token), stamper.roots, tsa=stamper.name)
        assert facts.gen_time <= ends or number == 0
        ends = stamper.moment + 10 * YEAR
    assert ends >= scene.clock.now()


def _imprint(tokens: list[bytes], number: int) -> bytes | None:
    return hashlib.sha256(tokens[number - 1]).digest() if number else None


def _own(token: bytes) -> bytes:
    from asn1crypto import cms, tsp

    signed = cms.ContentInfo.load(token)["content"]
    info = tsp.TSTInfo.load(signed["encap_content_info"]["content"].contents)
    return bytes(info["message_imprint"]["hashed_message"].native)


def _is_by(stamper: Stamper, token: bytes, tokens: list[bytes], number: int) -> bool:
    from signing.errors import SigningError

    try:
        check_token(token, _imprint(tokens, number) or _own(token), stamper.roots, tsa=stamper.name)
    except SigningError:
        return False
    return True


def test_ten_and_twenty_years_on_every_entry_has_an_unbroken_chain(scene: Scene) -> None:
    scene.checkpoint(5)
    assert scene.job.run_due() == 1, "the first stamped checkpoint is kept at once"
    assert scene.job.run_due() == 0, "and not again within the hour"
    scene.live(9.5)
    assert scene.chosen(3) == (5, scene.chosen(3)[1][:1]), "while the first token lives, nothing is added"
    scene.live(1)
    size, tokens = scene.chosen(3)
    assert (size, len(tokens)) == (5, 2)
    unbroken(scene, tokens)
    scene.live(10)
    size, tokens = scene.chosen(3)
    assert (size, len(tokens)) == (5, 3)
    unbroken(scene, tokens)
    assert scene.authorities.asked == 3, "one question a renewal"
    assert scene.alarms() == []


def test_one_checkpoint_a_month_is_kept_and_later_entries_find_theirs(scene: Scene) -> None:
    sizes = iter(range(10, 10_000, 10))

    def grow() -> None:
        scene.checkpoint(next(sizes))

    scene.live(1, grow)
    scene.live(10.5)
    size, tokens = scene.chosen(95)
    assert size == 100
    assert len(tokens) == 2
    unbroken(scene, tokens)


def test_authorities_that_are_away_are_asked_again_and_at_last_somebody_is_told(scene: Scene) -> None:
    scene.checkpoint(5)
    scene.job.run_due()
    scene.authorities.down = True
    scene.live(9.25)
    assert scene.alarms() == [], "there is still time"
    scene.live(0.5)
    assert scene.alarms() == ["longevity.not_renewed"]
    scene.authorities.down = False
    scene.live(0.2)
    scene.live(0.5)
    _, tokens = scene.chosen(3)
    assert len(tokens) == 2
    unbroken(scene, tokens)


def test_a_token_that_lives_no_longer_is_no_renewal(scene: Scene) -> None:
    scene.authorities.stampers = scene.authorities.stampers[:1]
    scene.checkpoint(5)
    scene.job.run_due()
    scene.live(9.8)
    assert len(scene.chosen(3)[1]) == 1
    assert scene.alarms() == ["longevity.not_renewed"]
