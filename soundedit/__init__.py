"""soundedit turns sound into moving landscapes."""

__version__ = "0.1.0"
