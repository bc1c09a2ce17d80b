"""The generator and photo encoder of a training checkpoint."""

from pathlib import Path
from typing import Any

from torch import nn

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.checkpoint import read_checkpoint
from soundedit.train.lite0 import TAP_CHANNELS


def load_autoencoder(file: Path) -> tuple[Generator, PhotoEncoder, dict[str, Any]]:
    """The averaged generator and photo encoder of a checkpoint, and its settings.

    `file`: of `train generator`, `mapping` or `polish`. TrainingError if it is missing or damaged.
    """
    if not file.exists():
        stage = "mapping" if file.name == "generator-final.pt" else "generator"
        raise TrainingError(f"The checkpoint {file} is missing; run: soundedit train {stage}.")
    state = read_checkpoint(file, file)
    s = state["settings"]
    generator = Generator(
        s["z_dim"], s["w_dim"], s["resolution"], s["channels"], mapping_layers=s["mapping_layers"]
    )
    encoder = PhotoEncoder(TAP_CHANNELS, s["w_dim"], generator.num_ws)
    both = nn.ModuleList([generator, encoder])
    both.load_state_dict(state["averages"])
    both.eval().requires_grad_(False)
    return generator, encoder, s
