"""Looks: settings of a performance that are called up again at once."""

from collections.abc import Mapping
from dataclasses import replace

from soundedit.document.commands import REACTIVITIES, SEEDS, STRENGTHS, limited
from soundedit.document.model import Level, Look, Project

SLOTS = range(1, 9)
"""Numbers that looks have."""


def make_look(
    slot: int, strengths: Mapping[str, float], reactivity: float, seed: int | None
) -> Look:
    """A look of each edit's strength by id, the reactivity, and the scene where it is a seed's."""
    levels = tuple(Level(edit, strength) for edit, strength in strengths.items())
    return within(Look(slot, reactivity, levels, seed))


def within(look: Look) -> Look:
    """A look whose numbers are moved into their ranges."""
    levels = tuple(
        replace(level, strength=limited(level.strength, STRENGTHS)) for level in look.levels
    )
    return replace(
        look,
        slot=min(max(look.slot, SLOTS[0]), SLOTS[-1]),
        reactivity=limited(look.reactivity, REACTIVITIES),
        levels=levels,
        seed=None if look.seed is None else min(max(look.seed, SEEDS[0]), SEEDS[1]),
    )


def look_at(project: Project, slot: int) -> Look | None:
    """The look of a number; None where there is none."""
    return next((look for look in project.looks if look.slot == slot), None)


def set_look(project: Project, look: Look) -> Project:
    """Keep a look in the place of the one of its number; they are in the order of these."""
    others = [other for other in project.looks if other.slot != look.slot]
    looks = tuple(sorted([*others, within(look)], key=lambda one: one.slot))
    return project if looks == project.looks else replace(project, looks=looks)


def remove_look(project: Project, slot: int) -> Project:
    """Forget the look of a number."""
    looks = tuple(look for look in project.looks if look.slot != slot)
    return project if looks == project.looks else replace(project, looks=looks)
