"""Causal log-mel spectrogram: the ear of every sound network."""

import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor, nn


class LogMel(nn.Module):
    """Samples [B, N] in [-1, 1] at `sample_rate` -> log-mel [B, n_mels, N // hop_length].

    Column j hears samples up to (j + 1) * hop_length and none later: the window is padded on the
    left only. Power over the window's is mapped in decibels, so that -100 dB (the floor) is -1 and
    0 dB is 1; a full-scale sine has about 23 dB in its band.
    """

    def __init__(
        self,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        n_mels: int,
        f_min: float,
        f_max: float,
    ) -> None:
        super().__init__()
        self.sample_rate, self.n_fft, self.hop_length = sample_rate, n_fft, hop_length
        self.n_mels = n_mels
        self.mel = torchaudio.transforms.MelSpectrogram(
            sample_rate=sample_rate,
            n_fft=n_fft,
            hop_length=hop_length,
            n_mels=n_mels,
            f_min=f_min,
            f_max=f_max,
            center=False,
            power=2.0,
        )
        self._energy = float(self.mel.spectrogram.window.double().square().sum())

    @property
    def context(self) -> int:
        """Samples before a column's own hop that it also hears."""
        return self.n_fft - self.hop_length

    def forward(self, samples: Tensor, before: Tensor | None = None) -> Tensor:
        """Spectrogram of `samples`; `before` [B, context] is the sound just before (zeros if None).

        Feeding a long sound block by block with `before` gives the same columns as feeding it
        whole.
        """
        if before is None:
            samples = F.pad(samples, (self.context, 0))
        else:
            samples = torch.cat([before, samples], dim=1)
        if samples.shape[1] < self.n_fft:
            return samples.new_zeros(samples.shape[0], self.n_mels, 0)
        # Over the window's power here, where there are fewer numbers than in the spectrum.
        power = self.mel(samples) / self._energy
        decibels = 10 * torch.log10(power.clamp_min(1e-10))
        out: Tensor = decibels / 50 + 1
        return out
