"""Names of edits, markers and media that no other project has either."""

import uuid


def new_id() -> str:
    """32 hexadecimal digits, at random."""
    return uuid.uuid4().hex
