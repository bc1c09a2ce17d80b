"""Towers of other makers, read from what their programs write."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from soundedit.errors import PackError
from soundedit.nets.clip import build_clip, embed_pictures, embed_text, picture_features
from soundedit.packs.modelfiles import ModelKind, kind_of
from soundedit.packs.openclip import ForeignClip, read_openclip
from tests.clipfiles import MEAN, MODEL, STD, towers, write_checkpoint, write_folder, write_script
from tests.foreignfiles import ada, rosinality_weights, stylegan2_generator, write_pickle


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two architectures of OpenCLIP that differ in the activation alone, and one that is larger."""
    known = open_clip.factory._MODEL_CONFIGS
    monkeypatch.setitem(known, "tiny", MODEL)
    monkeypatch.setitem(known, "tiny-quickgelu", {**MODEL, "quick_gelu": True})
    larger = {**MODEL, "vision_cfg": {**MODEL["vision_cfg"], "layers": 3}}
    monkeypatch.setitem(known, "larger", larger)


def built(found: ForeignClip) -> nn.Module:
    model = build_clip(found.config).eval().requires_grad_(False)
    model.load_state_dict(found.tensors)
    return model


@pytest.mark.parametrize("more", [{}, {"quick_gelu": True}, {"custom_text": True}])
def test_a_folder_gives_what_its_model_gives(tmp_path: Path, more: dict[str, Any]) -> None:
    model = towers(**more)
    folder = write_folder(tmp_path / "vit-tiny", model, **more)
    assert kind_of(folder) is ModelKind.TOWERS
    for path in (folder, folder / "open_clip_config.json", folder / "open_clip_model.safetensors"):
        found = read_openclip(path)
        assert found.name == "vit-tiny"
        mine = built(found)
        words = ["rain on a roof", "a storm at sea"]
        ids = open_clip.SimpleTokenizer(context_length=20)(words)
        theirs = model.encode_text(ids, normalize=True)  # type: ignore[operator]
        torch.testing.assert_close(embed_text(mine, found.config, words), theirs)
        pictures = torch.rand(2, 3, 48, 48)
        mean, std = (torch.tensor(x).view(3, 1, 1) for x in (MEAN, STD))
        theirs = model.encode_image((pictures - mean) / std, normalize=True)  # type: ignore[operator]
        seen = embed_pictures(mine, found.config, pictures * 2 - 1)
        torch.testing.assert_close(seen, theirs, atol=1e-5, rtol=1e-4)
        large = torch.rand(1, 3, 96, 96)
        small = F.interpolate(large, (48, 48), mode="bicubic", antialias=True)
        theirs = model.encode_image((small - mean) / std, normalize=True)  # type: ignore[operator]
        seen = embed_pictures(mine, found.config, large * 2 - 1)
        torch.testing.assert_close(seen, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_needs_its_architecture_said(
    tmp_path: Path, zipped: bool, registered: None
) -> None:
    model = towers()
    file = write_checkpoint(tmp_path / "epoch_3.pt", model, zipped=zipped)
    assert kind_of(file) is ModelKind.TOWERS
    with pytest.raises(PackError, match=r"any of tiny, tiny-quickgelu.*--model tiny"):
        read_openclip(file)
    found = read_openclip(file, model="tiny-quickgelu")
    assert found.name == "tiny-quickgelu" and found.config["quick_gelu"]
    assert found.config["preprocess_cfg"]["mean"][0] == pytest.approx(0.48145466)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(found.tensors[name], value)
    with pytest.raises(PackError, match=r"is no larger \(it lacks .*resblocks\.2"):
        read_openclip(file, model="larger")
    # The last two open_clip itself would fetch, or read from anywhere.
    for name in ("huge", "hf-hub:who/ever", f"local-dir:{tmp_path}"):
        with pytest.raises(PackError, match=f"no architecture '{name}'"):
            read_openclip(file, model=name)


def test_an_archive_of_openai_is_known_by_its_sizes(tmp_path: Path, registered: None) -> None:
    model = towers(quick_gelu=True)
    file = write_script(tmp_path / "ViT-B-32.pt", model)
    assert kind_of(file) is ModelKind.TOWERS
    found = read_openclip(file)
    assert found.name == "tiny-quickgelu" and found.config["quick_gelu"]
    for name, value in model.state_dict().items():
        assert found.tensors[name].dtype == torch.float32
        torch.testing.assert_close(found.tensors[name], value, atol=1e-3, rtol=1e-3)


def test_an_archive_has_the_activation_of_its_maker(tmp_path: Path, registered: None) -> None:
    file = write_script(tmp_path / "ViT-B-32.pt", towers(quick_gelu=True))
    assert read_openclip(file, model="tiny").config["quick_gelu"]


def test_resnets_and_towers_of_timm(tmp_path: Path) -> None:
    resnet = {"vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16}}
    slim = {"timm_model_name": "test_vit", "timm_proj": "linear", "timm_pool": "avg"}
    slim |= {"image_size": 160}
    for name, more in (("rn", resnet), ("timm", {"vision_cfg": slim, "custom_text": True})):
        model = towers(**more)
        found = read_openclip(write_folder(tmp_path / name, model, **more))
        pictures = torch.rand(1, 3, 160, 160) * 2 - 1
        mine, theirs = (embed_pictures(m, found.config, pictures) for m in (built(found), model))
        torch.testing.assert_close(mine, theirs)
        assert len(picture_features(built(found), found.config, pictures)) > 1


def test_text_towers_of_their_own_are_renamed(tmp_path: Path) -> None:
    """Older files keep the text tower's parts at the top."""
    model = towers()
    folder = write_folder(tmp_path / "model", model, custom_text=True)
    found = read_openclip(folder)
    assert "text.token_embedding.weight" in found.tensors
    words = ["fire"]
    mine = embed_text(built(found), found.config, words)
    torch.testing.assert_close(mine, embed_text(model, MODEL, words))


def test_what_is_no_model_is_told(tmp_path: Path, registered: None) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PackError, match=r"empty holds none of open_clip_model\.safetensors"):
        read_openclip(empty)
    other = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, other)
    with pytest.raises(PackError, match=r"other\.safetensors holds no model of OpenCLIP"):
        read_openclip(other)
    folder = write_folder(tmp_path / "cut", towers())
    os.truncate(folder / "open_clip_model.safetensors", 5000)
    with pytest.raises(PackError, match="cannot be read"):
        read_openclip(folder)
    folder = write_folder(tmp_path / "odd", towers())
    (folder / "open_clip_config.json").write_text("{}")
    with pytest.raises(PackError, match=r"open_clip_config\.json is no config of OpenCLIP"):
        read_openclip(folder)
    model = towers()
    model.state_dict()["ln_final.bias"][0] = float("nan")
    with pytest.raises(PackError, match=r"'ln_final\.bias' that are no numbers"):
        read_openclip(write_folder(tmp_path / "failed", model))


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("text_cfg", {"hf_tokenizer_name": "bert"}, "tokenizer that open_clip does not bring"),
        ("vision_cfg", {"image_size": [48, 64]}, "not square"),
        ("vision_cfg", {"timm_model_name": "hf-hub:who/ever"}, "fetched from a hub"),
        ("multimodal_cfg", {"width": 8}, "writes captions"),
        ("text_cfg", {"heads": 3}, "not laid out like a model of OpenCLIP"),
        ("text_cfg", {"width": 2**40}, "it says 1099511627776"),
        ("vision_cfg", {"head_width": 0}, "not laid out like a model of OpenCLIP"),
        ("vision_cfg", {"layers": 10**6}, "deeper than any"),
        ("vision_cfg", {"norm_kwargs": {"eps": float("nan")}}, "not laid out like a model"),
    ],
)
def test_what_needs_more_is_refused(
    tmp_path: Path, part: str, value: dict[str, Any], told: str
) -> None:
    folder = write_folder(tmp_path / "model", towers())
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"][part] = {**config["model_cfg"].get(part, {}), **value}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(PackError, match=told):
        read_openclip(folder)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("mean", [0.5, 0.5], "no three numbers"), ("mean", ["a"] * 3, "not laid out like a model"),
     ("std", [0.5, 0.0, 0.5], "not above 0"), ("std", [0.5, float("inf"), 1], "no three numbers")],
)  # fmt: skip
def test_pictures_are_prepared_by_three_numbers(
    tmp_path: Path, key: str, value: list[Any], told: str
) -> None:
    folder = write_folder(tmp_path / "model", towers())
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["preprocess_cfg"][key] = value
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(PackError, match=told):
        read_openclip(folder)


def test_another_layout_is_named(tmp_path: Path) -> None:
    save_file(
        {"vision_model.embeddings.class_embedding": torch.zeros(8)}, tmp_path / "a.safetensors"
    )
    with pytest.raises(PackError, match="layout of Hugging Face's transformers"):
        read_openclip(tmp_path / "a.safetensors")


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "model", towers())
    (folder / "open_clip_model.safetensors").unlink()
    file = folder / "open_clip_pytorch_model.bin"
    torch.save(towers().state_dict(), file)
    data = bytearray(file.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at : at + 4] = b"none"
    file.write_bytes(data)
    assert kind_of(folder) is ModelKind.TOWERS
    with pytest.raises(PackError, match=r"open_clip_pytorch_model\.bin is no whole checkpoint"):
        read_openclip(folder)
    assert kind_of(file) is ModelKind.GENERATOR


def test_generators_do_not_look_like_towers(tmp_path: Path) -> None:
    generator = stylegan2_generator()
    assert (
        kind_of(write_pickle(tmp_path / "a.pkl", {"G_ema": ada(generator)})) is ModelKind.GENERATOR
    )
    torch.save({"g_ema": rosinality_weights(generator)}, tmp_path / "b.pt")
    assert kind_of(tmp_path / "b.pt") is ModelKind.GENERATOR
    assert kind_of(tmp_path / "gone.pt") is ModelKind.GENERATOR
    (tmp_path / "c.pt").write_bytes(b"PK\x03\x04 and no more")
    assert kind_of(tmp_path / "c.pt") is ModelKind.GENERATOR


def tampered(source: Path, target: Path, old: bytes, new: bytes) -> Path:
    """An archive whose pickle has `new` in the place of `old`."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, data.replace(old, new) if name.endswith("/data.pkl") else data)
    return target


def test_an_archive_runs_nothing(tmp_path: Path, registered: None) -> None:
    good = write_script(tmp_path / "good.pt", towers())
    marker = tmp_path / "ran"
    name = b"ctorch._utils\n_rebuild_tensor_v2\n"
    call = f"cos\nsystem\n(Vtouch {marker}\ntR".encode()
    bad = tampered(good, tmp_path / "bad.pt", name, call + name)
    with pytest.raises(PackError, match=r"names 'os\.system', which no model of OpenCLIP needs"):
        read_openclip(bad)
    assert not marker.exists()
    odd = tampered(good, tmp_path / "odd.pt", b"torch\nHalfStorage", b"torch\nQInt8Storage")
    with pytest.raises(PackError, match=r"names 'torch\.QInt8Storage'"):
        read_openclip(odd)
    for share in (0.2, 0.7, 0.999):
        short = tmp_path / "short.pt"
        short.write_bytes(good.read_bytes()[: int(share * good.stat().st_size)])
        with pytest.raises(PackError, match="no whole checkpoint of torch"):
            read_openclip(short)


def test_storages_hold_what_they_say(tmp_path: Path, registered: None) -> None:
    good = write_script(tmp_path / "good.pt", towers())
    with zipfile.ZipFile(good) as before, zipfile.ZipFile(tmp_path / "bad.pt", "w") as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, data[: len(data) // 2] if "/data/" in name else data)
    with pytest.raises(PackError, match="a storage is cut short"):
        read_openclip(tmp_path / "bad.pt")


def test_modules_within_modules_end(tmp_path: Path) -> None:
    """Each part twice in the one above it: two to the power of sixty ways through them."""
    path = tmp_path / "deep.pt"
    part = b"c__torch__\nM\n)\x81}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n"
    part += (
        b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
    )
    part += b"K\x01tQK\x00(K\x01t(K\x01t\x89ccollections\nOrderedDict\n)RtRsb"
    for at in range(60):
        part += b"q" + bytes([at]) + b"0c__torch__\nM\n)\x81}(X\x01\x00\x00\x00ah" + bytes([at])
        part += b"X\x01\x00\x00\x00bh" + bytes([at]) + b"ub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("deep/data.pkl", b"\x80\x02" + part + b".")
        archive.writestr("deep/constants.pkl", b"")
        archive.writestr("deep/data/0", bytes(4))
    with pytest.raises(PackError, match="it holds a module twice"):
        read_openclip(path)
