"""The menu of a keyframe: its value, how the strength goes on from it, and its removal."""

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QWidget, QWidgetAction

from soundedit.app.curves import Curves
from soundedit.app.keyframegroup import copy_keyframes
from soundedit.app.numberbox import Spin
from soundedit.document.commands import STRENGTHS
from soundedit.document.model import Easing, Edit, Keyframe

VALUE_STEP = 0.05


def easing_names() -> dict[Easing, str]:
    """The easings as menus name them."""
    return {
        Easing.LINEAR: QCoreApplication.translate("KeyframeMenu", "&Linear"),
        Easing.SMOOTH: QCoreApplication.translate("KeyframeMenu", "S&mooth"),
        Easing.HOLD: QCoreApplication.translate("KeyframeMenu", "&Hold"),
    }


def next_easing(easing: Easing) -> Easing:
    """The one that the key for them goes on to."""
    easings = list(Easing)
    return easings[(easings.index(easing) + 1) % len(easings)]


def group_menu(curves: Curves, edit: Edit, times: frozenset[float], parent: QWidget) -> QMenu:
    """What can be done with the keyframes of an edit at these times."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chosen = [keyframe for keyframe in edit.keyframes if keyframe.seconds in times]
    for easing, name in easing_names().items():
        action = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(all(keyframe.easing is easing for keyframe in chosen))
        action.triggered.connect(
            lambda checked=False, easing=easing: curves.ease_all(edit.id, times, easing)
        )
    menu.addSeparator()
    copy = menu.addAction(QCoreApplication.translate("KeyframeMenu", "&Copy the keyframes"))
    copy.triggered.connect(lambda: copy_keyframes(chosen))
    text = QCoreApplication.translate("KeyframeMenu", "&Remove {0} keyframes")
    remove = menu.addAction(text.format(len(chosen)))
    remove.triggered.connect(lambda: curves.remove_all(edit.id, times))
    return menu


class KeyframeMenu(QMenu):
    """Changes one keyframe of an edit; what is typed is one step of undo."""

    def __init__(self, curves: Curves, edit_id: str, keyframe: Keyframe, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._curves, self._edit_id, self._keyframe = curves, edit_id, keyframe
        self.value = Spin(self)
        self.value.setRange(*STRENGTHS)
        self.value.setSingleStep(VALUE_STEP)
        self.value.setValue(keyframe.value)
        self.value.setAccessibleName(self.tr("Value of the keyframe"))
        self.value.valueChanged.connect(self._set_value)
        self.value.lineEdit().returnPressed.connect(self.close)
        self.aboutToHide.connect(curves.let_go)
        self.addAction(self._row())
        self.addSeparator()
        for easing, name in easing_names().items():
            action = self.addAction(name)
            action.setCheckable(True)
            action.setChecked(keyframe.easing is easing)
            action.triggered.connect(
                lambda checked=False, easing=easing: curves.ease_all(
                    edit_id, {keyframe.seconds}, easing
                )
            )
        self.addSeparator()
        remove = self.addAction(self.tr("&Remove the keyframe"))
        remove.triggered.connect(lambda: curves.remove(edit_id, keyframe.seconds))

    def _row(self) -> QWidgetAction:
        row = QWidget(self)
        label = QLabel(self.tr("&Value"), row)
        label.setBuddy(self.value)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(label)
        layout.addWidget(self.value, 1)
        row.setFocusProxy(self.value)
        action = QWidgetAction(self)
        action.setDefaultWidget(row)
        return action

    def _set_value(self, value: float) -> None:
        to = replace(self._keyframe, value=round(value, 2))
        self._curves.move(self._edit_id, self._keyframe.seconds, to)
