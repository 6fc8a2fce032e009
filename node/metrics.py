"""The node's Prometheus counters, written out by hand: a dozen lines need no registry with global state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Counters:
    """Calls answered by method and refused by code since the start."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()

    def answered(self, method: str) -> None:
        """Count an answer."""
        self.answers[method] += 1

    def refused(self, code: int) -> None:
        """Count a refusal."""
        self.refusals[code] += 1


def exposition(gauges: Mapping[str, float], counters: Counters) -> str:
    """Prometheus text format 0.0.4."""
    lines: list[str] = []
    for name, value in gauges.items():
        lines += [f"# TYPE concord_node_{name} gauge", f"concord_node_{name} {value:g}"]
    lines.append("# TYPE concord_node_calls_total counter")
    lines += [f'concord_node_calls_total{{method="{m}"}} {n}' for m, n in sorted(counters.answers.items())]
    lines.append("# TYPE concord_node_refusals_total counter")
    lines += [f'concord_node_refusals_total{{code="{c}"}} {n}' for c, n in sorted(counters.refusals.items())]
    return "\n".join(lines) + "\n"
