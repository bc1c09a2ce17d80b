"""Embeddings, labels and the inverted picture of a sound."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from soundedit.engine.engine import Engine
from soundedit.engine.labels import QUIET, label_segments
from soundedit.errors import Cancelled, SoundeditError
from soundedit.media.sound import Sound, write_sound
from soundedit.progress import CancelToken

from .conftest import RATE, MakeNoise


def silence(seconds: float) -> Sound:
    return Sound(np.zeros((1, round(seconds * RATE)), np.float32), RATE)


def test_sounds_are_unit_vectors(engine: Engine, noise: MakeNoise, second: Sound) -> None:
    one, other = engine.embed_sound(second), engine.embed_sound(noise(2.3, seed=2))
    for vector in (one, other):
        assert vector.shape == (12,)
        assert vector.dtype == np.float32
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(one, engine.embed_sound(second))
    assert not np.allclose(one, other, atol=1e-3)


def test_long_sounds_are_heard_in_stretches_of_ten_seconds(
    engine: Engine, noise: MakeNoise
) -> None:
    long = noise(23.5)
    parts = [(0, 10), (10, 20), (20, 23.5)]
    total = np.zeros(12)
    for a, b in parts:
        part = Sound(long.samples[:, round(a * RATE) : round(b * RATE)], RATE)
        total += engine.embed_sound(part) * (b - a)
    whole = engine.embed_sound(long)
    # Only the window over each cut differs.
    assert float(whole @ total / np.linalg.norm(total)) > 0.9999


def test_a_file_is_heard_as_what_it_holds(engine: Engine, noise: MakeNoise, tmp_path: Path) -> None:
    """A file comes in blocks of a second, a loaded sound in blocks of ten as well."""
    long = noise(11.7)
    write_sound(tmp_path / "s.wav", long)
    assert float(engine.embed_sound(tmp_path / "s.wav") @ engine.embed_sound(long)) > 0.99999


def test_text(engine: Engine) -> None:
    found = engine.embed_text(["rain on a roof", "wind"])
    assert found.shape == (2, 12)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1], abs=1e-5)
    np.testing.assert_allclose(engine.embed_text("wind"), found[1:], atol=1e-5)
    assert engine.embed_text([]).shape == (0, 12)
    assert engine.embed_text("").shape == (1, 12)
    assert engine.embed_text("naïve 風 " * 99).shape == (1, 12)


def test_pictures(engine: Engine) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (2, 48, 40, 3), np.uint8)
    found = engine.embed_image(pictures)
    assert found.shape == (2, 12)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1], abs=1e-5)
    np.testing.assert_allclose(engine.embed_image(pictures[1]), found[1:], atol=1e-5)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((1, 1, 8, 8, 3), np.uint8),
    ],
)
def test_other_arrays_are_no_pictures(engine: Engine, picture: np.ndarray) -> None:
    with pytest.raises(SoundeditError, match="8-bit RGB"):
        engine.embed_image(picture)


def test_classes(engine: Engine) -> None:
    rows = engine.class_embeddings()
    assert rows.shape == (3, 12)
    np.testing.assert_allclose(rows[1], engine.embed_text("the sound of wind")[0], atol=1e-5)


@pytest.mark.parametrize("seconds", [0.2, 0.7, 1.0, 2.3, 12.0])
def test_labels_are_in_order_and_within_the_sound(
    engine: Engine, noise: MakeNoise, seconds: float
) -> None:
    told: list[float] = []
    heard = engine.listen(noise(seconds), progress=lambda f, _: told.append(f))
    assert heard
    assert heard[0].start == 0
    assert heard[-1].end == pytest.approx(seconds, abs=1e-6)
    for span in heard:
        assert span.start < span.end
        assert span.label in engine.manifest.classes
        assert 0 < span.score <= 1
    for before, after in pairwise(heard):
        assert before.end <= after.start
    assert told == sorted(told) and 0 < told[-1] <= 1


def test_silence_has_no_label(engine: Engine) -> None:
    assert engine.listen(silence(2.0)) == []
    gap = np.concatenate([silence(3.0).samples, np.zeros((1, 3 * RATE), np.float32)], 1)
    gap[:, 4 * RATE :] = np.random.default_rng(1).uniform(-0.3, 0.3, 2 * RATE)
    heard = engine.listen(Sound(gap, RATE))
    # Segments last a second, so one that starts 0.5 s before the noise hears it.
    assert heard[0].start >= 3.0
    assert heard[-1].end == 6.0


def test_too_little_sound_is_refused(engine: Engine) -> None:
    for samples in (0, 100):
        tiny = Sound(np.zeros((1, samples), np.float32), RATE)
        assert engine.listen(tiny) == []
        with pytest.raises(SoundeditError, match=r"use 0\.2 s or more"):
            engine.invert(tiny)
        with pytest.raises(SoundeditError, match=r"use 0\.2 s or more"):
            engine.embed_sound(tiny)


def test_inversion(engine: Engine, noise: MakeNoise, second: Sound) -> None:
    found = engine.invert(second)
    assert found.w.shape == (10, 16) and found.w.dtype == np.float32
    assert found.picture.shape == (64, 64, 3) and found.picture.dtype == np.uint8
    again = engine.invert(second)
    assert np.array_equal(again.w, found.w) and np.array_equal(again.picture, found.picture)
    assert np.array_equal(engine.picture(found.w), found.picture)
    other = engine.invert(noise(1.0, seed=2))
    assert not np.allclose(other.w, found.w, atol=1e-4)
    assert not np.array_equal(other.picture, found.picture)
    assert not np.allclose(engine.invert(second, seed=1).w, found.w, atol=0.1)


@pytest.mark.parametrize("kind", ["silence", "direct current", "clipped", "square"])
def test_any_loud_or_silent_sound_has_a_picture(engine: Engine, kind: str) -> None:
    wave = np.sin(np.arange(RATE) * 0.02)
    samples = {
        "silence": np.zeros(RATE),
        "direct current": np.full(RATE, 0.7),
        "clipped": np.clip(9 * wave, -1, 1),
        "square": np.sign(wave),
    }[kind]
    sound = Sound(samples.astype(np.float32)[None], RATE)
    assert np.isfinite(engine.invert(sound).w).all()
    assert np.isfinite(engine.generate(sound, fps=5).w).all()
    assert np.isfinite(engine.embed_sound(sound)).all()


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_channels_are_mixed(engine: Engine, second: Sound, channels: int, tmp_path: Path) -> None:
    copies = Sound(np.repeat(second.samples, channels, 0), RATE)
    np.testing.assert_allclose(engine.invert(copies).w, engine.invert(second).w, atol=1e-4)
    write_sound(tmp_path / "s.wav", copies)
    np.testing.assert_allclose(
        engine.invert(tmp_path / "s.wav").w, engine.invert(second).w, atol=1e-3
    )


def test_cancelled(engine: Engine, second: Sound) -> None:
    token = CancelToken()
    token.cancel()
    for work in (engine.invert, engine.listen, engine.embed_sound):
        with pytest.raises(Cancelled):
            work(second, cancel=token)


@pytest.mark.parametrize(
    ("seconds", "every"), [(3.2, 0.5), (25.0, 0.5), (25.0, 1.5), (65.0, 15.0), (21.0, 8.3)]
)
def test_segments_are_where_they_say(
    engine: Engine, noise: MakeNoise, seconds: float, every: float
) -> None:
    """Streamed in blocks of ten seconds, they are the windows of the whole spectrogram."""
    sound = noise(seconds)
    parts = list(engine._listener.segments(sound, every))
    ends = np.concatenate([part.ends for part in parts])
    count = int((seconds - 1) / every + 1e-9) + 1
    np.testing.assert_allclose(ends, 1 + every * np.arange(count), atol=1e-9)
    mel = engine._listener.ear(torch.from_numpy(sound.samples))[0]
    columns = [round(end * 100) for end in ends]
    windows = torch.stack([mel[:, c - 100 : c] for c in columns])
    embeddings, _ = engine._listener.windows(windows)
    found = torch.cat([part.embeddings for part in parts])
    torch.testing.assert_close(found, embeddings, rtol=0, atol=1e-4)


CLASSES = np.eye(3, dtype=np.float32)
LABELS = ["rain", "wind", "birds"]


def labelled(best: list[int], levels: list[float] | None = None) -> list[tuple[float, float, str]]:
    loud = np.array([0.5] * len(best) if levels is None else levels, np.float32)
    spans = label_segments(CLASSES[best], loud, CLASSES, LABELS, 0.5, 0.5 * len(best) + 0.2)
    return [(span.start, span.end, span.label) for span in spans]


def test_runs_of_one_label_are_one_span() -> None:
    assert labelled([0, 0, 0, 1, 1]) == [(0, 1.5, "rain"), (1.5, 2.7, "wind")]
    assert labelled([2]) == [(0, 0.7, "birds")]
    assert label_segments(CLASSES[:0], np.zeros(0, np.float32), CLASSES, LABELS, 0.5, 1) == []


def test_quiet_parts_break_a_span() -> None:
    found = labelled([0, 0, 0, 0], [0.5, QUIET - 0.01, 0.5, 0.5])
    assert found == [(0, 0.5, "rain"), (1.0, 2.2, "rain")]


def test_one_stray_segment_is_half_smoothed() -> None:
    spans = label_segments(CLASSES[[0, 0, 0]], np.ones(3, np.float32), CLASSES, LABELS, 0.5, 1.5)
    assert spans[0].score == pytest.approx(1, abs=1e-6)
    mixed = np.float32([[0.7, 0.72, 0], [1, 0, 0], [0.7, 0.72, 0]])[[1, 0, 1]]
    spans = label_segments(mixed, np.ones(3, np.float32), CLASSES, LABELS, 0.5, 1.5)
    assert [(span.start, span.end, span.label) for span in spans] == [(0, 1.5, "rain")]
