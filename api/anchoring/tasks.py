"""Due work of the slice for the worker process."""

from __future__ import annotations

from typing import Any

from api.infra.loops import Loop

PAUSE = 0.2
"""Seconds between two passes when nothing was to be done: an entry must reach a block within two seconds."""


def run_due(container: Any) -> bool:
    """One pass of relay, indexer, auditor and checkpoints; whether anything was done."""
    done: bool = container.anchoring.worker().tick()
    return done


def run_judicial(container: Any) -> bool:
    """One pass of the judicial relay; nothing where no judicial chain is set up."""
    court = container.anchoring.judicial()
    return court is not None and bool(court.tick())


def run_longevity(container: Any) -> int:
    """Renew old checkpoints' tokens; at most once an hour. How many were renewed or newly kept."""
    job = container.anchoring.longevity()
    return 0 if job is None else int(job.run_due())


def run_light(container: Any) -> int:
    """Light records of what the validator network has taken; nothing on another chain. How many were stored."""
    prover = container.anchoring.light()
    return 0 if prover is None else int(prover.run_due())


def run_rule_key(container: Any) -> int:
    """Sign red warnings that the rules issued by themselves. How many were signed."""
    return int(container.anchoring.rule_signer().run_due())


def run_reminders(container: Any) -> int:
    """Remind officers of decisions that wait for their wallets. How many messages were queued."""
    return int(container.anchoring.inbox.run_due())


LOOPS = {
    "judicial": Loop(run_judicial, PAUSE),
    "longevity": Loop(run_longevity, PAUSE),
    "light": Loop(run_light, PAUSE),
    "rule-key": Loop(run_rule_key, PAUSE),
    "warning-reminders": Loop(run_reminders, PAUSE),
}
"""Further loops, each with a thread of its own: a dead court chain delays nothing else, nor does a slow validator."""
