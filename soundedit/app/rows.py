"""Controls beside each other in a row of a form."""

from PySide6.QtWidgets import QHBoxLayout, QWidget


def beside(*widgets: QWidget) -> QHBoxLayout:
    """The widgets from the left, each as wide as it needs to be."""
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row
