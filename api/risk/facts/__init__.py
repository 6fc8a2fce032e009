"""Facts of an enterprise in a month, from accepted departmental rows. Whole numbers; null is unknown."""

from api.risk.facts.compute import compute_facts
from api.risk.facts.explain import source_rows
from api.risk.facts.lexicon import Fact, dictionary, dictionary_names, fact_of, lint_points
from api.risk.facts.parameters import FactParameters
from api.risk.facts.ports import AcceptedRows
from api.risk.facts.reference import reference
from api.risk.facts.store import affected_months, merge_month, write_month
from api.risk.facts.without import Without

__all__ = [
    "AcceptedRows",
    "Fact",
    "FactParameters",
    "Without",
    "affected_months",
    "compute_facts",
    "dictionary",
    "dictionary_names",
    "fact_of",
    "lint_points",
    "merge_month",
    "reference",
    "source_rows",
    "write_month",
]
