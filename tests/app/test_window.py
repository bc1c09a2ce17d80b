import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from soundedit.app.requests import Kind
from soundedit.app.settings import EXPORT_FOLDER, FIRST_START, LAST_FOLDER, Settings
from soundedit.document.commands import set_seed, set_take
from soundedit.document.model import MediaKind, Take
from soundedit.errors import PackError
from soundedit.media.probe import probe_video
from soundedit.media.sound import probe_sound

from .conftest import Rig

MakeSound = Callable[..., Path]


def test_open_invert_generate_scrub_export(
    rig: Rig, make_sound: MakeSound, tmp_path: Path, settings: Settings
) -> None:
    rig.begin()
    sound = make_sound(2.0)
    rig.open(sound)
    assert rig.shown() == (0, 0, 0)
    assert rig.window.windowTitle() == "tone.wav - soundedit"
    assert rig.window.actions_by_id["export"].isEnabled()
    rig.generate()
    assert rig.controller.movie is not None and rig.controller.movie.frames == 48
    rig.window.axis.seek(1.0)
    rig.wait(lambda: rig.shown() == (0, 24, 0))
    assert rig.window.transport.time.text() == "0:01.00"
    assert rig.window.transport.frame.text() == "frame 25 of 48"
    video = tmp_path / "films" / "my film.mp4"
    video.parent.mkdir()
    rig.window.exporter.export_to(video)
    rig.wait(rig.exported)
    info = probe_video(video)
    assert (info.frames, info.width, info.height, info.has_sound) == (48, 64, 64, True)
    assert info.seconds == pytest.approx(2.0, abs=1 / 24)
    assert [one.name for one in video.parent.iterdir()] == ["my film.mp4"]
    assert settings.get(EXPORT_FOLDER) == str(video.parent)
    assert settings.get(LAST_FOLDER) == str(sound.parent)
    assert settings.recent() == [sound]


def test_seed_makes_another_picture_and_drops_the_movie(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    rig.window.picture.seed.setValue(7)
    assert rig.controller.movie is None
    rig.wait(lambda: rig.shown() == (7, 0, 0))
    assert rig.engine.calls.count("invert 7") == 1


def test_first_start_shows_a_sample_already_generated(
    rig: Rig, make_sound: MakeSound, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = make_sound(1.0, "storm.wav")
    monkeypatch.setattr("soundedit.app.window.first_sample", lambda: sample)
    settings.set(FIRST_START, True)
    rig.begin()
    rig.wait(lambda: rig.controller.movie is not None)
    rig.wait(lambda: len(rig.controller.feed.cache) == 24)
    assert not settings.get(FIRST_START)


def test_file_from_the_command_line(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin(make_sound(1.0, "given.wav"))
    rig.wait(lambda: rig.controller.still is not None)
    assert rig.window.windowTitle() == "given.wav - soundedit"
    assert "generate" not in rig.engine.calls


def test_open_by_menu_and_from_the_list(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    first, second = make_sound(1.0, "one.wav"), make_sound(1.0, "two.wav")
    for path in (first, second):
        rig.answers.open_path = path
        rig.do("open")
        rig.wait(lambda path=path: rig.window.windowTitle().startswith(path.name))
    tree = rig.window.sounds.list
    item = tree.findItems("one.wav", Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchExactly)[0]
    tree.itemActivated.emit(item, 0)
    rig.wait(lambda: rig.window.windowTitle().startswith("one.wav"))
    group = tree.topLevelItem(0)
    assert group is not None and group.child(0).text(0) == "one.wav"


@pytest.mark.parametrize("content", [b"", b"not a sound at all"])
def test_bad_file_is_told_and_what_was_open_stays(
    rig: Rig, make_sound: MakeSound, tmp_path: Path, content: bytes
) -> None:
    rig.begin()
    rig.open(make_sound())
    bad = tmp_path / "bad.wav"
    bad.write_bytes(content)
    rig.window.open_sound(bad)
    rig.wait(lambda: rig.window.errors.dialog is not None)
    dialog = rig.window.errors.dialog
    assert dialog is not None and "bad.wav" in dialog.text()
    assert rig.window.windowTitle() == "tone.wav - soundedit"


def test_cancel_generate_leaves_the_window_usable(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.engine.gate.clear()
    rig.do("generate")
    assert not rig.window.actions_by_id["generate"].isEnabled()
    assert rig.window.status.jobs.cancel.isVisible()
    rig.do("cancel")
    rig.wait(lambda: not rig.controller.is_running(Kind.GENERATE))
    assert rig.controller.movie is None
    assert rig.window.errors.dialog is None
    assert not rig.window.status.jobs.cancel.isVisible()
    rig.engine.gate.set()
    rig.generate()


def test_cancel_export_leaves_no_file(rig: Rig, make_sound: MakeSound, tmp_path: Path) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    rig.wait(lambda: len(rig.controller.feed.cache) == 48)
    folder = tmp_path / "films"
    folder.mkdir()
    rig.engine.step_seconds = 0.05
    rig.window.exporter.export_to(folder / "film.mp4")
    rig.wait(lambda: any(folder.iterdir()))
    rig.do("cancel")
    rig.wait(rig.exported)
    assert list(folder.iterdir()) == []
    assert rig.window.errors.dialog is None


def test_scrubbing_goes_on_during_an_export(
    rig: Rig, make_sound: MakeSound, tmp_path: Path
) -> None:
    rig.begin()
    rig.open(make_sound(6.0))
    rig.generate()
    rig.engine.step_seconds = 0.01
    rig.window.exporter.export_to(tmp_path / "film.mp4")
    rig.window.axis.seek(5.0)
    rig.wait(lambda: rig.shown() == (0, 120, 0))
    assert not rig.exported()
    rig.wait(rig.exported)
    assert probe_video(tmp_path / "film.mp4").frames == 144


def test_export_goes_on_while_another_sound_is_opened(
    rig: Rig, make_sound: MakeSound, tmp_path: Path
) -> None:
    rig.begin()
    rig.open(make_sound(4.0))
    rig.generate()
    rig.engine.step_seconds = 0.01
    rig.window.exporter.export_to(tmp_path / "film.mp4")
    rig.open(make_sound(1.0, "next.wav"))
    assert not rig.exported()
    rig.wait(rig.exported)
    assert probe_video(tmp_path / "film.mp4").frames == 96


def test_close_in_the_middle_of_an_export(rig: Rig, make_sound: MakeSound, tmp_path: Path) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    folder = tmp_path / "films"
    folder.mkdir()
    rig.engine.step_seconds = 0.02
    rig.window.exporter.export_to(folder / "film.mp4")
    rig.wait(lambda: any(folder.iterdir()))
    rig.close()
    assert list(folder.iterdir()) == []
    assert rig.engine.closed


def test_close_while_the_engine_loads(rig: Rig, make_sound: MakeSound) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def loader(progress: Callable[[float, str], None]) -> object:
        begun.set()
        go_on.wait(20)
        progress(0.5, "Loading")
        raise AssertionError("loading must stop at the next report")

    rig.controller.worker._loader = loader  # type: ignore[assignment]
    rig.window.show()
    rig.window.begin(make_sound())
    rig.wait(begun.is_set)
    threading.Timer(0.2, go_on.set).start()
    rig.close()


def test_close_in_the_middle_of_generate_and_opening(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.engine.gate.clear()
    rig.do("generate")
    rig.window.open_sound(make_sound(30.0, "long.wav"))
    rig.close()


def test_broken_pack_is_told_and_the_sound_still_opens(rig: Rig, make_sound: MakeSound) -> None:
    def loader(progress: Callable[[float, str], None]) -> object:
        raise PackError("The pack has no pack.json; install it again.")

    rig.controller.worker._loader = loader  # type: ignore[assignment]
    rig.window.show()
    rig.window.begin(make_sound())
    rig.wait(lambda: rig.controller.peaks is not None)
    rig.wait(lambda: rig.window.errors.dialog is not None)
    assert rig.window.errors.dialog is not None
    assert rig.window.errors.dialog.text() == "The pack has no pack.json; install it again."
    assert rig.window.viewer.accessibleDescription() == rig.window.errors.dialog.text()
    assert not rig.window.actions_by_id["generate"].isEnabled()
    assert rig.window.actions_by_id["play"].isEnabled()
    assert len(rig.controller.jobs) == 0


@pytest.mark.logs_errors
def test_unexpected_error_is_logged_and_the_worker_lives(
    rig: Rig, make_sound: MakeSound, caplog: pytest.LogCaptureFixture
) -> None:
    rig.begin()
    rig.open(make_sound())
    good = rig.engine.generate
    rig.engine.generate = lambda *args, **named: 1 / 0  # type: ignore[method-assign]
    rig.do("generate")
    rig.wait(lambda: rig.window.errors.dialog is not None)
    assert "ZeroDivisionError" in caplog.text
    dialog = rig.window.errors.dialog
    assert dialog is not None and dialog.icon() == QMessageBox.Icon.Critical
    rig.engine.generate = good  # type: ignore[method-assign]
    rig.generate()


def test_play_follows_the_sound_cards_clock(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(2.0))
    rig.generate()
    rig.wait(lambda: len(rig.controller.feed.cache) == 48)
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_Space)
    assert rig.window.playback.playing
    rig.wait(lambda: any(stream.active for stream in rig.card.streams))
    advanced = 0.0

    def beyond() -> bool:
        """Let the card go on, which moves its clock, until the playhead is beyond 0.8 s."""
        nonlocal advanced
        rig.card.advance(0.02)
        advanced += 0.02
        return bool(rig.window.axis.playhead > 0.8)

    rig.wait(beyond)
    at = rig.window.axis.playhead
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_Space)
    assert not rig.window.playback.playing
    movie = rig.controller.movie
    assert movie is not None
    rig.wait(lambda: rig.shown() == (0, movie.frame_at(rig.window.axis.playhead), 0))
    assert at <= advanced - 0.08 + 0.03


def test_playing_ends_at_the_end(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    rig.generate()
    rig.do("play")
    rig.wait(lambda: any(stream.active for stream in rig.card.streams))

    def over() -> bool:
        rig.card.advance(0.05)
        return not rig.window.playback.playing

    rig.wait(over)
    assert rig.window.axis.playhead == 1.0
    rig.wait(lambda: rig.shown() == (0, 23, 0))


def test_record_keeps_the_take_and_opens_it(rig: Rig) -> None:
    rig.begin()
    rig.wait(lambda: rig.window.sounds.microphones.count() == 2)
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_R)
    recording = rig.window.microphone.recording
    assert recording.recording
    assert rig.window.actions_by_id["record"].text() == "&Stop recording"
    rig.wait(lambda: recording.hearing)
    levels = []
    recording.level_changed.connect(lambda rms, peak: levels.append((rms, peak)))
    for _ in range(20):
        rig.card.advance(0.05)
        rig.qtbot.wait(10)
    rig.wait(lambda: len(levels) > 2)
    assert levels[-1] == (pytest.approx(0.25, abs=0.01), pytest.approx(0.25, abs=0.01))
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_R)
    rig.wait(lambda: rig.controller.sound is not None)
    takes = list(rig.recordings.iterdir())
    assert [take.suffix for take in takes] == [".flac"]
    assert probe_sound(takes[0]).seconds == pytest.approx(1.0, abs=0.05)


def test_close_while_recording_keeps_the_take(rig: Rig) -> None:
    rig.begin()
    rig.do("record")
    rig.wait(lambda: rig.window.microphone.recording.hearing)
    rig.card.advance(1.0)
    rig.close()
    (take,) = rig.recordings.iterdir()
    assert probe_sound(take).seconds == pytest.approx(1.0, abs=0.05)


def test_controls_have_accessible_names(rig: Rig) -> None:
    window = rig.window
    for widget in (
        window.viewer, window.timeline, window.timeline.ruler, window.timeline.waveform,
        window.timeline.heard, window.timeline.thumbnails, window.picture.seed,
        window.picture.rate, window.sounds.microphones, window.sounds.list, window.sounds.meter,
        window.heard.table, window.transport.play, window.transport.time,
    ):  # fmt: skip
        assert widget.accessibleName()


def test_tab_goes_along_the_transport_from_left_to_right(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    rig.generate()
    row = [widget for widget in rig.window.transport.findChildren(QWidget) if widget.isVisible()
           and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
           and widget.parent() is rig.window.transport]  # fmt: skip
    row.sort(key=QWidget.x)
    reached = [row[0]]
    while len(reached) < len(row):
        widget = reached[-1].nextInFocusChain()
        while widget not in row:
            widget = widget.nextInFocusChain()
        reached.append(widget)
    assert len(row) > 8 and reached == row


def test_layout_and_rate_are_remembered(
    rig: Rig, settings: Settings, tmp_path: Path, qtbot
) -> None:  # type: ignore[no-untyped-def]
    rig.begin()
    rig.window.resize(760, 745)
    rig.window.picture.seed.setValue(12)
    rig.window.picture.rate.setCurrentText("29.97")
    rig.close()
    again = Rig(Settings(tmp_path / "settings.ini"), tmp_path, qtbot)
    try:
        assert again.window.size().toTuple() == (760, 745)
        assert again.controller.seed == again.window.picture.seed.value() == 0
        assert again.controller.rate == "30000/1001"
        assert again.window.picture.rate.currentText() == "29.97"
        again.controller.set_rate("15")
        assert again.window.picture.rate.currentText() == "15"
    finally:
        again.close()


def test_the_thumbnails_of_a_movie_made_before_are_there_again(
    rig: Rig, make_sound: MakeSound
) -> None:
    rig.begin()
    first, second = make_sound(2.0), make_sound(2.0, "other.wav")
    lane = rig.window.timeline.thumbnails

    def all_there() -> bool:
        return set(lane.wanted()) <= set(lane._indices)

    for path in (first, second, first):
        rig.open(path)
        rig.generate()
        rig.wait(all_there)
    rig.generate()
    rig.wait(all_there)
    assert len(lane.wanted()) > 3


def test_full_screen_and_back_leaves_the_layout_as_it_was(rig: Rig) -> None:
    rig.begin()
    window = rig.window
    window.resize(1180, 800)
    docks = window._docks.all
    window.resizeDocks([docks[0]], [260], Qt.Orientation.Horizontal)
    window.picture.seed.setFocus()
    QApplication.processEvents()
    before = [(dock.isHidden(), dock.size().toTuple()) for dock in docks]
    rig.do("full_screen")
    QApplication.processEvents()
    assert all(dock.isHidden() for dock in docks)
    rig.do("full_screen")
    QApplication.processEvents()
    assert [(dock.isHidden(), dock.size().toTuple()) for dock in docks] == before
    assert window.focusWidget() is window.picture.seed


def test_the_first_window_fits_the_screen(rig: Rig) -> None:
    room = rig.window.screen().availableSize()
    assert rig.window.width() <= room.width() and rig.window.height() <= room.height()


def test_a_seed_that_is_larger_than_the_box_is_kept(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    session = rig.window.session
    session.do("seed", set_seed(session.project, 3_000_000_000))
    assert rig.window.picture.seed.value() == rig.window.picture.seed.maximum()
    assert session.project.start.seed == 3_000_000_000
    rig.window.picture.seed.setValue(12)
    assert session.project.start.seed == 12


def test_a_take_that_cannot_be_read_is_told_once(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    failures: list[Exception] = []
    rig.controller.failed.connect(failures.append)
    damaged = make_sound(1.0).with_name("damaged.wav")
    damaged.write_bytes(b"RIFF" + bytes(40))
    session = rig.window.session
    project, media = session.adopt(damaged, MediaKind.SOUND)
    session.do("open", set_take(project, Take(media, 1.0)))
    rig.wait(lambda: len(failures) == 1)
    rig.wait(lambda: rig.window.errors.dialog is not None)
    assert rig.window.errors.dialog is not None
    rig.window.errors.dialog.accept()
    assert rig.controller.sound is None and rig.controller.movie is None
    for seed in (4, 5, 6):
        session.do(f"seed {seed}", set_seed(session.project, seed))
    rig.qtbot.wait(300)
    assert len(failures) == 1
    for _ in range(4):
        rig.do("undo")
    rig.wait(lambda: rig.controller.sound is not None)
