"""Renderings are made by a part of the engine that needs torch, so it is imported late."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soundedit.app.movie import RenderingLike
from soundedit.app.requests import EngineLike
from soundedit.document.model import Project


def make_rendering(
    engine: EngineLike, project: Project, files: Mapping[str, Path], **options: Any
) -> RenderingLike:
    """A project made ready on an engine; called on the engine worker.

    `options` and errors are those of `soundedit.engine.rendering.Rendering`.
    """
    module = importlib.import_module("soundedit.engine.rendering")
    rendering: RenderingLike = module.Rendering(engine, project, files, **options)
    return rendering
