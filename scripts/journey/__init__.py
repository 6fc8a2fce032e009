"""The main job played through the HTTP API, step by step: used by `concord demo`, by benchmarks and by tests."""
