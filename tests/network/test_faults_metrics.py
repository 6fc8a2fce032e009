"""What an alarm rule asks for is what a node serves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from node.network import metrics

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RULES = Path(__file__).parents[2] / "docs" / "operations" / "network-alarms.yml"
METRIC = re.compile(r"\b(?:cometbft|process)_[a-z0-9_]+")


def test_every_metric_of_the_alarm_rules_is_served(network: Any) -> None:
    network.whole()
    served = set()
    for name, samples in metrics.families(network.nodes[0].ports.metrics).items():
        served |= {name} | {sample.name for sample in samples}
    rules = yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]
    asked = {name for rule in rules for name in METRIC.findall(rule["expr"])}
    assert asked >= set(metrics.WATCHED.values()), "what `status` watches has rules as well"
    assert asked <= served, asked - served
    assert all(" / " in rule["annotations"]["summary"] for rule in rules)


def test_metrics_are_on_loopback_only(network: Any) -> None:
    for node in network.nodes:
        text = (node.home / "config" / "config.toml").read_text("utf-8")
        assert f'prometheus_listen_addr = "127.0.0.1:{node.ports.metrics}"' in text


def test_a_node_that_does_not_answer_tells_nothing() -> None:
    assert metrics.read(9) == dict.fromkeys(metrics.WATCHED)
