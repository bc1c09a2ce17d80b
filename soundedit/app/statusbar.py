"""The status bar: what is being done, and with which pack, device and frame rate."""

from fractions import Fraction

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from soundedit.app.clock import rate_text
from soundedit.app.eliding import ElidedLabel
from soundedit.app.jobs import Jobs, JobView, Offer
from soundedit.app.requests import EngineInfo

_FACT_CHARACTERS = 28
"""Widest fact; processors have names that would leave no room for what is being done."""


class StatusBar(QStatusBar):
    """Jobs at the left, facts at the right."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.jobs = JobView(jobs, self)
        self.pack = ElidedLabel(parent=self)
        self.device = ElidedLabel(parent=self)
        self.rate = QLabel(self)
        self.addWidget(self.jobs, 1)
        for label, name in (
            (self.device, self.tr("Device")),
            (self.pack, self.tr("Model pack")),
            (self.rate, self.tr("Frame rate")),
        ):
            label.setAccessibleName(name)
            label.setContentsMargins(8, 0, 8, 0)
            label.setMaximumWidth(_FACT_CHARACTERS * label.fontMetrics().averageCharWidth())
            self.addPermanentWidget(label)

    def say(self, text: str, offer: Offer | None = None) -> None:
        """What stands at the left while no job runs, and what can be done about it."""
        self.jobs.set_idle_text(text, offer)

    def show_engine(self, info: EngineInfo | None, error: BaseException | None) -> None:
        """Say which engine works, or that none does."""
        if info is not None:
            known = info.device_name.startswith(info.device)
            self.device.show_name(
                info.device_name if known else f"{info.device} {info.device_name}"
            )
            self.pack.show_name(f"{info.pack}, {info.resolution} px")
        elif error is not None:
            self.device.show_name(self.tr("no engine"))
            self.device.setToolTip(str(error))
        else:
            self.device.show_name(self.tr("loading the engine"))

    def show_rate(self, rate: Fraction | None) -> None:
        """Show the movie's frames per second."""
        self.rate.setVisible(rate is not None)
        if rate is not None:
            self.rate.setText(self.tr("{0} fps").format(rate_text(rate)))
