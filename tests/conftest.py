"""What every test shares."""

import os

# Before anything imports Qt: tests open no window on a person's screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
