"""Text that no document can hold: sending is refused, the character is named in both languages, nothing has changed."""

from __future__ import annotations

import pytest

from api.bootstrap.econtract import rendering_refusals
from api.econtract.texts import TEXTS
from api.infra.problems import register, text_of
from api.kernel.errors import DomainError, ErrorKind
from signing.rendering import Renderer
from tests.support.econtract_stage import AGENT, Stage
from tests.support.fonts import renderer

__all__ = ["renderer"]


@pytest.fixture
def rendering(stage: Stage, renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage with real typesetting where a text is sent, translated as the platform does it."""
    original = stage.rounds.prepare

    def prepare(request: object) -> object:
        prepared = original(request)  # type: ignore[arg-type]
        with rendering_refusals():
            renderer.render(request.template_id, request.data)  # type: ignore[attr-defined]
        return prepared

    monkeypatch.setattr(stage.rounds, "prepare", prepare)
    return stage


def test_a_name_that_no_font_has(rendering: Stage) -> None:
    pk = rendering.draft(worker_name="李𠮷")
    with pytest.raises(DomainError) as caught:
        rendering.econtract.sending.send(AGENT, pk)
    error = caught.value
    assert (error.kind, error.code) == (ErrorKind.INVALID, "econtract.render_glyph_missing")
    register(TEXTS)
    for language, words in (("zh", "字库里没有“𠮷”（U+20BB7）"), ("en", "“𠮷” (U+20BB7)")):
        assert words in text_of(error.code, error.facts, language)
    assert rendering.state(pk) == "CHECKED"
    assert rendering.rounds.opened == {}
    assert rendering.messages.sent == []
    assert rendering.recorder.types() == []


def test_a_name_that_a_font_has_is_sent(rendering: Stage) -> None:
    assert rendering.state(rendering.send(worker_name="李龘")) == "SENT"


@pytest.mark.parametrize("text", ['#eval("1") $x$ \\ // *a* _b_ <c> @d `e` [f] {g}', "a\\n#pagebreak()"])
def test_markup_is_only_text(rendering: Stage, text: str) -> None:
    pk = rendering.send(work_content=text)
    assert rendering.state(pk) == "SENT"
    (request,) = rendering.rounds.opened.values()
    assert any(text in clause[2] for clause in request.clauses)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("操作\u202e机床", "econtract.field_forbidden_character"),
        ("操作\x07机床", "econtract.field_forbidden_character"),
        ("长" * 1001, "econtract.field_too_long"),
    ],
)
def test_deceiving_or_endless_text_is_not_sent(rendering: Stage, text: str, code: str) -> None:
    pk = rendering.draft(work_content=text)
    _, result = rendering.econtract.drafts.save(AGENT, pk, {"work_content": text}, [])
    assert (result.errors[0].pointer, result.errors[0].code) == ("/fields/work_content", code)
    with pytest.raises(DomainError, match=r"econtract\.(fields_unreadable|check_blocked)"):
        rendering.econtract.sending.send(AGENT, pk)
    assert rendering.rounds.opened == {}
