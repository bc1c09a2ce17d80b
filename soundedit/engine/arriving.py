"""Edits that come while a performance runs: their strengths rise from nothing."""

from collections.abc import Mapping
from types import MappingProxyType

Strengths = Mapping[str, float]

RISE_SECONDS = 1.0
"""How long an edit that is new takes to reach its strength."""


class Arriving:
    """Which edits are new, and how far each has come; one frame after the other.

    One thread follows, another may ask for what is `now`.
    """

    def __init__(self, fps: float) -> None:
        self._step = 1 / (RISE_SECONDS * fps)
        self._known: tuple[frozenset[str], Mapping[str, float]] | None = None
        """The edits of the frame that was followed last, and the shares of those that rise."""

    def follow(self, strengths: Strengths) -> Strengths:
        """The strengths of the next frame. Those of the first are there at once."""
        ids = frozenset(strengths)
        known, shares = self._known or (ids, {})
        risen = {edit: shares.get(edit, 1.0 if edit in known else 0.0) + self._step for edit in ids}
        rising = {edit: share for edit, share in risen.items() if share < 1 - 1e-9}
        self._known = (ids, MappingProxyType(rising))
        return self.now(strengths)

    def now(self, strengths: Strengths) -> Strengths:
        """The strengths for the frame that was followed last; itself where nothing rises."""
        if self._known is None:
            return strengths
        known, shares = self._known
        if not shares and known >= strengths.keys():
            return strengths
        return MappingProxyType(
            {k: v * shares.get(k, 1.0 if k in known else 0.0) for k, v in strengths.items()}
        )
