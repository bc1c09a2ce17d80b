import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundedit.media.ring import RingBuffer


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60))
def test_what_comes_out_is_what_went_in(steps):
    ring = RingBuffer(13, 2)
    put, got = 0, 0
    for is_write, n in steps:
        if is_write:
            frames = np.repeat(np.arange(put, put + n, dtype=np.float32)[:, None], 2, axis=1)
            taken = ring.write(frames)
            assert taken == min(n, 13 - (put - got))
            put += taken
        else:
            out = np.full((n, 2), -1, np.float32)
            read = ring.read_into(out)
            assert read == min(n, put - got)
            np.testing.assert_array_equal(out[:read, 1], np.arange(got, got + read))
            assert not out[read:].any()
            got += read
        assert (ring.available, ring.space) == (put - got, 13 - (put - got))
        newest = ring.latest(5)
        np.testing.assert_array_equal(newest[:, 0], np.arange(max(0, put - 5), put))


def test_take_empties_it():
    ring = RingBuffer(4, 1)
    ring.write(np.array([[1], [2], [3]], np.float32))
    np.testing.assert_array_equal(ring.take(), [[1], [2], [3]])
    assert ring.take().shape == (0, 1)
