"""How much there is of pictures and samples that come and go."""

import numpy as np

from soundedit.media.fades import Fades, dimmed


def test_pictures_come_and_go_in_straight_lines() -> None:
    shares = Fades(0.5, 1.0).shares(0, 12, 12, 4.0)
    assert np.allclose(shares, [0, 0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])


def test_a_part_of_it_has_the_shares_of_the_whole() -> None:
    fades = Fades(0.3, 0.7)
    whole = fades.shares(0, 50, 50, 24.0)
    parts = [fades.shares(first, 10, 50, 24.0) for first in range(0, 50, 10)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_what_is_too_short_for_both_has_the_lesser() -> None:
    assert np.allclose(Fades(4.0, 4.0).shares(0, 5, 5, 1.0), [0, 0.25, 0.5, 0.25, 0])
    assert Fades(0.0, 0.0).shares(3, 4, 9, 24.0).tolist() == [1, 1, 1, 1]
    assert Fades(0.01, 0.01).shares(0, 3, 3, 24.0).tolist() == [1, 1, 1]


def test_a_dimmed_picture_has_a_share_of_its_light() -> None:
    picture = np.array([[[0, 100, 255]]], np.uint8)
    assert dimmed(picture, 1.0) is picture
    assert dimmed(picture, 0.5).tolist() == [[[0, 50, 128]]]
    assert dimmed(picture, 0.0).max() == 0
