"""Every format, written and decoded again with PyAV or Pillow: frames, rate, streams, colour."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from soundedit.errors import ExportError
from soundedit.media.formats import FORMATS, Kind, Quality, available
from soundedit.media.metadata import Metadata
from soundedit.media.presets import ExportSettings, Fit
from soundedit.media.probe import probe_video
from soundedit.media.sequence import SequenceWriter
from soundedit.media.video import VideoWriter

VIDEOS = {
    "mp4": ("h264", "yuv420p", "aac", 1024),
    "webm": ("vp9", "yuv420p", "opus", 960),
    "webm-av1": ("av1", "yuv420p", "opus", 960),
    "mov": ("prores", "yuv422p10le", "pcm_s24le", 1),
}
PICTURES = [name for name in FORMATS if name not in VIDEOS and name != "latents"]
ABOUT = Metadata("A title & <more> é", '{"pack": "tiny 1.0"}', "soundedit 0")


def writer(path: Path, name: str, **options: Any) -> VideoWriter | SequenceWriter:
    settings = ExportSettings(name, **options.pop("settings", {}))
    if not available(settings.kind):
        pytest.skip(f"this ffmpeg cannot make {settings.kind.title}")
    made = SequenceWriter if settings.kind.kind is Kind.SEQUENCE else VideoWriter
    return made(path, settings=settings, **options)


def chart(side: int = 96) -> NDArray[np.uint8]:
    """24 flat patches, as on a colour chart: greys, primaries, skin and landscape colours."""
    colours = [
        *([v, v, v] for v in (0, 50, 85, 122, 160, 200, 243, 255)),
        *([255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 255, 255], [255, 0, 255], [255, 255, 0]),
        *([115, 82, 68], [194, 150, 130], [98, 122, 157], [87, 108, 67], [133, 128, 177]),
        *([103, 189, 170], [214, 126, 44], [80, 91, 166], [193, 90, 99], [94, 60, 108]),
    ]  # fmt: skip
    grid = np.array(colours, np.uint8).reshape(4, 6, 3)
    return np.kron(grid, np.ones((side // 4, side // 6, 1), np.uint8))


def patches(picture: NDArray[np.uint8], rows: int = 4, columns: int = 6) -> NDArray[np.float64]:
    """Mean of the middle of each patch, (4, 6, 3)."""
    height, width = picture.shape[0] // rows, picture.shape[1] // columns
    cells = picture.reshape(rows, height, columns, width, 3).astype(float)
    middle = cells[:, height // 4 : -(height // 4), :, width // 4 : -(width // 4)]
    return middle.mean((1, 3))


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    """Every picture of a file or a folder, RGB, by the colours that the file declares."""
    if path.is_dir():
        files = sorted(path.glob("frame_*"))
        return [np.asarray(Image.open(file).convert("RGB")) for file in files]
    if path.suffix in (".gif", ".webp"):
        pictures = []
        with Image.open(path) as image:
            for k in range(image.n_frames):
                image.seek(k)
                pictures.append(np.asarray(image.convert("RGB")))
        return pictures
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        # 1 is BT.709 for each of these; range 1 is limited.
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        assert (*tags, context.color_range) == (1, 1, 1, 1)
        return [
            frame.to_ndarray(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU709")
            for frame in file.decode(video=0)
        ]


@pytest.mark.parametrize("name", [*VIDEOS, *PICTURES])
@pytest.mark.parametrize("enlarged", [1, 3])
def test_a_colour_chart_comes_back(make: Any, name: str, enlarged: int) -> None:
    path = make.folder / ("chart" + FORMATS[name].suffix)
    size = {"width": 96 * enlarged, "height": 96 * enlarged}
    with writer(path, name, width=96, height=96, fps=Fraction(10), settings=size) as out:
        for k in range(3):
            frame = chart()
            frame[:3, :3] = 100 * k  # else WebP would hold one frame
            out.write(frame)
    shown = decoded(path)
    assert len(shown) == 3 and shown[0].shape == (96 * enlarged, 96 * enlarged, 3)
    for picture in shown:
        assert np.abs(patches(picture) - patches(chart())).max() <= 3
    if name == "png" and enlarged == 1:
        assert np.array_equal(shown[2], frame)


@pytest.mark.parametrize("name", ["webp", "webp-lossy"])
def test_a_still_webp(make: Any, name: str) -> None:
    path = make.folder / "still.webp"
    with writer(path, name, width=33, height=20, fps=Fraction(10), metadata=ABOUT) as out:
        for _ in range(5):
            out.write(np.full((20, 33, 3), 90, np.uint8))
    with Image.open(path) as image:
        assert (image.size, getattr(image, "n_frames", 1)) == ((33, 20), 1)
        assert b"trainedAlgorithmicMedia" in image.info["xmp"]
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - 90).max() <= 2


@pytest.mark.parametrize("name", VIDEOS)
@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)])
def test_flash_and_click_are_together(make: Any, name: str, fps: Fraction) -> None:
    """One white frame among black ones, one click in silence, at the same time of the take."""
    rate, flash = 44_100, 31
    start = float(12 / fps)
    samples = np.zeros((1, round(rate * (start + 50 / fps))), np.float32)
    at = round((start + flash / fps) * rate)
    samples[0, at : at + 40] = 0.8
    sound = make.float_wav("click.wav", samples, rate)
    path = make.folder / ("sync" + FORMATS[name].suffix)
    with writer(
        path, name, width=64, height=48, fps=fps, sound=sound, start=start, metadata=ABOUT
    ) as out:
        for k in range(48):
            out.write(np.full((48, 64, 3), 255 if k == flash else 0, np.uint8))

    codec, pixels, sound_codec, audio_frame = VIDEOS[name]
    with av.open(str(path)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        context = video.codec_context
        assert (context.pix_fmt, context.width, context.height) == (pixels, 64, 48)
        assert codec in (context.codec.canonical_name, context.name.removeprefix("lib"))
        assert (audio.codec_context.codec.canonical_name, audio.rate) == (sound_codec, 48_000)
        assert float(video.average_rate) == pytest.approx(float(fps), rel=1e-3)
        tags = {key.lower(): value for key, value in file.metadata.items()}
        assert (tags["title"], tags["comment"]) == (ABOUT.title, ABOUT.comment)
        light = [
            (float(f.pts * f.time_base), float(f.to_ndarray(format="gray").mean()))
            for f in file.decode(video=0)
        ]
    assert len(light) == 48
    assert light[0][0] == pytest.approx(0, abs=1e-3)
    shown_at = max(light, key=lambda pair: pair[1])[0]
    assert shown_at == pytest.approx(float(flash / fps), abs=1.1e-3)
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    times = [float(frame.pts * frame.time_base) for frame in frames]
    loud = [np.abs(frame.to_ndarray().astype(np.float64)).reshape(-1) for frame in frames]
    best = int(np.argmax([block.max() for block in loud]))
    channels = 2 if loud[best].size == 2 * frames[best].samples else 1
    inside = loud[best] if channels == 1 else _one_channel(frames[best])
    heard_at = times[best] + int(np.argmax(inside)) / 48_000
    assert heard_at == pytest.approx(float(flash / fps), abs=0.003)
    end = max(at + frame.samples / 48_000 for at, frame in zip(times, frames, strict=True))
    assert abs(end - float(48 / fps)) <= (audio_frame + 1) / 48_000
    info = probe_video(path)
    assert (info.frames, info.has_sound, info.fps) == (48, True, fps)
    assert abs(info.sound_seconds - info.seconds) <= (audio_frame + 48) / 48_000


def _one_channel(frame: Any) -> NDArray[np.float64]:
    samples = np.abs(frame.to_ndarray().astype(np.float64))
    return samples[0] if frame.format.is_planar else samples.reshape(-1, 2)[:, 0]


def test_faststart(make: Any) -> None:
    for name in ("mp4", "mov"):
        path = make.folder / f"fast.{name}"
        with writer(path, name, width=64, height=48, fps=Fraction(24), metadata=ABOUT) as out:
            out.write(np.zeros((48, 64, 3), np.uint8))
        data = path.read_bytes()
        assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("quality", ["small", "good"])
@pytest.mark.parametrize("name", ["gif", "webp"])
def test_one_palette_for_all_frames(make: Any, name: str, quality: str) -> None:
    path = make.folder / f"palette.{name}"
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    settings = {"quality": Quality(quality)}
    with writer(path, name, width=64, height=64, fps=Fraction(10), settings=settings) as out:
        for frame in noise:
            out.write(frame)
    colours = {tuple(pixel) for picture in decoded(path) for pixel in picture.reshape(-1, 3)}
    assert 100 < len(colours) <= (128 if quality == "small" else 256)
    if name == "webp":
        data = path.read_bytes()
        assert data.count(b"VP8L") == 4 and b"VP8 " not in data


@pytest.mark.parametrize("name", ["gif", "webp", "webp-lossy"])
@pytest.mark.parametrize("fps", [Fraction(12), Fraction(24), Fraction(30000, 1001), Fraction(50)])
def test_moving_pictures(make: Any, name: str, fps: Fraction) -> None:
    path = make.folder / ("100% loop" + FORMATS[name].suffix)
    with writer(path, name, width=33, height=21, fps=fps, metadata=ABOUT) as out:
        for k in range(30):
            out.write(np.full((21, 33, 3), 8 * k, np.uint8))
    with Image.open(path) as image:
        assert (image.size, image.n_frames, image.info["loop"]) == ((33, 21), 30, 0)
        total = 0
        for k in range(30):
            image.seek(k)
            image.load()
            total += image.info["duration"]
    assert total == pytest.approx(float(30_000 / fps), abs=10)
    data = path.read_bytes()
    assert b"trainedAlgorithmicMedia" in data and b"A title &amp; &lt;more>" in data.replace(
        b"&gt;", b">"
    )
    levels = [int(picture[5, 5, 0]) for picture in decoded(path)]
    assert np.abs(np.array(levels) - 8 * np.arange(30)).max() <= 2


@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_sequence(make: Any, name: str) -> None:
    sound = make.float_wav("s.wav", make.tone(1.0, 44_100), 44_100)
    path = make.folder / "100% %06d frames"
    path.mkdir()
    for _ in range(2):  # the second one replaces the first
        options = {"width": 33, "height": 21, "fps": Fraction(24), "sound": sound, "start": 0.25}
        with writer(path, name, metadata=ABOUT, **options) as out:
            for k in range(12):
                out.write(np.full((21, 33, 3), 20 * k, np.uint8))
    suffix = {"png": "png", "jpeg": "jpg"}[name]
    files = [f"frame_{k:06d}.{suffix}" for k in range(12)]
    assert sorted(file.name for file in path.iterdir()) == [*files, "sound.wav"]
    assert sorted(file.name for file in make.folder.iterdir()) == [path.name, "s.wav"]
    levels = [int(picture[5, 5, 1]) for picture in decoded(path)]
    assert np.abs(np.array(levels) - 20 * np.arange(12)).max() <= 1
    with Image.open(path / files[3]) as picture:
        assert "trainedAlgorithmicMedia" in str(picture.info.get("xmp"))
        if name == "png":
            assert picture.text["Comment"] == ABOUT.comment
    with av.open(str(path / "sound.wav")) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert samples == 24_000


def test_a_folder_of_other_things_is_left_alone(make: Any) -> None:
    path = make.folder / "mine"
    path.mkdir()
    (path / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="other things") as caught:
        writer(path, "png", width=32, height=32, fps=Fraction(24))
    make.assert_sentence(caught.value)
    assert [file.name for file in path.iterdir()] == ["letter.txt"]
    with (
        pytest.raises(RuntimeError),
        writer(make.folder / "new", "png", width=32, height=32, fps=Fraction(24)) as out,
    ):
        out.write(np.zeros((32, 32, 3), np.uint8))
        raise RuntimeError
    assert [file.name for file in make.folder.iterdir()] == ["mine"]


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("size", [(192, 108), (108, 192), (50, 50), (400, 32), (1080, 1082)])
def test_shapes(make: Any, fit: Fit, size: tuple[int, int]) -> None:
    """A picture brighter to the right and redder to the bottom, in frames of other shapes."""
    ramp = np.linspace(40, 215, 64).round().astype(np.uint8)
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[..., 1], picture[..., 0] = ramp[None, :], ramp[:, None]
    path = make.folder / "shape"
    width, height = size
    settings = {"width": width, "height": height, "fit": fit}
    with writer(path, "png", width=64, height=64, fps=Fraction(24), settings=settings) as out:
        out.write(picture)
    (shown,) = decoded(path)
    assert shown.shape == (height, width, 3)
    scale = (max if fit is Fit.CROP else min)(width / 64, height / 64)
    for axis, (side, channel) in enumerate(((height, 0), (width, 1))):
        # Where each pixel's middle lies in the picture, from -0.5 to 63.5 and beyond.
        place = (np.arange(side) + 0.5 - side / 2) / scale + 31.5
        line = shown.take((height, width)[1 - axis] // 2, axis=1 - axis)[:, channel].astype(float)
        inside = np.abs(place - 31.5) < 29
        wanted = 40 + 175 * place / 63
        assert np.abs(line - wanted)[inside].max() <= max(4, 3 / scale)
        outside = np.abs(place - 31.5) > 33
        if fit is Fit.LETTERBOX:
            assert line[outside].max(initial=0) == 0
        elif fit is Fit.MIRROR:
            folded = np.where(place < 0, -1 - place, 127 - place)
            near = outside & (folded > 2) & (folded < 61)
            mirrored = 40 + 175 * folded / 63
            assert np.abs(line - mirrored)[near].max(initial=0) <= max(4, 3 / scale)
