"""Reading checkpoints of torch.save that other programs wrote: tensors and plain values only."""

import zipfile
from pathlib import Path
from typing import Any

import torch

from soundedit.errors import PackError
from soundedit.packs.closedglobals import named_by_torch
from soundedit.packs.closedpickle import SIZE_LIMIT, check_file


def load_checkpoint(path: Path, kind: str, *classes: type, limit: int = SIZE_LIMIT) -> Any:
    """What torch.save wrote, on the CPU; of all classes only `classes` are made, nothing is run.

    PackError, which speaks of a `kind` of file, if it is none, is cut short, is larger than `limit`
    bytes, or names anything else.
    """
    check_file(path, limit)
    try:
        if zipfile.is_zipfile(path):
            check_archive(path, limit)
        with torch.serialization.safe_globals(list(classes)):
            return torch.load(path, map_location="cpu", weights_only=True)
    except PackError:
        raise
    except Exception as error:  # Torch raises a dozen kinds for files that are none of its own.
        named = named_by_torch(error)
        if named:
            raise PackError(
                f"{path} names {named!r}, which no {kind} needs and which might "
                "run a program, so it was not read: get the file from a source you trust."
            ) from error
        raise PackError(
            f"{path} is no whole checkpoint of torch.save, so get the file again or choose another."
        ) from error


def check_archive(path: Path, limit: int) -> None:
    """PackError for a zip archive that unpacks to more than `limit` bytes."""
    with zipfile.ZipFile(path) as archive:
        # Members may be compressed, and are unpacked whole.
        if sum(member.file_size for member in archive.infolist()) > limit:
            raise PackError(f"{path} unpacks to over {limit // 2**30} GiB, so choose another file.")
