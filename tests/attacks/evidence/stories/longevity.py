"""Long life: clocks ten and twenty years on, tokens renewed in time, too late, wrongly or never (step 24)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from chain.package import contents
from chain.trust_root import TrustRoot
from chain.verifier import Outcome
from tests.attacks.evidence.story import Changes, Scene, Story, forged
from tests.factories.evidence import Forge
from tests.factories.world import b64
from tests.support.signing_authorities import NOW, Stamper

OPEN = Outcome.INDETERMINATE


def years(count: float) -> dt.datetime:
    """So many years after everything was signed."""
    return NOW + dt.timedelta(days=round(365.25 * count))


NINE, TEN, ELEVEN, EIGHTEEN, TWENTY = (years(count) for count in (9, 10, 11, 18, 20))


def later(moment: dt.datetime, digest: str = "sha256") -> Stamper:
    """The TSA of that time; its certificate ends ten years after."""
    return Stamper(f"tsa-{moment.year}", moment=moment, seed=f"tsa-{moment.year}", digest=digest)


def renewed(
    *stampers: Stamper, names: Sequence[str] = (), over: bytes | None = None
) -> Callable[[dict[str, bytes], Forge], dict[str, bytes]]:
    """Renewals by these TSAs, each over the token before (or over other bytes)."""

    def change(files: dict[str, bytes], _forge: Forge) -> dict[str, bytes]:
        before = files[contents.CHECKPOINT_TOKEN]
        made = dict(files)
        for number, stamper in enumerate(stampers, start=1):
            digest = hashlib.new(stamper.digest, before if over is None else over).digest()
            before = stamper.token(digest)
            made[names[number - 1] if names else contents.renewal_name(number)] = before
        return made

    return change


def root(*stampers: Stamper, retired: Sequence[tuple[str, dt.datetime]] = ()) -> Callable[[Scene], TrustRoot]:
    """The trust root of that time: it knows the newer TSAs and what has retired."""

    def make(scene: Scene) -> TrustRoot:
        value: dict[str, Any] = dict(scene.world.trust_root().value)
        known = [{"name": tsa.name, "certs": [b64(item) for item in tsa.roots]} for tsa in stampers]
        told = [{"name": name, "from": since.strftime("%Y-%m-%dT%H:%M:%S.000Z")} for name, since in retired]
        return TrustRoot.of(value | {"tsas": [*value["tsas"], *known], "retired_algorithms": told})

    return make


def _case(
    en: str,
    zh: str,
    sub: str,
    now: dt.datetime,
    *stampers: Stamper,
    changes: Changes | None = None,
    retired: Sequence[tuple[str, dt.datetime]] = (),
    trusted: bool = True,
    outcome: Outcome = OPEN,
) -> Story:
    made = changes if changes is not None else ({"files": renewed(*stampers)} if stampers else {})
    known = root(*(stampers if trusted else ()), retired=retired)
    return forged(en, zh, 24 if sub else 0, sub, made, outcome=outcome, root=known, now=now)


NINTH, EIGHTEENTH = later(NINE), later(EIGHTEEN, "sha512")

GOOD: tuple[Story, ...] = (
    _case("ten years on, renewed in time", "十年之后，到期前已续期", "", TEN, NINTH),
    _case(
        "twenty years on, renewed twice, the second time by SHA-512",
        "二十年之后，续期两次，第二次用 SHA-512",
        "",
        TWENTY,
        NINTH,
        EIGHTEENTH,
    ),
    _case(
        "an algorithm that retires only next year",
        "某算法明年才退役",
        "",
        NOW + dt.timedelta(days=30),
        retired=[("SHA-256", years(1)), ("Ed25519", years(1))],
    ),
)

STORIES: tuple[Story, ...] = (
    *GOOD,
    _case("eleven years on and never renewed", "十一年之后，从未续期", "EVIDENCE_EXPIRED", ELEVEN),
    _case(
        "renewed only after the certificate had ended",
        "证书到期以后才续期",
        "EVIDENCE_EXPIRED",
        years(12),
        later(ELEVEN),
    ),
    _case("the second renewal is missing", "缺第二次续期", "EVIDENCE_EXPIRED", TWENTY, NINTH),
    _case(
        "SHA-256 has retired", "SHA-256 已退役", "ALGORITHM_RETIRED", TEN, NINTH, retired=[("SHA-256", NINE)]
    ),
    _case(
        "Ed25519 had retired before the checkpoint was stamped",
        "检查点加盖时间戳之前 Ed25519 已退役",
        "ALGORITHM_RETIRED",
        NOW + dt.timedelta(days=1),
        retired=[("Ed25519", NOW - dt.timedelta(days=1))],
    ),
    _case(
        "the renewing authority's curve retired and nothing newer came",
        "续期机构的曲线已退役，之后没有更新的时间戳",
        "ALGORITHM_RETIRED",
        years(12),
        NINTH,
        retired=[("ECDSA P-256", ELEVEN)],
    ),
    _case(
        "a renewal over other bytes",
        "续期时间戳盖在别的数据上",
        "TIMESTAMP_INVALID",
        TEN,
        NINTH,
        changes={"files": renewed(NINTH, over=b"something else")},
        outcome=Outcome.FAILED,
    ),
    _case(
        "a renewal by a TSA that the root does not know",
        "续期机构不在信任根之内",
        "TIMESTAMP_UNTRUSTED",
        TEN,
        NINTH,
        trusted=False,
        outcome=Outcome.FAILED,
    ),
    _case(
        "renewals begin with the second",
        "续期编号有缺口",
        "FORMAT_FAILURE",
        TEN,
        NINTH,
        changes={"files": renewed(NINTH, names=[contents.renewal_name(2)])},
        outcome=Outcome.FAILED,
    ),
    _case(
        "a renewal that is older than the token it covers",
        "续期时间早于被续期的时间戳",
        "TIME_CONTRADICTION",
        TWENTY,
        later(EIGHTEEN),
        later(NINE),
        outcome=Outcome.FAILED,
    ),
    _case(
        "a renewal from the future",
        "来自未来的续期",
        "TIME_CONTRADICTION",
        years(8),
        NINTH,
        outcome=Outcome.FAILED,
    ),
)
