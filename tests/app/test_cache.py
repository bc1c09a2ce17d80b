from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundedit.app.cache import FrameCache, FrameKey


def key(index: int) -> FrameKey:
    return FrameKey(1, index, None)


def test_least_recently_used_goes_first() -> None:
    cache: FrameCache[np.ndarray] = FrameCache(300)
    for index in range(3):
        assert cache.put(key(index), np.zeros(100, np.uint8)) == []
    assert cache.get(key(0)) is not None
    assert cache.put(key(3), np.zeros(100, np.uint8)) == [key(1)]
    assert [index for index in range(4) if key(index) in cache] == [0, 2, 3]


def test_picture_larger_than_the_bound_is_not_kept() -> None:
    cache: FrameCache[np.ndarray] = FrameCache(10)
    assert cache.put(key(0), np.zeros(11, np.uint8)) == [key(0)]
    assert (len(cache), cache.nbytes) == (0, 0)


def test_same_key_replaces() -> None:
    cache: FrameCache[np.ndarray] = FrameCache(100)
    cache.put(key(0), np.zeros(60, np.uint8))
    assert cache.put(key(0), np.zeros(40, np.uint8)) == []
    assert (len(cache), cache.nbytes) == (1, 40)


def test_movie_index_and_size_are_all_part_of_the_key() -> None:
    cache: FrameCache[np.ndarray] = FrameCache(100)
    cache.put(FrameKey(1, 2, None), np.zeros(1, np.uint8))
    for other in (FrameKey(2, 2, None), FrameKey(1, 3, None), FrameKey(1, 2, 64)):
        assert cache.get(other) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=60))
def test_bound_and_count_always_hold(puts: Sequence[tuple[int, int]]) -> None:
    cache: FrameCache[np.ndarray] = FrameCache(100)
    kept: dict[FrameKey, int] = {}
    for index, size in puts:
        kept[key(index)] = size
        for gone in cache.put(key(index), np.zeros(size, np.uint8)):
            del kept[gone]
        assert cache.nbytes == sum(kept.values()) <= 100
        assert len(cache) == len(kept)
