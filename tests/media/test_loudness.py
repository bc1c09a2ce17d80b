"""EBU R128 normalising, judged by sines: 997 Hz on both sides has the loudness of its peak."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from soundedit.errors import ExportError
from soundedit.media.presets import ExportSettings
from soundedit.media.video import VideoWriter

SECONDS = 4.0


def heard(make: Any, samples: NDArray[np.float32], **settings: Any) -> NDArray[np.float32]:
    """The sound of a MOV, exact to 24 bits, (2, N)."""
    sound = make.float_wav("s.wav", samples, 48_000)
    path = Path(make.folder / "out.mov")
    with VideoWriter(
        path,
        width=16,
        height=16,
        fps=Fraction(10),
        settings=ExportSettings("mov", **settings),
        sound=sound,
    ) as out:
        for _ in range(round(SECONDS * 10)):
            out.write(np.zeros((16, 16, 3), np.uint8))
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    joined = np.concatenate(frames, axis=1).reshape(-1, 2).T / 2**31
    assert joined.shape[1] == round(SECONDS * 48_000)
    return joined.astype(np.float32)


def decibels(value: float) -> float:
    return float(20 * np.log10(value))


@pytest.mark.parametrize(("before", "aim"), [(-40.0, -23.0), (-6.0, -23.0), (-30.0, -14.0)])
def test_a_tone_comes_to_its_loudness(make: Any, before: float, aim: float) -> None:
    tone = make.tone(SECONDS, 48_000, 997.0, 10 ** (before / 20))
    out = heard(make, tone, normalise=True, loudness=aim)
    assert decibels(np.abs(out[:, 9600:-9600]).max()) == pytest.approx(aim, abs=0.3)
    plain = heard(make, tone)
    assert np.abs(plain - tone).max() < 1e-5


def test_peaks_are_kept_below_the_limit_and_in_time(make: Any) -> None:
    samples = make.tone(SECONDS, 48_000, 997.0, 0.01)
    samples[0, 100_000:100_050] = 0.9
    out = heard(make, samples, normalise=True, loudness=-14.0)
    assert np.abs(out).max() < 10 ** (-0.5 / 20)
    assert np.argmax(np.abs(out[0])) == pytest.approx(100_025, abs=96)


def test_silence_stays_silent(make: Any) -> None:
    silence = np.zeros((1, round(SECONDS * 48_000)), np.float32)
    assert not heard(make, silence, normalise=True).any()


def test_what_is_no_loudness(make: Any) -> None:
    with pytest.raises(ExportError, match="LUFS") as caught:
        ExportSettings(normalise=True, loudness=3.0)
    make.assert_sentence(caught.value)
