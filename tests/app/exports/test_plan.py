from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from soundedit.app.exports.job import JobState
from soundedit.app.exports.plan import (
    Plan,
    Subject,
    free_name,
    notes,
    problem,
    size_estimate,
    time_estimate,
)
from soundedit.media.formats import Quality
from soundedit.media.presets import PRESETS, ExportSettings

from .conftest import MakeJob

SUBJECT = Subject("rain", 10.0, Fraction(24), None, None, 256, step=0.02)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(ExportSettings(), tmp_path / "rain.mp4", 0.0, 10.0)


def test_frames_are_those_that_are_shown_in_the_range(plan: Plan) -> None:
    assert plan.frames(SUBJECT) == 240
    assert replace(plan, start=1 / 24, end=2 / 24).frames(SUBJECT) == 1
    slow = replace(plan, settings=ExportSettings(fps=Fraction(24000, 1001)))
    assert slow.frames(SUBJECT) == 240
    assert replace(slow, end=1001 / 24000 * 100).frames(SUBJECT) == 100


def test_nothing_wrong(plan: Plan) -> None:
    assert problem(plan, SUBJECT, []) == ""
    assert notes(plan, SUBJECT) == []


def test_a_folder_that_is_missing_is_made(plan: Plan) -> None:
    folder = plan.path.parent / "new" / "films"
    there = replace(plan, path=folder / "rain.mp4")
    assert problem(there, SUBJECT, []) == ""
    assert notes(there, SUBJECT) == [f"The folder {folder} will be made."]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: replace(p, start=5.0, end=5.0), "The range is empty"),
        (lambda p: replace(p, start=11.0, end=12.0), "begins after the end of the sound"),
        (lambda p: replace(p, path=p.path.with_name(".mp4")), "needs a name"),
        (lambda p: replace(p, path=p.path.with_name(" .mp4")), "needs a name"),
        (lambda p: replace(p, path=p.path.with_name("a\nb.mp4")), "cannot hold '\\n'"),
        (lambda p: replace(p, path=p.path.with_name("\u00e4" * 126 + ".mp4")), "too long"),
        (lambda p: replace(p, path=Path("no") / "rain.mp4"), "does not exist"),
        (lambda p: replace(p, path=Path(__file__) / "no" / "rain.mp4"), ".py is a file; choose"),
        (lambda p: replace(p, path=p.path.parent), "There is a folder of that name"),
        (lambda p: replace(p, path=p.path.with_name("rain")), "ends in .mp4"),
        (lambda p: replace(p, settings=ExportSettings(format="gif", fps=None)), "ends in .gif"),
        (
            lambda p: replace(p, settings=ExportSettings(format="gif", fps=None)),
            "cannot show 60 frames a second",
        ),
    ],
)
def test_what_is_wrong_is_told(plan: Plan, change: Callable[[Plan], Plan], said: str) -> None:
    subject = replace(SUBJECT, fps=Fraction(60)) if "60" in said else SUBJECT
    found = problem(change(plan), subject, [])
    assert said in found
    assert found.endswith(".") and found.count(". ") == 0


def test_too_little_room_is_told(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10_000))
    said = problem(plan, SUBJECT, [])
    assert said.startswith('"rain.mp4" needs about ')
    assert said.endswith(" and 10 kB are free; free some space or choose another disk.")


def test_names_that_are_all_right(plan: Plan) -> None:
    for name in ("-rf.mp4", "50 % \u00e9t\u00e9 \U0001f327.mp4", ".hidden.mp4"):
        assert problem(replace(plan, path=plan.path.with_name(name)), SUBJECT, []) == ""


def test_file_of_another_job_is_taken_while_that_is_open(plan: Plan, make_job: MakeJob) -> None:
    job = make_job(path=plan.path)
    assert "Another export in the list" in problem(plan, SUBJECT, [job])
    assert problem(plan, SUBJECT, [replace(job, state=JobState.DONE)]) == ""
    assert free_name(plan.path, [job]).name == "rain 2.mp4"
    plan.path.with_name("rain 2.mp4").touch()
    assert free_name(plan.path, [job]).name == "rain 3.mp4"


def test_notes_tell_what_is_lost(plan: Plan) -> None:
    plan.path.touch()
    gif = replace(plan, settings=PRESETS["gif"])
    assert notes(gif, SUBJECT) == [
        "GIF holds no sound.",
        "It shows 256 colours, dithered.",
        "rain.mp4 is there already and would be replaced.",
    ]
    silent = replace(SUBJECT, has_sound=False)
    assert "GIF holds no sound." not in notes(gif, silent)
    webp = replace(plan, settings=ExportSettings("webp", quality=Quality.SMALL))
    assert notes(webp, silent)[:2] == [
        "It shows 127 colours, dithered.",
        "The lossy WebP is several times smaller and shows all colours.",
    ]
    assert notes(replace(plan, settings=ExportSettings("webp-lossy")), silent) == [
        "rain.mp4 is there already and would be replaced."
    ]


def test_size_grows_with_pixels_quality_and_sound(plan: Plan) -> None:
    small = size_estimate(plan, SUBJECT)
    large = size_estimate(replace(plan, settings=PRESETS["1080p"]), SUBJECT)
    mute = size_estimate(replace(plan, settings=ExportSettings(sound=False)), SUBJECT)
    assert small is not None and large is not None and mute is not None
    assert large > 3 * small
    assert small - mute == 260_000
    latents = replace(plan, settings=ExportSettings(format="latents"))
    assert size_estimate(latents, SUBJECT) is None


def test_time_follows_earlier_exports_of_the_format(plan: Plan, make_job: MakeJob) -> None:
    first = time_estimate(plan, SUBJECT, [])
    assert first == pytest.approx(240 * 0.02 + 1, rel=0.1)
    done = make_job(state=JobState.DONE, frames=240, spent=2 * first)
    assert time_estimate(plan, SUBJECT, [done]) == pytest.approx(2 * first)
    other = make_job(state=JobState.DONE, settings=PRESETS["gif"], spent=500.0)
    assert time_estimate(plan, SUBJECT, [other]) == first
