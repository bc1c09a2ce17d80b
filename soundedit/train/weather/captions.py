"""Words for what a clip shows and sounds like."""

import numpy as np

from soundedit.train.prompts import PROMPTS

# What is seen, for each kind; none of the words that are kept back to judge the text tower.
SCENES: dict[str, tuple[str, ...]] = {
    "rain": (
        "a rainy landscape",
        "a wet grey day",
        "rain falling over the land",
        "streaks of rain under grey clouds",
    ),
    "thunder": (
        "lightning in a dark sky",
        "a dark stormy sky",
        "storm clouds lit by lightning",
        "a bolt of lightning over the land",
    ),
    "wind": (
        "grass bending in the wind",
        "clouds racing over a landscape",
        "dust and leaves blown by the wind",
        "a windy field",
    ),
    "waves": (
        "waves rolling onto a beach",
        "the sea with white foam",
        "breaking waves at the coast",
        "a rough ocean",
    ),
    "river": (
        "a river winding through a valley",
        "a stream in the forest",
        "water flowing between stones",
        "a mountain river",
    ),
    "waterfall": (
        "a waterfall in the rocks",
        "white water falling down a cliff",
        "a waterfall in the forest",
        "mist at the foot of a waterfall",
    ),
    "fire": (
        "flames in the dark",
        "a burning forest",
        "fire and sparks at night",
        "orange flames",
    ),
    "explosion": (
        "a ball of fire and smoke",
        "fireworks in the night sky",
        "a bright flash and smoke",
        "a fireball at night",
    ),
    "underwater": (
        "the blue world under the sea",
        "light shining through water",
        "bubbles rising in blue water",
        "rays of light under water",
    ),
    "birds": (
        "a sunny forest with birds",
        "a bright morning meadow",
        "birds flying in the sunshine",
        "sunlight in the trees",
    ),
    "crickets": (
        "a meadow at dusk",
        "fireflies on a summer night",
        "a starry sky over a field",
        "a meadow at night",
    ),
    "steps": (
        "a snowy path with footprints",
        "a walk through the snow",
        "a trail in winter",
        "footprints in the snow",
    ),
    "other": (
        "a landscape",
        "a view of nature",
        "a calm landscape",
        "scenery",
    ),
    "fog": ("a landscape in fog", "trees in the mist", "a foggy day", "thick fog"),
    "snow": ("a snowy landscape", "falling snow in winter", "a snowy day", "snow"),
    "night": ("a landscape at night", "stars over the land", "moonlight", "a starry night"),
    "sunset": ("a landscape at sunset", "an orange evening sky", "the setting sun", "a sunset"),
}
SOUND_FRAMES = ("{}", "a recording of {}", "you can hear {}", "sounds like {}")
SCENE_FRAMES = ("{}", "a photo of {}", "a picture of {}", "a video of {}")


def captions(kind: str, rng: np.random.Generator) -> list[str]:
    """Natural captions of a clip: three of its sound, where it has one, and three of its picture.

    No two are equal. ValueError for an unknown kind.
    """
    if kind not in SCENES:
        raise ValueError(f"There are no captions for {kind!r}; choose one of {', '.join(SCENES)}.")
    said: list[str] = []
    for words, frames in ((PROMPTS.get(kind, ()), SOUND_FRAMES), (SCENES[kind], SCENE_FRAMES)):
        # "a recording of the sound of rain" says the same thing twice.
        phrases = [
            frame.format(word)
            for word in words
            for frame in frames
            if frame == "{}" or not word.startswith("the sound")
        ]
        if phrases:
            said += [phrases[i] for i in rng.choice(len(phrases), 3, replace=False)]
    return said
