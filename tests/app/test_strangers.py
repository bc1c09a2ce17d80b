"""Latents of another version of the pack are used, and the person is told what to expect."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from soundedit.document.commands import set_start
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import MediaKind, Start, StartKind
from soundedit.engine.latents import Latents, write_latents

from .conftest import Rig
from .standin import LAYERS

MakeSound = Callable[..., Path]


def write(folder: Path, space: str) -> Path:
    path = folder / f"glow {space}.latents"
    w = np.full((LAYERS, 2), 20 / 255, np.float32)
    write_latents(path, Latents(w, "stand-in 0.9", space=space))
    return path


def test_card_of_a_kept_direction_says_so(rig: Rig, make_sound: MakeSound, tmp_path: Path) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    stack = rig.window.editing.stack
    for space, warns in (("older", True), (rig.engine.manifest.latents, False), ("", False)):
        edit = stack.add_direction(write(tmp_path, space), "glow")
        assert edit is not None
        rig.wait(lambda: len(acting(rig)) == len(stack.edits))
        card = rig.window.editing.panel.card(edit)
        assert ("stand-in 0.9" in card.problem.text()) is warns
        assert card.problem.isVisible() is warns
    assert rig.window.errors.dialog is None


def acting(rig: Rig) -> tuple[object, ...]:
    """The edits of the movie that is shown."""
    movie = rig.controller.movie
    return () if movie is None else movie.project.edits


def test_start_is_told_once(rig: Rig, make_sound: MakeSound, tmp_path: Path) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    session = rig.window.session
    latents = media_from_file(write(tmp_path, "older"), MediaKind.LATENTS)
    session.bring({latents.id: tmp_path / "glow older.latents"})
    project, photo = session.adopt(tmp_path / "photo.png", MediaKind.PICTURE)
    start = Start(StartKind.PHOTO, media=photo, latents=latents.id)
    session.do("start from a photo", set_start(project, start, [latents]))
    rig.generate()
    rig.wait(lambda: rig.window.errors.dialog is not None)
    dialog = rig.window.errors.dialog
    assert dialog is not None and "stand-in 0.9" in dialog.text()
    dialog.close()
    rig.wait(lambda: rig.window.errors.dialog is None)
    rig.window.editing.stack.add_words("storm")
    rig.wait(lambda: len(acting(rig)) == 1)
    assert rig.window.errors.dialog is None
