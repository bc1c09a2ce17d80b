"""The networks of a pack, built from its manifest and weights."""

from dataclasses import dataclass

import torch

from soundedit.errors import PackError
from soundedit.nets.adapter import SoundAdapter
from soundedit.nets.audio_tower import AudioTower
from soundedit.nets.bridge import LatentBridge
from soundedit.nets.directions import DirectionMap
from soundedit.nets.frames import FrameGenerator
from soundedit.nets.generators import Generator, build_generator
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.sound_encoder import SoundEncoder
from soundedit.nets.vocabulary import Vocabulary
from soundedit.packs.manifest import Manifest
from soundedit.packs.pack import Pack


@dataclass(frozen=True)
class Networks:
    """What a pack holds but for its `Towers`; parts that it may lack are None."""

    generator: Generator
    audio: AudioTower
    inversion: SoundInversion
    frames: FrameGenerator
    directions: DirectionMap | None
    encoder: PictureEncoder | None
    bridge: LatentBridge | None
    adapter: SoundAdapter | None
    sound_encoder: SoundEncoder | None
    vocabulary: Vocabulary | None


def load_networks(pack: Pack, device: torch.device) -> Networks:
    """Build an opened pack's networks on a device, frozen; PackError if one does not fit."""
    part = {name: dict(c.config) for name, c in pack.manifest.components.items()}
    try:
        generator = build_generator(part["generator"])
        audio = AudioTower(**part["audio"])
        networks = Networks(
            generator=generator,
            audio=audio,
            inversion=SoundInversion(audio.pyramid_channels, **part["inversion"]),
            frames=FrameGenerator(**part["frames"]),
            directions=DirectionMap(**part["directions"]) if "directions" in part else None,
            encoder=PictureEncoder(**part["encoder"]) if "encoder" in part else None,
            bridge=LatentBridge(**part["bridge"]) if "bridge" in part else None,
            adapter=SoundAdapter(**part["adapter"]) if "adapter" in part else None,
            sound_encoder=(
                SoundEncoder(**part["sound_encoder"]) if "sound_encoder" in part else None
            ),
            vocabulary=Vocabulary(**part["vocabulary"]) if "vocabulary" in part else None,
        )
        _check_fit(pack.manifest, networks)
        for name, network in vars(networks).items():
            if network is not None:
                network.load_state_dict(pack.tensors(name, torch.float32))
                network.eval().requires_grad_(False).to(device)
        networks.audio.fold_norms()
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise unfit(pack.manifest, str(error)) from error
    return networks


def unfit(manifest: Manifest, reason: str) -> PackError:
    """The sentence for a pack whose networks cannot be built."""
    detail = reason.splitlines()[0]
    return PackError(f"The pack {manifest.name} does not fit this version ({detail}); update it.")


def _check_fit(manifest: Manifest, networks: Networks) -> None:
    """Raise ValueError where the manifest says other than its components."""
    generator, tower = networks.generator, networks.audio
    facts: dict[str, tuple[object, object]] = {
        "resolution": (manifest.resolution, generator.resolution),
        "z_dim": (manifest.z_dim, generator.z_dim),
        "w_dim": (manifest.w_dim, generator.w_dim),
        "num_ws": (manifest.num_ws, generator.num_ws),
        "n_mels": (manifest.mel.n_mels, tower.n_mels),
        "columns a second": (manifest.mel.sample_rate, 100 * manifest.mel.hop_length),
    }
    said = tower.embed_dim
    if networks.adapter is not None:
        heard, said = networks.adapter.shape
        facts["embed_dim of the audio tower"] = (heard, tower.embed_dim)
    facts["embed_dim"] = (manifest.embed_dim, said)
    if networks.sound_encoder is not None:
        encoded = networks.sound_encoder.embed_dim
        facts["embed_dim of the sound encoder"] = (manifest.embed_dim, encoded)
    if networks.directions is not None:
        embed_dim, num_ws, w_dim = networks.directions.shape
        facts["embed_dim of directions"] = (manifest.embed_dim, embed_dim)
        facts["num_ws of directions"] = (manifest.num_ws, num_ws)
        facts["w_dim of directions"] = (manifest.w_dim, w_dim)
    shape = walk_shape = (manifest.num_ws, manifest.w_dim)
    if networks.bridge is not None:
        facts["latents of the bridge"] = (shape, networks.bridge.shape)
        walk_shape = networks.bridge.walk_shape
    if networks.encoder is not None:
        encoder = networks.encoder
        facts["latents of the encoder"] = (walk_shape, (encoder.num_ws, encoder.w_dim))
    for name, (told, found) in facts.items():
        if told != found:
            raise ValueError(f"{name} is {told}, not {found}")
