"""A model pack on disk: find it, check it, load it, save it."""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from soundedit.errors import PackError
from soundedit.packs.manifest import (
    MANIFEST_NAME,
    Component,
    Manifest,
    read_manifest,
    write_manifest,
)
from soundedit.resources import shipped_folder

if TYPE_CHECKING:
    import torch

PACKS_VARIABLE = "SOUNDEDIT_PACKS"
_MANIFEST_LIMIT = 16 * 2**20


class Pack:
    """A pack whose files have been checked."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        """Use `open_pack`, which checks the files first."""
        self.path = path
        self.manifest = manifest

    def tensors(
        self, component: str, dtype: "torch.dtype | None" = None
    ) -> "dict[str, torch.Tensor]":
        """Load one component onto the CPU.

        Floating-point tensors come as stored (float16), or as `dtype` if that is given; others
        as stored. PackError if the pack has no such component or its file cannot be read.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        if component not in self.manifest.components:
            raise PackError(
                f"The pack {self.manifest.name} has no part {component!r}, so choose another pack."
            )
        file = self.path / self.manifest.components[component].file
        try:
            tensors = load_file(file)
        except (OSError, SafetensorError) as error:
            raise PackError(f"{file} cannot be read ({error}), so get the pack again.") from error
        if dtype is None:
            return tensors
        return {
            name: tensor.to(dtype) if tensor.is_floating_point() else tensor
            for name, tensor in tensors.items()
        }


def shipped_dirs() -> list[Path]:
    """The folders where packs are looked for, first match first, whether they exist or not.

    Entries of $SOUNDEDIT_PACKS, the packs that ship, the person's own data folder.
    """
    named = [Path(entry) for entry in os.environ.get(PACKS_VARIABLE, "").split(os.pathsep) if entry]
    own = user_data_path("soundedit", appauthor=False) / "packs"
    return [*named, shipped_folder("weights"), own]


def find_packs() -> list[Path]:
    """The folders of all packs found, unchecked; of two with one name the first place wins."""
    found: dict[str, Path] = {}
    for place in shipped_dirs():
        for folder in _packs_in(place):
            found.setdefault(folder.name, folder)
    return list(found.values())


def default_pack() -> Path:
    """The first pack found; PackError if there is none."""
    packs = find_packs()
    if not packs:
        raise PackError(
            f"No model pack was found, so put one into {shipped_dirs()[-1]} "
            f"or name its folder in {PACKS_VARIABLE}."
        )
    return packs[0]


def open_pack(path_or_name: str | Path) -> Pack:
    """Open a pack by its folder or by the name of one that `find_packs` finds.

    Every file's presence, size and SHA-256 is checked before anything is loaded; PackError
    names the first file that is wrong.
    """
    folder = pack_folder(path_or_name)
    manifest = _load_manifest(folder)
    for problem in _problems(folder, manifest):
        raise PackError(problem)
    return Pack(folder, manifest)


def read_pack_manifest(path_or_name: str | Path) -> Manifest:
    """Read a pack's manifest only, without checking its files."""
    return _load_manifest(pack_folder(path_or_name))


def verify_pack(path: str | Path) -> list[str]:
    """Everything that is wrong with a pack, one sentence each; empty if it is good."""
    try:
        folder = pack_folder(path)
        manifest = _load_manifest(folder)
    except PackError as error:
        return [str(error)]
    return list(_problems(folder, manifest))


def save_pack(
    folder: str | Path,
    manifest: Manifest,
    tensors: "Mapping[str, Mapping[str, torch.Tensor]]",
    *,
    exact: Collection[str] = (),
) -> Pack:
    """Write a pack, the whole or nothing, and return it opened.

    `tensors` maps component names of `manifest` to state dicts; floating-point tensors are
    stored as float16, those of components in `exact` as they are. Components without tensors
    here, and files that are no component (a model card), are taken over from the pack that
    `folder` holds already. Sizes, check sums and a missing `latent_space` in `manifest` are filled
    in. PackError for a value outside float16's range or a failed write.
    """
    folder = Path(folder).absolute()
    unknown = set(tensors) - set(manifest.components)
    if unknown:
        raise PackError(f"The manifest does not name the part {min(unknown)!r}, so add it there.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    check_place(folder)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        _take_over(folder, new)
        components = {
            name: _write_component(new, component, tensors[name], name in exact)
            if name in tensors
            else _kept_component(new, component, folder)
            for name, component in manifest.components.items()
        }
        manifest = dataclasses.replace(manifest, components=components)
        manifest = dataclasses.replace(manifest, latent_space=manifest.latents)
        for stray in set(new.glob("*.safetensors")) - {new / c.file for c in components.values()}:
            stray.unlink()
        _write_file(new / MANIFEST_NAME, write_manifest(manifest).encode())
        new.chmod(0o755)
        _sync_folder(new)
        _swap(new, folder)
    except OSError as error:
        raise PackError(f"The pack {folder} could not be written ({error}).") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return open_pack(folder)


def check_place(folder: Path) -> None:
    """Raise PackError where no pack can be written to `folder`."""
    try:
        if folder.exists() and not _replaceable(folder):
            raise PackError(f"{folder} holds other files, so choose a new folder for the pack.")
        there = next((place for place in folder.parents if place.exists()), folder.parent)
    except OSError as error:
        raise PackError(
            f"Nothing can be written to {folder} ({error.strerror}), so choose another folder."
        ) from error
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise PackError(f"Nothing can be written to {there}, so choose another folder.")


def _packs_in(place: Path) -> list[Path]:
    if (place / MANIFEST_NAME).is_file():
        return [place]
    try:
        return sorted(folder for folder in place.iterdir() if _shown(folder))
    except OSError:
        return []


def _shown(folder: Path) -> bool:
    """A pack's folder that is not one being written."""
    return not folder.name.startswith(".") and (folder / MANIFEST_NAME).is_file()


def pack_folder(path_or_name: str | Path) -> Path:
    """The folder of a pack, given it or its name; PackError if there is none."""
    path = Path(path_or_name)
    if path.name == MANIFEST_NAME and path.is_file():
        return path.parent
    found = find_packs()
    if (path / MANIFEST_NAME).is_file():
        return path
    # A folder of photos may happen to have the name of a pack.
    for named in (_folder_name, _own_name):
        for folder in found:
            if named(folder) == str(path_or_name):
                return folder
    if path.is_dir():
        return path
    known = ", ".join(folder.name for folder in found) or "none"
    raise PackError(
        f"There is no model pack {str(path_or_name)!r}, so give a pack's folder or one of the "
        f"packs found: {known}."
    )


def _folder_name(folder: Path) -> str:
    return folder.name


def _own_name(folder: Path) -> str | None:
    """What a pack calls itself; None for one whose manifest cannot be read."""
    try:
        return _load_manifest(folder).name
    except PackError:
        return None


def _load_manifest(folder: Path) -> Manifest:
    file = folder / MANIFEST_NAME
    try:
        with file.open("rb") as stream:
            data = stream.read(_MANIFEST_LIMIT + 1)
        if len(data) > _MANIFEST_LIMIT:
            raise PackError(f"{file} is too large to be a pack's manifest.")
        return read_manifest(data.decode())
    except FileNotFoundError as error:
        raise PackError(
            f"{folder} is no model pack, as it has no {MANIFEST_NAME}, so choose another folder."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{file} cannot be read ({error}), so get the pack again.") from error
    except PackError as error:
        raise PackError(str(error).replace(MANIFEST_NAME, str(file), 1)) from error


def _problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    again = "so get the pack again"
    for component in manifest.components.values():
        file = folder / component.file
        try:
            if not file.is_file():
                yield f"{file} is missing, {again}."
                continue
            size = file.stat().st_size
            if size < component.bytes:
                yield f"{file} is cut short ({size} of {component.bytes} bytes), {again}."
            elif size != component.bytes or _sha256(file) != component.sha256:
                yield f"{file} was altered (its check sum differs), {again}."
        except OSError as error:
            yield f"{file} cannot be read ({error.strerror}), {again}."


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_component(
    folder: Path, component: Component, tensors: "Mapping[str, torch.Tensor]", exact: bool
) -> Component:
    from safetensors.torch import save

    stored = {
        name: _stored(component.file, name, tensor, exact) for name, tensor in tensors.items()
    }
    data = save(stored)
    _write_file(folder / component.file, data)
    digest = hashlib.sha256(data).hexdigest()
    return dataclasses.replace(component, sha256=digest, bytes=len(data))


def _stored(file: str, name: str, tensor: "torch.Tensor", exact: bool) -> "torch.Tensor":
    import torch

    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and not exact:
        tensor = tensor.to(torch.float16)
        if not torch.isfinite(tensor).all():
            raise PackError(f"{file}: the tensor {name} has values outside float16's range.")
    # A copy: safetensors refuses tensors that share memory.
    return tensor.clone(memory_format=torch.contiguous_format)


def _kept_component(new: Path, component: Component, old: Path) -> Component:
    file = new / component.file
    if not file.is_file():
        raise PackError(f"{old / component.file} is missing and no new tensors were given for it.")
    return dataclasses.replace(component, sha256=_sha256(file), bytes=file.stat().st_size)


def _replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MANIFEST_NAME).is_file() or not any(folder.iterdir()))


def _take_over(old: Path, new: Path) -> None:
    if old.is_dir():
        shutil.copytree(old, new, dirs_exist_ok=True)


def _write_file(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder to sync it, and need not.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`, which comes back if that fails."""
    if not folder.exists():
        new.rename(folder)
    else:
        aside = new.with_suffix(".old")
        folder.rename(aside)
        try:
            new.rename(folder)
        except OSError:
            aside.rename(folder)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    _sync_folder(folder.parent)
