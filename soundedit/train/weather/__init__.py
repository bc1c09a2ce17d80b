"""Weather rendered onto photos, driven frame by frame by a sound."""

from soundedit.train.prompts import CLASSES
from soundedit.train.soundtrack import SoundTrack, sound_track
from soundedit.train.weather.captions import captions
from soundedit.train.weather.scenes import (
    STILL_KINDS,
    WeatherRenderer,
    render_still,
    scene_hints,
)

__all__ = [
    "CLASSES",
    "STILL_KINDS",
    "SoundTrack",
    "WeatherRenderer",
    "captions",
    "render_still",
    "scene_hints",
    "sound_track",
]
