"""The numbered plan (docs/evidence-spec.md, section 5): same numbers, names and dependencies as the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Final

from chain.package.contents import CONTRACT, FIGURE, ONE_CLAUSE, SUPERVISION
from chain.verifier.case import Case
from chain.verifier.outcome import Judgement, Outcome, Passed, Report, StepResult
from chain.verifier.policy import Policy, default_policy

if TYPE_CHECKING:
    from chain.trust_root import TrustRoot
    from chain.verifier.rendering import RenderingCheck


@dataclass(frozen=True)
class Step:
    """One step: its number, name, what must have passed before, and where its code is.

    Code is loaded when the step runs, so that a package that fails early costs nothing more.
    """

    no: int
    name: str
    needs: dict[str, tuple[int, ...]]
    module: str
    function: str

    def load(self) -> Callable[[Case], Passed]:
        """Return the step's function."""
        found: Callable[[Case], Passed] = getattr(
            import_module(f"chain.verifier.steps.{self.module}"), self.function
        )
        return found


def _all(*needs: int) -> dict[str, tuple[int, ...]]:
    return {CONTRACT: needs, SUPERVISION: needs, ONE_CLAUSE: needs, FIGURE: needs}


def _logged(*needs: int) -> dict[str, tuple[int, ...]]:
    return {CONTRACT: needs, SUPERVISION: needs, ONE_CLAUSE: needs}


def _contract(*needs: int) -> dict[str, tuple[int, ...]]:
    return {CONTRACT: needs}


PLAN: Final = (
    Step(1, "structure", _all(), "container", "structure"),
    Step(2, "manifest", _all(1), "container", "manifest_and_digests"),
    Step(3, "installation", _all(2), "container", "installation"),
    Step(4, "commitment", _contract(3), "document", "commitment"),
    Step(5, "document", _contract(4), "document", "document"),
    Step(6, "timestamps", _contract(5), "document", "timestamps"),
    Step(7, "certificates", _contract(6), "document", "certificates"),
    Step(8, "identity", {CONTRACT: (4,), ONE_CLAUSE: (3,)}, "statements", "identity"),
    Step(9, "worker-consent", _contract(7, 8), "statements", "worker_consent"),
    Step(10, "employer-consent", _contract(7), "statements", "employer_consent"),
    Step(11, "authority", _contract(10), "authority", "authority"),
    Step(12, "intent", _contract(9), "statements", "intent"),
    Step(13, "process", {CONTRACT: (5,), SUPERVISION: (3,), ONE_CLAUSE: (3,)}, "process", "process"),
    Step(14, "checkpoint", _logged(3), "log", "checkpoint"),
    Step(15, "witnesses", _logged(14), "log", "witnesses"),
    Step(16, "inclusion", _logged(13, 14), "log", "inclusion"),
    Step(17, "chain-record", {CONTRACT: (3,), SUPERVISION: (3,)}, "records", "chain_record"),
    Step(18, "judicial", _logged(14), "judicial", "judicial"),
    Step(19, "clauses", _contract(4), "content", "clauses"),
    Step(20, "rendering", _contract(4), "content", "rendering"),
    Step(21, "clause", {ONE_CLAUSE: (8, 13)}, "clause", "clause"),
    Step(22, "figure", {FIGURE: (3,)}, "figure", "figure"),
    Step(23, "releases", _contract(13, 16), "releases", "releases"),
    Step(24, "longevity", _contract(6, 14), "longevity", "longevity"),
)


def verify(
    data: bytes,
    trust_root: TrustRoot,
    *,
    now: datetime,
    policy: Policy | None = None,
    render: RenderingCheck | None = None,
) -> Report:
    """Run the plan over the bytes of a package.

    `now` only serves checks of the TSAs' own paths; `policy` None is the documented default; without
    `render`, step 20 is indeterminate. Never raises for what the bytes hold, opens no connection and reads
    no environment.
    """
    case = Case(data=data, trust_root=trust_root, now=now, render=render)
    results: dict[int, StepResult] = {}
    for step in PLAN:
        kind = case.manifest.kind if case.manifest is not None else CONTRACT
        if kind not in step.needs:
            continue
        results[step.no] = _run(step, step.needs[kind], case, results)
    kind = case.manifest.kind if case.manifest is not None else CONTRACT
    judge = policy if policy is not None else default_policy(kind, trust_root)
    return Report(judge.judge(results), tuple(results.values()))


def _run(step: Step, needs: tuple[int, ...], case: Case, results: dict[int, StepResult]) -> StepResult:
    missing = [no for no in needs if results[no].outcome is not Outcome.PASSED]
    if missing:
        sub = f"DEPENDS_ON {missing[0]}"
        return StepResult(step.no, step.name, Outcome.INDETERMINATE, sub, {"step": missing[0]})
    try:
        found = step.load()(case)
    except Judgement as judgement:
        return StepResult(step.no, step.name, judgement.outcome, judgement.sub_indication, judgement.facts)
    except Exception as error:  # hostile input must end as a line of the report, never as a crash
        facts = {"error": type(error).__name__, "text": str(error)[:200]}
        return StepResult(step.no, step.name, Outcome.INDETERMINATE, "UNREADABLE", facts)
    return StepResult(step.no, step.name, Outcome.PASSED, found.sub_indication, found.facts)
