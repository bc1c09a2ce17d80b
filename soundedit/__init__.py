"""soundedit turns sound into moving landscapes."""

import os

__version__ = "0.1.0"

# Read when torch is first imported. OpenMP's threads wait by spinning otherwise, and where another
# program has work to do for a core, that made 6 frames a second of 50.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Read when numpy is. Its threads spin after each product, however small, and took a fifth of the
# time of the picture that torch makes next.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
