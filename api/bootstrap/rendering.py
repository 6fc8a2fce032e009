"""The process's one document renderer: fonts are read once and shared by every slice that shows or signs documents."""

from __future__ import annotations

import threading
from pathlib import Path
from weakref import WeakKeyDictionary

from api.bootstrap.container import Container
from signing.rendering import FontBook, Renderer

_lock = threading.Lock()
_renderers: WeakKeyDictionary[Container, Renderer] = WeakKeyDictionary()


def font_folders(container: Container) -> list[Path]:
    """The installation's font folders: the npm families first, then those of the settings."""
    settings = container.settings
    return [*FontBook.npm(settings.node_modules.absolute()), *settings.font_dirs]


def renderer(container: Container) -> Renderer:
    """The renderer of this container, built on first use."""
    with _lock:
        if container not in _renderers:
            from api.bootstrap.releases import template_folders

            _renderers[container] = Renderer(
                FontBook.load(font_folders(container)), lambda: template_folders(container)
            )
        return _renderers[container]
