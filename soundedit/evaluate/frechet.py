"""Frechet distance of two sets of features, each taken as a Gaussian (Heusel et al. 2017)."""

import numpy as np
from numpy.typing import NDArray


def frechet_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """|mean a - mean b|^2 + tr(A + B - 2 (A B)^1/2) of sets [n, d] and [m, d], both of 2 or more.

    The trace of (A B)^1/2 is the sum of the singular values of X Y^T, where A = X^T X and
    B = Y^T Y: exact also where there are fewer samples than features. ValueError for fewer.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError("a set needs two samples or more")
    gap = a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)
    roots = [_root(part.astype(np.float64)) for part in (a, b)]
    shared = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    traces = sum(float(np.square(root).sum()) for root in roots)
    return max(float(gap @ gap + traces - 2 * shared), 0.0)


def _root(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """X with X^T X the covariance, of at most d rows."""
    centred = (features - features.mean(0)) / np.sqrt(len(features) - 1)
    if len(centred) <= centred.shape[1]:
        return centred
    root: NDArray[np.float64] = np.linalg.qr(centred)[1]
    return root
