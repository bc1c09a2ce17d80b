"""Which weather a class of sound shows, on which photos, in which words."""

import numpy as np
from numpy.typing import NDArray

from soundedit.train.soundtrack import SoundTrack
from soundedit.train.weather.air import Thunder, Wind
from soundedit.train.weather.effect import Effect, drive_of, still_drive
from soundedit.train.weather.falling import Fog, Rain, Snowfall, Steps
from soundedit.train.weather.fire import Explosion, Fire
from soundedit.train.weather.imaging import mix, to_bytes
from soundedit.train.weather.masks import GRID, read_scene
from soundedit.train.weather.places import Birds, Crickets, Night, Other, Sunset
from soundedit.train.weather.water import River, Underwater, Waterfall, Waves

# Weathers without a sound of their own, for variety among the stills.
STILL_KINDS = ("fog", "snow", "night", "sunset")

EFFECTS: dict[str, type[Effect]] = {
    "rain": Rain,
    "thunder": Thunder,
    "wind": Wind,
    "waves": Waves,
    "river": River,
    "waterfall": Waterfall,
    "fire": Fire,
    "explosion": Explosion,
    "underwater": Underwater,
    "birds": Birds,
    "crickets": Crickets,
    "steps": Steps,
    "other": Other,
    "fog": Fog,
    "snow": Snowfall,
    "night": Night,
    "sunset": Sunset,
}

HINTS: dict[str, tuple[str, ...]] = {
    "rain": ("cloudy", "forest", "mountain", "meadow", "lake"),
    "thunder": ("cloudy", "storm", "mountain", "sea", "desert"),
    "wind": ("desert", "mountain", "clear", "meadow", "coast"),
    "waves": ("sea", "coast"),
    "river": ("forest", "lake", "mountain", "meadow"),
    "waterfall": ("waterfall", "forest", "mountain"),
    "fire": ("forest", "mountain", "desert", "night"),
    "explosion": ("night", "mountain", "desert", "sunset"),
    "underwater": ("sea", "glacier", "coast", "clear"),
    "birds": ("forest", "meadow", "clear", "sunrise"),
    "crickets": ("forest", "meadow", "night", "mountain", "sunset"),
    "steps": ("snow", "forest", "glacier", "mountain"),
    "other": (),
    "fog": ("forest", "mountain", "fog", "lake"),
    "snow": ("forest", "mountain", "snow"),
    "night": ("mountain", "sea", "forest", "glacier"),
    "sunset": ("sea", "mountain", "meadow"),
}


def scene_hints(kind: str) -> tuple[str, ...]:
    """Hints of photos that suit the kind, best first; empty means any photo."""
    return HINTS[kind]


class WeatherRenderer:
    """Turns a photo and what is heard into the frames of a clip.

    size: side of the frames in pixels. Frames are equal for equal photo, kind, track and seed.
    """

    def __init__(self, size: int) -> None:
        if size < GRID:
            raise ValueError(f"Frames smaller than {GRID} pixels show no weather.")
        self.size = size

    def render_clip(
        self, photo: NDArray[np.uint8], kind: str, track: SoundTrack, seed: int
    ) -> NDArray[np.uint8]:
        """Frames uint8 (T, S, S, 3) of the weather `kind` on a photo uint8 (S, S, 3)."""
        effect = _effect(kind)(
            read_scene(_checked(photo, self.size)), drive_of(track), np.random.default_rng(seed)
        )
        frames = np.empty((len(track), self.size, self.size, 3), np.uint8)
        for k in range(len(track)):
            frames[k] = to_bytes(effect.frame(k))
        return frames


def render_still(
    photo: NDArray[np.uint8], kind: str, strength: float, seed: int, size: int
) -> NDArray[np.uint8]:
    """One weathered photo uint8 (S, S, 3); strength 0 leaves it, 1 is all the weather."""
    rng = np.random.default_rng(seed)
    scene = read_scene(_checked(photo, size))
    drive = still_drive(strength, rng)
    frame = _effect(kind)(scene, drive, rng).frame(len(drive) - 1)
    share = min(1.0, max(0.0, strength) / 0.35)
    return to_bytes(mix(scene.photo, frame, share))


def _effect(kind: str) -> type[Effect]:
    if kind not in EFFECTS:
        raise ValueError(
            f"There is no weather called {kind!r}; choose one of {', '.join(EFFECTS)}."
        )
    return EFFECTS[kind]


def _checked(photo: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if photo.shape != (size, size, 3):
        raise ValueError(f"The photo is {photo.shape}, not ({size}, {size}, 3).")
    return photo
