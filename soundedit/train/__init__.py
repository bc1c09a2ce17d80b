"""Training of the parts of a pack from photos, sounds and clips."""
