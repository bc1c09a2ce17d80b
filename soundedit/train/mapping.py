"""Fitting of the mapping network to the codes of real photos, so that a seed is a scene."""

import logging
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import MappingNetwork
from soundedit.train.latents import energy_distance
from soundedit.train.lite0 import load_lite0
from soundedit.train.photos import PhotoSet

log = logging.getLogger(__name__)


@torch.inference_mode()
def photo_codes(encoder: PhotoEncoder, photos: PhotoSet) -> Tensor:
    """Global latents [N, D] of every photo of a set."""
    features, rows = load_lite0(), []
    for i in range(0, len(photos), 64):
        x = torch.from_numpy(photos.squares[i : i + 64].copy()).permute(0, 3, 1, 2).float()
        x = (x / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            taps = features(x)
        rows.append(encoder([t.float() for t in taps])[0])
    return torch.cat(rows).clone()


def fit_mapping(
    mapping: MappingNetwork,
    codes: Tensor,
    *,
    gaussian_steps: int = 1200,
    energy_steps: int = 400,
    components: int = 64,
    lr: float = 4e-2,
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
    optimiser = torch.optim.Adam(mapping.parameters(), lr=lr, betas=(0.9, 0.99))
    steps = gaussian_steps + energy_steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, steps, pct_start=0.1)
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


def finish_generator(checkpoint: Path, photos: Path, cache: Path) -> Path:
    """Refit the averaged mapping of a `train generator` checkpoint to its photos' codes."""
    from soundedit.train.motion import load_autoencoder

    generator, encoder, settings = load_autoencoder(checkpoint)
    codes = photo_codes(encoder, PhotoSet(photos, settings["resolution"], cache))
    generator.mapping.requires_grad_(True)
    distance = fit_mapping(generator.mapping, codes)
    log.info("mapping fitted: energy distance %.4f", distance)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    for key, value in generator.mapping.state_dict().items():
        state["averages"][f"0.mapping.{key}"] = value.detach().clone()
    out = checkpoint.with_name("generator-final.pt")
    torch.save(state, out)
    return out
