"""What AudioSet's classes (Gemmeke et al., ICASSP 2017) say of the sound classes trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from soundedit.train.prompts import CLASSES

NAMES = {
    "rain": ("Rain", "Raindrop", "Rain on surface"),
    "thunder": ("Thunder", "Thunderstorm"),
    "wind": ("Wind", "Rustling leaves", "Wind noise (microphone)"),
    "waves": ("Ocean", "Waves, surf", "Rowboat, canoe, kayak"),
    "river": ("Stream", "Gurgling"),
    "waterfall": ("Waterfall",),
    "fire": ("Fire", "Crackle"),
    "explosion": (
        *("Explosion", "Gunshot, gunfire", "Machine gun", "Fusillade", "Artillery fire"),
        *("Cap gun", "Fireworks", "Firecracker", "Burst, pop", "Eruption", "Boom"),
    ),
    "underwater": ("Gurgling",),
    "birds": (
        *("Bird", "Bird vocalization, bird call, bird song", "Chirp, tweet", "Squawk"),
        *("Pigeon, dove", "Coo", "Crow", "Caw", "Owl", "Hoot", "Bird flight, flapping wings"),
        *("Chicken, rooster", "Cluck", "Crowing, cock-a-doodle-doo", "Turkey", "Gobble"),
        *("Duck", "Quack", "Goose", "Honk"),
    ),
    "crickets": ("Insect", "Cricket", "Frog", "Croak"),
    "steps": ("Walk, footsteps", "Run", "Shuffle", "Crunch", "Crushing"),
}
"""AudioSet's names of each class but the one that holds all others."""
UNTOLD = (
    *("Silence", "Outside, rural or natural", "Outside, urban or manmade", "Water", "Noise"),
    *("White noise", "Pink noise", "Static", "Environmental noise", "Sound effect", "Animal"),
    *("Wild animals", "Field recording", "Inside, small room", "Inside, large room or hall"),
    *("Inside, public space", "Hiss", "Spray", "Steam", "Drip", "Pour", "Splash, splatter"),
    *("Trickle, dribble", "Liquid", "Fill (with liquid)", "Pump (liquid)", "Stir", "Boiling"),
    *("Slosh", "Vehicle", "Livestock, farm animals, working animals", "Fowl", "Rumble"),
    *("Domestic animals, pets", "Whoosh, swoosh, swish", "Mains hum", "Hum", "Throbbing"),
    *("Vibration", "Roar", "Roaring cats (lions, tigers)", "Echo", "Reverberation"),
    *("Distortion", "Sidetone", "Cacophony", "Sonar", "Crack", "Tick", "Tap", "Rub", "Scratch"),
    *("Rustle", "Whip", "Flap", "Patter", "Clickety-clack", "Rattle", "Creak", "Squeak", "Music"),
)
"""AudioSet's names that any class may be called by; all that are left say it is another sound."""
REST = "other"


class AudioSetClasses:
    """Shares of the classes, from the probabilities of AudioSet's."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names`: AudioSet's, in the order of the probabilities; ValueError if one is missing."""
        place = {name: i for i, name in enumerate(names)}
        told = {name for some in NAMES.values() for name in some}
        missing = sorted({*told, *UNTOLD} - place.keys())
        if missing:
            raise ValueError(f"no class {missing[0]!r}")
        rest = [i for name, i in place.items() if name not in told and name not in UNTOLD]
        self._columns = [
            rest if kind == REST else [place[name] for name in NAMES[kind]] for kind in CLASSES
        ]

    def shares(self, probabilities: Tensor) -> Tensor:
        """Probabilities [..., 521] -> the likeliest name of each class, to a sum of 1 [..., 13]."""
        likely = torch.stack([probabilities[..., c].amax(-1) for c in self._columns], -1)
        return likely / likely.sum(-1, keepdim=True).clamp_min(1e-9)
