"""Photos and videos as starts."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.document.model import Media, MediaKind, Project, Start, StartKind, Take
from soundedit.engine.engine import Engine
from soundedit.engine.photo_start import MOST_KEYS, Sampled, between, smooth
from soundedit.engine.rendering import Rendering
from soundedit.engine.start import at_rate
from soundedit.errors import Cancelled, MediaError, SoundeditError
from soundedit.media.picture import video_squares
from soundedit.media.sound import write_sound
from soundedit.media.video import VideoWriter
from soundedit.progress import CancelToken

from .conftest import MakeNoise


@pytest.fixture(scope="module")
def photo(engine: Engine) -> np.ndarray:
    """A picture that the generator can make, but that no seed gives."""
    w = engine.sample(2)
    w[4:] = engine.sample(5)[4:]
    return engine.picture(w)


@pytest.fixture(scope="module")
def video(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a scene that turns into another, 64 x 48, 10 frames a second."""
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    a, b = engine.picture(engine.sample(1)), engine.picture(engine.sample(2))
    with VideoWriter(path, width=64, height=48, fps=Fraction(10)) as writer:
        for share in np.linspace(0, 1, 10):
            writer.write((a * (1 - share) + b * share).astype(np.uint8)[:48])
    return path


def test_refining_comes_nearer(engine: Engine, photo: np.ndarray) -> None:
    away: list[float] = []
    told: list[float] = []
    begun = engine.sample(2)
    fit = engine.refine_picture(
        photo,
        begun,
        steps=30,
        progress=lambda fraction, text: told.append(fraction),
        on_change=lambda change: away.append(engine.picture_distance(begun + change(0), photo)),
    )
    assert fit.distance < 0.8 * fit.before
    assert fit.distance == pytest.approx(engine.picture_distance(fit.w, photo), abs=0.02)
    assert len(away) == 4 and away[-1] < away[0]
    assert told[-1] == 1


def test_the_distance_of_equal_pictures_is_nothing(engine: Engine, photo: np.ndarray) -> None:
    w = engine.sample(4)
    assert engine.picture_distance(w, engine.picture(w)) < 0.01
    assert engine.picture_distance(w, photo) > 0.05


def test_photos_of_any_size_and_crop(engine: Engine, photo: np.ndarray, tmp_path: Path) -> None:
    wide = np.concatenate([photo, np.zeros((64, 128, 3), np.uint8)], axis=1)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    left = engine.encode_photo(tmp_path / "wide.png", (0.0, 0.0, 1 / 3))
    assert left.shape == (10, 16)
    assert np.allclose(left, engine.encode_picture(photo), atol=0.02)
    assert not np.allclose(left, engine.encode_photo(tmp_path / "wide.png"), atol=0.02)


def test_videos_are_followed(engine: Engine, video: Path) -> None:
    path = engine.encode_video(video, Fraction(10))
    assert path.shape == (10, 10, 16)
    assert len(engine.encode_video(video, Fraction(5))) == 5
    steps = np.linalg.norm(np.diff(path, axis=0), axis=(1, 2))
    whole = np.linalg.norm(path[-1] - path[0])
    assert whole > 0
    assert steps.sum() < 3 * whole


def test_refining_a_video_comes_nearer(engine: Engine, video: Path) -> None:
    told: list[float] = []
    fit = engine.refine_video(
        video, Fraction(10), progress=lambda fraction, text: told.append(fraction)
    )
    codes = engine.encode_video(video, Fraction(10))
    assert fit.w.shape == codes.shape
    assert fit.distance < 0.9 * fit.before
    squares = list(video_squares(video, engine.resolution, Fraction(10)))
    # Frames that were neither refined nor measured came nearer, too.
    for index in (1, 3, 6, 8):
        near, far = (engine.picture_distance(w[index], squares[index]) for w in (fit.w, codes))
        assert near < far
    assert told == sorted(told) and told[-1] == pytest.approx(1)
    # What is led over to the frames between does not jump.
    steps = np.abs(np.diff(fit.w - codes, axis=0)).max((1, 2))
    assert steps.max() < 0.5 * np.abs(fit.w - codes).max()


def test_what_refining_adds_is_told_as_it_goes_along_the_video(engine: Engine, video: Path) -> None:
    codes = engine.encode_video(video, Fraction(10))
    told: list[list[np.ndarray]] = []
    fit = engine.refine_video(
        video,
        Fraction(10),
        on_change=lambda change: told.append([change(frame) for frame in range(10)]),
    )
    first, last = np.stack(told[0]), np.stack(told[-1])
    # Of the first frame alone: the others have what it has.
    assert np.abs(first).max() > 0 and np.array_equal(first, np.repeat(first[:1], 10, axis=0))
    np.testing.assert_allclose(codes + last, fit.w, atol=1e-5)
    square = list(video_squares(video, engine.resolution, Fraction(10)))[8]
    before, after = (engine.picture_distance(codes[8] + one[8], square) for one in (first, last))
    assert after < before


def test_refining_goes_on_from_what_was_found(engine: Engine, video: Path) -> None:
    once = engine.refine_video(video, Fraction(10), steps=3)
    twice = engine.refine_video(video, Fraction(10), w=once.w[:9], steps=3)
    assert twice.before == pytest.approx(once.distance, abs=0.02)
    assert twice.distance < once.distance


def test_refining_a_video_can_be_stopped(engine: Engine, video: Path) -> None:
    cancel = CancelToken()

    def stop(fraction: float, text: str) -> None:
        if fraction > 0.3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        engine.refine_video(video, Fraction(10), progress=stop, cancel=cancel)


@pytest.mark.parametrize("count", [1, 2, 7, 24, 10_000])
def test_a_few_frames_of_a_video_stand_for_all(count: int) -> None:
    sampled = Sampled(count, Fraction(24))
    for number in range(count):
        sampled.see(np.full((1, 1, 3), number % 256, np.uint8))
    at, frames = sampled.frames()
    assert (at[0], at[-1]) == (0, count - 1) and len(at) <= 2 * MOST_KEYS + 1
    assert np.array_equal(frames[:, 0, 0, 0], at % 256)
    line = between(at, at.astype(np.float32)[:, None, None], np.arange(count))[:, 0, 0]
    assert np.allclose(line, np.arange(count), atol=1e-2)


def test_what_is_no_picture(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r'"a\.png" is damaged or no picture'):
        engine.encode_photo(tmp_path / "a.png")
    with pytest.raises(MediaError, match="no moving picture"):
        engine.encode_video(tmp_path / "a.png", Fraction(5))


def test_a_video_is_the_scene_that_its_sound_moves(
    engine: Engine, video: Path, noise: MakeNoise, tmp_path: Path
) -> None:
    write_sound(tmp_path / "t.wav", noise(1.0))
    media = (
        Media("v", "v.mp4", MediaKind.VIDEO),
        Media("t", "t.wav", MediaKind.SOUND),
    )
    start = Start(StartKind.VIDEO, media="v")
    files = {"v": video, "t": tmp_path / "t.wav"}
    silent = Rendering(engine, Project(start=start, media=media, fps="10"), files)
    path = engine.encode_video(video, Fraction(10))
    assert np.array_equal(silent.plain(0, 10), path)
    taken = Project(start=start, media=media, fps="10", take=Take("t", 1.0))
    moved = Rendering(engine, taken, files)
    assert moved.frames == 10
    wanted = engine.generate(files["t"], fps=10, scene=path).w
    assert np.array_equal(moved.plain(0, 10), wanted)
    with pytest.raises(SoundeditError, match="names no video"):
        Rendering(engine, Project(start=Start(StartKind.VIDEO)), {})


def test_the_walk_follows_a_moving_scene_without_lag(engine: Engine, noise: MakeNoise) -> None:
    sound = noise(1.0)
    still = engine.generate(sound, fps=10, scene=engine.sample(1)).w
    assert np.array_equal(still, engine.generate(sound, fps=10, scene=engine.sample(1)[None]).w)
    path = np.repeat(engine.sample(1)[None], 10, axis=0)
    assert np.array_equal(engine.generate(sound, fps=10, scene=path[:3]).w, still)
    path[5:] += 0.5
    moved = engine.generate(sound, fps=10, scene=path).w - still
    assert not moved[:5].any()
    assert np.abs(moved[5:] - 0.5).max() < 0.1


def test_smoothing_keeps_what_is_straight() -> None:
    line = np.linspace(0, 1, 50, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    assert np.allclose(smooth(line, 25, 0.06)[8:-8], line[8:-8], atol=1e-5)
    noise_ = np.random.default_rng(0).standard_normal((50, 2, 3)).astype(np.float32)
    assert smooth(noise_, 25, 0.06).std() < 0.6 * noise_.std()
    assert np.array_equal(smooth(line[:1], 25, 0.06), line[:1])


def test_paths_at_another_rate() -> None:
    line = np.arange(10, dtype=np.float32)[:, None, None]
    assert at_rate(line, Fraction(10), Fraction(20))[:, 0, 0].tolist()[:4] == [0, 0.5, 1, 1.5]
    assert at_rate(line, Fraction(10), Fraction(5))[:, 0, 0].tolist() == [0, 2, 4, 6, 8]
