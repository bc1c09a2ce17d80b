"""File > Open recent."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMenu

from soundedit.app.settings import RECENT_PROJECTS, Settings

from .conftest import Rig

MakeSound = Callable[..., Path]


def shown(rig: Rig) -> QMenu:
    """The menu as it is once the File menu is open."""
    menu = rig.window.recent_projects.menu
    file = menu.parent()
    assert isinstance(file, QMenu)
    file.aboutToShow.emit()
    return menu


def saved(rig: Rig, path: Path, seed: int) -> None:
    rig.window.picture.seed.setValue(seed)
    rig.answers.save_path = path
    rig.do("save_as")
    rig.wait(lambda: rig.window.session.path == path and not rig.window.projects.busy)


def test_projects_saved_and_opened_are_offered_again(
    rig: Rig, make_sound: MakeSound, tmp_path: Path, settings: Settings
) -> None:
    rig.begin()
    assert not shown(rig).isEnabled()
    rig.open(make_sound())
    calm, storm = tmp_path / "calm.soundedit", tmp_path / "rain & storm.soundedit"
    saved(rig, calm, 1)
    saved(rig, storm, 2)
    menu = shown(rig)
    assert menu.isEnabled()
    assert [action.text() for action in menu.actions()] == ["rain && storm", "calm"]
    assert menu.actions()[1].toolTip() == str(calm)
    menu.actions()[1].trigger()
    rig.wait(lambda: rig.window.session.path == calm)
    assert rig.window.session.project.start.seed == 1
    assert [action.text() for action in shown(rig).actions()] == ["calm", "rain && storm"]
    rig.wait(lambda: not rig.window.projects.busy)
    storm.unlink()
    assert [action.text() for action in shown(rig).actions()] == ["calm"]
    assert settings.get(RECENT_PROJECTS)[0] == str(calm)
    # Sounds have a list of their own.
    assert calm not in settings.recent()
