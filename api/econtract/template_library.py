"""Our own contract templates: own words, versioned, addressed by hash; every mandatory clause M1 to M8 is covered.

劳动合同法 art. 17 (mandatory clauses), arts. 12–15 (three kinds of term). A template is data: clauses of paragraphs,
each with a condition on the contract's fields and gaps that are filled with their values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from api.econtract.model import OFFERED, Form
from api.kernel.errors import invalid

_FOLDER = Path(__file__).parent / "templates_text"


@dataclass(frozen=True)
class Paragraph:
    """One paragraph; `when` is empty, a field's name, `!name`, `name=value` or `name!=value`."""

    when: str
    text: str


@dataclass(frozen=True)
class TemplateClause:
    """One clause; the clause with id CUSTOM marks where the parties' own clauses go."""

    id: str
    mandatory: str
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class TextTemplate:
    """A published version of a template's text. `sha256` is over the file's bytes."""

    id: str
    version: str
    form: Form
    title: str
    subtitle: str
    names: Mapping[str, str]
    layout: str
    since: str
    preamble: str
    clauses: tuple[TemplateClause, ...]
    sha256: str


@cache
def library() -> tuple[TextTemplate, ...]:
    """Every version of every template, the newest version of each first."""
    found = [_read(path) for path in sorted(_FOLDER.glob("labour-*.json"))]
    return tuple(sorted(found, key=lambda template: (template.id, template.version), reverse=True))


def newest() -> tuple[TextTemplate, ...]:
    """The newest version of each template, in the order fixed, open, task."""
    first: dict[str, TextTemplate] = {}
    for template in library():
        first.setdefault(template.id, template)
    return tuple(sorted(first.values(), key=lambda template: list(Form).index(template.form)))


def find(template_id: str, version: str | None = None) -> TextTemplate | None:
    """A template by id and version (the newest without a version)."""
    for template in library():
        if template.id == template_id and version in (None, template.version):
            return template
    return None


def offered(template_id: str) -> TextTemplate:
    """The newest version of a template; invalid when nobody knows it, and in other words when its form is not offered.

    A form that is known and not offered yet may be named by itself (`dispatch`) or as its template would be called.
    """
    found = find(template_id)
    named = template_id.removeprefix("concord-labour-").replace("-", "_")
    form = named if found is None else found.form.value
    if form in set(Form) - OFFERED:
        raise invalid("econtract.form_not_offered", form=form, pointer="/template_id")
    if found is None:
        raise invalid("econtract.template_unknown", template=template_id[:80], pointer="/template_id")
    return found


def _read(path: Path) -> TextTemplate:
    raw = path.read_bytes()
    data = json.loads(raw)
    return TextTemplate(
        id=data["id"],
        version=data["version"],
        form=Form(data["form"]),
        title=data["title"],
        subtitle=data["subtitle"],
        names={"zh": data["name_zh"], "en": data["name_en"]},
        layout=data["layout"],
        since=data["since"],
        preamble=data["preamble"],
        clauses=tuple(
            TemplateClause(
                clause["id"],
                clause["mandatory"],
                clause["title"],
                tuple(Paragraph(part["when"], part["text"]) for part in clause["paragraphs"]),
            )
            for clause in data["clauses"]
        ),
        sha256=hashlib.sha256(raw).hexdigest(),
    )
