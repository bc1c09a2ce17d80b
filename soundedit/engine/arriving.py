"""Edits that come while a performance runs: their strengths rise from nothing."""

from collections.abc import Mapping
from types import MappingProxyType

Strengths = Mapping[str, float]

RISE_SECONDS = 1.0
"""How long an edit that is new takes to reach its strength."""


class Arriving:
    """Which edits are new, and how far each has come; one frame after the other."""

    def __init__(self, fps: float) -> None:
        self._step = 1 / (RISE_SECONDS * fps)
        self._known: frozenset[str] | None = None
        self._shares: Mapping[str, float] = MappingProxyType({})

    def follow(self, strengths: Strengths) -> Strengths:
        """The strengths of the next frame. Those of the first are there at once."""
        ids = frozenset(strengths)
        fresh = ids - (ids if self._known is None else self._known)
        self._known = ids
        if fresh or self._shares:
            shares = {**{edit: 0.0 for edit in fresh}, **self._shares}
            risen = {edit: share + self._step for edit, share in shares.items() if edit in ids}
            # A new mapping in one assignment: `now` is asked in another thread.
            self._shares = MappingProxyType({k: v for k, v in risen.items() if v < 1 - 1e-9})
        return self.now(strengths)

    def now(self, strengths: Strengths) -> Strengths:
        """The strengths for the frame that was followed last; itself where nothing rises."""
        shares = self._shares
        if not shares:
            return strengths
        return MappingProxyType({k: v * shares.get(k, 1.0) for k, v in strengths.items()})
