"""Linking and importing torch off the GUI thread."""

import builtins
import gc
import importlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.devices import FoundDevices, SoundDevices
from soundedit.app.heavyimports import heavy_imports, loading_libraries, plain_imports

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows links in torch itself")
def test_libraries_are_linked_before_torch_is_imported() -> None:
    program = (
        "import sys; from soundedit.app.heavyimports import link_torch\n"
        "n = link_torch(); assert 'torch' not in sys.modules\n"
        "import torch; print(n, float(torch.ones(3).sum()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    count, total = done.stdout.split()
    assert int(count) >= 3
    assert total == "3.0"


def test_no_garbage_is_collected_inside_and_collecting_goes_on_after() -> None:
    rounds: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        rounds.append(phase)

    gc.callbacks.append(note)
    try:
        with heavy_imports():
            rounds.clear()
            kept = [[i] for i in range(200_000)]
            assert rounds == []
        assert gc.get_freeze_count() >= len(kept)
        assert gc.isenabled()
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()


def test_collecting_stays_off_where_it_was_off() -> None:
    gc.disable()
    try:
        with heavy_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_imports_are_pythons_own_inside_and_qts_again_after() -> None:
    hooked = builtins.__import__
    with plain_imports():
        assert builtins.__import__ is getattr(builtins, "__orig_import__", hooked)
        import colorsys

        assert colorsys.rgb_to_hsv(1, 0, 0) == (0, 1, 1)
    assert builtins.__import__ is hooked


def test_the_lock_is_handed_over_more_often_inside() -> None:
    before = sys.getswitchinterval()
    with heavy_imports():
        assert sys.getswitchinterval() <= before / 5
    assert sys.getswitchinterval() == pytest.approx(before)


def test_sound_devices_and_their_libraries_wait_until_all_is_imported(qtbot: QtBot) -> None:
    looked: list[bool] = []

    def find(again: bool) -> FoundDevices:
        looked.append(again)
        return FoundDevices((), None, None)

    devices = SoundDevices(find)
    with heavy_imports():
        devices.look()
        qtbot.wait(100)
        assert looked == []
    devices.stop()
    assert looked == [False]


def test_an_import_rests_before_each_module_of_its_own_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, source in (("resting_a", "import resting_b"), ("resting_b", ""), ("other", "")):
        (tmp_path / f"{name}_1.py").write_text(source and f"{source}_1")
    rests: list[int] = []
    before = list(sys.meta_path)
    with heavy_imports(lambda: rests.append(len(sys.modules.keys() & {"resting_a_1"}))):
        importlib.import_module("resting_a_1")
        thread = threading.Thread(target=importlib.import_module, args=("other_1",))
        thread.start()
        thread.join()
    assert rests == [0, 1]
    assert not loading_libraries.wanted
    assert sys.meta_path == before and "other_1" in sys.modules
    gc.unfreeze()


def test_an_import_does_not_rest_while_somebody_waits_for_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hurried_1.py").write_text("")
    rests: list[int] = []
    got = threading.Event()

    def wait() -> None:
        with loading_libraries:
            got.set()

    thread = threading.Thread(target=wait)
    with heavy_imports(lambda: rests.append(1)):
        thread.start()
        while not loading_libraries.wanted:
            time.sleep(0.001)
        importlib.import_module("hurried_1")
        assert not got.is_set()
    thread.join()
    assert rests == [] and got.is_set() and not loading_libraries.wanted
    gc.unfreeze()
