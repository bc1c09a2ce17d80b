"""The image and text towers of a pack, built when first asked for.

open_clip, which builds them, takes seconds to import; hearing and drawing need none of it.
"""

import threading
from typing import Any

import torch
from torch import nn

from soundedit.engine.networks import unfit
from soundedit.nets.clip import build_clip
from soundedit.packs.pack import Pack


class Towers:
    """One pack's towers on one device; may be asked from several threads."""

    def __init__(self, pack: Pack, device: torch.device) -> None:
        """PackError for a config that is not of towers, or not of this pack's."""
        self._pack, self._device = pack, device
        self._lock = threading.Lock()
        self._model: nn.Module | None = None
        self.config: dict[str, Any] = dict(pack.manifest.components["clip"].config)
        lacking = [key for key in ("embed_dim", "vision_cfg", "text_cfg") if key not in self.config]
        if lacking:
            raise unfit(pack.manifest, f"the towers lack {lacking[0]}")
        if self.config["embed_dim"] != pack.manifest.embed_dim:
            raise unfit(pack.manifest, "embed_dim of the towers is another")

    @property
    def model(self) -> nn.Module:
        """The open_clip model, frozen; PackError if the weights do not fit."""
        with self._lock:
            if self._model is None:
                self._model = self._build()
            return self._model

    def _build(self) -> nn.Module:
        # Whoever asks first may be in inference mode, whose tensors gradients cannot pass.
        with torch.inference_mode(False):
            try:
                model = build_clip(self.config)
                model.load_state_dict(self._pack.tensors("clip", torch.float32))
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise unfit(self._pack.manifest, str(error)) from error
            return model.eval().requires_grad_(False).to(self._device)
