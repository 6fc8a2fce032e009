"""Which changes one revision may make: new signature fields, validation material, nothing else.

pyHanko's difference analysis judges; the rules here are narrower than its defaults (no metadata, document information
or other form fields) and also cover the first step, from a base file that has no form at all to its first signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import RawPdfPath
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DSSCompareRule,
    FormUpdatingRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.form_rules_api import FieldComparisonContext, FormUpdate, _list_fields

_CATALOG: Final = frozenset({"/AcroForm", "/DSS", "/Extensions"})
_FORM: Final = frozenset({"/Fields"})
_FIRST_FORM: Final = frozenset({"/Fields", "/SigFlags"})


class _FormRule(FormUpdatingRule):  # type: ignore[misc, unused-ignore]
    """As pyHanko's rule; where the older revision has no form yet, the newer may bring signature fields only."""

    def apply(self, old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
        if "/AcroForm" in old.root:
            yield from super().apply(old, new)
            return
        if "/AcroForm" not in new.root:
            return
        form = new.root["/AcroForm"]
        if not isinstance(form, generic.DictionaryObject) or set(form.keys()) != _FIRST_FORM:
            raise SuspiciousModification("The first form may hold nothing but signature fields")
        for holder, key in ((new.root, "/AcroForm"), (form, "/Fields")):
            raw = holder.raw_get(key)
            if isinstance(raw, generic.IndirectObject):
                if not old.is_ref_unassignable(raw.reference):
                    raise SuspiciousModification(f"{key} takes the place of another object")
                yield (
                    ModificationLevel.LTA_UPDATES,
                    FormUpdate(updated_ref=raw.reference, field_name=None),
                )
        fields = dict(_list_fields(generic.ArrayObject(), form["/Fields"], RawPdfPath("/Root", "/AcroForm")))
        context = FieldComparisonContext(field_specs=fields, old=old, new=new)
        for rule in self.field_rules:
            yield from rule.apply(context)


def strict_policy() -> StandardDiffPolicy:
    """Return the policy by which every step between two revisions is judged."""
    lta = ModificationLevel.LTA_UPDATES
    return StandardDiffPolicy(
        global_rules=[
            CatalogModificationRule(ignored_keys=_CATALOG),
            XrefStreamRule().as_qualified(lta),
            ObjectStreamRule().as_qualified(lta),
            DSSCompareRule().as_qualified(lta),
        ],
        form_rule=_FormRule(
            field_rules=[SigFieldCreationRule(), SigFieldModificationRule()], ignored_acroform_keys=_FORM
        ),
    )
