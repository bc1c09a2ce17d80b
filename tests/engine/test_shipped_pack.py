"""The pack that ships, with the sounds that ship: different, repeatable, moving."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from soundedit.document.model import Part, PartKind
from soundedit.engine.engine import Engine
from soundedit.engine.hearing import Listener
from soundedit.engine.prepared import PreparedSynthesis
from soundedit.engine.synthesis import to_frames
from soundedit.evaluate.hearing import HeardSounds, accuracy_unseen
from soundedit.packs import default_pack
from soundedit.resources import resource_path, shipped_folder
from soundedit.train.prompts import UNSEEN_SYNONYMS


@pytest.fixture(scope="module")
def shipped() -> Iterator[Engine]:
    if not any(shipped_folder("weights").glob("*/pack.json")):
        pytest.skip("no pack ships with this checkout")
    engine = Engine.load(default_pack(), "cpu")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def sounds() -> list[Path]:
    found = sorted(resource_path("sounds").glob("*.ogg"))
    if len(found) < 2:
        pytest.skip("no sample sounds ship with this checkout")
    return found


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def test_each_sound_has_its_picture(shipped: Engine, sounds: list[Path]) -> None:
    pictures = [shipped.invert(sound).picture for sound in sounds]
    again = shipped.invert(sounds[0]).picture
    assert np.array_equal(again, pictures[0])
    for one, other in combinations(pictures, 2):
        assert apart(one, other) > 1
    for picture in pictures:
        assert picture.std() > 10


def test_kept_classes_are_those_of_the_words(shipped: Engine) -> None:
    assert shipped.knows_classes
    np.testing.assert_allclose(shipped.heard_classes(), shipped.class_embeddings(), atol=2e-4)
    assert np.linalg.norm(shipped.heard_classes(), axis=1) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("drizzle", "rain"), ("campfire", "fire"), ("songbirds", "birds"), ("gusts", "wind")],
)
def test_words_that_no_phrase_of_training_had(shipped: Engine, word: str, kind: str) -> None:
    assert all(word not in text for texts in shipped.manifest.prompts.values() for text in texts)
    alike = shipped.class_embeddings() @ shipped.embed_text(word)[0]
    assert shipped.manifest.classes[int(alike.argmax())] == kind
    assert alike.max() > 0.55


def test_words_that_nothing_taught_are_told(shipped: Engine) -> None:
    assert shipped.unknown_words("A sandstorm over icebergs, 3 moonlit dunes") == []
    assert shipped.unknown_words("Sturm und qwxz") == ["Sturm", "qwxz"]
    assert shipped.unknown_words("fireflies, crickets, cicadas") == []
    assert shipped.unknown_words("ngiht of litghning") == ["ngiht", "litghning"]


def test_synonyms_name_what_says_the_same(shipped: Engine) -> None:
    kinds = list(shipped.manifest.classes)
    said = np.stack([shipped.embed_text(UNSEEN_SYNONYMS[kind]).mean(0) for kind in kinds])
    assert accuracy_unseen(shipped, HeardSounds(said, said, kinds)) == 1.0
    assert accuracy_unseen(shipped, HeardSounds(said, said, kinds[1:] + kinds[:1])) == 0.0
    assert accuracy_unseen(shipped, HeardSounds(said[:0], said[:0], [])) is None


def test_pictures_move_with_the_sound(shipped: Engine, sounds: list[Path]) -> None:
    w = shipped.generate(sounds[0], fps=8, end=3.0).w
    frames = list(shipped.synthesise(w, size=32))
    assert len(frames) == 24
    assert max(apart(a, b) for a, b in combinations(frames[::4], 2)) > 1


def test_faster_ways_are_the_reference(shipped: Engine) -> None:
    network = shipped._generator.synthesis
    ws = torch.from_numpy(np.stack([shipped.sample(seed) for seed in range(3)]))
    exact = to_frames(network(ws))
    levels = np.abs(to_frames(PreparedSynthesis(network)(ws)).astype(int) - exact)
    assert levels.max() <= 1
    rough = np.abs(to_frames(PreparedSynthesis(network, torch.bfloat16)(ws)).astype(int) - exact)
    assert rough.mean() < 0.5 and rough.max() <= 8


def test_faster_hearing_is_the_reference(
    shipped: Engine, sounds: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, part = shipped._listener, Part(PartKind.SOUND, "m")
    parts = (listener.ear, listener.tower, listener.inversion, listener.device)
    ways = []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(shipped, "_listener", Listener(*parts, dtype))
        said = np.stack([shipped.embed_sound(sound) for sound in sounds])
        moved = np.stack([shipped.direction([part], lambda _, s=s: s).dw for s in sounds])
        ways.append((said, moved))
    (exact, straight), (rough, bent) = ways
    assert not np.array_equal(exact, rough)
    assert (exact * rough).sum(1).min() > 0.9999
    # A sound between two meanings feels rounded weights most: three hundredths of a radian.
    lengths, bent_lengths = (np.linalg.norm(moved, axis=(1, 2)) for moved in (straight, bent))
    assert np.abs(bent_lengths / lengths - 1).max() < 0.005
    assert ((straight * bent).sum((1, 2)) / (lengths * bent_lengths)).min() > 0.9995
