"""Model packs on disk: manifest, checks, load and save."""

from soundedit.packs.manifest import (
    MANIFEST_NAME,
    Bands,
    Component,
    Manifest,
    MelSettings,
    read_manifest,
    write_manifest,
)
from soundedit.packs.pack import (
    PACKS_VARIABLE,
    Pack,
    check_place,
    default_pack,
    find_packs,
    open_pack,
    pack_folder,
    read_pack_manifest,
    save_pack,
    shipped_dirs,
    verify_pack,
)

__all__ = [
    "MANIFEST_NAME",
    "PACKS_VARIABLE",
    "Bands",
    "Component",
    "Manifest",
    "MelSettings",
    "Pack",
    "check_place",
    "default_pack",
    "find_packs",
    "open_pack",
    "pack_folder",
    "read_manifest",
    "read_pack_manifest",
    "save_pack",
    "shipped_dirs",
    "verify_pack",
    "write_manifest",
]
