import pytest

from soundedit.nets.bands import BANDS, band_slices


def test_bands_sit_at_the_same_resolutions() -> None:
    assert band_slices(16) == {"coarse": slice(0, 3), "mid": slice(3, 6), "fine": slice(6, 16)}
    assert band_slices(7)["fine"] == slice(6, 7)


@pytest.mark.parametrize("num_ws", [7, 10, 12, 14, 18])
def test_bands_cover_every_layer_once(num_ws: int) -> None:
    slices = band_slices(num_ws)
    assert tuple(slices) == BANDS
    layers = [i for part in slices.values() for i in range(num_ws)[part]]
    assert layers == list(range(num_ws))


def test_too_few_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 7 style layers, not 6"):
        band_slices(6)
