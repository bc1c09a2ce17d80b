"""A whole sound heard by an imported sound encoder, ten seconds at a time."""

import torch
from torch import Tensor

from soundedit.engine.hearing import AnySound, mono_blocks
from soundedit.errors import SoundeditError
from soundedit.nets.sound_encoder import SAMPLE_RATE, WINDOW, SoundEncoder
from soundedit.progress import CancelToken

_SILENCE = 1e-6
"""What a window without any sound counts beside others: it has no loudest point to be seen by."""


def encoded(
    encoder: SoundEncoder,
    sound: AnySound,
    device: torch.device,
    *,
    cancel: CancelToken | None = None,
) -> Tensor:
    """Unit embedding [E], the encoder's own: the mean over windows of ten seconds, by their length.

    Streamed; windows are those that the encoder was trained on. SoundeditError for no samples.
    """
    total = torch.zeros(encoder.embed_dim, device=device)
    seconds = WINDOW / SAMPLE_RATE
    for block in mono_blocks(sound, SAMPLE_RATE, cancel=cancel, seconds=seconds):
        samples = torch.as_tensor(block, dtype=torch.float32, device=device)
        if len(samples):
            share = len(samples) * (1.0 if block.any() else _SILENCE)
            total += share * encoder.heard(samples[None])[0]
    if not total.any():
        raise SoundeditError("The sound is too short to be heard; use 0.2 s or more.")
    return total / total.norm()
