"""The order in which the window's work begins."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soundedit.app.starting import LINKING_MILLISECONDS
from soundedit.errors import PackError
from soundedit.progress import Progress

from .conftest import Rig
from .standin import StandIn

MakeSound = Callable[..., Path]


@pytest.fixture
def linking() -> Iterator[threading.Event]:
    """Set when the engine's libraries are linked."""
    linked = threading.Event()
    yield linked
    linked.set()


def test_nothing_else_begins_while_libraries_are_linked(
    rig: Rig, make_sound: MakeSound, linking: threading.Event
) -> None:
    steps: list[str] = []
    told = threading.Event()

    def load(progress: Progress) -> StandIn:
        steps.append("linking")
        linking.wait()
        steps.append("linked")
        progress(0.0, "Loading the engine")
        told.wait()
        return rig.engine

    rig.controller.worker._loader = load
    rig.controller.sound_changed.connect(lambda: steps.append("opened"))
    rig.window.show()
    rig.window.begin(make_sound())
    rig.wait(lambda: steps == ["linking"])
    linking.set()
    rig.wait(lambda: rig.controller.sound is not None)
    assert steps[:3] == ["linking", "linked", "opened"]
    assert rig.controller.engine is None
    told.set()
    rig.wait(lambda: rig.controller.engine is not None)


def test_libraries_on_a_slow_disk_are_not_waited_for(
    rig: Rig, make_sound: MakeSound, linking: threading.Event
) -> None:
    def load(progress: Progress) -> StandIn:
        linking.wait()
        return rig.engine

    rig.controller.worker._loader = load
    rig.window.show()
    rig.window.begin(make_sound())
    rig.wait(lambda: rig.controller.sound is not None)
    assert rig.controller.engine is None
    assert LINKING_MILLISECONDS <= 2000


def test_a_sound_is_opened_without_an_engine(rig: Rig, make_sound: MakeSound) -> None:
    def load(progress: Progress) -> StandIn:
        raise PackError("The pack has no pack.json; install it again.")

    rig.controller.worker._loader = load
    rig.window.show()
    rig.window.begin(make_sound())
    rig.wait(lambda: rig.controller.sound is not None)
    rig.wait(lambda: rig.window.errors.dialog is not None)
    assert rig.window.errors.dialog is not None
    rig.window.errors.dialog.accept()


def test_a_window_closed_before_it_was_painted_begins_nothing(
    rig: Rig, make_sound: MakeSound
) -> None:
    rig.window.begin(make_sound())
    rig.window.close()
    rig.qtbot.wait(500)
    assert rig.controller.worker._thread.ident is None
    assert rig.controller.sound is None
