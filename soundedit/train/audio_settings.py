"""Settings of the audio tower's training."""

from dataclasses import dataclass

from soundedit.train.run import RunSettings


@dataclass(frozen=True)
class AudioSettings(RunSettings):
    """Settings of the audio tower; the shipped TOML file explains each."""

    embed_dim: int = 256
    audio_width: int = 32
    audio_steps: int = 2000
    batch: int = 56
    lr: float = 6.0e-4
    decay: float = 0.1
    temperature: float = 0.07
    class_temperature: float = 0.07
    smoothing: float = 0.1
    stretch_time: float = 1.25
    stretch_bands: float = 1.08
    average: float = 0.99
    windows: int = 9200
    soft_steps: int = 1500
    procedural: int = 1190
    procedural_steps: int = 200
    procedural_lr: float = 2.0e-4
