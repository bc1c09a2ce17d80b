"""`pack.json`: what a model pack is, which files it is made of and how they are checked."""

import json
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from soundedit.errors import PackError
from soundedit.packs.fields import Fields

FORMAT = 1
MANIFEST_NAME = "pack.json"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMPONENT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Component:
    """One weight file of a pack: its name in the pack's folder, its check sum and its settings."""

    file: str
    sha256: str = ""
    """Lower-case hexadecimal digest of the file; `save_pack` fills it in."""
    bytes: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    """Arguments of the network that the file's tensors belong to."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of a later version, kept as they were read."""


@dataclass(frozen=True)
class Bands:
    """Half-open ranges of style layers: up to 8x8, up to 32x32, and above."""

    coarse: tuple[int, int]
    mid: tuple[int, int]
    fine: tuple[int, int]


@dataclass(frozen=True)
class MelSettings:
    """The log-mel spectrogram that a pack's sound networks hear; rates and bounds in Hz."""

    sample_rate: int
    n_fft: int
    hop_length: int
    n_mels: int
    f_min: float
    f_max: float


@dataclass(frozen=True)
class Manifest:
    """Everything `pack.json` says."""

    name: str
    version: str
    title: str
    licence: str
    notice: str
    """Terms and origins, in words for the person who uses the pack."""
    resolution: int
    """Side of a frame in pixels, a power of two."""
    z_dim: int
    w_dim: int
    num_ws: int
    bands: Bands
    mel: MelSettings
    embed_dim: int
    lookahead_seconds: float
    """How far into the future of the sound a frame may depend; 0 for live use."""
    classes: list[str]
    """Sound classes, in the order of the labels."""
    prompts: dict[str, list[str]]
    """Class -> phrases that describe it to the text tower."""
    sources: list[str]
    """Where the training data came from, one line each."""
    figures: dict[str, Any]
    """Measured figures by name."""
    components: dict[str, Component]
    teachers: list[str] = field(default_factory=list)
    """Pretrained networks that its own learned from, none of whose weights are inside."""
    latent_space: str = ""
    """Names what latents mean: two packs of the same one make the same pictures of them, nearly.
    Whoever makes a pack keeps it for a new version where that holds; `save_pack` fills it in."""
    format: int = FORMAT
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of a later version, kept as they were read."""
    bands_extra: dict[str, Any] = field(default_factory=dict)
    mel_extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise PackError when the fields contradict each other."""
        for name, component in self.components.items():
            if not _COMPONENT_NAME.fullmatch(name):
                raise PackError(f"{MANIFEST_NAME}: components.{name} is not a valid name.")
            _check_file_name(component.file, f"components.{name}.file")
        files = [component.file.lower() for component in self.components.values()]
        if len(set(files)) != len(files):
            raise PackError(f"{MANIFEST_NAME}: components must not share a file.")
        ranges = (self.bands.coarse, self.bands.mid, self.bands.fine)
        edges = [0, *(stop for _, stop in ranges)]
        if [start for start, _ in ranges] != edges[:-1] or edges[-1] != self.num_ws:
            raise PackError(
                f"{MANIFEST_NAME}: bands must follow each other from 0 to num_ws ({self.num_ws})."
            )
        if edges != sorted(edges):
            raise PackError(f"{MANIFEST_NAME}: bands must not run backwards.")
        unknown = set(self.prompts) - set(self.classes)
        if unknown:
            raise PackError(
                f"{MANIFEST_NAME}: prompts names {min(unknown)!r}, which is not one of classes."
            )

    @property
    def latents(self) -> str:
        """What its latents mean: `latent_space`, in a pack without one its generator's digest."""
        if self.latent_space or "generator" not in self.components:
            return self.latent_space
        return self.components["generator"].sha256[:16]


def read_manifest(text: str) -> Manifest:
    """Read the text of a `pack.json`; PackError names the field that is wrong."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PackError(f"{MANIFEST_NAME} is not valid JSON ({error}).") from error
    top = Fields(data, "", MANIFEST_NAME)
    number = top.integer("format", at_least=1)
    if number > FORMAT:
        raise PackError(
            f"{MANIFEST_NAME}: format {number} is newer than this soundedit reads "
            f"({FORMAT}), so update soundedit to use this pack."
        )
    resolution = top.integer("resolution", at_least=4, at_most=4096)
    if resolution & (resolution - 1):
        raise PackError(f"{MANIFEST_NAME}: resolution must be a power of two, not {resolution}.")
    bands = top.section("bands")
    mel = top.section("mel")
    return Manifest(
        format=number,
        name=top.string("name", not_empty=True),
        version=top.string("version"),
        title=top.string("title"),
        licence=top.string("licence"),
        notice=top.string("notice"),
        resolution=resolution,
        z_dim=top.integer("z_dim", at_least=1),
        w_dim=top.integer("w_dim", at_least=1),
        num_ws=top.integer("num_ws", at_least=1),
        latent_space=top.optional_string("latent_space"),
        bands=Bands(bands.pair("coarse"), bands.pair("mid"), bands.pair("fine")),
        mel=MelSettings(
            sample_rate=mel.integer("sample_rate", at_least=1),
            n_fft=mel.integer("n_fft", at_least=1),
            hop_length=mel.integer("hop_length", at_least=1),
            n_mels=mel.integer("n_mels", at_least=1),
            f_min=mel.number("f_min", at_least=0.0),
            f_max=mel.number("f_max", at_least=0.0),
        ),
        embed_dim=top.integer("embed_dim", at_least=1),
        lookahead_seconds=top.number("lookahead_seconds", at_least=0.0),
        classes=top.strings("classes"),
        prompts=top.string_lists("prompts"),
        sources=top.strings("sources"),
        teachers=top.optional_strings("teachers"),
        figures=top.mapping("figures"),
        components=_read_components(top.section("components")),
        extra=top.rest(),
        bands_extra=bands.rest(),
        mel_extra=mel.rest(),
    )


def write_manifest(manifest: Manifest) -> str:
    """Return the text of `pack.json`, kept fields of later versions included."""
    data: dict[str, Any] = {
        "format": manifest.format,
        "name": manifest.name,
        "version": manifest.version,
        "title": manifest.title,
        "licence": manifest.licence,
        "notice": manifest.notice,
        "resolution": manifest.resolution,
        "z_dim": manifest.z_dim,
        "w_dim": manifest.w_dim,
        "num_ws": manifest.num_ws,
        **({"latent_space": manifest.latent_space} if manifest.latent_space else {}),
        "bands": {
            "coarse": list(manifest.bands.coarse),
            "mid": list(manifest.bands.mid),
            "fine": list(manifest.bands.fine),
            **manifest.bands_extra,
        },
        "mel": vars(manifest.mel) | manifest.mel_extra,
        "embed_dim": manifest.embed_dim,
        "lookahead_seconds": manifest.lookahead_seconds,
        "classes": manifest.classes,
        "prompts": manifest.prompts,
        "sources": manifest.sources,
        **({"teachers": manifest.teachers} if manifest.teachers else {}),
        "figures": manifest.figures,
        "components": {
            name: {
                "file": component.file,
                "sha256": component.sha256,
                "bytes": component.bytes,
                "config": component.config,
                **component.extra,
            }
            for name, component in manifest.components.items()
        },
        **manifest.extra,
    }
    try:
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise PackError(f"{MANIFEST_NAME} cannot hold these values ({error}).") from error


def _read_components(section: Fields) -> dict[str, Component]:
    components = {}
    for name in section.names():
        one = section.section(name)
        sha256 = one.string("sha256")
        if not _SHA256.fullmatch(sha256):
            raise PackError(
                f"{MANIFEST_NAME}: components.{name}.sha256 must be 64 lower-case hex digits."
            )
        components[name] = Component(
            file=one.string("file", not_empty=True),
            sha256=sha256,
            bytes=one.integer("bytes", at_least=0),
            config=one.mapping("config"),
            extra=one.rest(),
        )
    return components


def _check_file_name(name: str, where: str) -> None:
    """A component's file is a plain name in the pack's own folder, on every system."""
    plain = (
        name not in {"", ".", ".."}
        and PurePosixPath(name).name == name
        and PureWindowsPath(name).name == name
        and not any(character < " " or character in '<>:"|?*' for character in name)
        and not _RESERVED.fullmatch(name)
        and name[-1] not in ". "
    )
    if not plain or not name.endswith(".safetensors"):
        raise PackError(
            f"{MANIFEST_NAME}: {where} must be the plain name of a .safetensors file, not {name!r}."
        )


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number in JSON")
