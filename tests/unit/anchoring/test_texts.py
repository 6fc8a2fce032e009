"""Every code that the slice raises or stores has a text in both languages, whose fields the facts can fill."""

from __future__ import annotations

import re
from pathlib import Path

from api.anchoring.texts import TEXTS
from api.infra.problems import TEXTS as COMMON

SOURCE = Path(__file__).parents[3]


def test_every_code_has_a_text() -> None:
    files = [*(SOURCE / "api" / "anchoring").rglob("*.py"), SOURCE / "api" / "bootstrap" / "anchoring.py"]
    text = "\n".join(p.read_text("utf-8") for p in files if p.name != "texts.py")
    raised = set(
        re.findall(r'(?:invalid|conflict|not_found|unavailable|integrity|forbidden)\(\s*"([a-z_.]+)"', text)
    )
    alarms = set(re.findall(r'Alarm\(\s*"([a-z_.]+)"', (SOURCE / "chain" / "relay.py").read_text("utf-8")))
    alarms |= set(re.findall(r'_alarm\("([a-z_.]+)"', text))
    assert raised
    assert len(alarms) >= 4
    assert (raised | alarms) - TEXTS.keys() - COMMON.keys() == set()


def test_both_languages_use_the_same_fields() -> None:
    for code, (zh, en) in TEXTS.items():
        assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en)), code
        assert re.search(r"[\u4e00-\u9fff]", zh), code
