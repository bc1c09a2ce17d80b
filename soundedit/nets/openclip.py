"""open_clip, imported without the packages that its own towers do not use.

Importing it plainly takes longer than all else that an engine imports: timm, transformers where
it is installed, and torchvision, whose `ops` bring torch's compiler with them.
"""

import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_OPTIONAL = {
    "timm": "timm_model_name",
    "transformers": "hf_model_name",
    "huggingface_hub": "hf_model_name",
}
"""Packages that open_clip does without, and the setting of a tower that needs each."""

_BARE = ("torchvision", "torchvision.ops")
"""Packages of which open_clip needs modules, but not what the packages import themselves."""

_LIGHT = "_soundedit_light"
_lock = threading.Lock()


def load_open_clip(config: dict[str, Any]) -> ModuleType:
    """The package `open_clip`, able to build the towers of a config, else as light as can be."""
    settings = {*config["vision_cfg"], *config["text_cfg"]}
    with _lock:
        if settings & set(_OPTIONAL.values()):
            if getattr(sys.modules.get("open_clip"), _LIGHT, False):
                _forget("open_clip")
            return importlib.import_module("open_clip")
        if "open_clip" in sys.modules:
            return importlib.import_module("open_clip")
        with _light_imports():
            light = importlib.import_module("open_clip")
        setattr(light, _LIGHT, True)
        return light


class _Light(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in _OPTIONAL:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        found = PathFinder.find_spec(fullname, path) if fullname in _BARE else None
        if found is None:
            return None
        bare = ModuleSpec(fullname, None, is_package=True)
        bare.submodule_search_locations = found.submodule_search_locations
        return bare


@contextmanager
def _light_imports() -> Iterator[None]:
    """Optional packages are not found, and bare ones are forgotten after."""
    fresh = "torchvision" not in sys.modules
    light = _Light()
    if fresh:
        sys.meta_path.insert(0, light)
    try:
        yield
    finally:
        if fresh:
            sys.meta_path.remove(light)
            _forget("torchvision")


def _forget(package: str) -> None:
    """Let the next import of a package be a new one."""
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]
