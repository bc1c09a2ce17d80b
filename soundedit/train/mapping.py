"""Fitting of the mapping network to the codes of real photos, so that a seed is a scene."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import LRELU_GAIN, MappingNetwork
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.fold import Fold, regress_offsets
from soundedit.train.latents import energy_distance
from soundedit.train.lite0 import load_lite0
from soundedit.train.photos import PhotoSet

log = logging.getLogger(__name__)


@torch.inference_mode()
def picture_codes(encoder: PhotoEncoder, pictures: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Global latents [N, D] and layer offsets [N, L, D] of pictures uint8 [N, S, S, 3]."""
    features, rows, more = load_lite0(), list[Tensor](), list[Tensor]()
    for i in range(0, len(pictures), 64):
        x = torch.from_numpy(np.array(pictures[i : i + 64])).permute(0, 3, 1, 2).float()
        x = (x / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            taps = features(x)
        w, offsets = encoder([t.float() for t in taps])
        rows.append(w)
        more.append(offsets)
    return torch.cat(rows).clone(), torch.cat(more).clone()


def fit_mapping(
    mapping: MappingNetwork,
    codes: Tensor,
    *,
    gaussian_steps: int = 2000,
    energy_steps: int = 600,
    components: int = 64,
    lr: float = 2e-3,
) -> float:
    """Train `mapping` so that noise lands where codes [N, D] lie; returns the energy distance.

    First by regression to the Gaussian of the codes' principal components, which sets every
    direction's variance, then by energy distance in the whitened components, which bends it to
    the real distribution. The running mean becomes the mean code.
    """
    mean = codes.mean(0)
    _, spread, directions = torch.linalg.svd(codes - mean, full_matrices=False)
    components = min(components, len(spread))
    spread = spread[:components] / (len(codes) - 1) ** 0.5
    directions = directions[:components]
    to_white = directions.T / spread.clamp_min(1e-4) * (spread / spread[0]).sqrt()
    last = getattr(mapping, f"fc{mapping.num_layers - 1}")
    middle = mean / LRELU_GAIN
    last.bias.data.copy_(torch.where(middle < 0, middle / 0.2, middle) / last.bias_gain)
    # Run-time gains shrink every step of Adam, so rates are given for the effective weights.
    groups, rates = [], []
    for i in range(mapping.num_layers):
        layer = getattr(mapping, f"fc{i}")
        groups += [{"params": [layer.weight]}, {"params": [layer.bias]}]
        rates += [lr / layer.weight_gain, lr / layer.bias_gain]
    optimiser = torch.optim.Adam(groups, lr=lr, betas=(0.9, 0.99))
    steps = gaussian_steps + energy_steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, steps, pct_start=0.1)
    distance = 0.0
    for step in range(steps):
        z = torch.randn(256, mapping.z_dim)
        w = mapping(z)[:, 0]
        if step < gaussian_steps:
            unit = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
            target = mean + (unit[:, :components] * spread) @ directions
            loss = F.mse_loss(w, target) * 20
        else:
            some = codes[torch.randint(len(codes), (256,))]
            loss = energy_distance((w - mean) @ to_white, (some - mean) @ to_white)
            distance = float(loss.detach())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0:
            log.info("mapping %d: %.4f", step, float(loss.detach()))
    mapping.w_avg.copy_(mean)
    return distance


def finish_generator(
    checkpoint: Path, photos: Path, renders: Path | None, cache: Path, layers: int = 2
) -> Path:
    """Make a `train generator` checkpoint ready for a pack; writes `generator-final.pt` beside it.

    Folds the layer offsets into the generator (see `fold`) and fits a new mapping network to the
    photos' codes. Two layers, as in the automatic configuration of StyleGAN2-ADA, are enough for
    codes that an encoder has made nearly Gaussian. `renders`: .npy of weathered stills.
    """
    generator, encoder, settings = load_autoencoder(checkpoint)
    photo_set = PhotoSet(photos, settings["resolution"], cache)
    w, offsets = picture_codes(encoder, photo_set.squares)
    every = [(w, offsets)]
    if renders is not None:
        every.append(picture_codes(encoder, np.load(renders, mmap_mode="r")[::3]))
    fold = Fold(
        *regress_offsets(torch.cat([a for a, _ in every]), torch.cat([b for _, b in every]))
    )
    fold.apply_to_synthesis(generator.synthesis)
    fold.apply_to_encoder(encoder)
    mapping = MappingNetwork(
        settings["z_dim"], settings["w_dim"], generator.num_ws, num_layers=layers
    )
    distance = fit_mapping(mapping, w)
    log.info("mapping fitted: energy distance %.4f", distance)
    generator.mapping = mapping
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    both = nn.ModuleList([generator, encoder]).state_dict()
    state["averages"] = {k: v.detach().clone() for k, v in both.items()}
    state["settings"]["mapping_layers"] = layers
    out = checkpoint.with_name("generator-final.pt")
    save_checkpoint(out, state)
    return out


@dataclass(frozen=True)
class FinishSettings:
    """Settings of `train mapping`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator.pt"
    photos: str = ""
    renders: str = ""
    seed: int = 1


def train_mapping(settings: FinishSettings) -> Path:
    """Run `finish_generator`; returns the finished checkpoint. TrainingError without photos."""
    if not settings.photos:
        raise TrainingError("Say which photos the generator was trained on: --photos FOLDER.")
    torch.manual_seed(settings.seed)
    checkpoint = Path(settings.generator)
    renders = Path(settings.renders) if settings.renders else None
    cache = checkpoint.parent.parent / "cache"
    return finish_generator(checkpoint, Path(settings.photos), renders, cache)
