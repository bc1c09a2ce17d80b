"""Distance of how videos move in feature space."""

import numpy as np

from soundedit.evaluate.videos import motion_distance


def test_what_never_moves_is_further_than_what_moves_alike() -> None:
    rng = np.random.default_rng(0)
    spread = np.zeros(200)
    spread[:8] = 3
    spread[8:] = 0.02

    def videos(count: int) -> list[np.ndarray]:
        walks = np.cumsum(rng.normal(size=(count, 8, 200)) * spread, axis=1)
        return list(walks.astype(np.float32))

    reference, alike = videos(12), videos(12)
    frozen = [np.repeat(video[:1], 8, axis=0) for video in alike]
    near, far = motion_distance(alike, reference), motion_distance(frozen, reference)
    assert near is not None
    assert far is not None
    assert 0 < 4 * near < far
    same = motion_distance(reference, reference)
    assert same is not None
    assert same < 0.1


def test_one_step_is_too_few() -> None:
    one = [np.ones((2, 5), np.float32)]
    assert motion_distance(one, one) is None
