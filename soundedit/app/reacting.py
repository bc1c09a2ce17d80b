"""What the person does to the reactivity: named, undoable steps of the session."""

from PySide6.QtCore import QObject

from soundedit.app.bandsliders import with_band
from soundedit.app.session import ProjectSession
from soundedit.document import commands
from soundedit.document.model import Reactivity


class Reacting(QObject):
    """How far the sound moves the pictures away from their start; lives in the GUI thread."""

    def __init__(self, session: ProjectSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session

    @property
    def reactivity(self) -> Reactivity:
        """That of the project."""
        return self.session.project.reactivity

    @property
    def usual(self) -> Reactivity:
        """What the project's start comes with."""
        return Reactivity(commands.START_REACTIVITY[self.session.project.start.kind])

    def set_strength(self, strength: float) -> None:
        """Set it, 0 to 2; calls in a row are one step until the session closes it."""
        project = commands.set_reactivity(self.session.project, strength)
        name = self.tr("set reactivity to {0}").format(f"{project.reactivity.strength:g}")
        self.session.do(name, project, "reactivity")

    def set_band(self, band: str, weight: float) -> None:
        """Set how much of it "coarse", "mid" or "fine" takes, 0 to 2."""
        bands = with_band(self.reactivity.bands, band, weight)
        project = commands.set_reactivity_bands(self.session.project, bands)
        name = self.tr("set {0} of the reactivity to {1}").format(band, f"{weight:g}")
        self.session.do(name, project, f"reactivity {band}")

    def reset(self) -> None:
        """Go back to what the start comes with, in one step."""
        project = commands.set_reactivity(self.session.project, self.usual.strength)
        project = commands.set_reactivity_bands(project, self.usual.bands)
        self.session.do(self.tr("reset the reactivity"), project)
