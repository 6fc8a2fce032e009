"""Documentation is tested: settings, commands and decisions that exist are written down, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from api.infra.settings import Settings
from scripts.cli import build_app

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "operations" / "settings.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_0-9]+)`", text))
    missing = set(Settings.model_fields) - named
    assert not missing, f"docs/operations/settings.md does not name {sorted(missing)}"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "operations" / "commands.md").read_text("utf-8")
    commands = get_command(build_app()).commands  # type: ignore[attr-defined]
    missing = [name for name in commands if f"`concord {name}" not in text]
    assert not missing, f"docs/operations/commands.md does not name {missing}"


def test_every_documented_command_exists() -> None:
    commands = get_command(build_app()).commands  # type: ignore[attr-defined]
    unknown = []
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        for name, after in re.findall(
            r"`(?:\.venv/bin/)?concord ([a-z-]+)(?: ([a-z-]+))?\b", path.read_text("utf-8")
        ):
            inner = getattr(commands.get(name), "commands", None)
            if name not in commands or (inner is not None and after and after not in inner):
                unknown.append(f"{path.relative_to(ROOT)}: concord {name} {after}")
    assert not unknown, "\n".join(unknown)


def test_decisions_have_the_house_length() -> None:
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        lines = len(path.read_text("utf-8").splitlines())
        assert 20 <= lines <= 80, f"{path.name}: {lines} lines"


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)} → {target}")
    assert not broken, "\n".join(broken)


def test_no_document_names_a_machine_path() -> None:
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]:
        text = path.read_text("utf-8")
        assert "/root/" not in text, path
        assert "/home/" not in text, path
