"""Reading StyleGAN generators of other programs, safely, as the generators of `soundedit.nets`."""

from pathlib import Path

from soundedit.errors import PackError
from soundedit.packs.closedpickle import ZIP_MAGIC, check_file
from soundedit.packs.foreigngenerator import ForeignGenerator
from soundedit.packs.modelfiles import LEGACY_TORCH_MAGIC
from soundedit.packs.nvidia import read_nvidia
from soundedit.packs.rosinality import read_rosinality

__all__ = ["ForeignGenerator", "read_foreign"]


def read_foreign(path: Path, *, label: int | None = None) -> ForeignGenerator:
    """Read a generator from NVIDIA's network pickle or rosinality's checkpoint.

    Which of them a file is shows in its content, not in its name. Nothing in the file is run.
    Pickles are those of the repositories stylegan2-ada-pytorch and stylegan3 (StyleGAN2,
    StyleGAN3-T and -R). `label` chooses the class of a conditional network, 0 if not given.
    PackError, which says what to do, for a file that is damaged, unsafe, or a network that our
    generators cannot be.
    """
    archive = check_file(path).startswith((ZIP_MAGIC, LEGACY_TORCH_MAGIC))
    read = read_rosinality if archive else read_nvidia
    try:
        return read(path, label=label)
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, OverflowError) as bad:
        # A hand-made file can contradict itself in any place.
        why = str(bad).partition("\n")[0]
        raise PackError(
            f"{path} is not laid out like a generator of StyleGAN ({why}), so choose another file."
        ) from bad
