"""What a project is told of latents of another version of the pack, and of words of none."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from soundedit.document.model import Edit, Part, PartKind, Project, Start, StartKind, Take
from soundedit.engine.latents import Latents, LatentsStream, mend_latents, write_latents
from soundedit.engine.strangers import strangers, unknown_words

W = np.zeros((2, 3), np.float32)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Latents of this space, of another and of none."""
    found = {name: tmp_path / f"{name}.latents" for name in ("same", "other", "old", "live")}
    write_latents(found["same"], Latents(W, "p 2", space="here"))
    write_latents(found["other"], Latents(W, "p 1", space="there"))
    write_latents(found["old"], Latents(W, "p 0"))
    stream = LatentsStream(found["live"], (2, 3), "p 1", Fraction(24), "there")
    stream.append(W)
    mend_latents(stream.path)
    stream.finish(1)
    return found


def test_each_is_named_with_what_made_it(files: dict[str, Path]) -> None:
    start = Start(StartKind.PHOTO, media="photo", latents="other")
    edits = (
        Edit("a", "glow", (Part(PartKind.DIRECTION, "other"),)),
        Edit("b", "storm", (Part(PartKind.TEXT, "storm"),), refined="other"),
        Edit("c", "rain", (Part(PartKind.DIRECTION, "same"), Part(PartKind.DIRECTION, "old"))),
    )
    take = Take("sound", 1.0, latents="live")
    project = Project(start=start, edits=edits, take=take)
    found = strangers(project, files, "here")
    assert sorted(found) == ["a", "b", "start", "take"]
    assert all("(p 1)" in text and text.endswith(".") for text in found.values())
    assert strangers(project, files, "there") == {"c": found["a"].replace("p 1", "p 2")}
    assert strangers(project, files, "") == {}


def test_what_is_missing_or_damaged_is_left_to_whoever_reads_it(
    files: dict[str, Path], tmp_path: Path
) -> None:
    edit = Edit("a", "glow", (Part(PartKind.DIRECTION, "other"),))
    project = Project(edits=(edit,))
    assert strangers(project, {}, "here") == {}
    assert strangers(project, {"other": tmp_path / "gone"}, "here") == {}
    (tmp_path / "bad").write_bytes(b"no latents")
    assert strangers(project, {"other": tmp_path / "bad"}, "here") == {}
    refined = replace(edit, refined="same")
    assert strangers(replace(project, edits=(refined,)), files, "here") == {}


def test_words_that_nothing_taught_are_named() -> None:
    def unknown(text: str) -> list[str]:
        return [word for word in text.split() if word in ("gewitter", "qwx")]

    edits = [
        Edit("a", "rain", (Part(PartKind.TEXT, "rain at night"), Part(PartKind.SOUND, "gewitter"))),
        Edit("b", "both", (Part(PartKind.TEXT, "a gewitter"), Part(PartKind.TEXT, "qwx gewitter"))),
        Edit("c", "seen", (Part(PartKind.TEXT, "qwx"),), refined="media"),
    ]
    assert unknown_words(edits, unknown) == {
        "b": "The pack does not know “gewitter”, “qwx”, so what this does is left to chance; "
        "try other English words."
    }
