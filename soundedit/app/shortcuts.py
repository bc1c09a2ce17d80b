"""All commands with their names and keys: one table that menus, the F1 list and settings show."""

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

CONTEXT = "Commands"


@dataclass(frozen=True)
class Command:
    """Something the person can do: an id, a menu, a name and its keys (the first is shown).

    `checkable` ones are on or off; those with `needs_sound` wait until a sound is open.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    checkable: bool = False
    needs_sound: bool = False

    @property
    def label(self) -> str:
        """The name in the person's language, with the menu's mnemonic."""
        return QCoreApplication.translate(CONTEXT, self.text)

    @property
    def plain(self) -> str:
        """The name without mnemonic or dots."""
        return self.label.replace("&", "").rstrip(".")


class SoundCommand(Command):
    """A command for the open sound."""

    def __init__(
        self, id: str, menu: str, text: str, keys: tuple[str, ...] = (), checkable: bool = False
    ) -> None:
        super().__init__(id, menu, text, keys, checkable, needs_sound=True)


def T(context: str, text: str) -> str:
    """Mark a text for translation."""
    return str(QT_TRANSLATE_NOOP(context, text))


COMMANDS = (
    Command("new_project", "file", T("Commands", "&New project"), ("Ctrl+N",)),
    Command("open", "file", T("Commands", "&Open..."), ("Ctrl+O",)),
    Command("save", "file", T("Commands", "&Save"), ("Ctrl+S",)),
    Command("save_as", "file", T("Commands", "Save &as..."), ("Ctrl+Shift+S",)),
    Command("collect", "file", T("Commands", "&Collect media")),
    Command("record", "file", T("Commands", "&Record"), ("R",)),
    Command("live", "file", T("Commands", "&Live..."), ("Ctrl+Shift+L",)),
    Command("export", "file", T("Commands", "&Export the video..."), ("Ctrl+E",)),
    Command(
        "export_again", "file", T("Commands", "Export with the &same settings"), ("Ctrl+Shift+E",)
    ),
    Command("save_picture", "file", T("Commands", "Save the &picture..."), ("Ctrl+Shift+P",)),
    Command("pack", "file", T("Commands", "Choose a &model pack...")),
    Command("load_again", "file", T("Commands", "&Try to load the pack again")),
    Command("devices", "file", T("Commands", "Rescan the sound &devices")),
    Command("settings", "file", T("Commands", "Se&ttings..."), ("Ctrl+,",)),
    Command("quit", "file", T("Commands", "&Quit"), ("Ctrl+Q",)),
    Command("undo", "edit", T("Commands", "&Undo"), ("Ctrl+Z",)),
    Command("redo", "edit", T("Commands", "&Redo"), ("Ctrl+Shift+Z", "Ctrl+Y")),
    Command("new_edit", "edit", T("Commands", "&New edit"), ("Ctrl+K",)),
    Command("add_sound_edit", "edit", T("Commands", "Edit with a &sound...")),
    Command("add_picture_edit", "edit", T("Commands", "Mix in a &picture's style...")),
    Command("add_seed_edit", "edit", T("Commands", "Mix in a s&eed's style...")),
    Command("add_direction_edit", "edit", T("Commands", "Use a saved direct&ion...")),
    Command("blend_sound", "edit", T("Commands", "&Blend with a sound...")),
    Command("refine_edit", "edit", T("Commands", "Re&fine the edit"), ("Ctrl+Shift+K",)),
    Command("unrefine_edit", "edit", T("Commands", "Take the refinement bac&k")),
    Command("keep_direction", "edit", T("Commands", "Save the refined direction...")),
    Command("cut_edit", "edit", T("Commands", "Cu&t the edit"), ("Ctrl+X",)),
    Command("copy_edit", "edit", T("Commands", "&Copy the edit"), ("Ctrl+C",)),
    Command("paste_edit", "edit", T("Commands", "P&aste the edit"), ("Ctrl+V",)),
    Command("duplicate_edit", "edit", T("Commands", "&Duplicate the edit"), ("Ctrl+D",)),
    Command("span_to_range", "edit", T("Commands", "Act in the &range only"), ("Ctrl+Shift+I",)),
    Command("span_to_all", "edit", T("Commands", "Act from beginning to en&d")),
    Command("remove_edit", "edit", T("Commands", "Remo&ve the edit"), ("Ctrl+Del",)),
    Command("edit_up", "edit", T("Commands", "Move the edit up"), ("Alt+Up",)),
    Command("edit_down", "edit", T("Commands", "Move the edit down"), ("Alt+Down",)),
    Command("generate", "picture", T("Commands", "&Generate the video"), ("Ctrl+G",)),
    Command(
        "start_picture", "picture", T("Commands", "Start from a &photo or video..."), ("Ctrl+P",)
    ),
    Command("refine_start", "picture", T("Commands", "Bring the start &closer to it")),
    Command("new_seed", "picture", T("Commands", "&New seed"), ("Ctrl+R",)),
    SoundCommand(
        "scene_here", "picture", T("Commands", "Another &scene from here on"), ("Ctrl+Shift+R",)
    ),
    SoundCommand("scenes_at_markers", "picture", T("Commands", "Another scene at each &marker")),
    Command("cancel", "picture", T("Commands", "&Cancel the job"), ("Ctrl+.",)),
    SoundCommand("play", "play", T("Commands", "&Play or stop"), ("Space",)),
    SoundCommand("backwards", "play", T("Commands", "Play &backwards, again: faster"), ("J",)),
    SoundCommand("stop", "play", T("Commands", "S&top"), ("K",)),
    SoundCommand("forwards", "play", T("Commands", "Play &forwards, again: faster"), ("L",)),
    SoundCommand("loop", "play", T("Commands", "&Repeat the range"), ("Ctrl+L",), True),
    SoundCommand("slower", "play", T("Commands", "&Slower"), ("[",)),
    SoundCommand("faster", "play", T("Commands", "F&aster"), ("]",)),
    SoundCommand("start", "play", T("Commands", "&Go to the start"), ("Home",)),
    SoundCommand("end", "play", T("Commands", "Go to the &end"), ("End",)),
    SoundCommand("go_to_time", "play", T("Commands", "Go to a &time..."), ("Ctrl+J",)),
    SoundCommand("next_frame", "play", T("Commands", "&Next frame"), ("Right",)),
    SoundCommand("previous_frame", "play", T("Commands", "Pre&vious frame"), ("Left",)),
    SoundCommand("next_second", "play", T("Commands", "One second forwar&d"), ("Shift+Right",)),
    SoundCommand("previous_second", "play", T("Commands", "One second bac&k"), ("Shift+Left",)),
    SoundCommand("marker", "mark", T("Commands", "Set a &marker, or name it"), ("M",)),
    SoundCommand("remove_marker", "mark", T("Commands", "&Delete the marker here"), ("Shift+M",)),
    SoundCommand("next_marker", "mark", T("Commands", "&Next marker"), ("Ctrl+Right",)),
    SoundCommand("previous_marker", "mark", T("Commands", "&Previous marker"), ("Ctrl+Left",)),
    SoundCommand("next_onset", "mark", T("Commands", "Next o&nset"), ("Alt+Right",)),
    SoundCommand("previous_onset", "mark", T("Commands", "Previous on&set"), ("Alt+Left",)),
    SoundCommand("in_point", "mark", T("Commands", "Begin the range &in here"), ("I",)),
    SoundCommand("out_point", "mark", T("Commands", "End the range &out here"), ("O",)),
    SoundCommand("go_in", "mark", T("Commands", "Go to where the range &begins"), ("Shift+I",)),
    SoundCommand("go_out", "mark", T("Commands", "Go to where the range &ends"), ("Shift+O",)),
    SoundCommand("clear_range", "mark", T("Commands", "&Clear the range"), ("Ctrl+Shift+X",)),
    SoundCommand("next_beat", "mark", T("Commands", "Next bea&t"), ("Alt+Shift+Right",)),
    SoundCommand("previous_beat", "mark", T("Commands", "Previo&us beat"), ("Alt+Shift+Left",)),
    SoundCommand("beats", "mark", T("Commands", "&Beats..."), ("Ctrl+B",)),
    Command("snap", "mark", T("Commands", "Sna&p"), ("S",), True),
    SoundCommand("zoom_in", "view", T("Commands", "Zoom &in"), ("=", "+")),
    SoundCommand("zoom_out", "view", T("Commands", "Zoom &out"), ("-",)),
    SoundCommand("zoom_fit", "view", T("Commands", "Show the &whole sound"), ("\\",)),
    Command("spectrogram", "view", T("Commands", "&Spectrogram"), ("Shift+S",), True),
    Command("enlarge", "view", T("Commands", "&Enlarge a quiet waveform"), ("Shift+E",), True),
    Command("compare", "view", T("Commands", "&Before and after"), ("W",), True),
    Command("picture_in", "view", T("Commands", "En&large the picture"), ("Ctrl+=", "Ctrl++")),
    Command("picture_out", "view", T("Commands", "Make the picture s&maller"), ("Ctrl+-",)),
    Command("picture_whole", "view", T("Commands", "Show the whole &picture"), ("Ctrl+0",)),
    Command("reset_layout", "view", T("Commands", "&Reset the panels")),
    Command("full_screen", "view", T("Commands", "&Full screen"), ("F11",)),
    Command("shortcuts", "help", T("Commands", "&Keyboard shortcuts"), ("F1",)),
    Command("log", "help", T("Commands", "Open the &log folder")),
    Command("about", "help", T("Commands", "&About soundedit")),
)
"""Every command, in the order of the menus."""

GESTURES = (
    (T("Commands", "Ctrl+wheel, pinch"), T("Commands", "Zoom the timeline about the pointer")),
    (T("Commands", "Ctrl+wheel on the picture"), T("Commands", "Enlarge it; then drag to move it")),
    (T("Commands", "Shift+wheel, two fingers"), T("Commands", "Move along the timeline")),
    (T("Commands", "Click"), T("Commands", "Put the playhead there")),
    (T("Commands", "Drag"), T("Commands", "Scrub: picture and sound follow the pointer")),
    (T("Commands", "Alt while dragging"), T("Commands", "Do not snap")),
    (T("Commands", "Drag above the ruler"), T("Commands", "Set, change or move the range")),
    (T("Commands", "Double-click on markers"), T("Commands", "Set or name one there")),
    (T("Commands", "Up, Down"), T("Commands", "Through the lane or the markers with the focus")),
    (T("Commands", "Enter, F2; Delete"), T("Commands", "Name or delete the marker with the focus")),
    (T("Commands", "Alt+Left, Alt+Right"), T("Commands", "Move the marker with the focus")),
    (
        T("Commands", "Double-click on a strength"),
        T("Commands", "Set a keyframe; drag it to move it"),
    ),
    (T("Commands", "Drag the bar under a strength"), T("Commands", "Move the edit in time")),
    (T("Commands", "Shift while dragging"), T("Commands", "Keep the keyframe's time")),
    (T("Commands", "Enter; Delete; E"), T("Commands", "Set, delete, ease the keyframe here")),
    (T("Commands", "Alt+arrows"), T("Commands", "Move the keyframe at the playhead")),
    (
        T("Commands", "Shift+click, drag or Enter on keyframes"),
        T("Commands", "Choose several; Delete, Alt+arrows, Ctrl+C and Ctrl+V are for them then"),
    ),
    (T("Commands", "Enter"), T("Commands", "Press the button that has the focus")),
    (T("Commands", "Tab"), T("Commands", "Go to the next control, lane or marker")),
    (T("Commands", "Esc"), T("Commands", "Leave full screen, or live")),
    (
        T("Commands", "F11, N, F, B, R, Ctrl+K in live"),
        T("Commands", "Full screen, another scene, freeze, black, record, new edit"),
    ),
    (T("Commands", "1 to 8, Ctrl+1 to 8 in live"), T("Commands", "Call up a look, keep one")),
)
"""What mouse, touchpad and focused things do, and how."""

FIXED_KEYS = ("Esc", "Tab", "Shift+Tab", "Return", "Enter", "Up", "Down", "Del", "Backspace")
"""Keys that controls and lanes need themselves, so that no command can have them."""
