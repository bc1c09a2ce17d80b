"""The audio encoder of the paper's authors: ten seconds of sound -> the words of CLIP ViT-B/32.

Lee et al., "Sound-Guided Semantic Image Manipulation" (CVPR 2022), as its code prepares a sound: a
mel spectrogram in decibels below its loudest point is stretched to 512 x 128, read as if it were
128 x 512, and goes through a ResNet-18.
"""

import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor, nn

from soundedit.nets.residual import Residual

SAMPLE_RATE = 44_100
EMBED_DIM = 512
_N_FFT, _HOP, _N_MELS = 2048, 512, 128
_COLUMNS, _WIDTH = 864, 512
WINDOW = _COLUMNS * _HOP
"""Samples that are heard at once."""
_RANGE = 80.0
"""Decibels below the loudest point that are silence."""
_AMIN = 1e-10


class SoundEncoder(nn.Module):
    """Samples of a sound -> unit embedding of its own (`heard`) -> among words (`said`)."""

    window: Tensor
    bank: Tensor
    neutral: Tensor
    said_neutral: Tensor
    gain: Tensor

    def __init__(self, embed_dim: int = EMBED_DIM) -> None:
        super().__init__()
        self.embed_dim = embed_dim
        self.conv = nn.Conv2d(1, 3, 3)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        stages: list[nn.Module] = []
        inputs = 64
        for i in range(4):
            outputs = 64 << i
            blocks = (Residual(inputs, outputs, 1 + (i > 0)), Residual(outputs, outputs, 1))
            stages.append(nn.Sequential(*blocks))
            inputs = outputs
        self.stages = nn.ModuleList(stages)
        self.head = nn.Linear(inputs, embed_dim)
        bank = torchaudio.functional.melscale_fbanks(
            _N_FFT // 2 + 1, 0, SAMPLE_RATE / 2, _N_MELS, SAMPLE_RATE, "slaney", "slaney"
        )
        self.register_buffer("window", torch.hann_window(_N_FFT), persistent=False)
        self.register_buffer("bank", bank.T.contiguous(), persistent=False)
        self.register_buffer("neutral", torch.zeros(embed_dim))
        self.register_buffer("said_neutral", torch.zeros(embed_dim))
        self.register_buffer("gain", torch.ones([]))

    def picture(self, samples: Tensor) -> Tensor:
        """Samples [B, N] -> mel spectrogram [B, 128, 864] from 0 (80 dB below the loudest point, or
        after the end) to 1; no more than `WINDOW` samples are seen.
        """
        samples = F.pad(samples, (0, max(_N_FFT - samples.shape[1], 0)))
        spectrum = torch.stft(
            samples, _N_FFT, _HOP, window=self.window, pad_mode="reflect", return_complex=True
        )
        power = (self.bank @ spectrum.abs().square()).clamp_min(_AMIN)
        decibels = 10 * (power / power.amax((1, 2), keepdim=True)).log10()
        seen = (decibels / _RANGE + 1).clamp_min(0)[:, :, :_COLUMNS]
        return F.pad(seen, (0, _COLUMNS - seen.shape[2]))

    def heard(self, samples: Tensor) -> Tensor:
        """Samples [B, N] at 44.1 kHz -> unit embeddings [B, E] of the encoder's own."""
        shape = (_WIDTH, _N_MELS)
        tall = F.interpolate(self.picture(samples)[:, None], shape, mode="bilinear")
        # Its rows are not turned into columns: the authors' weights were trained on it so.
        x = self.stem(self.conv(tall.reshape(-1, 1, _N_MELS, _WIDTH)))
        for stage in self.stages:
            x = stage(x)
        return F.normalize(self.head(x.mean((2, 3))), dim=1)

    def said(self, heard: Tensor) -> Tensor:
        """Embeddings [B, E] of sounds -> unit embeddings [B, E] where words lie.

        Sounds have another mean than words even in a space that was learned for both (Liang et al.
        2022, "Mind the gap"): what is heard beyond `neutral` is said beyond that of words.
        """
        return F.normalize(self.said_neutral + self.gain * (heard - self.neutral), dim=1)
