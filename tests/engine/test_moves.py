"""Slider moves become few corners that stand for every frame's strength."""

import numpy as np
import pytest

from soundedit.document.curve import curve_at
from soundedit.document.model import Keyframe
from soundedit.engine.moves import TOLERANCE, Moves


def recorded(values: list[dict[str, float]], fps: float = 24.0) -> dict[str, tuple]:
    moves = Moves(fps)
    for frame, strengths in enumerate(values):
        moves.add(frame, strengths)
    return moves.lines(len(values))


def test_a_slider_that_stands_still_is_one_corner() -> None:
    assert recorded([{"a": 0.4, "b": -1.0}] * 50) == {"a": ((0.0, 0.4),), "b": ((0.0, -1.0),)}


@pytest.mark.parametrize("fps", [24.0, 24000 / 1001])
def test_the_lines_give_every_frame_its_strength(fps: float) -> None:
    rng = np.random.default_rng(0)
    drag = np.clip(np.cumsum(np.cumsum(rng.normal(0, 0.002, 100))), -2, 2)
    values = [0.5] * 40 + drag.tolist() + [float(drag[-1])] * 60 + [1.0] * 30
    corners = recorded([{"rain": value} for value in values], fps)["rain"]
    keys = [Keyframe(seconds, value) for seconds, value in corners]
    found = curve_at(keys, np.arange(len(values)) / fps)
    np.testing.assert_allclose(found, values, atol=TOLERANCE + 1e-9)
    assert len(corners) < 40


def test_a_straight_drag_is_two_corners_and_its_ends() -> None:
    values = [0.0] * 10 + np.linspace(0, 1, 50).tolist() + [1.0] * 10
    assert len(recorded([{"a": v} for v in values])["a"]) <= 4


def test_an_edit_that_comes_later_did_nothing_before() -> None:
    found = recorded([{"a": 1.0}] * 10 + [{"a": 1.0, "b": 0.5}] * 10)
    assert found["b"] == ((9 / 24, 0.0), (10 / 24, 0.5))
