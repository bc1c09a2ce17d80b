"""A running ffmpeg: its log, its end, and that cancelling wakes whoever waits for it."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from soundedit.errors import MediaError
from soundedit.media import ffmpeg
from soundedit.media.ffmpeg import FFmpeg, ffmpeg_exe, shown
from soundedit.media.sound import probe_sound
from soundedit.progress import CancelToken

ENDLESS = ["-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"]


def test_cancel_wakes_a_read_that_would_wait_for_ever() -> None:
    cancel = CancelToken()
    with FFmpeg(ENDLESS, read=True, cancel=cancel) as process:
        process.wait_for("Stream mapping:")
        timer = threading.Timer(0.1, cancel.cancel)
        timer.start()
        assert process.stdout.read() == b""
        assert process.wait() != 0
        timer.join()


def test_leaving_kills_and_may_be_repeated() -> None:
    with FFmpeg(ENDLESS, read=True) as process:
        pass
    process.close()
    assert process.stdout.closed and process.wait() != 0


def test_log_and_last_words(make: Any) -> None:
    with FFmpeg(["-i", str(make.folder / "missing.wav"), "-f", "null", "-"]) as process:
        assert process.wait() > 0
        assert "missing.wav" in process.log
        assert process.last_words.endswith("No such file or directory")
        process.wait_for("never said")  # returns, as ffmpeg has ended


def test_an_executable_that_does_not_start_is_told(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffmpeg, "ffmpeg_exe", lambda: str(make.folder / "no-ffmpeg"))
    with pytest.raises(MediaError, match="could not be started") as caught:
        FFmpeg(ENDLESS)
    make.assert_sentence(caught.value)


def test_no_executable_is_told(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg.imageio_ffmpeg, "get_ffmpeg_exe", _raise)
    monkeypatch.setattr(ffmpeg.imageio_ffmpeg, "__file__", str(tmp_path / "__init__.py"))
    ffmpeg_exe.cache_clear()
    with pytest.raises(MediaError, match="No ffmpeg was found") as caught:
        ffmpeg_exe()
    make.assert_sentence(caught.value)


def test_the_executable_is_the_one_that_comes_along_or_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ffmpeg_exe.cache_clear()
    assert Path(ffmpeg_exe()).parent == Path(imageio_ffmpeg.__file__).parent / "binaries"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/opt/own/ffmpeg")
    ffmpeg_exe.cache_clear()
    assert ffmpeg_exe() == "/opt/own/ffmpeg"
    ffmpeg_exe.cache_clear()


def _raise() -> str:
    raise RuntimeError("No ffmpeg exe could be found.")


def test_names_are_shown_on_one_line() -> None:
    assert shown(Path("a\nb\t\udce9é.wav")) == '"a?b??é.wav"'


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are others there")
def test_a_yielding_one_runs_behind_others() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    for yielding in (False, True):
        with FFmpeg(ENDLESS, read=True, yielding=yielding) as process:
            behind = os.getpriority(os.PRIO_PROCESS, process.pid) - os.getpriority(
                os.PRIO_PROCESS, os.getpid()
            )
        assert behind == (min(10, 19 - own) if yielding else 0)


@pytest.mark.parametrize("suffix", ["mp3", "flac"])
def test_what_comes_after_many_tags_is_heard_of(make: Any, suffix: str) -> None:
    lyrics = "\n".join(f"line {k}" for k in range(420))
    tags = ["-metadata", f"lyrics={lyrics}"]
    # Long enough that ffmpeg waits for whoever reads it.
    path = make.ffmpeg(f"song.{suffix}", "-f", "lavfi", "-i", "sine=440:d=40", *tags)
    info = probe_sound(path)
    assert (info.codec, round(info.seconds)) == (suffix, 40)
