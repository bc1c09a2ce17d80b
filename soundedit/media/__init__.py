"""Sound files, microphone, playback clock and video files; numpy and ffmpeg, no torch, no Qt."""
