"""The authors' audio encoder against its definition: librosa's spectrogram, OpenCV's stretching."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from soundedit.nets.sound_encoder import SAMPLE_RATE, WINDOW, SoundEncoder

N_FFT, HOP = 2048, 512


def slaney_bank() -> NDArray[np.float64]:
    """Mel filters [128, 1025] of Slaney's Auditory Toolbox, each of area one."""
    step, knee = 200 / 3, 1000.0
    top = knee / step + np.log(SAMPLE_RATE / 2 / knee) / (np.log(6.4) / 27)
    mel = np.linspace(0, top, 130)
    high = knee * np.exp((mel - knee / step) * np.log(6.4) / 27)
    edges = np.where(mel < knee / step, mel * step, high)
    at = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    rows = []
    for low, mid, high_edge in zip(edges, edges[1:], edges[2:], strict=False):
        rising, falling = (at - low) / (mid - low), (high_edge - at) / (high_edge - mid)
        rows.append(np.minimum(rising, falling).clip(0) * 2 / (high_edge - low))
    return np.stack(rows)


def seen(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The picture [128, 864] of samples [N], by the definitions."""
    whole = np.pad(samples.astype(np.float64), N_FFT // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    starts = range(0, len(whole) - N_FFT + 1, HOP)
    spectra = np.stack([np.fft.rfft(whole[s : s + N_FFT] * window) for s in starts], axis=1)
    power = np.maximum(slaney_bank() @ np.abs(spectra) ** 2, 1e-10)
    shown = np.maximum(10 * np.log10(power / power.max()) / 80 + 1, 0)[:, :864]
    return np.pad(shown, ((0, 0), (0, 864 - shown.shape[1])))


def stretched(line: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Along the first axis, linear between the middles of what was there."""
    at = ((np.arange(length) + 0.5) * len(line) / length - 0.5).clip(0, len(line) - 1)
    low = np.floor(at).astype(int)
    high, share = np.minimum(low + 1, len(line) - 1), (at - low)[:, None]
    result: NDArray[np.float64] = line[low] * (1 - share) + line[high] * share
    return result


def noise(length: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    swell = np.linspace(1e-4, 0.5, length)
    return (rng.standard_normal(length) * swell).astype(np.float32)


@pytest.mark.parametrize("length", [1500, 60_000, WINDOW + 30_000])
def test_its_picture_is_the_spectrogram_below_its_loudest_point(length: int) -> None:
    samples = noise(length)
    found = SoundEncoder().picture(torch.from_numpy(samples)[None])
    assert found.shape == (1, 128, 864)
    wanted = seen(np.pad(samples, (0, max(N_FFT - length, 0))))
    np.testing.assert_allclose(found[0].numpy(), wanted, atol=1e-5)


def test_rows_of_the_stretched_picture_are_read_on_as_they_lie() -> None:
    """What reaches the first convolution, which is made to hand on the middle of what it sees."""
    encoder = SoundEncoder().eval()
    encoder.conv.weight.data.zero_()
    encoder.conv.weight.data[0, 0, 1, 1] = 1
    encoder.conv.bias.data.zero_()  # type: ignore[union-attr]
    given: list[torch.Tensor] = []
    encoder.stem.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    samples = noise(200_000)
    with torch.inference_mode():
        encoder.heard(torch.from_numpy(samples)[None])
    tall = stretched(stretched(seen(samples), 512).T, 128).T
    assert tall.shape == (512, 128)
    np.testing.assert_allclose(
        given[0][0, 0].numpy(), tall.reshape(128, 512)[1:-1, 1:-1], atol=1e-5
    )


def test_what_is_beyond_the_mean_of_sounds_is_said_beyond_that_of_words() -> None:
    encoder = SoundEncoder(4)
    encoder.neutral.copy_(torch.tensor([0.5, 0, 0, 0]))
    encoder.said_neutral.copy_(torch.tensor([0, 0, 0, 0.5]))
    encoder.gain.fill_(2.0)
    said = encoder.said(torch.tensor([[0.5, 0.25, 0, 0], [0.5, 0, 0, 0]]))
    half = 0.5**0.5
    torch.testing.assert_close(said, torch.tensor([[0, half, 0, half], [0, 0, 0, 1.0]]))
