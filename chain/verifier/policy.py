"""Policies: what a verdict needs. Objects that compose; an empty AllOf fails, nothing passes by omission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chain.verifier.outcome import Outcome, StepResult

if TYPE_CHECKING:
    from chain.trust_root import TrustRoot

Steps = Mapping[int, StepResult]


class Policy(Protocol):
    """Judges the finished steps."""

    def judge(self, steps: Steps) -> Outcome:
        """Return the outcome that these steps amount to."""
        ...


_RANK = {Outcome.PASSED: 0, Outcome.INDETERMINATE: 1, Outcome.FAILED: 2}


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome that counts of several: failed before indeterminate before passed."""
    return max(outcomes, key=_RANK.__getitem__)


@dataclass(frozen=True)
class AllOf:
    """Every member must pass; the worst outcome counts. Without members it fails."""

    members: tuple[Policy, ...]

    def judge(self, steps: Steps) -> Outcome:
        """Return the worst outcome of the members."""
        return worst([member.judge(steps) for member in self.members]) if self.members else Outcome.FAILED


@dataclass(frozen=True)
class AnyOf:
    """One member must pass; the best outcome counts. Without members it fails."""

    members: tuple[Policy, ...]

    def judge(self, steps: Steps) -> Outcome:
        """Return the best outcome of the members."""
        outcomes = [member.judge(steps) for member in self.members]
        return min(outcomes, key=_RANK.__getitem__) if outcomes else Outcome.FAILED


@dataclass(frozen=True)
class RequireStep:
    """This step must have passed; a step that the package's kind does not have is indeterminate."""

    no: int

    def judge(self, steps: Steps) -> Outcome:
        """Return the step's own outcome."""
        step = steps.get(self.no)
        return step.outcome if step else Outcome.INDETERMINATE


@dataclass(frozen=True)
class NoStepFailed:
    """No step at all may have failed, whether it is required or not. Fails when there are no steps."""

    def judge(self, steps: Steps) -> Outcome:
        """Return failed if any step failed."""
        if not steps or any(step.outcome is Outcome.FAILED for step in steps.values()):
            return Outcome.FAILED
        return Outcome.PASSED


@dataclass(frozen=True)
class AtLeastLevel:
    """The worker's identity was checked at this assurance level (step 8) or a higher one."""

    level: int

    def judge(self, steps: Steps) -> Outcome:
        """Compare with the level that step 8 found."""
        step = steps.get(8)
        if step is None or step.outcome is not Outcome.PASSED:
            return Outcome.INDETERMINATE if step is None else step.outcome
        return Outcome.PASSED if int(step.facts["level"]) >= self.level else Outcome.FAILED


@dataclass(frozen=True)
class Witnesses:
    """At least `count` witnesses of the trust root have cosigned the checkpoint (step 15)."""

    count: int

    def judge(self, steps: Steps) -> Outcome:
        """Compare with the number that step 15 found."""
        step = steps.get(15)
        if step is None or step.outcome is Outcome.FAILED:
            return Outcome.INDETERMINATE if step is None else Outcome.FAILED
        found = step.facts.get("valid", 0)
        return Outcome.PASSED if int(found) >= self.count else Outcome.INDETERMINATE


@dataclass(frozen=True)
class JudicialReceipt:
    """The judicial chain has the checkpoint (step 18)."""

    def judge(self, steps: Steps) -> Outcome:
        """Return step 18's outcome."""
        return RequireStep(18).judge(steps)


@dataclass(frozen=True)
class MadeBy:
    """The package says that it was made by the program of this source digest (step 3); the log's key vouches for that."""

    source_sha256: str

    def judge(self, steps: Steps) -> Outcome:
        """Compare with the digest that step 3 found."""
        step = steps.get(3)
        if step is None or step.outcome is not Outcome.PASSED:
            return Outcome.INDETERMINATE if step is None else step.outcome
        found = step.facts.get("source_sha256")
        if found is None:
            return Outcome.INDETERMINATE
        return Outcome.PASSED if found == self.source_sha256 else Outcome.FAILED


@dataclass(frozen=True)
class UnsafeNoOp:
    """Passes everything. For taking a package apart in tests, never for a verdict."""

    def judge(self, steps: Steps) -> Outcome:
        """Return passed."""
        return Outcome.PASSED


CONTRACT_STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 19, 24)
SUPERVISION_STEPS = (1, 2, 3, 13, 14, 16)
CLAUSE_STEPS = (1, 2, 3, 8, 13, 14, 16, 21)
FIGURE_STEPS = (1, 2, 3, 22)
_REQUIRED = {
    "contract": CONTRACT_STEPS,
    "supervision": SUPERVISION_STEPS,
    "clause": CLAUSE_STEPS,
    "figure": FIGURE_STEPS,
}


def default_policy(kind: str, trust_root: TrustRoot) -> Policy:
    """Return the documented policy (spec, section 6): parties, tokens, inclusion, checkpoint; nothing failed.

    What the embedded chain can't authenticate (17), the judicial chain (18) and the renderer (20) may be
    indeterminate; witnesses and releases count where the trust root names them.
    """
    members: list[Policy] = [NoStepFailed(), *(RequireStep(no) for no in _REQUIRED[kind])]
    if trust_root.witness_threshold > 0 and kind != "figure":
        members.append(RequireStep(15))
    if trust_root.release_keys and kind == "contract":
        members.append(RequireStep(23))
    return AllOf(tuple(members))
