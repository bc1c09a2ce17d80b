"""Sound sets: recordings by class, as log-mel spectrograms in one array on disk."""

import csv
import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.errors import MediaError, TrainingError
from soundedit.media.sound import read_sound
from soundedit.nets.mel import LogMel
from soundedit.train.shards import unpacked

log = logging.getLogger(__name__)
SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".m4a", ".opus"}


@dataclass(frozen=True)
class MelSettings:
    """The pack's spectrogram: 10 ms hops, 64 mel bands."""

    sample_rate: int = 32_000
    n_fft: int = 1024
    hop_length: int = 320
    n_mels: int = 64
    f_min: float = 50.0
    f_max: float = 14_000.0

    def build(self) -> LogMel:
        """The module that computes it."""
        return LogMel(**asdict(self))


@dataclass(frozen=True)
class Recording:
    """One clip: its file, class, split ('train' or 'valid'), and which recording it is cut from."""

    file: Path
    label: str
    split: str
    source: str = ""


def recordings(folder: Path) -> list[Recording]:
    """Clips below `folder`, by `index.csv` (file, class, split, and recording where it is known)
    or one folder a class, where each file is a recording.

    Tar shards (see `shards`) give theirs too; `folder` may also be one, or a pattern of them.
    Without a split every tenth file of a class is kept for judging. TrainingError if none.
    """
    index = folder / "index.csv"
    found: list[Recording] = []
    if index.exists():
        with index.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                name = row.get("recording") or row["file"]
                found.append(Recording(folder / row["file"], row["class"], row["split"], name))
    else:
        kinds = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
        for kind in kinds:
            files = sorted(p for p in kind.rglob("*") if p.suffix.lower() in SUFFIXES)
            for i, file in enumerate(files):
                split = "valid" if i % 10 == 9 else "train"
                found.append(Recording(file, kind.name, split, str(file)))
    counts: dict[str, int] = {}
    for file, facts in unpacked(folder, SUFFIXES):
        label = facts["class"]
        counts[label] = counts.get(label, 0) + 1
        split = facts.get("split") or ("train" if counts[label] % 10 else "valid")
        found.append(Recording(file, label, split, facts.get("recording") or str(file)))
    if not found:
        raise TrainingError(
            f"There are no sounds in {folder}; give folders of sounds by class, or tar shards."
        )
    return found


class SoundSet:
    """All clips of a folder as float16 log-mels, with class and split; made once and reused."""

    def __init__(self, folder: Path, settings: MelSettings, cache: Path) -> None:
        """Build or reuse the spectrograms below `cache`; unreadable clips are reported, skipped."""
        clips = recordings(folder)
        text = json.dumps([str(folder.resolve()), len(clips), asdict(settings)])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        cache.mkdir(parents=True, exist_ok=True)
        array, listing = cache / f"mels-{key}.npy", cache / f"mels-{key}.json"
        if not listing.exists():
            self._build(clips, settings, array, listing)
        rows = json.loads(listing.read_text(encoding="utf-8"))
        sources = {str(clip.file): clip.source for clip in clips}
        self.clips = [
            Recording(Path(r["file"]), r["label"], r["split"], sources.get(r["file"], r["file"]))
            for r in rows
        ]
        self.starts = np.array([r["start"] for r in rows])
        self.lengths = np.array([r["length"] for r in rows])
        self.labels = sorted({c.label for c in self.clips})
        self._columns: NDArray[np.float16] = np.load(array, mmap_mode="r")

    @staticmethod
    def _build(clips: list[Recording], settings: MelSettings, array: Path, listing: Path) -> None:
        mel, rows, start = settings.build(), [], 0
        columns: list[NDArray[np.float16]] = []
        for clip in clips:
            try:
                sound = read_sound(clip.file, sample_rate=settings.sample_rate, mono=True)
            except MediaError as error:
                log.warning("skipped: %s", error)
                continue
            with torch.inference_mode():
                column = mel(torch.from_numpy(sound.mono())[None])[0].T.numpy().astype(np.float16)
            columns.append(column)
            rows.append(
                {
                    "file": str(clip.file),
                    "label": clip.label,
                    "split": clip.split,
                    "start": start,
                    "length": len(column),
                }
            )
            start += len(column)
        if not rows:
            raise TrainingError("No sound could be read; see the log.")
        np.save(array, np.concatenate(columns))
        listing.write_text(json.dumps(rows), encoding="utf-8")

    def __len__(self) -> int:
        return len(self.clips)

    def mel(self, i: int) -> NDArray[np.float16]:
        """Log-mel of clip `i`: [columns, n_mels]."""
        part: NDArray[np.float16] = self._columns[self.starts[i] : self.starts[i] + self.lengths[i]]
        return part

    def of(self, split: str) -> list[int]:
        """Indices of the clips of a split."""
        return [i for i, clip in enumerate(self.clips) if clip.split == split]
