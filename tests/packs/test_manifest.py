import json
from typing import Any

import pytest

from soundedit.errors import PackError
from soundedit.packs import Bands, MelSettings, read_manifest, write_manifest


def example() -> dict[str, Any]:
    return {
        "format": 1,
        "name": "tiny",
        "version": "1.0",
        "title": "Tiny",
        "licence": "CC0-1.0",
        "notice": "For tests.",
        "resolution": 64,
        "z_dim": 8,
        "w_dim": 16,
        "num_ws": 10,
        "bands": {"coarse": [0, 3], "mid": [3, 6], "fine": [6, 10]},
        "mel": {
            "sample_rate": 32000,
            "n_fft": 1024,
            "hop_length": 320,
            "n_mels": 64,
            "f_min": 50,
            "f_max": 14000,
        },
        "embed_dim": 12,
        "lookahead_seconds": 0,
        "classes": ["rain", "wind"],
        "prompts": {"rain": ["heavy rain"]},
        "sources": ["made here"],
        "figures": {"fps": 41.5},
        "components": {
            "audio": {
                "file": "audio.safetensors",
                "sha256": "0" * 64,
                "bytes": 3,
                "config": {"width": 8},
            }
        },
    }


def read(data: dict[str, Any]) -> Any:
    return read_manifest(json.dumps(data))


def test_every_field_is_read() -> None:
    manifest = read(example())
    assert manifest.name == "tiny"
    assert manifest.resolution == 64
    assert manifest.bands == Bands((0, 3), (3, 6), (6, 10))
    assert manifest.mel == MelSettings(32000, 1024, 320, 64, 50.0, 14000.0)
    assert manifest.lookahead_seconds == 0.0
    assert manifest.classes == ["rain", "wind"]
    assert manifest.prompts == {"rain": ["heavy rain"]}
    assert manifest.figures == {"fps": 41.5}
    assert manifest.components["audio"].config == {"width": 8}
    assert manifest.components["audio"].bytes == 3


def test_unknown_fields_survive_a_round_trip() -> None:
    data = example()
    data["mood"] = {"calm": True}
    data["mel"]["scale"] = "htk"
    data["bands"]["finest"] = [9, 10]
    data["components"]["audio"]["dtype"] = "float16"
    again = json.loads(write_manifest(read(data)))
    assert again == data


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        (["name"], 3, "name"),
        (["name"], "", "name"),
        (["resolution"], "64", "resolution"),
        (["resolution"], 65, "resolution"),
        (["resolution"], True, "resolution"),
        (["num_ws"], 10.5, "num_ws"),
        (["bands", "mid"], [3], "bands.mid"),
        (["bands", "mid"], [3, 7], "bands"),
        (["bands", "fine"], [6, 11], "bands"),
        (["mel", "f_min"], "low", "mel.f_min"),
        (["mel", "f_min"], -1, "mel.f_min"),
        (["mel", "hop_length"], 0, "mel.hop_length"),
        (["mel"], [], "mel"),
        (["lookahead_seconds"], None, "lookahead_seconds"),
        (["classes"], ["rain", 1], "classes"),
        (["prompts", "rain"], "heavy", "prompts.rain"),
        (["prompts"], {"snow": ["snow"]}, "snow"),
        (["figures"], 1, "figures"),
        (["components"], [], "components"),
        (["components", "audio", "sha256"], "00", "components.audio.sha256"),
        (["components", "audio", "sha256"], "A" * 64, "components.audio.sha256"),
        (["components", "audio", "bytes"], -1, "components.audio.bytes"),
        (["components", "audio", "config"], "{}", "components.audio.config"),
        (["format"], 2, "update soundedit"),
        (["format"], "1", "format"),
    ],
)
def test_a_wrong_field_is_named(place: list[str], value: Any, named: str) -> None:
    data = example()
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(PackError, match=named) as caught:
        read(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", sorted(example()))
def test_a_missing_field_is_named(field: str) -> None:
    data = example()
    del data[field]
    with pytest.raises(PackError, match=f"{field} is missing"):
        read(data)


@pytest.mark.parametrize(
    "name",
    [
        "../audio.safetensors",
        "/etc/audio.safetensors",
        "sub/audio.safetensors",
        "sub\\audio.safetensors",
        "..\\audio.safetensors",
        "C:audio.safetensors",
        "C:\\audio.safetensors",
        "..",
        "audio.pkl",
        "pack.json",
        "nul.safetensors",
        "audio\0.safetensors",
        "audio.safetensors\n",
        "audio.safetensors:stream",
    ],
)
def test_a_component_may_not_leave_the_folder(name: str) -> None:
    data = example()
    data["components"]["audio"]["file"] = name
    with pytest.raises(PackError, match=r"components\.audio\.file"):
        read(data)


def test_two_components_may_not_share_a_file() -> None:
    data = example()
    data["components"]["clip"] = dict(data["components"]["audio"], file="Audio.safetensors")
    with pytest.raises(PackError, match="share"):
        read(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"pack"', "NaN", '{"format": NaN}'])
def test_text_that_is_no_manifest(text: str) -> None:
    with pytest.raises(PackError, match=r"pack\.json"):
        read_manifest(text)


def test_deeply_nested_text_is_refused() -> None:
    with pytest.raises(PackError, match=r"pack\.json"):
        read_manifest("[" * 100_000)
