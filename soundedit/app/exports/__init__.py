"""Exports of the app: the dialog, the queue, what is kept of it, and the panel that shows it."""
