from itertools import pairwise

import pytest

from soundedit.app.heardlane import strongest
from soundedit.app.heardpanel import shares
from soundedit.app.labelcolours import label_colours

from .standin import Heard

HEARD = [
    Heard(1.0, 3.0, "rain", 0.6),
    Heard(1.0, 3.0, "wind", 0.4),
    Heard(0.0, 1.0, "wind", 0.9),
    Heard(0.0, 1.0, "rain", 0.1),
]


def test_strongest_label_of_each_span_in_order() -> None:
    assert [(item.start, item.label) for item in strongest(HEARD)] == [(0.0, "wind"), (1.0, "rain")]


def test_shares_are_weighted_by_length() -> None:
    assert shares(HEARD) == [
        ("wind", pytest.approx((0.9 + 2 * 0.4) / 3)),
        ("rain", pytest.approx((0.1 + 2 * 0.6) / 3)),
    ]
    assert shares([]) == []


def test_colours_of_many_labels_differ() -> None:
    colours = label_colours(f"label {number}" for number in range(13))
    hues = sorted(colour.hue() for colour in colours.values())
    assert min(b - a for a, b in pairwise(hues)) > 10
