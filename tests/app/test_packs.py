"""Another pack, or the same once more, in the window."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from soundedit.app.devices import FoundDevices
from soundedit.app.dialogs import Dialogs
from soundedit.app.exports.places import places_in
from soundedit.app.packdialog import PackDialog
from soundedit.app.packs import chosen_loader
from soundedit.app.preferences import PICTURES, PreferencesDialog
from soundedit.app.settings import DEVICE, PACK, Settings
from soundedit.app.window import MainWindow
from soundedit.app.worker import load_engine
from soundedit.errors import PackError
from soundedit.progress import Progress

from .conftest import Rig
from .standin import StandIn

MakeSound = Callable[..., Path]
WAIT = 120_000


def broken(progress: Progress) -> StandIn:
    raise PackError("The pack has no pack.json; install it again.")


def fail(rig: Rig) -> None:
    rig.controller.worker._loader = broken
    rig.window.show()
    rig.window.begin()
    rig.wait(lambda: rig.controller.engine_error is not None)
    rig.wait(lambda: rig.window.errors.dialog is not None)
    assert rig.window.errors.dialog is not None
    rig.window.errors.dialog.accept()


def test_try_again_after_a_pack_that_could_not_be_loaded(rig: Rig, make_sound: MakeSound) -> None:
    again = rig.window.actions_by_id["load_again"]
    assert not again.isEnabled()
    rig.window.resize(1180, 800)
    fail(rig)
    buttons = rig.window.packs.buttons
    assert buttons.isVisible() and again.isEnabled()
    assert rig.window.viewer.rect().contains(buttons.geometry())
    rig.window.open_sound(make_sound())
    rig.wait(lambda: rig.controller.peaks is not None)
    again.trigger()
    rig.wait(lambda: rig.controller.still is not None and rig.controller.heard is not None)
    assert rig.controller.engine is not None and rig.controller.engine_error is None
    assert not buttons.isVisible() and not again.isEnabled()
    rig.generate()
    rig.wait(lambda: rig.shown() == (0, 0, 0))


def test_packs_are_chosen_from_the_menu(rig: Rig) -> None:
    rig.begin()
    rig.do("pack")
    dialog = rig.window.findChild(PackDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.reject()


def test_trying_again_may_fail_again(rig: Rig) -> None:
    fail(rig)
    rig.window.packs._loader = broken
    rig.do("load_again")
    rig.wait(lambda: rig.window.errors.dialog is not None)
    assert rig.window.packs.buttons.isVisible()
    assert len(rig.controller.jobs) == 0


def test_another_engine_takes_over_what_is_open(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    first, second = rig.engine, StandIn(resolution=32)
    rig.engine.step_seconds = 0.02
    rig.do("export_again")
    queue = rig.window.exporter.queue
    rig.wait(lambda: queue.running is not None and queue.running.done > 2)
    rig.controller.load(lambda progress: second)
    assert rig.controller.movie is None
    assert [str(job.state) for job in queue.jobs] == ["waiting"]
    rig.wait(lambda: rig.controller.movie is not None)
    assert first.closed and not second.closed
    assert rig.controller.engine is not None and rig.controller.engine.resolution == 32
    rig.wait(lambda: [str(job.state) for job in queue.jobs] == ["done"])


def test_reload_while_the_engine_loads(rig: Rig) -> None:
    begun: list[int] = []

    def slow(progress: Progress) -> StandIn:
        begun.append(1)
        while True:
            progress(0.5, "Loading")
            rig.engine.gate.wait(0.005)

    rig.controller.worker._loader = slow
    rig.window.show()
    rig.window.begin()
    rig.wait(lambda: bool(begun))
    rig.controller.load(lambda progress: rig.engine)
    rig.wait(lambda: rig.controller.engine is not None)
    rig.wait(lambda: len(rig.controller.jobs) == 0)


class Folder(Dialogs):
    def __init__(self) -> None:
        self.folder: Path | None = None

    def pack_folder(self, parent: QWidget, folder: Path) -> Path | None:
        return self.folder


@pytest.fixture
def dialog(
    tmp_path: Path, tiny_pack: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PackDialog]:
    packs = tmp_path / "packs"
    shutil.copytree(tiny_pack, packs / "good")
    (packs / "old").mkdir()
    (packs / "old" / "pack.json").write_text("{}")
    monkeypatch.setattr("soundedit.packs.pack.shipped_dirs", lambda: [packs])
    made = PackDialog(Folder())
    made.show()
    yield made
    if shiboken6.isValid(made):
        made.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_packs_are_listed_with_what_they_are(dialog: PackDialog, tmp_path: Path) -> None:
    texts = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert texts[0] == "Tiny\ntiny 1.0, 64 \u00d7 64 pixels, CC0-1.0"
    assert texts[1].startswith("old\n") and texts[1].endswith(".")
    assert not dialog.list.item(1).flags() & Qt.ItemFlag.ItemIsEnabled
    chosen: list[Path] = []
    dialog.chosen.connect(chosen.append)
    dialog.list.setCurrentRow(1)
    assert not dialog.load.isEnabled()
    dialog.list.setCurrentRow(0)
    dialog.load.click()
    assert chosen == [tmp_path / "packs" / "good"]


def test_pack_of_a_folder(dialog: PackDialog, tmp_path: Path) -> None:
    chosen: list[Path] = []
    dialog.chosen.connect(chosen.append)
    dialog.browse.click()
    assert chosen == []
    answers = dialog._dialogs
    assert isinstance(answers, Folder)
    answers.folder = tmp_path
    dialog.browse.click()
    assert chosen == [tmp_path]


@pytest.fixture
def window(settings: Settings, tmp_path: Path) -> Iterator[MainWindow]:
    """A window whose engine cannot be loaded unless something else is chosen."""
    made = MainWindow(
        settings,
        loader=broken,  # type: ignore[arg-type]
        find=lambda again: FoundDevices((), "None.", "None."),
        recordings=tmp_path / "recordings",
        exports=places_in(tmp_path / "exports"),
        state=tmp_path / "state",
    )
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_chosen_pack_is_loaded_and_remembered(
    settings: Settings, window: MainWindow, tiny_pack: Path, qtbot: QtBot
) -> None:
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.controller.engine_error is not None, timeout=WAIT)
    window.packs.load(tiny_pack)
    qtbot.waitUntil(lambda: window.controller.engine is not None, timeout=WAIT)
    assert window.controller.engine is not None
    name = json.loads((tiny_pack / "pack.json").read_text())["name"]
    assert window.controller.engine.pack_id == f"{name} 1.0"
    assert settings.get(PACK) == str(tiny_pack)


def test_the_device_is_chosen_in_the_settings(
    settings: Settings, window: MainWindow, tiny_pack: Path, qtbot: QtBot
) -> None:
    settings.set(PACK, str(tiny_pack))
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.controller.engine_error is not None, timeout=WAIT)
    window.preferences.show(window, PICTURES)
    dialog = window.findChild(PreferencesDialog)
    assert dialog is not None and dialog.device.currentData() == "auto"
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    qtbot.waitUntil(lambda: window.controller.engine is not None, timeout=WAIT)
    assert window.controller.engine is not None
    assert window.controller.engine.device == "cpu"
    assert settings.get(DEVICE) == "cpu"
    dialog.close()


@pytest.mark.parametrize(
    ("pack", "device", "given"),
    [
        ("", "auto", None),
        ("", "cpu", {"pack": None, "device": "cpu"}),
        ("/p", "auto", {"pack": Path("/p"), "device": "auto"}),
        ("/p", "cuda", {"pack": Path("/p"), "device": "cuda"}),
    ],
)
def test_what_loads_the_choice(
    settings: Settings, pack: str, device: str, given: dict[str, object] | None
) -> None:
    settings.set(PACK, pack)
    settings.set(DEVICE, device)
    loader = chosen_loader(settings, broken)  # type: ignore[arg-type]
    if given is None:
        assert loader is broken
    else:
        assert isinstance(loader, partial)
        assert loader.func is load_engine and loader.keywords == given


def test_an_export_that_waits_for_the_engine_outlasts_another_pack(
    rig: Rig, make_sound: MakeSound
) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    feed, movie = rig.controller.feed, rig.controller.movie
    assert movie is not None
    # Work ahead would stand before the gate, and all others behind it.
    rig.wait(lambda: all(feed.is_ready(index) for index in range(movie.frames)))
    rig.engine.gate.clear()
    calls = len(rig.engine.calls)
    rig.window.picture.seed.setValue(8)
    rig.wait(lambda: len(rig.engine.calls) > calls)
    rig.do("export_again")
    queue = rig.window.exporter.queue
    rig.wait(lambda: queue.running is not None)
    rig.controller.load(lambda progress: StandIn(resolution=32))
    rig.engine.gate.set()
    rig.wait(lambda: [str(job.state) for job in queue.jobs] == ["done"])
