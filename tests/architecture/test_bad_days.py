"""docs/bad-days.md says what happens on a bad day: each row names tests that exist and codes that have two texts."""

from __future__ import annotations

import re
from importlib import import_module

from api.bootstrap.container import SLICES
from api.infra import problems
from chain import warning_proof
from chain.verifier.texts import SUB_TEXTS
from signing import error_texts
from tests.support.documented_tests import ROOT, missing, named_tests, rows_of

TEXT = (ROOT / "docs" / "bad-days.md").read_text(encoding="utf-8")
ROWS = rows_of(TEXT, cells=4)
CODE = re.compile(r"`([a-z_]+\.[a-z_]+|[A-Z][A-Z_]+|[a-z]+(?:_[a-z]+)+)`")
CHINESE = re.compile(r"[一-鿿]")


def known_texts() -> dict[str, tuple[str, str]]:
    """Every code that a person may meet, with its Chinese and English text."""
    known = dict(problems.TEXTS) | dict(error_texts.TEXTS) | dict(SUB_TEXTS) | dict(warning_proof.TEXTS)
    for name in SLICES:
        known |= import_module(f"api.{name}.texts").TEXTS
    return known


def test_every_row_names_tests_and_they_exist() -> None:
    assert len(ROWS) >= 58
    for row in ROWS:
        assert named_tests(row), row
        assert missing(row) == [], row


def test_every_code_has_a_chinese_and_an_english_text() -> None:
    known = known_texts()
    seen = 0
    for row in ROWS:
        for code in CODE.findall(row.split("|")[3]):
            assert code in known, f"{code} has no text: {row}"
            chinese, english = known[code]
            assert CHINESE.search(chinese), code
            assert english, code
            assert not CHINESE.search(english), code
            seen += 1
    assert seen >= 100


def test_no_bad_day_of_the_specification_is_forgotten() -> None:
    for word in ("check character", "Under-age", "BLOCK", "shared", "markup", "200 kB", "glyph", "Sending twice",
                 "out of order", "recall", "revoked agent", "expired, revoked", "five times", "rp", "never returns",
                 "another installation", "High s", "messageDigest", "Two prepares", "worker's endpoint", "404",
                 "token swapped", "another key", "first byte", "One TSA", "lying", "All TSAs", "Identity provider",
                 "chain is down", "between signing and anchoring", "Disk full", "kill -9", "same moment",
                 "Idempotency", "2 MB", "Zip bombs", "OCSP", "wechat-old"):  # fmt: skip
        assert any(word.lower() in row.split("|")[1].lower() for row in ROWS), word


def test_every_row_of_the_threat_model_has_its_code_here() -> None:
    cheats = rows_of(TEXT.partition("/ Cheats")[2], cells=4)
    threats = rows_of((ROOT / "docs" / "threat-model.md").read_text("utf-8"), cells=3)
    assert len(cheats) == len(threats)
    for row in cheats:
        assert CODE.search(row.split("|")[3]), row
