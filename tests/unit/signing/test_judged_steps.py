"""Steps between revisions that were judged before are not judged again, and a changed step is never taken for one."""

from __future__ import annotations

import pytest
from pyhanko.sign.diff_analysis import StandardDiffPolicy

from signing.pades import validate
from tests.support.signing_authorities import NOW, Authority, Stamper
from tests.support.signing_documents import Ceremony


def test_a_step_is_judged_once_and_a_changed_file_again(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, stampers: tuple[Stamper, Stamper]
) -> None:
    calls: list[int] = []
    inner = StandardDiffPolicy.apply

    def counted(self: StandardDiffPolicy, *args: object, **named: object) -> object:
        calls.append(1)
        return inner(self, *args, **named)

    monkeypatch.setattr(StandardDiffPolicy, "apply", counted)
    desk = Ceremony(authority, *stampers)
    pdf = desk.sign_both()
    judged: dict[bytes, tuple[frozenset[str], int]] = {}
    first = validate(pdf, desk.expected, desk.anchors, NOW, judged)
    once = len(calls)
    again = validate(pdf, desk.expected, desk.anchors, NOW, judged)
    assert first == again
    assert len(calls) == once == len(judged) > 2
    at = pdf.rindex(b"%%EOF") - 40
    broken = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    assert not validate(broken, desk.expected, desk.anchors, NOW, judged).ok
