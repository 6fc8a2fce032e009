"""The steps of the verification plan, grouped by what they look at; numbers as in docs/evidence-spec.md."""
