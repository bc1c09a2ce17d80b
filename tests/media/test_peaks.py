"""The waveform overview against minima, maxima and RMS counted sample by sample."""

from typing import Any

import numpy as np
import pytest

from soundedit.errors import Cancelled, MediaError
from soundedit.media.peaks import build_peaks
from soundedit.media.sound import Sound
from soundedit.progress import CancelToken


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("columns", [1, 7, 50, 400])
@pytest.mark.parametrize(("start", "end"), [(0.0, 3.0), (0.5, 0.9), (1.2345, 2.9876)])
def test_window_against_every_sample(
    make: Any, rate: int, columns: int, start: float, end: float
) -> None:
    # The loudness grows, so that a column that is out of place shows.
    samples = make.noise(3.0, rate) * np.linspace(0.1, 1, 3 * rate, dtype=np.float32)
    peaks = build_peaks(Sound(samples, rate))

    lo, hi, rms = peaks.window(start, end, columns)

    width = (end - start) * rate / columns
    slack = max(rate // 1000, width / 16)
    for k in range(columns):
        first, last = start * rate + k * width, start * rate + (k + 1) * width
        exact = samples[0, int(np.ceil(first)) : int(np.floor(last))]
        around = samples[0, max(0, int(first - slack)) : int(np.ceil(last + slack))]
        if len(exact):
            assert lo[k] <= exact.min() and hi[k] >= exact.max()
        assert lo[k] >= around.min() and hi[k] <= around.max()
        if len(exact) > 20 * slack:
            assert rms[k] == pytest.approx(np.sqrt((exact**2).mean()), rel=0.1)
    assert lo.shape == hi.shape == rms.shape == (columns,)
    assert lo.dtype == hi.dtype == rms.dtype == np.float32


def test_whole_sound_in_one_column_is_exact(make: Any) -> None:
    samples = make.noise(2.3456, 44100)
    peaks = build_peaks(Sound(samples, 44100))
    lo, hi, rms = peaks.window(0, peaks.seconds, 1)
    assert (lo[0], hi[0]) == (samples.min(), samples.max())
    assert rms[0] == pytest.approx(np.sqrt((samples.astype("f8") ** 2).mean()), rel=1e-5)


def test_one_click_shows_at_every_zoom() -> None:
    samples = np.zeros((1, 60 * 16000), np.float32)
    samples[0, 31 * 16000 + 5] = 1.0
    peaks = build_peaks(Sound(samples, 16000))
    for seconds in (60.0, 8.0, 0.5, 0.02):
        start = 31 - seconds / 3
        lo, hi, _ = peaks.window(start, start + seconds, 300)
        (shown,) = np.nonzero(hi)
        assert hi.max() == 1 and not lo.any()
        at = 300 * (31 + 5 / 16000 - start) / seconds
        bins = 2 + 0.001 * 300 / seconds
        assert np.abs(shown - at).max() <= bins


def test_outside_the_sound_is_zero(make: Any) -> None:
    peaks = build_peaks(Sound(make.tone(1.0, 8000), 8000))
    lo, hi, rms = peaks.window(-1.0, 2.0, 30)
    for row in (lo, hi, rms):
        assert not row[:10].any() and not row[20:].any() and row[11:19].any()
    for start, end in ((-5.0, -4.0), (4.0, 5.0)):
        assert not np.stack(peaks.window(start, end, 10)).any()
    with pytest.raises(ValueError, match="columns"):
        peaks.window(1.0, 1.0, 10)


def test_file_and_memory_agree_and_progress_reaches_the_end(make: Any) -> None:
    samples = make.noise(25.0, 22050, 2)
    path = make.float_wav("long.wav", samples, 22050)
    told: list[float] = []

    from_file = build_peaks(path, progress=lambda fraction, _: told.append(fraction))

    from_memory = build_peaks(Sound(samples, 22050))
    assert from_file.seconds == from_memory.seconds == 25.0
    for window in ((0.0, 25.0, 100), (9.99, 10.02, 40)):
        np.testing.assert_allclose(from_file.window(*window), from_memory.window(*window), 1e-5)
    assert told == sorted(told) and len(told) == 3 and told[-1] == 1.0


def test_cancel_and_bad_file(make: Any) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        build_peaks(make.silent_wav("long.wav", 1000), cancel)
    with pytest.raises(MediaError):
        build_peaks(make.folder / "missing.wav")
