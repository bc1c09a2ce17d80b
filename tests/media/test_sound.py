"""Every format, range and defect of a sound file gives its samples or one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundedit.errors import MediaError
from soundedit.media.sound import Sound, probe_sound, read_sound, stream_sound, write_sound

# name, ffmpeg options, codec, largest error of a half-scale tone,
# samples by which a codec may miss the length
FORMATS = [
    ("u8.wav", ["-c:a", "pcm_u8"], "pcm_u8", 2**-7, 0),
    ("s16.wav", ["-c:a", "pcm_s16le"], "pcm_s16le", 2**-15, 0),
    ("s24.wav", ["-c:a", "pcm_s24le"], "pcm_s24le", 2**-22, 0),
    ("s32.wav", ["-c:a", "pcm_s32le"], "pcm_s32le", 2**-23, 0),
    ("f32.wav", ["-c:a", "pcm_f32le"], "pcm_f32le", 0, 0),
    ("f64.wav", ["-c:a", "pcm_f64le"], "pcm_f64le", 0, 0),
    ("mulaw.wav", ["-c:a", "pcm_mulaw"], "pcm_mulaw", 0.02, 0),
    ("s8.aiff", ["-c:a", "pcm_s8"], "pcm_s8", 2**-7, 0),
    ("s24.aiff", ["-c:a", "pcm_s24be"], "pcm_s24be", 2**-22, 0),
    ("s16.flac", ["-c:a", "flac", "-sample_fmt", "s16"], "flac", 2**-15, 0),
    ("s24.flac", ["-c:a", "flac", "-sample_fmt", "s32"], "flac", 2**-22, 0),
    ("vorbis.ogg", ["-c:a", "libvorbis", "-q:a", "8"], "vorbis", 0.02, 128),
    ("opus.ogg", ["-c:a", "libopus", "-b:a", "192k"], "opus", 0.02, 0),
    ("lame.mp3", ["-c:a", "libmp3lame", "-b:a", "256k"], "mp3", 0.02, 0),
    ("aac.m4a", ["-c:a", "aac", "-b:a", "192k"], "aac", 0.02, 1024),
    ("alac.m4a", ["-c:a", "alac"], "alac", 2**-15, 0),
]


@pytest.mark.parametrize(("name", "options", "codec", "error", "missed"), FORMATS)
def test_format(
    make: Any, name: str, options: list[str], codec: str, error: float, missed: int
) -> None:
    tone = make.tone(1.0, 48000)
    source = make.float_wav("source.wav", tone, 48000)
    path = make.ffmpeg(name, "-i", source, *options)

    info = probe_sound(path)
    sound = read_sound(path)

    assert (info.path, info.sample_rate, info.channels) == (path, 48000, 1)
    assert (info.codec, info.has_video) == (codec, False)
    assert info.seconds == sound.seconds
    assert sound.samples.dtype == np.float32 and sound.sample_rate == 48000
    assert abs(sound.samples.shape[1] - 48000) <= missed
    inner = slice(2400, 45600)  # lossy codecs blur the ends
    assert np.abs(sound.samples[:, inner] - tone[:, inner]).max() <= error


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm"])
def test_video_sound_track(make: Any, name: str) -> None:
    tone = make.tone(1.0, 48000)
    source = make.float_wav("source.wav", tone, 48000)
    video = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x48:rate=10"]
    path = make.ffmpeg(name, *video, "-i", source, "-c:a", "libopus")

    info = probe_sound(path)

    assert (info.has_video, info.channels, info.codec) == (True, 1, "opus")
    assert info.seconds == pytest.approx(1.0, abs=0.021)
    heard = read_sound(path).samples[:, 2400:45600]
    assert np.abs(heard - tone[:, 2400:45600]).max() < 0.03


def test_cover_picture_is_no_video(make: Any) -> None:
    source = make.float_wav("source.wav", make.tone(0.5, 44100), 44100)
    cover = make.ffmpeg("cover.png", "-f", "lavfi", "-i", "color=red:size=32x32", "-frames:v", "1")
    args = ["-i", source, "-i", cover, "-map", "0:a", "-map", "1:v", "-disposition:v:0"]
    path = make.ffmpeg("covered.mp3", *args, "attached_pic")

    assert not probe_sound(path).has_video


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("channels", range(1, 9))
def test_channels_keep_their_order(make: Any, channels: int, suffix: str) -> None:
    samples = make.noise(0.25, 16000, channels)
    path = make.folder / f"many{suffix}"

    write_sound(path, Sound(samples, 16000))
    sound = read_sound(path)

    assert probe_sound(path).channels == channels
    assert sound.samples.shape == samples.shape
    assert np.abs(sound.samples - samples).max() <= 2**-22
    mono = read_sound(path, mono=True)
    np.testing.assert_allclose(mono.samples[0], samples.mean(axis=0), atol=2**-22)
    np.testing.assert_array_equal(sound.mono(), mono.samples[0])


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000, 192000])
def test_rates(make: Any, rate: int) -> None:
    path = make.float_wav("rate.wav", make.tone(0.5, rate), rate)

    assert probe_sound(path).sample_rate == rate
    np.testing.assert_array_equal(read_sound(path).samples, make.tone(0.5, rate))
    resampled = read_sound(path, sample_rate=16000)
    assert abs(resampled.samples.shape[1] - 8000) <= 1
    inner = slice(400, 7600)
    ideal = make.tone(0.5, 16000)
    assert np.abs(resampled.samples[:, inner] - ideal[:, inner]).max() < 2e-4


def test_resampling_removes_what_the_new_rate_cannot_hold(make: Any) -> None:
    path = make.float_wav("high.wav", make.tone(1.0, 48000, hertz=9000), 48000)
    folded = read_sound(path, sample_rate=16000).samples[:, 400:-400]
    assert 20 * np.log10(np.abs(folded).max() / 0.5) < -70


@pytest.mark.parametrize(
    ("channels", "rate", "words"), [(9, 8000, "9 channels"), (1, 4000, "4000 Hz")]
)
def test_outside_the_range(make: Any, channels: int, rate: int, words: str) -> None:
    path = make.float_wav("outside.wav", make.noise(0.5, rate, channels), rate)
    for read in (probe_sound, lambda p: read_sound(p, sample_rate=16000)):
        with pytest.raises(MediaError, match=words) as caught:
            read(path)
        make.assert_sentence(caught.value)


def test_384_khz_is_refused(make: Any) -> None:
    path = make.float_wav("fast.wav", make.noise(0.3, 384000), 384000)
    with pytest.raises(MediaError, match="384000 Hz"):
        read_sound(path, sample_rate=16000)


def test_shortest_and_too_short(make: Any) -> None:
    shortest = make.float_wav("shortest.wav", make.tone(0.2, 44100), 44100)
    assert probe_sound(shortest).seconds == pytest.approx(0.2)
    assert read_sound(shortest, sample_rate=16000).seconds == pytest.approx(0.2, abs=1e-4)
    short = make.float_wav("short.wav", make.tone(0.19, 44100), 44100)
    reads = (probe_sound, read_sound, lambda p: list(stream_sound(p, sample_rate=16000)))
    for read in reads:
        with pytest.raises(MediaError, match=r"shorter than 0\.2 s") as caught:
            read(short)
        make.assert_sentence(caught.value)


def test_longest_and_too_long(make: Any) -> None:
    assert probe_sound(make.silent_wav("longest.wav", 3600.5)).seconds == 3600.5
    with pytest.raises(MediaError, match="longer than one hour") as caught:
        probe_sound(make.silent_wav("long.wav", 3602))
    make.assert_sentence(caught.value)


def test_an_hour_streams_in_flat_memory(make: Any) -> None:
    resource = pytest.importorskip("resource", reason="peak memory is measured on POSIX only")
    assert resource
    # Large frames, because ffmpeg spends its time on handing them from thread to thread.
    sine = "sine=440:sample_rate=16000:duration=3600:samples_per_frame=32768"
    path = make.ffmpeg("hour.flac", "-f", "lavfi", "-i", sine, "-frame_size", "32768")
    script = """
import json, resource, sys
from soundedit.media.sound import stream_sound
def peak(who): return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
before, frames, power = peak(resource.RUSAGE_SELF), 0, 0.0
for block in stream_sound(sys.argv[1], sample_rate=16000):
    frames += block.shape[1]
    power += float((block.astype("f8") ** 2).sum())
after = peak(resource.RUSAGE_SELF)
print(json.dumps([frames, power / frames, after - before, peak(resource.RUSAGE_CHILDREN)]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    frames, power, grown, decoder = json.loads(done.stdout)

    assert frames == 3600 * 16000
    assert power == pytest.approx(0.125**2 / 2, rel=1e-2)
    assert grown < 24e6  # the hour itself is 230 MB
    assert decoder < 250e6


def test_silence_and_dc(make: Any) -> None:
    silent = make.float_wav("silence.wav", np.zeros((2, 8000), np.float32), 16000)
    assert not read_sound(silent, sample_rate=44100).samples.any()
    dc = make.float_wav("dc.wav", np.full((1, 16000), 0.25, np.float32), 16000)
    np.testing.assert_array_equal(read_sound(dc).samples, np.float32(0.25))
    resampled = read_sound(dc, sample_rate=22050).samples[0, 200:-200]
    np.testing.assert_allclose(resampled, 0.25, atol=1e-4)


def test_overload_is_clipped(make: Any) -> None:
    loud = make.tone(0.5, 16000, peak=4.0)
    path = make.float_wav("loud.wav", loud, 16000)
    np.testing.assert_array_equal(read_sound(path).samples, np.clip(loud, -1, 1))
    assert np.abs(read_sound(path, sample_rate=44100).samples).max() == 1.0


def test_nan_and_infinity_become_zero(make: Any) -> None:
    tone = make.tone(0.5, 16000)
    broken = np.repeat(tone, 2, axis=0)
    broken[0, 1000], broken[0, 2000], broken[1, 3000] = np.nan, np.inf, -np.inf
    path = make.float_wav("nan.wav", broken, 16000)

    expected = np.where(np.isfinite(broken), broken, 0)
    np.testing.assert_array_equal(read_sound(path).samples, expected)

    resampled = read_sound(path, sample_rate=48000).samples
    whole = read_sound(make.float_wav("whole.wav", tone, 16000), sample_rate=48000).samples
    assert np.isfinite(resampled).all() and np.abs(resampled).max() <= 1
    far = np.ones(24000, bool)
    for at in (3000, 6000, 9000):
        far[at - 250 : at + 250] = False
    np.testing.assert_allclose(resampled[:, far], np.repeat(whole, 2, 0)[:, far], atol=1e-6)


def _not_a_sound(make: Any, kind: str) -> Path:
    path: Path = make.folder / kind
    text = "Clouds are neither silent nor loud.\n" * 50
    match kind:
        case "missing.wav" | "no-such-folder/missing.wav":
            pass
        case "empty.wav":
            path.touch()
        case "folder.wav":
            path.mkdir()
        case "text.wav" | "text.txt" | "text.mp3":
            path.write_text(text)
        case "random.wav" | "random.mp3" | "random":
            path.write_bytes(np.random.default_rng(5).bytes(100_000))
        case "picture.png":
            make.ffmpeg(kind, "-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1")
        case "silent.mp4":
            make.ffmpeg(kind, "-f", "lavfi", "-i", "testsrc=size=64x64:duration=1")
        case "header.wav":
            path.write_bytes(make.silent_wav("whole.wav", 1).read_bytes()[:44])
        case "header.flac" | "header.ogg" | "header.m4a" | "header.aiff":
            whole = make.ffmpeg("whole." + kind[7:], "-f", "lavfi", "-i", "sine=duration=3")
            path.write_bytes(whole.read_bytes()[:40])
        case "no-index.m4a":
            whole = make.ffmpeg("whole.m4a", "-f", "lavfi", "-i", "sine=duration=3")
            path.write_bytes(whole.read_bytes()[:-2000])
        case "playlist.m3u8":
            path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n")
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing.wav", "no file"),
        ("no-such-folder/missing.wav", "no file"),
        ("empty.wav", "is empty"),
        ("folder.wav", "is a folder"),
        ("text.wav", "not a sound"),
        ("text.txt", "no sound track|not a sound"),
        ("text.mp3", "not a sound"),
        ("random.wav", "not a sound"),
        ("random.mp3", "not a sound"),
        ("random", "not a sound"),
        ("picture.png", "no sound track"),
        ("silent.mp4", "no sound track"),
        ("header.wav", "no sound that can be decoded"),
        ("header.flac", "damaged|no sound that can be decoded"),
        ("header.ogg", "damaged"),
        ("header.m4a", "damaged"),
        ("header.aiff", "damaged|no sound that can be decoded|no sound track"),
        ("no-index.m4a", "damaged"),
        ("playlist.m3u8", "damaged|no sound"),
        ("bad\0name.wav", "cannot be opened"),
    ],
)
def test_not_a_sound(make: Any, kind: str, words: str) -> None:
    path = _not_a_sound(make, kind)
    reads = (probe_sound, read_sound, lambda p: list(stream_sound(p, sample_rate=16000)))
    for read in reads:
        with pytest.raises(MediaError, match=words) as caught:
            read(path)
        make.assert_sentence(caught.value)


@pytest.mark.parametrize("name", ["cut.wav", "cut.flac", "cut.mp3", "cut.ogg", "cut.aiff"])
def test_truncated_gives_what_is_there(make: Any, name: str) -> None:
    source = make.float_wav("source.wav", make.noise(4.0, 44100), 44100)
    whole = make.ffmpeg("whole" + Path(name).suffix, "-i", source)
    everything = read_sound(whole).samples
    path = make.folder / name
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    info, sound = probe_sound(path), read_sound(path)

    assert 0.9 < info.seconds < 2.8  # Ogg pages last about a second
    assert info.seconds == sound.seconds
    sure = sound.samples.shape[1] - 8192  # a codec may conceal its last, broken frames
    np.testing.assert_allclose(sound.samples[:, :sure], everything[:, :sure], atol=1e-3)


def test_no_permission(make: Any) -> None:
    if not hasattr(os, "geteuid"):
        pytest.skip("file modes forbid nothing on Windows")
    path = make.silent_wav("secret.wav", 1)
    path.chmod(0)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)  # root may read anything
    try:
        with pytest.raises(MediaError, match="may not be read") as caught:
            probe_sound(path)
    finally:
        if was_root:
            os.seteuid(0)
    make.assert_sentence(caught.value)


def test_not_an_ordinary_file(make: Any) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("named pipes are not files on Windows")
    path = make.folder / "pipe.wav"
    os.mkfifo(path)
    with pytest.raises(MediaError, match="not an ordinary file"):
        probe_sound(path)


@pytest.mark.parametrize(
    "name",
    [
        "two words.wav",
        "Gewitter über Évora 雷.wav",
        "-i dash.wav",
        "100%d %03d %.wav",
        "pipe:0.wav",
        'quote\'s "and" [brackets],commas;.wav',
        "no_suffix",
        "wrong.txt",
    ],
)
def test_odd_names(make: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32" and set(name) & set(':"'):
        pytest.skip("Windows allows no such name")
    tone = make.tone(0.3, 16000)
    source = make.float_wav("source.wav", tone, 16000)
    source.rename(make.folder / name)
    monkeypatch.chdir(make.folder)

    assert probe_sound(Path(name)).seconds == 0.3
    np.testing.assert_array_equal(read_sound(name).samples, tone)
    written = make.folder / ("-out %d " + name.rpartition(".")[0] + ".flac")
    write_sound(written, Sound(tone, 16000))
    assert probe_sound(written).seconds == 0.3


def test_undecodable_name(make: Any) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux allows names that are not UTF-8")
    path = Path(os.fsdecode(os.fsencode(make.folder) + b"/caf\xe9\n.wav"))
    make.silent_wav("plain.wav", 1).rename(path)
    assert probe_sound(path).seconds == 1.0
    path.write_bytes(b"")
    with pytest.raises(MediaError, match="is empty") as caught:
        probe_sound(path)
    make.assert_sentence(caught.value)


def test_sound_refuses_other_arrays() -> None:
    with pytest.raises(ValueError, match="float32"):
        Sound(np.zeros((1, 10)), 8000)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="float32"):
        Sound(np.zeros(10, np.float32), 8000)
    with pytest.raises(ValueError, match="positive"):
        Sound(np.zeros((1, 10), np.float32), 0)
    assert Sound(np.zeros((2, 4000), np.float32), 8000).seconds == 0.5
