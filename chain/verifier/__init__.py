"""The evidence verifier: a numbered plan over the bytes of a package, under a trust root given as argument.

No environment, no network, no database (docs/evidence-spec.md). `verify` runs in this process; what strangers
upload goes through `chain.verifier.child`.
"""

from chain.verifier.outcome import Outcome, Report, StepResult
from chain.verifier.plan import PLAN, verify

__all__ = ["PLAN", "Outcome", "Report", "StepResult", "verify"]
