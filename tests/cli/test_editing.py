"""`soundedit edit` as a person runs it, with a small pack, and how its edits are read."""

import argparse
import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.commands.editspec import EditSpec, bands, edit_spec
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import Bands, MediaKind, PartKind, Project, Range, StartKind, Take
from soundedit.document.projectfile import open_project, save_project
from soundedit.media.probe import probe_video
from soundedit.media.video import VideoWriter
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("storm", EditSpec(PartKind.TEXT, "storm")),
        ("storm@0.8[2-5]", EditSpec(PartKind.TEXT, "storm", 0.8, 2, 5)),
        ("heavy rain@-1[1.5-]", EditSpec(PartKind.TEXT, "heavy rain", -1, 1.5)),
        ("fog[-3]", EditSpec(PartKind.TEXT, "fog", 1, 0, 3)),
        ("me@home", EditSpec(PartKind.TEXT, "me@home")),
    ],
)
def test_edits_are_read(text: str, spec: EditSpec) -> None:
    assert edit_spec(PartKind.TEXT, text) == spec


def test_names_of_files_may_hold_what_strengths_and_spans_are_made_of() -> None:
    half = EditSpec(PartKind.SOUND, "a@2x.ogg", 0.5)
    assert edit_spec(PartKind.SOUND, "a@2x.ogg@.5") == half
    assert edit_spec(PartKind.SOUND, "take[1].ogg") == EditSpec(PartKind.SOUND, "take[1].ogg")


@pytest.mark.parametrize(
    "text",
    ["storm@0.8[2-5", "storm@", "storm@0,8", "storm[2:5]", "storm[5-]x", "storm@1.5x"],
)
def test_strengths_and_spans_that_are_mistyped_are_no_words(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read; write for example"):
        edit_spec(PartKind.TEXT, text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("", "does not say what"), ("a@3", "not between -2 and 2"), ("a[5-2]", "ends before")],
)
def test_edits_that_cannot_be(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        edit_spec(PartKind.TEXT, text)


def test_styles_are_photos_or_seeds() -> None:
    assert edit_spec(PartKind.PICTURE, "7@0.5").kind is PartKind.SEED
    assert edit_spec(PartKind.PICTURE, "7.png").kind is PartKind.PICTURE


def test_bands() -> None:
    assert bands("coarse=0.2,mid=1,fine=.5") == Bands(0.2, 1, 0.5)
    assert bands("fine=0") == Bands(1, 1, 0)
    for text in ("fine", "hue=1", "fine=3", "fine=1,fine=1", "fine=-1"):
        with pytest.raises(argparse.ArgumentTypeError):
            bands(text)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_still(soundedit: Run, tiny_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    words = ["--start", "3", "--pack", tiny_pack, "--text", "rain@0.9", "--style", "5@0.4"]
    done = soundedit("edit", *words, "-o", out, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert [edit["name"] for edit in facts["edits"]] == ["rain", "5"]
    assert facts["moved"]["mid"] > 0
    assert pixels(out).shape == (64, 64, 3)
    plain = soundedit("edit", "--start", "3", "--pack", tiny_pack, "-o", tmp_path / "p.png")
    assert plain.returncode == 0
    assert not np.array_equal(pixels(out), pixels(tmp_path / "p.png"))


def test_a_project_and_a_video_of_it(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """A photo, a take, two edits, saved; then a video of the saved project with one more."""
    Image.fromarray(np.full((30, 50, 3), 90, np.uint8)).save(tmp_path / "photo.jpg")
    saved = tmp_path / "p.soundedit"
    words = ["--start", tmp_path / "photo.jpg", "--take", sound, "--fps", "10", "--fade", "0.1"]
    edits = ["--sound", f"{sound}@0.5[0.5-]", "--follow", "--text", "storm[0-1.5]"]
    tail = ["--bands", "coarse=0", "--pack", tiny_pack, "--json"]
    done = soundedit("edit", *words, *edits, "-o", saved, *tail)
    assert (done.returncode, done.stderr) == (0, "")
    with open_project(saved) as opened:
        project = opened.project
        assert project.start.kind is StartKind.PHOTO
        assert (project.pack, project.fps) == ("tiny", "10")
        assert [e.name for e in project.edits] == ["swell", "storm"]
        assert [e.follow for e in project.edits] == [True, False]
        assert project.edits[0].span.start == 0.5
        assert project.edits[1].bands == Bands(0, 1, 1)
        # The take and the edit's sound are one file.
        assert len(project.media) == 2
        assert set(opened.files) == {media.id for media in project.media}
        assert opened.picture is not None
    video = tmp_path / "v.mp4"
    done = soundedit("edit", "--start", saved, "--text", "fog", "-o", video, *tail)
    assert (done.returncode, done.stderr) == (0, "")
    info = probe_video(video)
    assert (info.frames, info.has_sound) == (20, True)
    assert len(json.loads(done.stdout)["edits"]) == 3
    done = soundedit("edit", "--start", video, "-o", tmp_path / "f.png", "--at", "9", *tail)
    assert done.returncode == 2
    assert "lies behind the end, at 2.00 s" in done.stderr


def test_what_changes_nothing_is_said(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    words = ["--text", "fog[5-9]", "--text", "rain[1-9]", "--follow", "--pack", tiny_pack]
    done = soundedit("edit", *words, "--take", sound, "-o", tmp_path / "a.png")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "soundedit: No edit is made of a sound, so --follow does nothing.",
        'soundedit: "fog" does nothing, as its span begins at 5 s and the take ends at 2.00 s.',
        'soundedit: The span of "rain" ends at 9 s, but the take at 2.00 s.',
    ]
    still = soundedit("edit", *words, "-o", tmp_path / "b.png")
    assert "stands still, so spans and fades do nothing" in still.stderr
    bare = soundedit("edit", "--bands", "mid=0", "--pack", tiny_pack, "-o", tmp_path / "c.png")
    assert "There is no new edit, so --bands does nothing" in bare.stderr


def test_refining(soundedit: Run, tiny_pack: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    words = ["--start", tmp_path / "photo.png", "--refine-start", "--fine", "--text", "rain"]
    saved = tmp_path / "p.soundedit"
    done = soundedit("edit", *words, "-o", saved, "--pack", tiny_pack)
    assert (done.returncode, done.stderr) == (0, "")
    with open_project(saved) as opened:
        assert opened.project.start.latents in opened.files
        assert opened.project.edits[0].refined in opened.files
    written, closeness = done.stdout.splitlines()
    assert written == f"{saved}: edits: 1"
    assert re.fullmatch(r"The start's distance went from \d.\d\d to \d.\d\d; .*", closeness)


def test_refining_a_video(soundedit: Run, tiny_pack: Path, tmp_path: Path) -> None:
    x = np.arange(64)[None, :, None] * np.ones((64, 1, 3), int)
    with VideoWriter(tmp_path / "v.mp4", width=64, height=64, fps=Fraction(4)) as writer:
        for index in range(4):
            writer.write((3 * x + 10 * index).astype(np.uint8))
    words = ["--start", tmp_path / "v.mp4", "--refine-start", "--fps", "4", "--json"]
    saved = tmp_path / "p.soundedit"
    done = soundedit("edit", *words, "-o", saved, "--pack", tiny_pack)
    assert (done.returncode, done.stderr) == (0, "")
    before, after = json.loads(done.stdout)["start_distance"]
    assert after < before
    with open_project(saved) as opened:
        assert opened.project.start.latents in opened.files


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start", "1", "--refine-start", "-o", "a.png"], "no photo or video to come nearer to"),
        (["--start", "none.jpg", "-o", "a.png"], "There is no file none.jpg"),
        (
            ["--start", "seven", "-o", "a.png"],
            "seven is neither a seed, a whole number, nor a",
        ),
        (["--start", "1", "-o", "a.jpg"], "or one that ends in .gif, .mov, .png, .safetensors, "),
        (
            ["--format", "mp4", "-o", "a.gif"],
            "give the output that name, or leave --format out.",
        ),
        (["--start", "1", "-o", "a.mp4"], "give --take SOUND"),
        (["--start", "1", "--text", "x@7", "-o", "a.png"], "not between -2 and 2"),
        (["--start", "99999999999", "-o", "a.png"], "a whole number from 0 to 4294967295."),
        (["--start", "-5", "-o", "a.png"], "seed -5 cannot be; use a whole number from 0"),
        (["--start", "1.5", "-o", "a.png"], "seed 1.5 cannot be"),
        (["--normalise", "abc", "-o", "a.mp4"], "'abc' is not a loudness from -70 to -5 LUFS"),
        (["--normalise", "3", "-o", "a.mp4"], "'3' is not a loudness from -70 to -5 LUFS"),
        (["--loop", "61", "-o", "a.mp4"], "'61' is not a time from 0 to 60 s"),
        (["--fade-out", "-1", "-o", "a.mp4"], "'-1' is not a time from 0 to 60 s"),
        (["--start", "1", "--sound", "no.ogg", "-o", "a.png"], "There is no file no.ogg"),
        (["--start", "1", "--sound", __file__, "-o", "a.png"], "not a sound file"),
    ],
)
def test_mistakes_are_told_on_one_line(
    soundedit: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    words = [str(tmp_path / word) if word.startswith("a.") else word for word in words]
    done = soundedit("edit", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_edited_is_not_written_over(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(photo)
    before = {file: file.read_bytes() for file in (photo, sound)}
    tail = ["--pack", tiny_pack, "--overwrite"]
    for words in (
        ["--start", photo, "-o", photo],
        ["--start", "1", "--style", photo, "-o", photo],
        ["--start", "1", "--take", sound, "--format", "png", "-o", sound],
    ):
        done = soundedit("edit", *words, *tail)
        assert done.returncode == 2, words
        assert done.stderr.count("\n") == 1
    assert {file: file.read_bytes() for file in before} == before
    video = tmp_path / "v.mp4"
    assert soundedit("edit", "--take", sound, "--fps", "4", "-o", video, *tail).returncode == 0
    made = video.read_bytes()
    done = soundedit("edit", "--start", video, "-o", video, *tail)
    assert done.returncode == 2
    assert f"{video} is what the pictures are made of, so choose another name" in done.stderr
    assert video.read_bytes() == made


def test_the_rate_of_a_preset_and_of_an_edited_project(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    tail = ["--pack", tiny_pack]
    gif, saved = tmp_path / "a.gif", tmp_path / "p.soundedit"
    done = soundedit("edit", "--preset", "gif", "--take", sound, "-o", gif, *tail)
    assert (done.returncode, done.stderr) == (0, "")
    assert probe_video(gif).fps == 20
    soundedit("edit", "--take", sound, "--fps", "5", "-o", saved, *tail)
    for fps, wanted in (([], "5"), (["--fps", "12"], "12")):
        changed = tmp_path / f"{wanted}.soundedit"
        assert soundedit("edit", "--start", saved, *fps, "-o", changed, *tail).returncode == 0
        with open_project(changed) as opened:
            assert opened.project.fps == wanted


def test_the_range_of_a_project_is_what_is_made(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    media = media_from_file(sound, MediaKind.SOUND)
    project = Project(take=Take(media.id, 2.0), media=(media,), fps="5", range=Range(0.4, 1.0))
    save_project(tmp_path / "p.soundedit", project, {media.id: sound})
    video = tmp_path / "v.mp4"
    words = ["--start", tmp_path / "p.soundedit", "-o", video, "--pack", tiny_pack]
    assert soundedit("edit", *words).returncode == 0
    assert probe_video(video).frames == 3
