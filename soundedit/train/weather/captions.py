"""Words for what a clip shows and sounds like."""

import numpy as np

# For each kind: names of the sound, and of the scene, that a person would type.
SOUNDS: dict[str, tuple[str, ...]] = {
    "rain": (
        "rain",
        "rainfall",
        "heavy rain",
        "pouring rain",
        "raindrops",
        "a downpour",
        "a rain shower",
    ),
    "thunder": (
        "thunder",
        "a thunderstorm",
        "thunderclaps",
        "rolling thunder",
        "lightning and thunder",
        "a storm",
    ),
    "wind": ("wind", "howling wind", "strong wind", "gusts of wind", "blowing wind", "a windstorm"),
    "waves": (
        "waves",
        "ocean waves",
        "sea waves",
        "waves crashing on the shore",
        "breaking waves",
        "the sea",
    ),
    "river": (
        "a river",
        "a stream",
        "flowing water",
        "a babbling brook",
        "running water",
        "a creek",
    ),
    "waterfall": (
        "a waterfall",
        "falling water",
        "a cascade",
        "water falling over rocks",
        "roaring falls",
    ),
    "fire": ("fire", "a crackling fire", "flames", "burning wood", "a campfire", "a blaze"),
    "explosion": (
        "an explosion",
        "a blast",
        "a bomb going off",
        "a detonation",
        "fireworks",
        "an eruption of fire",
    ),
    "underwater": (
        "underwater",
        "being under water",
        "bubbles under water",
        "deep water",
        "diving",
        "the deep sea",
    ),
    "birds": (
        "birds",
        "birdsong",
        "chirping birds",
        "singing birds",
        "a dawn chorus",
        "birds in the trees",
    ),
    "crickets": (
        "crickets",
        "chirping crickets",
        "insects at night",
        "cicadas",
        "a summer night",
        "night insects",
    ),
    "steps": (
        "footsteps",
        "steps",
        "walking",
        "walking in snow",
        "footsteps on a path",
        "someone walking",
    ),
    "other": ("something else", "everyday noise", "an object", "a machine", "people", "music"),
    "fog": ("fog", "mist", "a foggy day"),
    "snow": ("snow", "snowfall", "a snowy day"),
    "night": ("night", "a starry night", "moonlight"),
    "sunset": ("sunset", "an evening sky", "the setting sun"),
}
SCENES: dict[str, tuple[str, ...]] = {
    "rain": (
        "a rainy landscape",
        "a wet grey day",
        "rain falling over the land",
        "a landscape in the rain",
    ),
    "thunder": (
        "lightning in a dark sky",
        "a dark stormy sky",
        "storm clouds lit by lightning",
        "a bolt of lightning",
    ),
    "wind": (
        "trees bending in the wind",
        "clouds racing over a landscape",
        "dust blown by the wind",
        "a windy day",
    ),
    "waves": (
        "waves rolling onto a beach",
        "the sea with white foam",
        "surf at the coast",
        "a rough ocean",
    ),
    "river": (
        "a river through a valley",
        "a stream in the forest",
        "water flowing between stones",
        "a mountain river",
    ),
    "waterfall": (
        "a waterfall in the rocks",
        "white water falling down a cliff",
        "a waterfall in the forest",
    ),
    "fire": (
        "flames in the dark",
        "a burning forest",
        "fire and sparks at night",
        "an orange blaze",
    ),
    "explosion": (
        "a ball of fire and smoke",
        "fireworks in the night sky",
        "a bright flash and smoke",
        "a fireball",
    ),
    "underwater": (
        "the blue world below the sea",
        "light shining through water",
        "bubbles rising in blue water",
    ),
    "birds": (
        "a sunny forest with birds",
        "a bright morning meadow",
        "birds flying at sunrise",
        "sunlight in trees",
    ),
    "crickets": (
        "a meadow at dusk",
        "fireflies in a summer night",
        "a starry sky over a field",
        "a night meadow",
    ),
    "steps": (
        "a snowy path with footprints",
        "a walk through the snow",
        "a trail in winter",
        "footprints in snow",
    ),
    "other": ("a landscape", "a view of nature", "a calm landscape", "scenery"),
    "fog": ("a landscape in fog", "trees in the mist"),
    "snow": ("a snowy landscape", "falling snow in winter"),
    "night": ("a landscape at night", "stars over the land"),
    "sunset": ("a landscape at sunset", "an orange evening sky"),
}
SOUND_FRAMES = (
    "{}",
    "the sound of {}",
    "a recording of {}",
    "{} can be heard",
    "you can hear {}",
    "sounds like {}",
)
SCENE_FRAMES = ("{}", "a photo of {}", "a picture of {}", "a video of {}", "{} in nature")


def captions(kind: str, rng: np.random.Generator) -> list[str]:
    """Six natural captions of a clip, three of its sound and three of its picture, no two equal.

    ValueError for an unknown kind.
    """
    if kind not in SOUNDS:
        raise ValueError(f"There are no captions for {kind!r}.")
    said: list[str] = []
    for words, frames in ((SOUNDS[kind], SOUND_FRAMES), (SCENES[kind], SCENE_FRAMES)):
        phrases = [frame.format(word) for word in words for frame in frames]
        said += [phrases[i] for i in rng.choice(len(phrases), 3, replace=False)]
    return said
