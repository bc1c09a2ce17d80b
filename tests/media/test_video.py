"""Written videos decoded again with PyAV: picture, colour, sound, sync; and nothing half done."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from soundedit.errors import Cancelled, ExportError, MediaError
from soundedit.media.probe import probe_video
from soundedit.media.video import VideoWriter
from soundedit.progress import CancelToken

AAC_FRAME = 1024
SIZE = {"width": 64, "height": 48}


def greys(frames: int, width: int = 64, height: int = 48) -> Iterator[NDArray[np.uint8]]:
    """Flat frames, each two levels brighter than the one before it."""
    for k in range(frames):
        yield np.full((height, width, 3), 20 + 2 * k % 220, np.uint8)


def write(path: Path, frames: int, fps: Fraction, **options: Any) -> None:
    size = {key: options.pop(key, SIZE[key]) for key in SIZE}
    with VideoWriter(path, fps=fps, **size, **options) as writer:
        for frame in greys(frames, **size):
            writer.write(frame)


def decoded_sound(path: Path) -> NDArray[np.float32]:
    """Every sample of the sound track at its time from the picture's start, (C, N)."""
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    assert {frame.sample_rate for frame in frames} == {48000}
    start = int(frames[0].pts)
    blocks = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    return blocks[:, -start:] if start < 0 else np.pad(blocks, ((0, 0), (start, 0)))


@pytest.mark.parametrize(
    "fps", [Fraction(24), Fraction(24000, 1001), Fraction(30), Fraction(25, 2), Fraction(60)]
)
@pytest.mark.parametrize("sound_seconds", [0.9, 2.0, 5.0])
def test_frames_rate_and_sound_length(make: Any, fps: Fraction, sound_seconds: float) -> None:
    sound = make.float_wav("s.wav", make.tone(sound_seconds, 44100), 44100)
    path, frames = make.folder / "out.mp4", 49
    write(path, frames, fps, sound=sound)

    info = probe_video(path)
    assert (info.width, info.height, info.fps, info.frames) == (64, 48, fps, frames)
    assert info.has_sound and info.seconds == pytest.approx(float(frames / fps), abs=1e-4)
    with av.open(str(path)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (audio.codec_context.name, audio.codec_context.channels) == ("aac", 2)
        assert video.average_rate == fps
        shown = [(frame.pts * frame.time_base, frame) for frame in file.decode(video=0)]
    assert [at for at, _ in shown] == [k / fps for k in range(frames)]
    for k, (_, frame) in enumerate(shown):
        grey = 20 + 2 * k % 220
        luma = frame.to_ndarray()[: frame.height]
        assert np.abs(luma - (16 + grey * 219 / 255)).max() <= 2
    heard = decoded_sound(path)
    picture = round(frames / fps * 48000)
    assert abs(heard.shape[1] - picture) <= AAC_FRAME
    assert abs(info.sound_seconds - info.seconds) <= AAC_FRAME / 48000
    ends = min(round(sound_seconds * 48000), picture)
    assert np.abs(heard[:, 2048 : ends - 2048]).max() == pytest.approx(0.5, abs=0.03)
    assert np.abs(heard[:, ends + 3072 :]).max(initial=0) < 0.01  # silence after the sound
    assert sorted(p.name for p in make.folder.iterdir()) == ["out.mp4", "s.wav"]


@pytest.mark.parametrize(
    "rgb",
    [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)],
)
def test_colour_is_bt709(make: Any, rgb: tuple[int, int, int]) -> None:
    path = make.folder / "colour.mp4"
    with VideoWriter(path, **SIZE, fps=Fraction(24)) as writer:
        for _ in range(3):
            writer.write(np.full((48, 64, 3), rgb, np.uint8))

    red, green, blue = (value / 255 for value in rgb)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    expected = (
        16 + 219 * luma,
        128 + 224 * (blue - luma) / 1.8556,
        128 + 224 * (red - luma) / 1.5748,
    )
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        frame = next(file.decode(video=0))
        planes = frame.to_ndarray().ravel()
        # 1 is BT.709 for each of these; range 1 is limited.
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1
    pixels = 64 * 48
    parts = np.split(planes, [pixels, pixels + pixels // 4])
    for part, value in zip(parts, expected, strict=True):
        assert np.abs(part - value).max() <= 2.0


def test_sizes_are_not_rescaled(make: Any) -> None:
    # Neither side is a multiple of 16; the lower right quarter is bright to its last pixel.
    frame = np.full((130, 250, 3), 40, np.uint8)
    frame[66:, 126:] = 220
    path = make.folder / "size.mp4"
    with VideoWriter(path, width=250, height=130, fps=Fraction(24)) as writer:
        writer.write(np.asfortranarray(frame))  # any memory layout
    with av.open(str(path)) as file:
        luma = next(file.decode(video=0)).to_ndarray(format="gray")
    assert luma.shape == (130, 250)
    bright = luma > 128
    np.testing.assert_array_equal(bright, frame[:, :, 0] > 128)


def test_index_comes_first(make: Any) -> None:
    sound = make.float_wav("s.wav", make.tone(1.0, 48000), 48000)
    for name, options in (("a.mp4", {}), ("b.mp4", {"sound": sound})):
        write(make.folder / name, 24, Fraction(24), **options)
        data = (make.folder / name).read_bytes()
        assert 0 < data.find(b"moov") < data.find(b"mdat")
    assert not probe_video(make.folder / "a.mp4").has_sound


def test_sound_and_picture_are_in_step(make: Any) -> None:
    """A click in the sound is heard when the white frame of the same time is shown."""
    samples = np.zeros((1, 4 * 44100), np.float32)
    samples[0, 88200:88250] = 0.9  # at 2 s
    sound = make.float_wav("click.wav", samples, 44100)
    path = make.folder / "click.mp4"
    with VideoWriter(path, **SIZE, fps=Fraction(24), sound=sound, start=0.75, end=3.0) as writer:
        for k in range(54):
            writer.write(np.full((48, 64, 3), 255 if k == 30 else 0, np.uint8))  # 2 s - 0.75 s
    with av.open(str(path)) as file:
        light = [float(f.to_ndarray(format="gray").mean()) for f in file.decode(video=0)]
    assert np.argmax(light) == 30
    heard = np.abs(decoded_sound(path)).mean(axis=0)
    assert np.argmax(heard) / 48000 == pytest.approx(1.25, abs=0.002)


def test_span_ends_the_sound(make: Any) -> None:
    sound = make.float_wav("tone.wav", make.tone(4.0, 48000), 48000)
    path = make.folder / "span.mp4"
    write(path, 48, Fraction(24), sound=sound, start=1.0, end=2.0)
    heard = np.abs(decoded_sound(path))
    assert heard[:, 2048:45000].max() > 0.45 and heard[:, 51000:].max() < 0.01


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 7, 8])
def test_any_channels_become_stereo(make: Any, channels: int) -> None:
    rate = 8000 if channels == 1 else 192000 if channels == 8 else 44100
    samples = np.repeat(make.tone(1.0, rate, peak=0.25), channels, axis=0)
    samples[0, rate // 2] = np.nan
    sound = make.float_wav("many.wav", samples, rate)
    path = make.folder / "many.mp4"
    write(path, 24, Fraction(24), sound=sound)
    heard = decoded_sound(path)
    assert heard.shape[0] == 2
    for side in heard[:, 4096:-4096]:
        spectrum = np.abs(np.fft.rfft(side * np.hanning(len(side))))
        assert np.argmax(spectrum) * 48000 / len(side) == pytest.approx(440, abs=2)
        if channels <= 2:
            assert np.abs(side[: 48000 // 4]).max() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("fps", [Fraction(23.976), Fraction(29.97), Fraction(37, 3)])
def test_odd_rates(make: Any, fps: Fraction) -> None:
    write(make.folder / "odd.mp4", 30, fps)
    info = probe_video(make.folder / "odd.mp4")
    assert info.frames == 30 and float(info.fps) == pytest.approx(float(fps), rel=1e-9)


def test_one_frame(make: Any) -> None:
    sound = make.float_wav("s.wav", make.tone(0.3, 48000), 48000)
    write(make.folder / "one.mp4", 1, Fraction(24), sound=sound)
    info = probe_video(make.folder / "one.mp4")
    assert (info.frames, info.fps) == (1, Fraction(24))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("out.mp4", {"width": 63}, "choose 64 x 48"),
        ("out.mp4", {"height": 47}, "choose 64 x 48"),
        ("out.mp4", {"width": 0}, "out of range"),
        ("out.mp4", {"fps": Fraction(0)}, "frames a second"),
        ("out.avi", {}, "must end in .mp4"),
        ("nowhere/out.mp4", {}, "does not exist"),
        ("folder.mp4", {}, "is a folder"),
    ],
)
def test_refused(make: Any, name: str, options: dict[str, Any], words: str) -> None:
    (make.folder / "folder.mp4").mkdir()
    with pytest.raises(ExportError, match=words) as caught:
        VideoWriter(make.folder / name, **{**SIZE, "fps": Fraction(24), **options})
    make.assert_sentence(caught.value)
    assert [p.name for p in make.folder.iterdir()] == ["folder.mp4"]


def test_bad_sound_is_refused_at_once(make: Any) -> None:
    sound = make.folder / "no.wav"
    sound.write_text("no sound")
    with pytest.raises(MediaError, match="not a sound"):
        VideoWriter(make.folder / "out.mp4", **SIZE, fps=Fraction(24), sound=sound)
    assert [p.name for p in make.folder.iterdir()] == ["no.wav"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_exception_keeps_the_old_file(make: Any, error: type[BaseException]) -> None:
    path = make.folder / "out.mp4"
    path.write_bytes(b"old")
    with pytest.raises(error), VideoWriter(path, **SIZE, fps=Fraction(24)) as writer:
        for frame in greys(10):
            writer.write(frame)
        raise error
    assert path.read_bytes() == b"old"
    assert [p.name for p in make.folder.iterdir()] == ["out.mp4"]


def test_success_replaces_the_old_file(make: Any) -> None:
    path = make.folder / "100%d ñ.mp4"
    path.write_bytes(b"old")
    write(path, 5, Fraction(24))
    assert probe_video(path).frames == 5
    assert [p.name for p in make.folder.iterdir()] == [path.name]


@pytest.mark.parametrize("when", ["writing", "closing"])
def test_cancel(make: Any, when: str) -> None:
    sound = make.float_wav("s.wav", make.tone(2.0, 48000), 48000)
    cancel = CancelToken()
    writer = VideoWriter(
        make.folder / "out.mp4", **SIZE, fps=Fraction(24), sound=sound, cancel=cancel
    )
    with pytest.raises(Cancelled), writer:
        for k, frame in enumerate(greys(48)):
            if when == "writing" and k == 20:
                cancel.cancel()
            writer.write(frame)
        cancel.cancel()
    assert [p.name for p in make.folder.iterdir()] == ["s.wav"]


def test_no_frames_is_no_video(make: Any) -> None:
    with pytest.raises(ExportError, match="no frames") as caught:
        write(make.folder / "out.mp4", 0, Fraction(24))
    make.assert_sentence(caught.value)
    assert list(make.folder.iterdir()) == []


def test_a_file_that_lacks_frames_is_not_published(make: Any) -> None:
    writer = VideoWriter(make.folder / "out.mp4", **SIZE, fps=Fraction(24))
    with pytest.raises(ExportError, match="damaged") as caught, writer:
        for frame in greys(10):
            writer.write(frame)
        writer.frames += 1  # as if the encoder had lost one
    make.assert_sentence(caught.value)
    assert list(make.folder.iterdir()) == []


def test_wrong_frames_and_states(make: Any) -> None:
    writer = VideoWriter(make.folder / "out.mp4", **SIZE, fps=Fraction(24))
    for shape, kind in (((64, 48, 3), np.uint8), ((48, 64), np.uint8), ((48, 64, 3), np.float32)):
        with pytest.raises(ValueError, match="frame must be"):
            writer.write(np.zeros(shape, kind))
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.close()
    writer.close()
    writer.abort()
    with pytest.raises(ValueError, match="closed"):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    assert [p.name for p in make.folder.iterdir()] == ["out.mp4"]


def test_the_death_of_ffmpeg_is_told(make: Any) -> None:
    writer = VideoWriter(make.folder / "out.mp4", **SIZE, fps=Fraction(24))
    with pytest.raises(ExportError, match="could not be written") as caught, writer:
        for k, frame in enumerate(greys(5000)):
            if k == 10:
                writer._encoder._process.kill()
            writer.write(frame)
    make.assert_sentence(caught.value)
    assert list(make.folder.iterdir()) == []


def _run(script: str, *args: Any, **options: Any) -> "subprocess.Popen[str]":
    script = f"""
import resource, signal, sys, time
from fractions import Fraction
import numpy as np
from soundedit.errors import ExportError
from soundedit.media.video import VideoWriter
# Whoever runs the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
noise = np.random.default_rng(0).integers(0, 256, (20, 128, 128, 3), np.uint8)
def write(path, frames, sound=None):
    with VideoWriter(path, width=128, height=128, fps=Fraction(24), sound=sound) as writer:
        for k in range(frames):
            writer.write(noise[k % 20])
            if k == 30:
                print(writer._encoder.pid, flush=True)
{script}"""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_full_disk(make: Any) -> None:
    pytest.importorskip("resource", reason="only POSIX can limit the size of files")
    path = make.folder / "out.mp4"
    process = _run(
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n    write(sys.argv[1], 500)\nexcept ExportError as error:\n    print(error)",
        path,
    )
    out, err = process.communicate()
    assert "could not be written" in out.splitlines()[-1], err
    assert list(make.folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are signalled on POSIX only")
def test_ctrl_c_reaches_the_whole_group(make: Any) -> None:
    process = _run("write(sys.argv[1], 100_000)", make.folder / "out.mp4", start_new_session=True)
    assert process.stdout is not None
    encoder = int(process.stdout.readline())
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert "KeyboardInterrupt" in err
    assert list(make.folder.iterdir()) == []
    _assert_gone(encoder)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_outright_leaves_no_process_and_no_video(make: Any) -> None:
    process = _run("write(sys.argv[1], 100_000)", make.folder / "out.mp4")
    assert process.stdout is not None
    encoder = int(process.stdout.readline())
    process.kill()
    process.communicate()
    _assert_gone(encoder)
    assert not (make.folder / "out.mp4").exists()


def _assert_gone(pid: int) -> None:
    """The process ends by itself; an orphan would stay until pytest's own time limit."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "fps"),
    [
        ("a.mkv", "24000/1001"),
        ("a.mov", "25"),
        ("a.webm", "30"),
        ("a.mkv", "17"),
        ("a.avi", "173/10"),
    ],
)
def test_probe_of_other_files(make: Any, name: str, fps: str) -> None:
    picture = ["-f", "lavfi", "-i", f"testsrc=size=66x50:rate={fps}", "-frames:v", "40"]
    path = make.ffmpeg(name, *picture, "-pix_fmt", "yuv420p")
    info = probe_video(path)
    assert (info.width, info.height, info.frames, info.has_sound) == (66, 50, 40, False)
    assert info.fps == Fraction(fps)
    assert info.seconds == pytest.approx(40 / Fraction(fps), abs=0.002)


def test_probe_of_what_is_no_video(make: Any) -> None:
    text = make.folder / "text.mp4"
    text.write_text("no video")
    sound = make.float_wav("sound.wav", make.tone(0.5, 16000), 16000)
    missing = make.folder / "missing.mp4"
    for path, words in ((text, "not a video"), (sound, "no moving picture"), (missing, "no file")):
        with pytest.raises(MediaError, match=words) as caught:
            probe_video(path)
        make.assert_sentence(caught.value)


@pytest.mark.parametrize("name", ["b.avi", "b.mpg", "b.mkv"])
def test_a_container_that_does_not_tell_when_all_pictures_are_shown(make: Any, name: str) -> None:
    source = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=4")
    path = make.ffmpeg(
        name, *source, "-c:v", "mpeg2video" if name == "b.mpg" else "mpeg4", "-bf", "2"
    )
    info = probe_video(path)
    assert info.frames == 100
    assert float(info.fps) == pytest.approx(25, rel=0.02)
    assert info.seconds == pytest.approx(4.0, abs=0.1)
