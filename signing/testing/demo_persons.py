"""Generated persons: deterministic by seed, valid check characters, numbers that can be nobody's.

Region code 500199 is not assigned and the number block 1400 is not given to subscribers; real adapters refuse both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from signing.identity_service.persons import DEMO_PHONE_PREFIX, DEMO_REGION, check_character

SURNAMES = "示范样例模拟测试"
"""Made-up family names (示, 范, 样 …): read as 'example', so that no screenshot looks like a living person."""
GIVEN = "安宁和平顺利康泰嘉禾春晓秋实明朗子墨若水清源长乐思齐向阳知行"


@dataclass(frozen=True)
class DemoPerson:
    """One generated person."""

    name: str
    id_number: str
    phone: str
    birth: str
    sex: str
    demo: bool = True

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)


def resident_number(birth: date, sequence: int) -> str:
    """A demo resident ID number: unassigned region, birth date, sequence (odd male), check character."""
    body = f"{DEMO_REGION}{birth:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def generate(seed: int, count: int) -> Iterator[DemoPerson]:
    """`count` persons between 18 and 58 years (in 2026), then one of 15 and one of 66 for tests of age rules."""
    draw = random.Random(seed)  # noqa: S311  test data, no secret
    for number in range(count):
        birth = date(1968, 6, 1) + timedelta(days=draw.randrange(40 * 365))
        yield _person(draw, number, birth)
    yield _person(draw, count, date(2011, 3, 9))
    yield _person(draw, count + 1, date(1960, 2, 11))


def _person(draw: random.Random, number: int, birth: date) -> DemoPerson:
    sequence = draw.randrange(1, 999)
    given = "".join(draw.sample(GIVEN, draw.choice((1, 2, 2))))
    return DemoPerson(
        name=draw.choice(SURNAMES) + given,
        id_number=resident_number(birth, sequence),
        phone=f"{DEMO_PHONE_PREFIX}{number:07d}",
        birth=birth.isoformat(),
        sex="male" if sequence % 2 else "female",
    )
