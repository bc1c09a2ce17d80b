"""What becomes known of an opened sound, and in which order."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from soundedit.app.opening import (
    OpenAnswer,
    Opened,
    PeaksReady,
    SoundOpener,
    SpectrumGrown,
    SpectrumReady,
    SpectrumSketched,
)
from soundedit.media.spectrogram import BANDS, band_frequencies, build_spectrogram
from tests.app.conftest import Rig

MakeSound = Callable[..., Path]


def answers_of(path: Path, view: tuple[float, float]) -> list[OpenAnswer]:
    """Everything the opener says of a file while `view` is on screen."""
    opener, answers, over = SoundOpener(), list[OpenAnswer](), threading.Event()

    def take(answer: OpenAnswer) -> None:
        answers.append(answer)
        if isinstance(answer, SpectrumReady):
            over.set()

    opener.answered.connect(take, Qt.ConnectionType.DirectConnection)
    opener.look_at(*view)
    opener.open(path)
    assert over.wait(60)
    opener.stop()
    return answers


def test_a_short_sound_has_its_spectrogram_at_once(make_sound: MakeSound) -> None:
    kinds = [type(answer) for answer in answers_of(make_sound(2.0), (0.0, 2.0))]
    assert kinds == [Opened, PeaksReady, SpectrumReady]


def test_a_long_sound_has_a_sketch_then_what_is_on_screen(make_sound: MakeSound) -> None:
    path = make_sound(90.0)
    answers = answers_of(path, (50.0, 58.0))
    assert [type(answer) for answer in answers[:3]] == [Opened, PeaksReady, SpectrumSketched]
    grown = [one for one in answers if isinstance(one, SpectrumGrown) and one.end > one.start]
    assert grown[0].start == pytest.approx(50.0)
    on_screen = next(k for k, one in enumerate(grown) if one.end >= 58.0)
    assert all(50.0 <= one.start <= 60.0 for one in grown[: on_screen + 1])
    last = answers[-1]
    assert isinstance(last, SpectrumReady)
    exact = build_spectrogram(path).values.astype(int)
    assert abs(last.spectrogram.values - exact).max() <= 2


def test_the_lane_shows_the_sketch_and_follows_what_becomes_fine(
    rig: Rig, make_sound: MakeSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()

    def fill(*_: object) -> object:
        held.wait(30)
        return iter([(0.0, 10.0)])

    monkeypatch.setattr("soundedit.app.opening.fill_spectrogram", fill)
    rig.begin()
    grown: list[tuple[float, float]] = []
    rig.controller.spectrum_grown.connect(lambda start, end: grown.append((start, end)))
    rig.do("spectrogram")
    rig.open(make_sound(70.0))
    rig.wait(lambda: rig.controller.spectrogram is not None)
    assert not held.is_set()
    lane = rig.window.timeline.waveform
    picture = lane.grab().toImage()
    band = float(np.interp(220, band_frequencies(), np.arange(BANDS)))
    y = round((1 - (band + 0.5) / BANDS) * (lane.height() - 1))
    quiet, loud = (picture.pixelColor(round(lane.width() * at), y) for at in (0.02, 0.9))
    # The tone gets louder to the right.
    assert abs(quiet.lightnessF() - loud.lightnessF()) > 0.1
    held.set()
    rig.wait(lambda: grown == [(0.0, 10.0)])
