"""The platform's state as Prometheus gauges, read from the database and the node when they are scraped.

The worker is a process of its own, so that counters kept in memory there would never reach the API's
`/metrics`.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.insight.ports import StatusSource

log = structlog.get_logger(__name__)


class PlatformCollector(Collector):
    """Gauges of chain, anchoring and messages.

    A part that cannot be read leaves its gauges out and says so.
    """

    def __init__(self, operations: StatusSource) -> None:
        self._operations = operations

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Names without values: registering must not ask anybody."""
        yield GaugeMetricFamily("concord_platform_readable", "1 when the platform's state could be read")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Present values."""
        try:
            status = self._operations.status()
        except Exception as error:  # a scrape never fails because a part is down
            log.warning("metrics.platform.unreadable", error=type(error).__name__)
            yield GaugeMetricFamily(
                "concord_platform_readable", "1 when the platform's state could be read", 0.0
            )
            return
        yield GaugeMetricFamily("concord_platform_readable", "1 when the platform's state could be read", 1.0)
        anchoring = status.anchoring
        plain: list[tuple[str, str, float]] = [
            ("concord_chain_node_up", "1 when the node answers", float(status.node is not None)),
            (
                "concord_anchoring_oldest_pending_seconds",
                "Age of the oldest event not on chain",
                anchoring.oldest_pending_seconds,
            ),
            ("concord_anchoring_log_size", "Entries of the evidence log", anchoring.log_size),
            (
                "concord_anchoring_checkpoint_size",
                "Entries under the newest checkpoint",
                anchoring.checkpoint_size,
            ),
            (
                "concord_anchoring_index_block",
                "Block up to which the index is complete",
                anchoring.index_block,
            ),
            ("concord_anchoring_index_behind_blocks", "Blocks the index is behind the node", status.behind),
            (
                "concord_anchoring_stopped",
                "1 when an integrity alarm stopped staging",
                float(anchoring.stopped),
            ),
            ("concord_anchoring_alarms_open", "Open alarms", len(anchoring.alarms)),
            (
                "concord_worker_loops_failing",
                "Loops of the worker that fail again and again",
                len(status.failing),
            ),
        ]
        if status.node is not None:
            plain += [
                ("concord_chain_height", "Height of the chain", status.node.height),
                (
                    "concord_chain_pending_transactions",
                    "Transactions that wait for a block",
                    status.node.pending,
                ),
                ("concord_chain_block_milliseconds", "Milliseconds a block", status.node.ms_per_block or 0.0),
                ("concord_chain_engine_restarts", "Restarts of the engine", status.node.restarts),
            ]
        for name, text, value in plain:
            yield GaugeMetricFamily(name, text, float(value))
        for name, text, values in (
            ("concord_anchoring_events", "Evidence events by state", anchoring.events),
            ("concord_anchoring_calls", "Registry calls by state", anchoring.calls),
            ("concord_notification_messages", "Messages by state", status.messages.counts),
        ):
            family = GaugeMetricFamily(name, text, labels=["state"])
            for state, count in sorted(values.items()):
                family.add_metric([state], float(count))
            yield family
