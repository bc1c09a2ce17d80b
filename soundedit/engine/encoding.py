"""A whole sound heard by an imported sound encoder, ten seconds at a time."""

import torch
from torch import Tensor

from soundedit.engine.hearing import AnySound, mono_blocks
from soundedit.errors import SoundeditError
from soundedit.nets.sound_encoder import SAMPLE_RATE, WINDOW, SoundEncoder
from soundedit.progress import CancelToken

_SILENCE = 1e-9
"""What a second counts in which nothing is heard, where others have their level."""


def encoded(
    encoder: SoundEncoder,
    sound: AnySound,
    device: torch.device,
    *,
    cancel: CancelToken | None = None,
) -> Tensor:
    """Unit embedding [E], the encoder's own: the mean over windows of ten seconds by their length
    and level, since each is seen below its own loudest point.

    Streamed. SoundeditError for no samples.
    """
    total = torch.zeros(encoder.embed_dim, device=device)
    seconds = WINDOW / SAMPLE_RATE
    for block in mono_blocks(sound, SAMPLE_RATE, cancel=cancel, seconds=seconds):
        samples = torch.as_tensor(block, dtype=torch.float32, device=device).nan_to_num()
        if len(samples):
            level = samples.square().mean().sqrt()
            total += len(samples) * (level + _SILENCE) * encoder.heard(samples[None])[0]
    if not total.any():
        raise SoundeditError("The sound is too short to be heard; use 0.2 s or more.")
    return total / total.norm()
