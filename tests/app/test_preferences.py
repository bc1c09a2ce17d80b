from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from soundedit.app.keymap import Keymap
from soundedit.app.keyspage import KeysPage
from soundedit.app.preferences import KEYS, PreferencesDialog
from soundedit.app.settings import (
    CACHE_MEGABYTES,
    COLOUR_SCHEME,
    FOLLOW,
    OUTPUT,
    RETURN_ON_STOP,
    SCRUB_SOUND,
    SNAP,
    Settings,
)
from soundedit.app.settings import (
    KEYS as STORED,
)
from soundedit.app.shortcuts import COMMANDS, FIXED_KEYS

from .conftest import Rig


@pytest.fixture
def page(settings: Settings, qtbot: QtBot) -> Iterator[KeysPage]:
    made = KeysPage(Keymap(settings))
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_no_key_has_two_commands() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


def test_changes_are_remembered_and_can_be_taken_back(settings: Settings, tmp_path: Path) -> None:
    keymap = Keymap(settings)
    keymap.set_keys("marker", ["Ctrl+M", "F7"])
    keymap.set_keys("play", [])
    settings.save()
    again = Keymap(Settings(tmp_path / "settings.ini"))
    assert again.keys("marker") == ("Ctrl+M", "F7") and again.keys("play") == ()
    assert again.keys("stop") == ("K",)
    assert again.is_changed("marker") and not again.is_changed("stop")
    again.reset("marker")
    assert again.keys("marker") == ("M",)
    again.reset_all()
    assert again.keys("play") == ("Space",)


def test_a_key_taken_from_another_command_is_gone_there(settings: Settings) -> None:
    keymap = Keymap(settings)
    owner = keymap.owner("k")
    assert owner is not None and owner.id == "stop"
    keymap.set_keys("marker", ["M", "K"])
    assert keymap.keys("stop") == ()
    keymap.reset("stop")
    assert keymap.keys("stop") == ("K",) and keymap.keys("marker") == ("M",)


def test_nonsense_in_the_settings_is_passed_over(settings: Settings) -> None:
    settings.set(STORED, ["nothing\tCtrl+1", "marker\t\tqqqq\tF7", ""])
    assert Keymap(settings).keys("marker") == ("F7",)


def press(page: KeysPage, key: str) -> None:
    page.field.setKeySequence(QKeySequence(key))


def test_page_tells_a_conflict_and_takes_over(page: KeysPage, settings: Settings) -> None:
    keymap = Keymap(settings)
    page.choose("marker")
    assert not page.replace.isEnabled() and not page.reset.isEnabled()
    press(page, "K")
    assert page.told.text() == '"Stop" has this key and would lose it.'
    page.replace.click()
    keymap = Keymap(settings)
    assert keymap.keys("marker") == ("K",) and keymap.keys("stop") == ()
    assert page.reset.isEnabled()
    press(page, "K")
    assert page.told.text() == "It has this key already." and not page.add.isEnabled()
    press(page, "F9")
    assert page.told.text() == "Nothing else has this key."
    page.add.click()
    assert Keymap(settings).keys("marker") == ("K", "F9")
    page.reset.click()
    assert Keymap(settings).keys("marker") == ("M",)
    page.remove.click()
    assert Keymap(settings).keys("marker") == ()
    page.reset_all.click()
    assert Keymap(settings).keys("stop") == ("K",)


def test_page_takes_the_key_that_is_pressed(page: KeysPage, qtbot: QtBot) -> None:
    page.choose("marker")
    page.field.setFocus()
    qtbot.waitUntil(page.field.hasFocus)
    qtbot.keyClick(page.field, Qt.Key.Key_F8, Qt.KeyboardModifier.ControlModifier)
    assert page.field.key() == "Ctrl+F8"


def test_keys_that_controls_need_are_not_given_away(page: KeysPage, settings: Settings) -> None:
    page.choose("marker")
    for key in FIXED_KEYS:
        press(page, key)
        assert page.told.text().endswith("is needed by controls and lanes; press another key.")
        assert not page.add.isEnabled() and not page.replace.isEnabled()
    assert not any(key in FIXED_KEYS for command in COMMANDS for key in command.keys)


def test_tab_leaves_the_field(page: KeysPage, qtbot: QtBot) -> None:
    press(page, "F9")
    page.field.setFocus()
    qtbot.waitUntil(page.field.hasFocus)
    qtbot.keyClick(page.field, Qt.Key.Key_Tab)
    assert not page.field.hasFocus() and page.field.key() == "F9"


def test_page_can_be_searched(page: KeysPage) -> None:
    page.search.setText("marker")
    shown = [row for row in range(page.table.rowCount()) if not page.table.isRowHidden(row)]
    assert len(shown) == 5
    page.search.setText("ctrl+shift+x")
    shown = [row for row in range(page.table.rowCount()) if not page.table.isRowHidden(row)]
    assert len(shown) == 1


def dialog_of(rig: Rig) -> PreferencesDialog:
    rig.do("settings")
    dialog = rig.window.findChild(PreferencesDialog)
    assert dialog is not None
    return dialog


def test_settings_take_effect_at_once_and_are_remembered(rig: Rig, settings: Settings) -> None:
    rig.begin()
    dialog = dialog_of(rig)
    window = rig.window
    dialog.returns.click()
    dialog.scrub.click()
    dialog.follow.click()
    dialog.snap.click()
    dialog.cache.setValue(256)
    assert window.playback.returns and not window.playback.scrub_sound
    assert not window.axis.marks.snapping and not window.actions_by_id["snap"].isChecked()
    assert window.controller.feed.cache.limit == 256 * 2**20
    stored = [settings.get(option) for option in (RETURN_ON_STOP, SCRUB_SOUND, FOLLOW, SNAP)]
    assert stored == [True, False, False, False]
    assert settings.get(CACHE_MEGABYTES) == 256
    dialog.close()


def test_colours_in_dialog_and_menu_agree(rig: Rig, settings: Settings) -> None:
    rig.begin()
    dialog = dialog_of(rig)
    dialog.colours.setCurrentIndex(dialog.colours.findData("dark"))
    assert settings.get(COLOUR_SCHEME) == "dark"
    checked = [
        action.text()
        for menu in rig.window.menuBar().findChildren(
            type(rig.window.menuBar().actions()[0].menu())
        )
        for action in menu.actions()
        if action.isCheckable() and action.isChecked() and action.actionGroup() is not None
    ]
    assert checked == ["Dark"]
    dialog.colours.setCurrentIndex(dialog.colours.findData("system"))
    dialog.close()


def test_the_output_is_chosen_from_those_found(rig: Rig, settings: Settings) -> None:
    rig.card.outputs = ["Speakers", "Headphones"]
    rig.begin()
    rig.wait(lambda: len(rig.window.preferences.outputs) == 2)
    dialog = dialog_of(rig)
    assert dialog.output.count() == 3
    dialog.output.setCurrentIndex(2)
    assert settings.get(OUTPUT) == "Headphones"
    dialog.close()
    again = dialog_of(rig)
    assert again.output.currentIndex() == 2
    again.close()


def test_every_control_of_the_dialog_has_a_name(rig: Rig) -> None:
    rig.begin()
    dialog = dialog_of(rig)
    dialog.tabs.setCurrentIndex(KEYS)
    for box in (dialog.cache, dialog.colours, dialog.output, dialog.keys.field, dialog.keys.table):
        assert box.accessibleName()
    dialog.close()
