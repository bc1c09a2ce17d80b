"""Another maker's sound encoder for a pack whose words it was trained with.

Labels, pictures and walks stay with the pack's own audio tower; what a sound says in an edit comes
from the encoder, which knows more of them than the pack has classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from soundedit.engine.encoding import encoded
from soundedit.engine.engine import Engine
from soundedit.errors import PackError
from soundedit.media.sound import Sound
from soundedit.nets.sound_encoder import EMBED_DIM, SoundEncoder
from soundedit.packs.manifest import Manifest
from soundedit.packs.pack import Pack
from soundedit.progress import CancelToken, Progress


@dataclass(frozen=True)
class Listening:
    """A sound encoder fitted to a pack, and how well that works.

    figures: `sounds_told`, the share of the sounds tried that are nearest to the words of their
    own class; `sounds_told_before`, the same by the pack's own hearing.
    """

    encoder: SoundEncoder
    figures: dict[str, float]


def check_words(manifest: Manifest) -> None:
    """PackError for a pack whose words were not imported, or not from such towers as OpenAI's
    ViT-B/32. Whose weights they are cannot be seen.
    """
    towers = manifest.components["clip"].config
    alike = towers.get("quick_gelu") and towers.get("vision_cfg", {}).get("patch_size") == 32
    if "adapter" not in manifest.components or manifest.embed_dim != EMBED_DIM or not alike:
        raise PackError(
            f"The encoder hears sounds among the words of OpenAI's CLIP ViT-B/32, which the pack "
            f"{manifest.name} does not have: import that into it first, and name the new pack."
        )


def fit_encoder(
    pack: Pack,
    tensors: dict[str, Tensor],
    sounds: Sequence[tuple[Sound, str]],
    device: torch.device,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Listening:
    """Fit an encoder's `tensors` to the words of a pack by sounds of known classes.

    PackError as `check_words`.
    """
    check_words(pack.manifest)
    encoder = SoundEncoder()
    engine = Engine(pack, device)
    encoder.load_state_dict({**encoder.state_dict(), **tensors})
    encoder.eval().requires_grad_(False).to(device)
    kinds = [kind for _, kind in sounds]
    heard, before = [], []
    with torch.inference_mode():
        for i, (sound, _) in enumerate(sounds):
            if progress is not None:
                progress(i / len(sounds), "Hearing sounds")
            heard.append(encoded(encoder, sound, device, cancel=cancel).cpu())
            before.append(engine.said_of(engine.hear(sound, cancel=cancel)))
        whole = torch.stack(heard)
        means = [whole[[k == kind for k in kinds]].mean(0) for kind in sorted(set(kinds))]
        neutral = torch.stack(means).mean(0)
        words = torch.from_numpy(engine.class_embeddings())
        said_neutral = engine.direction_map.neutral_text.cpu()
        apart = (torch.stack(means) - neutral).norm(dim=1).mean()
        encoder.neutral.copy_(neutral)
        encoder.said_neutral.copy_(said_neutral)
        encoder.gain.copy_((words - said_neutral).norm(dim=1).mean() / apart.clamp_min(1e-6))
        said = encoder.cpu().said(whole).numpy()
    rivals = {"sounds_told": said, "sounds_told_before": np.stack(before)}
    return Listening(encoder, {name: _told(engine, x, kinds) for name, x in rivals.items()})


def _told(engine: Engine, said: NDArray[np.float32], kinds: list[str]) -> float:
    """Share of embeddings [n, E] that are nearest to the words of their own class of those tried,
    each beyond its neutral; "other" and what the pack has no class for are left out.
    """
    classes = engine.manifest.classes
    tried = sorted({kind for kind in kinds if kind in classes} - {"other"})
    neutral = engine.direction_map.neutral_text.cpu()
    words = torch.from_numpy(engine.class_embeddings())[[classes.index(kind) for kind in tried]]
    alike = F.normalize(torch.from_numpy(said) - neutral) @ F.normalize(words - neutral).T
    right = [
        tried[int(row.argmax())] == kind
        for row, kind in zip(alike, kinds, strict=True)
        if kind in tried
    ]
    return float(np.mean(right)) if right else 0.0
