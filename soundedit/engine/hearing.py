"""From a sound, streamed, to what the frame generator and the labels need of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundedit.media.sound import Sound, probe_sound, stream_sound
from soundedit.nets.audio_tower import SEGMENT, STRETCH, AudioTower
from soundedit.nets.drive import CONTEXT, SILENCE, band_power, drive_features, mean_level
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.mel import LogMel
from soundedit.progress import CancelToken

STEP = 10
"""Columns between segments: ten embeddings a second."""
_AT_ONCE = 4 * STRETCH / 100
"""Seconds of a file that are heard while the next ones are decoded. Shorter blocks gain nothing on
two cores and take now and then much longer: decoder and tower get in each other's way.
"""
CENTRE = 3
"""Columns from the middle of what a level is the mean of to its end."""
AnySound = str | Path | Sound


def sound_seconds(sound: AnySound) -> float:
    """Length of a path's or a loaded sound, in seconds."""
    return sound.seconds if isinstance(sound, Sound) else probe_sound(sound).seconds


def mono_blocks(
    sound: AnySound,
    sample_rate: int,
    *,
    start: float = 0.0,
    end: float | None = None,
    cancel: CancelToken | None = None,
    seconds: float = 10.0,
) -> Iterator[np.ndarray]:
    """Mono blocks [n] of `seconds` at `sample_rate`, of a file (streamed) or a loaded sound."""
    if not isinstance(sound, Sound):
        blocks = stream_sound(
            sound,
            sample_rate=sample_rate,
            mono=True,
            block_seconds=seconds,
            start=start,
            end=end,
            cancel=cancel,
        )
        for block in blocks:
            yield block.reshape(-1)
        return
    first = round(start * sound.sample_rate)
    last = None if end is None else round(end * sound.sample_rate)
    samples = sound.mono()[first:last]
    if sound.sample_rate != sample_rate:
        import torchaudio.functional

        samples = torchaudio.functional.resample(
            torch.from_numpy(np.ascontiguousarray(samples)), sound.sample_rate, sample_rate
        ).numpy()
    block_length = round(sample_rate * seconds)
    for i in range(0, len(samples), block_length):
        if cancel is not None:
            cancel.check()
        yield samples[i : i + block_length]


class MelStream:
    """Log-mel columns of a sound that comes in blocks; equal to those of the whole sound."""

    def __init__(self, ear: LogMel) -> None:
        self._ear = ear
        self._before = torch.zeros(1, ear.context)
        self._left = torch.zeros(1, 0)

    def push(self, block: np.ndarray) -> Tensor:
        """Take mono samples [n] at the ear's rate; return the columns [M, m] they complete."""
        ear = self._ear
        samples = torch.cat([self._left, torch.from_numpy(np.ascontiguousarray(block))[None]], 1)
        usable = samples.shape[1] // ear.hop_length * ear.hop_length
        self._left = samples[:, usable:]
        if not usable:
            return torch.zeros(ear.n_mels, 0)
        mel = ear(samples[:, :usable], self._before)
        self._before = torch.cat([self._before, samples[:, :usable]], 1)[:, -ear.context :]
        return mel[0]


def mel_blocks(ear: LogMel, blocks: Iterator[np.ndarray]) -> Iterator[Tensor]:
    """Log-mel columns [M, n] of a stream of mono blocks; equal to those of the whole sound."""
    stream = MelStream(ear)
    for block in blocks:
        mel = stream.push(block)
        if mel.shape[1]:
            yield mel


@dataclass(frozen=True)
class Segments:
    """A run of segments: their times and what the towers say of them.

    `ends` [n] seconds at which each ends, `embeddings` [n, E] unit
    vectors, `heard` [n, H] for the inversion heads, `levels` [n] loudness (about -1 .. 1).
    """

    ends: np.ndarray
    embeddings: Tensor
    heard: Tensor
    levels: np.ndarray


class Listener:
    """Runs the ear, the audio tower and the listening half of sound inversion."""

    def __init__(
        self,
        ear: LogMel,
        tower: AudioTower,
        inversion: SoundInversion,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """`dtype`: what the tower computes in where it hears a sound as a whole."""
        self.ear, self.tower, self.inversion, self.device = ear, tower, inversion, device
        self._quick = tower if dtype == torch.float32 else tower.lowered(dtype)

    @torch.inference_mode()
    def windows(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Log-mels [n, M, columns] -> unit embeddings [n, E] and heard vectors [n, H] (CPU)."""
        embeddings, heard = [], []
        for part in windows.split(32):
            maps = self.tower.pyramid(part.to(self.device))
            embedding = self.tower.embed(maps)
            embeddings.append(embedding.cpu())
            heard.append(self.inversion.listen(maps, embedding).cpu())
        return torch.cat(embeddings), torch.cat(heard)

    def whole(self, sound: AnySound, *, cancel: CancelToken | None = None) -> Tensor:
        """Sum [E] of the embeddings of consecutive stretches of five seconds, by their length.

        What is left at the end counts where it is a second or more, or all there is; a sound
        shorter than a second is repeated to fill one. Zeros where there is no column at all.
        """
        total = torch.zeros(self.tower.embed_dim)
        kept = torch.zeros(self.ear.n_mels, 0)

        def add(stretch: Tensor) -> None:
            with torch.inference_mode():
                said = self._quick(stretch[None].to(self.device))[0].cpu()
            total.add_(said * stretch.shape[1])

        blocks = mono_blocks(sound, self.ear.sample_rate, cancel=cancel, seconds=_AT_ONCE)
        heard = False
        for mel in mel_blocks(self.ear, blocks):
            kept = torch.cat([kept, mel], dim=1)
            while kept.shape[1] >= STRETCH:
                add(kept[:, :STRETCH])
                kept, heard = kept[:, STRETCH:], True
        if kept.shape[1] >= SEGMENT:
            add(kept)
        elif kept.shape[1] and not heard:
            add(kept.repeat(1, -(-SEGMENT // kept.shape[1]))[:, :SEGMENT])
        return total

    def segments(
        self,
        sound: AnySound,
        every: float,
        *,
        start: float = 0.0,
        end: float | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[Segments]:
        """One-second segments, one each `every` seconds, wholly inside the sound where it is long.

        A sound shorter than a second is repeated to fill one segment.
        """
        hop = max(round(every * 100), 1)
        blocks = mono_blocks(sound, self.ear.sample_rate, start=start, end=end, cancel=cancel)
        kept = torch.zeros(self.ear.n_mels, 0)
        first, any_found, skip = 0, False, 0
        for mel in mel_blocks(self.ear, blocks):
            # Segments further apart than one is long leave columns between them unheard.
            kept = torch.cat([kept, mel[:, skip:]], dim=1)
            skip = max(skip - mel.shape[1], 0)
            if kept.shape[1] >= SEGMENT:
                windows = kept.unfold(1, SEGMENT, hop).permute(1, 0, 2)
                yield self._said(windows, first, hop)
                any_found = True
                used = windows.shape[0] * hop
                skip += max(used - kept.shape[1], 0)
                kept, first = kept[:, used:], first + used
        if not any_found and kept.shape[1]:
            times = -(-SEGMENT // kept.shape[1])
            yield self._said(kept.repeat(1, times)[None, :, :SEGMENT], 0, hop)

    def _said(self, windows: Tensor, first: int, hop: int) -> Segments:
        embeddings, heard = self.windows(windows.contiguous())
        ends = (first + np.arange(len(windows)) * hop + SEGMENT) / 100
        return Segments(ends, embeddings, heard, mean_level(windows).numpy())


@dataclass(frozen=True)
class FrameSound:
    """What each frame hears: `drive` [n, FEATURES], `heard` [n, H] (segment held) and `power`.

    `levels` [n] are those of the segments (decibels / 50 + 1). `power` [n] is the mean power of the
    bands in the columns that sound while the frame is shown; of the frame before where nothing
    ahead is heard.
    """

    drive: Tensor
    heard: Tensor
    levels: Tensor
    power: Tensor

    def part(self, i: int) -> "FrameSound":
        """What frame `i` alone hears."""
        return FrameSound(
            *(x[i : i + 1] for x in (self.drive, self.heard, self.levels, self.power))
        )


class FrameHearing:
    """Cuts a stream of log-mel columns into what consecutive frames hear.

    Without look-ahead frame k, shown from k / fps on, is driven by columns before k / fps; with
    look-ahead also by those that sound while it is shown and, as levels are means of what was
    before, by `CENTRE` more: the level that drives it is then the one at its own middle, and a clap
    is seen in the frame that holds it or up to 30 ms early, which nobody notices (EBU R37 allows
    the picture 60 ms). The segment it hears ends at the last tenth of a second before that, plus
    what of `lookahead` is left; no frame hears further ahead than `lookahead` columns.
    """

    def __init__(
        self, listener: Listener, fps: float, lookahead: int, *, hurried: bool = False
    ) -> None:
        """`hurried`, it embeds only the newest segment of each push, so as to catch up."""
        self.listener, self.fps, self.lookahead = listener, fps, lookahead
        self._hurried = hurried
        n_mels = listener.ear.n_mels
        self._past = max(CONTEXT, SEGMENT)
        self._mel = torch.full((n_mels, self._past), SILENCE)
        self._offset = -self._past
        self._frame = 0
        self._segment = -1
        self._heard: tuple[Tensor, Tensor] | None = None
        self.embedding: Tensor | None = None
        """Of the segment heard last, a unit vector [E]."""

    @property
    def available(self) -> int:
        """Columns received so far."""
        return self._offset + self._mel.shape[1]

    def _column(self, frame: int) -> int:
        """The first column that does not drive a frame."""
        shown = int((frame + 1) / self.fps * 100 + 1e-6) + CENTRE
        shown = min(shown, self._start(frame) + self.lookahead)
        return max(shown, self._start(frame))

    def _sounded(self, frame: int) -> int:
        """The column after those that sound while a frame is shown, as far as may be heard."""
        # A column's window reaches back, so what sounds at its end is in the one after.
        end = self._start(frame + 1) + 1
        return max(min(end, self._start(frame) + self.lookahead), self._start(frame))

    def _start(self, frame: int) -> int:
        return int(frame / self.fps * 100 + 1e-6)

    def push(self, mel: Tensor, *, last: bool = False, frames: int | None = None) -> FrameSound:
        """Take columns [M, n]; return what can be heard now. `last` pads silence after the end.

        `frames` bounds the total number of frames. The first answers may be empty.
        """
        self._mel = torch.cat([self._mel, mel], dim=1)
        if last and frames is not None:
            missing = self._column(max(frames - 1, 0)) + self.lookahead + STEP - self.available
            if missing > 0:
                silence = torch.full((self._mel.shape[0], missing), SILENCE)
                self._mel = torch.cat([self._mel, silence], dim=1)
        frames_now: list[tuple[int, int]] = []
        while frames is None or self._frame + len(frames_now) < frames:
            frame = self._frame + len(frames_now)
            start, column = self._start(frame), self._column(frame)
            if max(start // STEP * STEP + self.lookahead, column) > self.available:
                break
            frames_now.append((start // STEP, column))
        found = self._hear(frames_now)
        self._frame += len(frames_now)
        self._forget()
        return found

    def _hear(self, frames: list[tuple[int, int]]) -> FrameSound:
        """What frames hear, of which each one's segment and first unheard column are given."""
        if not frames:
            return FrameSound(torch.zeros(0, 0), torch.zeros(0, 0), torch.zeros(0), torch.zeros(0))
        columns = [column for _, column in frames]
        low = columns[0] - CONTEXT - self._offset
        high = max(columns[-1], 1) - self._offset
        low = max(min(low, high - CONTEXT - 1), 0)
        features = drive_features(self._mel[None, :, low:high])[0]
        drive = torch.stack([features[c - 1 - self._offset - low] for c in columns])
        wanted = sorted({segment for segment, _ in frames} - {self._segment})
        heard = {} if self._heard is None else {self._segment: self._heard}
        if self._hurried and len(wanted) > 1:
            wanted = wanted[-1:]
        if wanted:
            ends = [j * STEP + self.lookahead - self._offset for j in wanted]
            windows = torch.stack([self._mel[:, e - SEGMENT : e] for e in ends])
            embeddings, vectors = self.listener.windows(windows)
            self.embedding = embeddings[-1]
            found = zip(vectors, mean_level(windows), strict=True)
            heard |= dict(zip(wanted, found, strict=True))
        self._segment = frames[-1][0]
        newest = self._heard = heard[self._segment]
        held = [heard.get(one, newest) for one, _ in frames]
        return FrameSound(
            drive,
            torch.stack([vector for vector, _ in held]),
            torch.stack([level for _, level in held]),
            self._powers(self._frame, self._frame + len(frames)),
        )

    def _powers(self, first: int, last: int) -> Tensor:
        """Mean powers [n] of the columns of frames from `first` to before `last`."""
        width = max(round(100 / self.fps), 1)
        ends = [self._sounded(frame) - self._offset for frame in range(first, last)]
        low = ends[0] - width
        power = band_power(self._mel[:, low : ends[-1]]).mean(0)
        return torch.stack([power[end - width - low : end - low].mean() for end in ends])

    def _forget(self) -> None:
        needed = self._start(self._frame) - self._past - 2 * STEP
        spare = needed - self._offset
        if spare > 0:
            self._mel = self._mel[:, spare:].clone()
            self._offset += spare
