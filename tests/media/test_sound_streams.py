"""Sounds read in blocks and in spans."""

import threading
from typing import Any

import numpy as np
import pytest

from soundedit.errors import Cancelled, MediaError
from soundedit.media.sound import read_sound, stream_sound
from soundedit.progress import CancelToken


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.m4a"])
@pytest.mark.parametrize("rate", [None, 16000])
def test_blocks_joined_are_the_whole(make: Any, name: str, rate: int | None) -> None:
    source = make.float_wav("source.wav", make.noise(3.3, 44100, 2), 44100)
    path = source if name == "a.wav" else make.ffmpeg(name, "-i", source)
    for mono in (True, False):
        whole = read_sound(path, sample_rate=rate, mono=mono).samples
        blocks = list(stream_sound(path, sample_rate=rate, mono=mono, block_seconds=0.37))
        size = round(0.37 * (rate or 44100))
        assert [b.shape[1] for b in blocks[:-1]] == [size] * (len(blocks) - 1)
        assert 0 < blocks[-1].shape[1] <= size
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.mp3", "a.ogg", "a.m4a"])
@pytest.mark.parametrize("rate", [None, 16000, 48000])
def test_span_is_a_slice_of_the_whole(make: Any, name: str, rate: int | None) -> None:
    source = make.float_wav("source.wav", make.noise(9.0, 44100), 44100)
    path = source if name == "a.wav" else make.ffmpeg(name, "-i", source)
    whole = read_sound(path, sample_rate=rate)
    for start, end in (
        (0.0, 1.5),
        (0.123, 0.124),
        (5.4321, 7.0),
        (7.0, 7.5),
        (8.5, None),
        (8.9, 20.0),
    ):
        span = read_sound(path, sample_rate=rate, start=start, end=end)
        first = round(start * whole.sample_rate)
        last = None if end is None else round(end * whole.sample_rate)
        assert span.sample_rate == whole.sample_rate
        np.testing.assert_allclose(span.samples, whole.samples[:, first:last], atol=1e-6)


@pytest.mark.parametrize("name", ["a.wav", "a.ogg"])
@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (4.0, None, "ends before 4 s"),
        (900.0, 901.0, "ends before 900 s"),
        (-1.0, None, "0 s or later"),
        (float("nan"), None, "0 s or later"),
        (1.0, 1.0, "after its start"),
        (1.0, float("inf"), "after its start"),
    ],
)
def test_bad_span(make: Any, name: str, start: float, end: float | None, words: str) -> None:
    path = make.ffmpeg(name, "-f", "lavfi", "-i", "sine=duration=4:sample_rate=16000")
    with pytest.raises(MediaError, match=words) as caught:
        read_sound(path, start=start, end=end)
    make.assert_sentence(caught.value)


def test_leaving_a_stream_ends_its_process(make: Any) -> None:
    stream = stream_sound(make.silent_wav("long.wav", 3000), sample_rate=48000, block_seconds=0.1)
    assert next(iter(stream)).shape == (1, 4800)
    stream.close()  # type: ignore[attr-defined]  # the fixture sees that the process is gone


def test_cancel_between_blocks(make: Any) -> None:
    cancel = CancelToken()
    stream = stream_sound(make.silent_wav("long.wav", 3000), sample_rate=48000, cancel=cancel)
    next(stream)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(stream)


def test_cancel_while_waiting_for_ffmpeg(make: Any) -> None:
    # Under this suffix it is decoded from its beginning: the first block is long in coming.
    path = make.silent_wav("long.wav", 3000).rename(make.folder / "long.sound")
    cancel = CancelToken()
    timer = threading.Timer(0.2, cancel.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        while True:
            list(stream_sound(path, sample_rate=16000, start=2990, cancel=cancel))
    timer.join()
