"""Fixtures: the identity slice over running authorities."""

from tests.support.identity_world import authorities, officer, world

__all__ = ["authorities", "officer", "world"]
