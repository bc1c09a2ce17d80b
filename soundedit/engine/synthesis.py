"""From latents to frames, in batches, as fast as the device allows."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from soundedit.engine.aliasfree import PreparedAliasFree
from soundedit.engine.prepared import PreparedSynthesis
from soundedit.errors import SoundeditError
from soundedit.nets import stylegan2
from soundedit.nets.generators import SynthesisNetwork
from soundedit.nets.stylegan2 import NoiseMode
from soundedit.progress import CancelToken, Progress

SMALLEST, LARGEST = 16, 4096


class Synthesiser:
    """Runs a synthesis network: on a CPU folded, on a GPU as a captured CUDA graph.

    The network is taken as it is when the synthesiser is made.
    """

    def __init__(
        self, network: SynthesisNetwork, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        self._prepared = _prepared(network, dtype) if device.type == "cpu" else None
        # On a CPU alias-free layers are always float32.
        exact = isinstance(self._prepared, PreparedAliasFree)
        self.network, self.device, self.dtype = network, device, torch.float32 if exact else dtype
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    @torch.inference_mode()
    def pictures(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        size: int | None = None,
        cancel: CancelToken | None = None,
    ) -> Tensor:
        """ws [B, L, D] -> pictures [B, 3, size, size], float32, nominally in [-1, 1].

        A smaller power of two is taken from the skip connection (a fraction of the work) where
        that shows previews; other sizes are resampled with an anti-aliased bicubic filter.
        SoundeditError if out of range. On a CPU `cancel` stops it half-way.
        """
        full = self.network.resolution
        size = full if size is None else size
        if not SMALLEST <= size <= LARGEST:
            raise SoundeditError(
                f"The size {size} is out of range; choose {SMALLEST} to {LARGEST} pixels."
            )
        ws = ws.to(self.device)
        until = size if size < full and size in self.network.preview_sizes else None
        if noise_mode != "const":
            pictures = self.network(ws, noise_mode=noise_mode, dtype=self.dtype, until=until)
        elif self._prepared is not None:
            pictures = self._prepared(ws, until, cancel)
        elif until is None:
            pictures = self._graphed(ws)
        else:
            pictures = self.network(ws, dtype=self.dtype, until=until)
        if until is not None:
            return pictures
        if size != full:
            pictures = F.interpolate(
                pictures, size=(size, size), mode="bicubic", antialias=True, align_corners=False
            )
        return pictures

    def _graphed(self, ws: Tensor) -> Tensor:
        """Replay the network as one CUDA graph for each batch size."""
        count = ws.shape[0]
        if count not in self._graphs:
            held = ws.clone()
            stream = torch.cuda.Stream(self.device)
            stream.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(stream):
                for _ in range(2):
                    self.network(held, dtype=self.dtype)
            torch.cuda.current_stream(self.device).wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                result = self.network(held, dtype=self.dtype)
            self._graphs[count] = (graph, held, result)
        graph, held, result = self._graphs[count]
        held.copy_(ws)
        graph.replay()
        return result.clone()

    def frames(
        self,
        blocks: Iterable[NDArray[np.float32]],
        *,
        total: int | None = None,
        batch: int = 8,
        size: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[NDArray[np.uint8]]:
        """Blocks of latents [n, L, D] -> one uint8 frame [H, W, 3] after another.

        ValueError for a batch below 1 or latents of another shape.
        """
        if batch < 1:
            raise ValueError(f"a batch holds at least one frame, not {batch}")
        shape = (self.network.num_ws, self.network.w_dim)
        done = 0
        for block in blocks:
            if block.ndim != 3 or block.shape[1:] != shape:
                raise ValueError(f"latents must be [n, {shape[0]}, {shape[1]}], not {block.shape}")
            for i in range(0, len(block), batch):
                if cancel is not None:
                    cancel.check()
                # A copy, since torch takes no read-only arrays.
                part = torch.from_numpy(np.array(block[i : i + batch], np.float32))
                for frame in to_frames(self.pictures(part, size=size, cancel=cancel)):
                    done += 1
                    yield frame
                if progress is not None:
                    progress(done / total if total else -1.0, f"{done} frames made")


def _prepared(
    network: SynthesisNetwork, dtype: torch.dtype
) -> PreparedSynthesis | PreparedAliasFree:
    if isinstance(network, stylegan2.SynthesisNetwork):
        return PreparedSynthesis(network, dtype)
    return PreparedAliasFree(network)


def to_frames(pictures: Tensor) -> NDArray[np.uint8]:
    """Pictures [B, 3, H, W] in [-1, 1] -> uint8 [B, H, W, 3], contiguous."""
    levels = pictures.mul(127.5).add(128).clamp(0, 255).to(torch.uint8)
    frames: NDArray[np.uint8] = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return frames
