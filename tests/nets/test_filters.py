"""Filters and resampling of the alias-free generator against their definitions."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.nets.filters import (
    downsample,
    kaiser_window,
    lowpass_filter,
    radial_lowpass_filter,
    upsample,
)


def response(kernel: Tensor, frequency: float, rate: float) -> float:
    at = (torch.arange(len(kernel), dtype=torch.float64) - (len(kernel) - 1) / 2) / rate
    return float((kernel.double() * torch.cos(2 * math.pi * frequency * at)).sum())


def test_lowpass_passes_below_and_stops_above() -> None:
    kernel = lowpass_filter(48, cutoff=8.0, width=8.0, rate=64.0)
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(kernel, kernel.flip(0))
    assert response(kernel, 3.0, 64.0) == pytest.approx(1, abs=0.01)
    assert response(kernel, 8.0, 64.0) == pytest.approx(0.5, abs=0.02)
    assert abs(response(kernel, 14.0, 64.0)) < 0.01


def test_radial_filter_is_symmetric_and_lowpass() -> None:
    kernel = radial_lowpass_filter(24, cutoff=8.0, width=8.0, rate=64.0)
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(kernel, kernel.t())
    torch.testing.assert_close(kernel, kernel.flip(0))
    along = kernel.sum(0)
    assert response(along, 2.0, 64.0) == pytest.approx(1, abs=0.03)
    assert abs(response(along, 16.0, 64.0)) < 0.03


def test_a_wider_transition_band_needs_less_tapering() -> None:
    """Beyond 50 dB Kaiser's beta is 0.1102 (A - 8.7), below 21 dB the window is flat."""
    attenuation = 2.285 * 23 * math.pi * 0.4 + 7.95
    np.testing.assert_allclose(
        kaiser_window(24, 0.4), np.kaiser(24, 0.1102 * (attenuation - 8.7)), rtol=1e-12
    )
    np.testing.assert_allclose(kaiser_window(6, 0.1), np.ones(6))


@pytest.mark.parametrize(("cutoff", "taps"), [(0.0, 12), (32.0, 12), (40.0, 12)])
def test_cutoffs_out_of_range(cutoff: float, taps: int) -> None:
    with pytest.raises(ValueError, match="between 0 and half the rate 64"):
        lowpass_filter(taps, cutoff, 4.0, 64.0)


def test_radial_filters_are_even() -> None:
    with pytest.raises(ValueError, match="even number of taps, not 11"):
        radial_lowpass_filter(11, 8.0, 4.0, 64.0)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("pads", [(7, 5), (5, 7), (-3, 4), (30, 28), (9, 9)])
def test_upsampling_is_zeros_padding_and_convolution(factor: int, pads: tuple[int, int]) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 9, 10, dtype=torch.float64)
    taps = torch.randn(12, dtype=torch.float64)
    found = upsample(x, taps, factor, pads).numpy()
    low, high = pads
    for b in range(2):
        for c in range(3):
            raised = np.zeros((9 * factor, 10 * factor))
            raised[::factor, ::factor] = x[b, c]
            raised = np.pad(raised, (max(low, 0), max(high, 0)))
            cut = max(-low, 0)
            raised = raised[cut:, cut:]
            for axis in (0, 1):
                raised = np.apply_along_axis(
                    lambda line: np.convolve(line, taps.numpy() * factor, "valid"), axis, raised
                )
            np.testing.assert_allclose(found[b, c], raised, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("radial", [False, True])
def test_downsampling_is_convolution_and_decimation(radial: bool) -> None:
    torch.manual_seed(2)
    x = torch.randn(1, 2, 16, 18, dtype=torch.float64)
    taps = torch.randn(4, 4, dtype=torch.float64) if radial else torch.randn(4).double()
    kernel = taps if radial else torch.outer(taps, taps)
    found = downsample(x, taps, 2)
    assert found.shape == (1, 2, 7, 8)
    for i, j in ((0, 0), (3, 5), (6, 7)):
        window = x[0, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
        wanted = (window * kernel.flip(0, 1)).sum((1, 2))
        torch.testing.assert_close(found[0, :, i, j], wanted)


@pytest.mark.parametrize("radial", [False, True])
def test_a_constant_stays_a_constant(radial: bool) -> None:
    up = lowpass_filter(24, 6.0, 6.0, 64.0)
    down = radial_lowpass_filter if radial else lowpass_filter
    taps = down(24, 6.0, 6.0, 64.0)
    x = torch.full((1, 1, 40, 40), 3.0)
    y = downsample(upsample(x, up, 4, (0, 0)), taps, 4)
    # The phases of a windowed sinc differ a little in their sums.
    torch.testing.assert_close(y, torch.full_like(y, 3.0), rtol=0.01, atol=0)
