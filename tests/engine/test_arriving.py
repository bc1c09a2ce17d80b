"""New edits rise to their strengths; those of the beginning are there at once."""

import pytest

from soundedit.engine.arriving import RISE_SECONDS, Arriving


def test_what_is_there_at_the_beginning_acts_at_once() -> None:
    arriving = Arriving(8)
    strengths = {"rain": 0.5}
    assert arriving.follow(strengths) is strengths
    assert arriving.now(strengths) is strengths


def test_a_new_edit_rises_in_even_steps_while_others_stay() -> None:
    arriving, frames = Arriving(8), round(8 * RISE_SECONDS)
    arriving.follow({"rain": 0.5})
    both = {"rain": 0.5, "storm": -0.8}
    seen = [arriving.follow(both) for _ in range(frames)]
    assert [one["storm"] for one in seen] == pytest.approx(
        [-0.8 * (k + 1) / frames for k in range(frames)]
    )
    assert {one["rain"] for one in seen} == {0.5}
    assert seen[-1] is both
    assert arriving.follow(both) is both


def test_a_slider_moves_what_is_still_rising() -> None:
    arriving = Arriving(4)
    arriving.follow({})
    arriving.follow({"storm": 1.0})
    assert arriving.now({"storm": 2.0}) == {"storm": 0.5}
    assert arriving.follow({"storm": 2.0}) == {"storm": 1.0}


def test_what_no_frame_has_followed_yet_does_nothing() -> None:
    arriving = Arriving(4)
    assert arriving.now({"rain": 0.5}) == {"rain": 0.5}
    arriving.follow({"rain": 0.5})
    assert arriving.now({"rain": 0.5, "fog": 1.0}) == {"rain": 0.5, "fog": 0.0}


def test_what_went_rises_anew_when_it_returns() -> None:
    arriving = Arriving(2)
    arriving.follow({"storm": 1.0})
    arriving.follow({"storm": 1.0, "fog": 1.0})
    assert arriving.follow({}) == {}
    assert arriving.follow({"storm": 1.0, "fog": 1.0}) == {"storm": 0.5, "fog": 0.5}
