import dataclasses
import json
import os
from pathlib import Path

import pytest
import torch

from soundedit.errors import PackError
from soundedit.packs import (
    Bands,
    Component,
    Manifest,
    MelSettings,
    check_place,
    default_pack,
    find_packs,
    open_pack,
    save_pack,
    verify_pack,
)
from soundedit.packs.manifest import read_manifest, write_manifest


def manifest(name: str = "tiny", parts: tuple[str, ...] = ("audio", "frames")) -> Manifest:
    return Manifest(
        name=name,
        version="1.0",
        title="Tiny",
        licence="CC0-1.0",
        notice="For tests.",
        resolution=64,
        z_dim=8,
        w_dim=16,
        num_ws=10,
        bands=Bands((0, 3), (3, 6), (6, 10)),
        mel=MelSettings(32000, 1024, 320, 64, 50.0, 14000.0),
        embed_dim=12,
        lookahead_seconds=0.0,
        classes=["rain"],
        prompts={"rain": ["rain"]},
        sources=[],
        figures={},
        components={part: Component(f"{part}.safetensors") for part in parts},
    )


def tensors() -> dict[str, dict[str, torch.Tensor]]:
    shared = torch.linspace(-1, 1, 12).reshape(3, 4)
    return {
        "audio": {"a": shared, "b": shared.t(), "steps": torch.tensor([7], dtype=torch.int64)},
        "frames": {"w": torch.tensor([0.1, 1e-3, 60000.0], dtype=torch.float64)},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_pack(tmp_path / "tiny", manifest(), tensors()).path


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for packs, and no other place."""
    place = tmp_path / "places"
    place.mkdir()
    monkeypatch.setattr("soundedit.packs.pack.shipped_folder", lambda name: tmp_path / "none")
    monkeypatch.setattr(
        "soundedit.packs.pack.user_data_path", lambda *args, **kwargs: tmp_path / "own"
    )
    monkeypatch.setenv("SOUNDEDIT_PACKS", str(place))
    return place


def test_tensors_come_back_as_float16(folder: Path) -> None:
    pack = open_pack(folder)
    audio = pack.tensors("audio")
    assert audio["a"].dtype == torch.float16
    assert torch.equal(audio["a"], tensors()["audio"]["a"].half())
    assert torch.equal(audio["b"], audio["a"].t())
    assert audio["steps"].dtype == torch.int64
    assert audio["steps"].tolist() == [7]


def test_latent_space_is_the_generators_unless_a_maker_keeps_one(
    folder: Path, tmp_path: Path
) -> None:
    parts = {**tensors(), "generator": {"w": torch.ones(2)}}
    first = manifest()
    first.components["generator"] = Component("generator.safetensors")
    made = save_pack(tmp_path / "made", first, parts).manifest
    assert made.latents == made.latent_space == made.components["generator"].sha256[:16]
    parts["generator"] = {"w": torch.zeros(2)}
    assert save_pack(tmp_path / "other", first, parts).manifest.latents != made.latents
    kept = dataclasses.replace(first, latent_space=made.latents)
    assert save_pack(tmp_path / "kept", kept, parts).manifest.latents == made.latents
    # A pack made before there was such a field goes by its generator.
    text = json.loads(write_manifest(made))
    del text["latent_space"]
    assert read_manifest(json.dumps(text)).latents == made.latents
    assert open_pack(folder).manifest.latents == ""


def test_tensors_as_float32(folder: Path) -> None:
    frames = open_pack(folder).tensors("frames", torch.float32)
    assert frames["w"].dtype == torch.float32
    assert frames["w"].tolist() == pytest.approx([0.1, 1e-3, 60000.0], rel=1e-3)


def test_same_tensors_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = save_pack(tmp_path / "again", manifest(), tensors())
    assert again.manifest == open_pack(folder).manifest
    assert again.manifest.components["audio"].bytes == (folder / "audio.safetensors").stat().st_size


def test_unknown_part(folder: Path) -> None:
    with pytest.raises(PackError, match="no part 'clip'"):
        open_pack(folder).tensors("clip")


def break_missing(file: Path) -> None:
    file.unlink()


def break_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def break_altered(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def break_longer(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"x")


def break_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (break_missing, "missing"),
        (break_short, "cut short"),
        (break_altered, "altered"),
        (break_longer, "altered"),
        (break_folder, "missing"),
    ],
)
def test_a_broken_file_is_refused_by_name(folder: Path, break_it, says: str) -> None:
    break_it(folder / "frames.safetensors")
    with pytest.raises(PackError, match=rf"frames\.safetensors.*{says}"):
        open_pack(folder)
    problems = verify_pack(folder)
    assert len(problems) == 1
    assert "frames.safetensors" in problems[0]


def test_verify_lists_every_problem(folder: Path) -> None:
    assert verify_pack(folder) == []
    break_missing(folder / "audio.safetensors")
    break_altered(folder / "frames.safetensors")
    assert len(verify_pack(folder)) == 2


def test_a_wrong_manifest_is_named_with_its_place(folder: Path) -> None:
    file = folder / "pack.json"
    file.write_text(file.read_text().replace('"w_dim": 16', '"w_dim": "16"'))
    with pytest.raises(PackError, match="w_dim") as caught:
        open_pack(folder)
    assert str(file) in str(caught.value)
    assert verify_pack(folder) == [str(caught.value)]


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no model pack"):
        open_pack(tmp_path)


def test_a_manifest_that_is_no_text(folder: Path) -> None:
    (folder / "pack.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackError, match=r"pack\.json cannot be read"):
        open_pack(folder)


def test_values_outside_float16_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    bad = {"audio": {"a": torch.tensor([1e6])}, "frames": {}}
    with pytest.raises(PackError, match="tensor a"):
        save_pack(tmp_path / "tiny", manifest(), bad)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_pack(folder: Path) -> None:
    bad = {"audio": {"a": torch.tensor([float("nan")])}}
    with pytest.raises(PackError):
        save_pack(folder, manifest(), bad)
    assert verify_pack(folder) == []
    assert [entry.name for entry in folder.parent.iterdir()] == ["tiny"]


def test_saving_one_part_keeps_the_others_and_the_card(folder: Path) -> None:
    (folder / "README.md").write_text("card")
    before = open_pack(folder)
    after = save_pack(folder, before.manifest, {"audio": {"a": torch.zeros(2)}})
    assert after.tensors("audio")["a"].tolist() == [0, 0]
    assert after.manifest.components["frames"] == before.manifest.components["frames"]
    assert (folder / "README.md").read_text() == "card"
    assert [entry.name for entry in folder.parent.iterdir()] == ["tiny"]


def test_a_part_that_is_dropped_leaves_no_file(folder: Path) -> None:
    save_pack(folder, manifest(parts=("audio",)), {"audio": tensors()["audio"]})
    assert sorted(entry.name for entry in folder.iterdir()) == ["audio.safetensors", "pack.json"]


def test_a_part_without_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"frames\.safetensors"):
        save_pack(tmp_path / "tiny", manifest(), {"audio": tensors()["audio"]})


def test_tensors_that_the_manifest_does_not_name(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="'frames'"):
        save_pack(tmp_path / "tiny", manifest(parts=("audio",)), tensors())


def test_other_folders_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear")
    with pytest.raises(PackError, match="other files"):
        save_pack(tmp_path / "mine", manifest(), tensors())
    assert (tmp_path / "mine" / "diary.txt").read_text() == "dear"


def test_packs_are_found_by_name(alone: Path) -> None:
    for name in ("b", "a"):
        save_pack(alone / name, manifest(name), tensors())
    (alone / ".a.part").mkdir()
    (alone / "note.txt").write_text("")
    assert find_packs() == [alone / "a", alone / "b"]
    assert default_pack() == alone / "a"
    assert open_pack("b").manifest.name == "b"


def test_a_folder_of_other_things_does_not_hide_a_pack_of_its_name(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pack(alone / "a", manifest("a"), tensors())
    here = tmp_path / "here"
    (here / "a").mkdir(parents=True)
    monkeypatch.chdir(here)
    assert open_pack("a").path == alone / "a"
    save_pack(here / "a", manifest("b"), tensors())
    assert open_pack("a").manifest.name == "b"
    with pytest.raises(PackError, match="is no model pack, as it has no"):
        open_pack(here)


def test_a_pack_is_found_by_what_it_calls_itself(alone: Path) -> None:
    save_pack(alone / "my-pack", manifest("faces"), tensors())
    assert open_pack("faces").path == open_pack("my-pack").path == alone / "my-pack"


def test_an_unknown_name_lists_the_known(alone: Path) -> None:
    save_pack(alone / "a", manifest("a"), tensors())
    with pytest.raises(PackError, match=r"'nowhere'.*found: a"):
        open_pack("nowhere")


def test_no_pack_at_all(alone: Path) -> None:
    assert find_packs() == []
    with pytest.raises(PackError, match="No model pack"):
        default_pack()


def test_the_variable_may_name_a_pack_itself(
    folder: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDEDIT_PACKS", os.pathsep.join([str(alone), str(folder)]))
    assert default_pack() == folder


def test_a_link_out_of_nowhere_is_a_missing_file(folder: Path) -> None:
    file = folder / "audio.safetensors"
    file.unlink()
    try:
        file.symlink_to(folder / "gone")
    except OSError:
        pytest.skip("this system lets only some users make links")
    assert "missing" in verify_pack(folder)[0]


def test_a_manifest_is_not_changed_by_saving(tmp_path: Path) -> None:
    given = manifest()
    before = dataclasses.replace(given)
    save_pack(tmp_path / "tiny", given, tensors())
    assert given == before


def test_where_nothing_can_be_written_is_told_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check_place(tmp_path / "new" / "pack")
    with pytest.raises(PackError, match="Nothing can be written to"):
        check_place(tmp_path / "file" / "pack")
    with pytest.raises(PackError, match="holds other files"):
        check_place(tmp_path)
