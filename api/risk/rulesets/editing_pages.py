"""The editor: one section of a draft at a time, with what the lint says beside each field.

Whoever saves names the revision that he began with and carries the texts that he began with. When somebody else saved meanwhile,
nothing is lost on either side: what he left alone takes the newer value, what he changed stays, and where both changed the
page shows both (409) and asks to save once more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.problems import STATUS, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, invalid
from api.risk.rulesets import editing, parts, pattern_form, point_form, sections, texts, views
from api.risk.rulesets.editing import Texts
from api.risk.rulesets.pages import AT, say
from api.risk.rulesets.parts import Slots
from api.risk.rulesets.router import Editor, Service
from api.risk.rulesets.sections import Section
from api.risk.rulesets.service import RuleSetService
from api.risk.rulesets.wording import SIGNS, floor_note, unit_hint
from api.risk.spec.document import COLOUR_NAMES

pages = APIRouter()
_MOST_FIELDS, _LONGEST = 1_000, 4_000
_PLAIN = ("weight", "zh", "en", "basis")


async def posted(request: Request) -> Texts:
    """The form's texts, line ends as \\n. Raises invalid `malformed` for files, too many or too long fields."""
    form = await request.form()
    found = {name: value for name, value in form.items() if isinstance(value, str)}
    if len(found) != len(form) or len(found) > _MOST_FIELDS:
        raise invalid("malformed")
    if any(len(value) > _LONGEST for name, value in found.items() if name != "before"):
        raise invalid("malformed")
    return {name: value.replace("\r\n", "\n") for name, value in found.items()}


Posted = Annotated[Texts, Depends(posted)]


@dataclass(frozen=True)
class _Begun:
    """What a form began with: the revision, and the section's texts then."""

    revision: int
    before: Texts

    @classmethod
    def of(cls, form: Texts) -> _Begun:
        """Read from the form's two hidden fields. Raises invalid `malformed`."""
        try:
            revision, before = int(form.get("revision", "")), json.loads(form.get("before", ""))
        except (ValueError, RecursionError):
            raise invalid("malformed") from None
        if not isinstance(before, dict) or not all(isinstance(v, str) for v in before.values()):
            raise invalid("malformed")
        return cls(revision, before)


class _Editor:
    """One section of a version, for one request."""

    def __init__(
        self, request: Request, rule_sets: RuleSetService, row_id: str, kind: str, point: str = ""
    ) -> None:
        self.request, self.rule_sets, self.kind, self.point = request, rule_sets, kind, point
        self.lang, self.say, self.facts = language(request), say(request), rule_sets.facts()
        self.here = f"{AT}/{row_id}/" + (f"points/{point}" if point else kind)
        self.reload(row_id)

    def reload(self, row_id: str) -> None:
        """The version as it is now."""
        self.version = self.rule_sets.get(row_id)
        self.document = self.version.document.model_dump(mode="json")
        self.now = sections.read(self.document, self.kind, self.point, self.facts)

    def section(self, texts: Texts, slots: Slots | None = None) -> Section:
        """The section with these texts."""
        return sections.of_texts(self.document, self.kind, self.point, texts, self.facts, slots)

    def page(
        self, section: Section, status: int = 200, message: str = "", begun: _Begun | None = None, **more: Any
    ) -> Response:
        """The form; `begun`: what it goes on with where nothing was saved."""
        start = begun or _Begun(self.version.revision, self.now)
        lang, facts, document = self.lang, self.facts, self.document
        points = sorted(document["points"], key=lambda p: p["no"])
        notes = [views.note(one, facts, lang) for one in self.rule_sets.findings(self.version.row_id)]
        return page(
            self.request, f"risk/rule_set_{self.kind}.html", status=status, version=self.version, section=section,
            before=json.dumps(start.before, ensure_ascii=False), revision=start.revision, document=document,
            points=points, at_point=next((i for i, p in enumerate(points) if p["id"] == self.point), 0),
            notes_at=views.notes_by_place(notes, self.point), every_note=notes, message=message,
            closed=not views.changeable(self.version), signs=SIGNS, colours=tuple(COLOUR_NAMES),
            states=texts.STATE_NAMES, tones=texts.STATE_TONES, frame_names=texts.FRAME_NAMES,
            sections=texts.SECTION_NAMES, slots=parts.SLOTS, unit_hint=lambda unit: unit_hint(unit, lang),
            title_of=lambda part: sections.part_subject(part, facts, lang),
            floor_note=lambda part: floor_note(facts, part.texts, lang),
            fact_rows=sections.fact_rows(section, facts, lang) if self.point else [],
            fact_choices=sections.fact_choices(facts, lang) if self.point else [],
            known_points=sections.known_points(document, section, lang) if self.kind != "weights" else [],
            pattern_rows=pattern_form.rows(section.texts["patterns"]) if self.kind == "frame" else [],
            labels=sections.labels(section, document, facts, lang, self.say), **more,
        )  # fmt: skip

    def merged(self, begun: _Begun, mine: Texts) -> Response:
        """409: the newest version with my changes laid over it."""
        found = sections.merge(
            self.document, self.kind, self.point, begun.before, mine, self.now, self.facts, self.lang
        )
        message = self.say(N_("他人已先保存，现在是第 %(revision)s 次修订")) % {
            "revision": self.version.revision
        }
        if not views.changeable(self.version):
            state = {"state": self.say(texts.STATE_NAMES[self.version.state.value])}
            message = text_of("risk.rule_set_closed", state, self.lang)
        shown = replace(self.section(found.texts), theirs=found.mine)
        return self.page(shown, 409, message, taken=found.taken)

    def _after(self, form: Texts, mine: Texts, slots: Slots | None) -> tuple[Texts, Slots | None]:
        do = form["do"]
        if self.kind == "point":
            kind = form.get("new-" + do.partition(":")[2], "")
            return point_form.pressed(mine, slots or {}, do, kind, self.facts)
        if self.kind == "frame":
            return {**mine, "patterns": pattern_form.pressed(mine["patterns"], do)}, None
        raise invalid("malformed")

    def pressed(self, form: Texts, begun: _Begun, mine: Texts, slots: Slots | None) -> Response:
        """A part added or taken away; nothing is saved, and all that was typed stays."""
        try:
            after, made = self._after(form, mine, slots)
        except DomainError as error:
            if error.code not in ("risk.rule_set_parts", "risk.rule_set_patterns"):
                raise
            message = text_of(error.code, error.facts, self.lang)
            return self.page(self.section(mine, slots), STATUS[error.kind], message, begun)
        return self.page(self.section(after, made), begun=begun, unsaved=True)

    def save(self, who: Any, form: Texts) -> Response:
        """Save what was typed, or answer with the form and what stands against it."""
        begun, version = _Begun.of(form), self.version
        typed, slots = sections.typed(self.document, self.kind, self.point, form, self.facts)
        alone = {name: text for name, text in self.now.items() if name in _PLAIN or self.kind != "point"}
        mine = {**alone, **typed}
        if form.get("do"):
            return self.pressed(form, begun, mine, slots)
        try:
            if form.get("as_new") == "1":
                kept = sections.merge(
                    self.document, self.kind, self.point, begun.before, typed, self.now, self.facts, self.lang
                )
                made = sections.write(self.document, self.kind, self.point, kept.texts, self.facts)
                draft = self.rule_sets.draft(who, made, "")
                return redirect(self.request, f"{AT}/{draft.row_id}", notice=N_("您的修改已存为新草稿"))
            if version.revision != begun.revision or not views.changeable(version):
                return self.merged(begun, typed)
            made = sections.write(self.document, self.kind, self.point, mine, self.facts)
            if made == self.document:
                return redirect(self.request, self.here, notice=N_("没有改动，未生成新修订"), tone="info")
            self.rule_sets.change(who, version.row_id, begun.revision, made, None)
        except editing.FieldsError as error:
            wrong = replace(self.section(mine, slots), problems=sections.problem_texts(error, self.say))
            return self.page(wrong, 422, begun=begun)
        except DomainError as error:
            if error.code in ("risk.rule_set_changed", "risk.rule_set_closed"):
                self.reload(version.row_id)
                return self.merged(begun, typed)
            message = text_of(error.code, error.facts, self.lang)
            return self.page(self.section(mine, slots), STATUS[error.kind], message, begun)
        return redirect(self.request, self.here, notice=N_("已保存；检查结果显示在各项旁边"))


def _open(request: Request, rule_sets: RuleSetService, row_id: str, kind: str, point: str = "") -> Response:
    editor = _Editor(request, rule_sets, row_id, kind, point)
    if not views.changeable(editor.version):
        return redirect(request, f"{AT}/{row_id}")
    if point and not parts.fitting(point_form.slots(editor.document, point, editor.facts)):
        return redirect(
            request, f"{AT}/{row_id}", notice=N_("这个控制点的条件太多，请用表格修改"), tone="warning"
        )
    return editor.page(editor.section(editor.now))


def _save(
    request: Request, rule_sets: RuleSetService, who: Any, row_id: str, kind: str, point: str, form: Texts
) -> Response:
    return _Editor(request, rule_sets, row_id, kind, point).save(who, form)


@pages.get(AT + "/{row_id}/weights")
def weights(request: Request, rule_sets: Service, _who: Editor, row_id: str) -> Response:
    """All weights with their sum."""
    return _open(request, rule_sets, row_id, "weights")


@pages.post(AT + "/{row_id}/weights")
def save_weights(request: Request, rule_sets: Service, who: Editor, row_id: str, form: Posted) -> Response:
    """Save the weights."""
    return _save(request, rule_sets, who, row_id, "weights", "", form)


@pages.get(AT + "/{row_id}/frame")
def frame(request: Request, rule_sets: Service, _who: Editor, row_id: str) -> Response:
    """Levels, floors, overrides, patterns, windows, coverage."""
    return _open(request, rule_sets, row_id, "frame")


@pages.post(AT + "/{row_id}/frame")
def save_frame(request: Request, rule_sets: Service, who: Editor, row_id: str, form: Posted) -> Response:
    """Save them; or, where `do` names a button, add or take away a pattern and come back to the form."""
    return _save(request, rule_sets, who, row_id, "frame", "", form)


@pages.get(AT + "/{row_id}/points/{point}")
def one_point(request: Request, rule_sets: Service, _who: Editor, row_id: str, point: str) -> Response:
    """A control point: weight, names, basis, the thresholds of each colour."""
    return _open(request, rule_sets, row_id, "point", point)


@pages.post(AT + "/{row_id}/points/{point}")
def save_point(
    request: Request, rule_sets: Service, who: Editor, row_id: str, point: str, form: Posted
) -> Response:
    """Save it; or, where `do` names a button, add or take away a part and come back to the form."""
    return _save(request, rule_sets, who, row_id, "point", point, form)
