"""Live in the app: the performance window, its remote controls, and what it records."""
