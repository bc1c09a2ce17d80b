"""What the person made: project, take, edits, keyframes; plain data, times in seconds."""
