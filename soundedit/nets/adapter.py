"""What a sound says in one joint embedding, said in another one by the words that both know."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.directions import recalled


class SoundAdapter(nn.Module):
    """Embeddings of sounds [B, from_dim] of an audio tower -> among the words of other towers.

    Projection onto a support memory (Li et al. 2023, "DeCap"): what is heard beyond `neutral` is
    likened to the `keys` of words in the tower's own space, and said by the `meanings` of the same
    words in the other one, beside that space's own neutral.
    """

    neutral: Tensor
    keys: Tensor
    classes: Tensor
    said_neutral: Tensor
    meanings: Tensor

    def __init__(self, from_dim: int, to_dim: int, words: int, classes: int) -> None:
        """`words`: size of the memory; `classes` [C, from_dim] are kept to label sounds by."""
        super().__init__()
        self.shape = (from_dim, to_dim)
        self.register_buffer("neutral", torch.zeros(from_dim))
        self.register_buffer("keys", torch.zeros(words, from_dim))
        self.register_buffer("classes", torch.zeros(classes, from_dim))
        self.register_buffer("said_neutral", torch.zeros(to_dim))
        self.register_buffer("meanings", torch.zeros(words, to_dim))

    def forward(self, embedding: Tensor) -> Tensor:
        """Unit embeddings of sounds [B, from_dim] -> unit embeddings [B, to_dim]."""
        said = recalled(embedding - self.neutral, self.keys, self.meanings)
        return F.normalize(self.said_neutral + said, dim=1)
