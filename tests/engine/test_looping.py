"""A span whose end glides into its beginning: values, seam, pieces, and files of it."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from soundedit.document.model import Media, MediaKind, Project, Start, Take
from soundedit.engine.engine import Engine
from soundedit.engine.export import export
from soundedit.engine.latents import read_latents
from soundedit.engine.looping import glide_frames, looped
from soundedit.engine.rendering import Rendering
from soundedit.media.presets import ExportSettings
from soundedit.media.sound import write_sound

from .conftest import MakeNoise


def line(first: int, count: int) -> NDArray[np.float32]:
    """Latents that say their frame's number."""
    assert first >= 0
    return np.arange(first, first + count, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3))


def test_the_end_turns_into_what_leads_to_the_beginning() -> None:
    read = looped(line, range(10, 30), 4)
    w = read(10, 20)[:, 0, 0]
    assert np.array_equal(w[:16], np.arange(10, 26))
    way = np.array([0.2, 0.4, 0.6, 0.8])
    share = 3 * way**2 - 2 * way**3
    # Frame 26 on its way to frame 6, ..., frame 29 to frame 9, before frame 10.
    assert np.allclose(w[16:], np.arange(26, 30) - 20 * share)
    pieces = np.concatenate([read(first, 1) for first in range(10, 30)])
    assert np.array_equal(pieces, read(10, 20))


def test_without_a_lead_the_first_frame_stands_still() -> None:
    w = looped(line, range(2, 12), 4)(8, 4)[:, 0, 0]
    way = np.array([0.2, 0.4, 0.6, 0.8])
    share = 3 * way**2 - 2 * way**3
    assert np.allclose(
        w,
        [(1 - s) * f + s * to for f, s, to in zip(range(8, 12), share, (0, 0, 0, 1), strict=True)],
    )


def test_how_many_frames_glide() -> None:
    assert glide_frames(1.0, 24.0, range(0, 240)) == 24
    assert glide_frames(1.0, 24.0, range(100, 130)) == 15
    assert glide_frames(0.0, 24.0, range(0, 240)) == 0
    assert np.array_equal(looped(line, range(5), 0)(0, 5), line(0, 5))


def test_an_export_repeats_without_a_seam(engine: Engine, noise: MakeNoise, tmp_path: Path) -> None:
    sound = tmp_path / "take.wav"
    write_sound(sound, noise(2.0))
    media = (Media("m1", "take.wav", MediaKind.SOUND),)
    project = Project(take=Take("m1", 2.0), media=media, fps="12", start=Start(seed=5))
    rendering = Rendering(engine, project, {"m1": sound})
    plain, loop = ExportSettings("latents"), ExportSettings("latents", glide=0.5)
    shape = (engine.num_ws, engine.w_dim)
    found = []
    for name, settings in (("a", plain), ("b", loop)):
        path = tmp_path / f"{name}.safetensors"
        export(rendering, path, settings, sound=None, start=0.5, end=1.75)
        found.append(read_latents(path, shape, engine.manifest.name).w)
    before, after = found
    assert np.array_equal(before[:9], after[:9])
    step = np.abs(np.diff(before, axis=0)).mean()
    seam = [np.abs(w[-1] - w[0]).mean() for w in found]
    assert seam[1] < 2 * step < seam[0]

    short = ExportSettings("gif", fps=Fraction(12), glide=1.0)
    report = export(rendering, tmp_path / "c.gif", short, sound=None, start=0.5, end=1.75)
    assert report.notes == ("The end glides for 0.58 s, half of the range, and no longer.",)
    with av.open(str(tmp_path / "c.gif")) as file:
        assert sum(1 for _ in file.decode(video=0)) == 15
