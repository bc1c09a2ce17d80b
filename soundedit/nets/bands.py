"""The three bands of style layers that sound, words and recurrent blocks act on."""

BANDS = ("coarse", "mid", "fine")


def band_slices(num_ws: int) -> dict[str, slice]:
    """Split `num_ws` style layers into coarse (0-2), mid (3-5) and fine (6 and up).

    Layers are counted from the 4 x 4 block, so the bands sit at the same resolutions whatever the
    size of the generator (Lee et al., ECCV 2022, section 3.2). Raises ValueError below 7 layers,
    where the fine band would be empty.
    """
    if num_ws < 7:
        raise ValueError(f"three bands need at least 7 style layers, not {num_ws}")
    return {"coarse": slice(0, 3), "mid": slice(3, 6), "fine": slice(6, num_ws)}
