"""Training of sound inversion and the frame generator on rendered clips.

Every clip's photo and frames are encoded into W+ by the photo encoder that was trained with the
generator. The two networks then follow those codes from the sound alone: sound latents w_a move
the photo's code to the weathered one, and the recurrent bands follow it frame by frame, driven by
every segment. Sound inversion then also learns to show the class of the sound on scenes of its
own, since codes of different weather lie near each other. A latent regulariser keeps both near
codes of real pictures, and short clips of decoded frames are judged by an image and a video
discriminator (Lee et al. 2022, section 3.4).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from soundedit.errors import TrainingError
from soundedit.train.distributed import joined
from soundedit.train.inversion import InversionStages
from soundedit.train.motion_data import MotionSettings
from soundedit.train.motion_networks import MotionNetworks
from soundedit.train.run import Run
from soundedit.train.walks import WalkStage

__all__ = ["MotionSettings", "resumed", "train_frames", "train_inversion"]


@contextmanager
def resumed(settings: MotionSettings) -> Iterator[MotionNetworks]:
    """Everything at hand, as far as `out/motion.pt` is trained."""
    with joined(settings.device) as world:
        rng = np.random.default_rng(settings.seed)
        run = Run(Path(settings.out) / "motion.pt", settings, world, rng)
        nets = MotionNetworks(settings, run)
        run.resume(nets)
        yield nets


def train_inversion(settings: MotionSettings) -> Path:
    """Train sound inversion, resuming; returns the checkpoint. The frame generator must follow.

    What was shown by another generator, as before it was polished, is learned anew.
    """
    with resumed(settings) as nets:
        nets.show_by(Path(settings.generator))
        stages = InversionStages(nets)
        if stages.follow():
            stages.show()
        return nets.run.file


def train_frames(settings: MotionSettings) -> Path:
    """Train the frame generator on a trained inversion, resuming; returns the checkpoint.

    TrainingError if sound inversion is not trained yet.
    """
    with resumed(settings) as nets:
        if "showing" not in nets.run.done:
            raise TrainingError(
                "The frame generator needs sound inversion: soundedit train inversion."
            )
        WalkStage(nets).train()
        return nets.run.file
