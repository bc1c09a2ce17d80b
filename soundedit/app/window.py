"""The main window: panels around the viewer, the timeline below, and what connects them."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QMainWindow

from soundedit.app.actions import build_actions, build_menus, connect_actions
from soundedit.app.commands import Commands
from soundedit.app.comparing import Comparing
from soundedit.app.controller import Controller
from soundedit.app.devices import FoundDevices, SoundDevices, find_devices
from soundedit.app.dialogs import Dialogs
from soundedit.app.docks import Docks
from soundedit.app.editing import Editing
from soundedit.app.editlanes import EditLanes
from soundedit.app.errors import ErrorReporter
from soundedit.app.exports.exporter import Exporter
from soundedit.app.exports.places import ExportPlaces, default_places
from soundedit.app.fileopener import FileOpener
from soundedit.app.finework import FineWork
from soundedit.app.heardpanel import HeardPanel
from soundedit.app.historypanel import HistoryPanel
from soundedit.app.keymap import Keymap
from soundedit.app.layout import FullScreen, add_colour_menu, restore_layout, save_layout
from soundedit.app.live.live import Live
from soundedit.app.microphone import Microphone
from soundedit.app.packs import PackChoice, chosen_loader
from soundedit.app.picturepanel import DEFAULT_RATE, FRAME_RATES, PicturePanel
from soundedit.app.playback import Playback
from soundedit.app.preferences import Preferences
from soundedit.app.presenter import Presenter
from soundedit.app.projectfiles import ProjectFiles
from soundedit.app.reacting import Reacting
from soundedit.app.recentprojects import RecentProjects
from soundedit.app.recording import Recording, recordings_folder
from soundedit.app.samples import first_sample, sample_sounds
from soundedit.app.savepicture import PictureSaver
from soundedit.app.scenes import Scenes
from soundedit.app.session import ProjectSession
from soundedit.app.settings import (
    CACHE_MEGABYTES,
    FIRST_START,
    FRAME_RATE,
    Settings,
)
from soundedit.app.soundspanel import SoundsPanel
from soundedit.app.starting import Starting
from soundedit.app.startpicture import StartPicture
from soundedit.app.statusbar import StatusBar
from soundedit.app.textguard import TextGuard
from soundedit.app.timeaxis import TimeAxis
from soundedit.app.timeline import Timeline
from soundedit.app.timelinecontrol import TimelineControl
from soundedit.app.transport import Transport
from soundedit.app.viewer import Viewer
from soundedit.app.worker import Loader, load_engine
from soundedit.document.autosave import state_folder
from soundedit.document.model import Project
from soundedit.media.playback import Player
from soundedit.media.portaudio import AudioBackend
from soundedit.media.record import Recorder
from soundedit.media.scrub import Scrubber


class MainWindow(QMainWindow):
    """One window with everything; `begin` starts the background work once it is on screen.

    Args:
        settings: what is remembered between starts.
        loader: makes the engine, on the worker's thread.
        player: makes the player of sounds.
        scrubber: makes what is heard while the playhead is dragged.
        recorder: makes a recorder for the microphone.
        find: looks for sound devices.
        recordings: folder of the recordings; None is the person's data folder.
        exports: where the queue of exports is kept; None is the person's own folders.
        dialogs: asks for files.
        live_backend: makes the sound card that live hears; None is the machine's.
        state: folder of what is autosaved; None is the person's state folder.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        loader: Loader = load_engine,
        player: Callable[[], Player] = Player,
        scrubber: Callable[[], Scrubber] = Scrubber,
        recorder: Callable[[], Recorder] = Recorder,
        find: Callable[[bool], FoundDevices] = find_devices,
        recordings: Path | None = None,
        exports: ExportPlaces | None = None,
        dialogs: Dialogs | None = None,
        live_backend: Callable[[], AudioBackend | None] = lambda: None,
        state: Path | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self._recordings = recordings or recordings_folder()
        self.errors = ErrorReporter(self)
        dialogs = dialogs or Dialogs()
        state = state or state_folder()
        cache_bytes = settings.get(CACHE_MEGABYTES) * 2**20
        self.session = ProjectSession(self)
        self.controller = Controller(
            self.session, cache_bytes, chosen_loader(settings, loader), self
        )
        self.playback = Playback(player, self, scrubber=scrubber)
        self.axis = TimeAxis(self)
        self.preferences = Preferences(settings, Keymap(settings, self), self)
        self.actions_by_id = build_actions(self, self.preferences.keymap)
        menus = build_menus(self, self.actions_by_id)
        add_colour_menu(menus["view"], self.preferences)
        self.viewer = Viewer(self)
        self.sounds = SoundsPanel(
            self.actions_by_id["open"],
            self.actions_by_id["record"],
            self.actions_by_id["devices"],
            self,
        )
        self.microphone = Microphone(
            SoundDevices(find, self),
            Recording(self._recordings, recorder, self),
            self.sounds,
            self.actions_by_id["record"],
            settings,
            self.controller.jobs,
            self,
        )
        self.picture = PicturePanel(
            self.actions_by_id["new_seed"],
            self.actions_by_id["start_picture"],
            Reacting(self.session, self),
            self,
        )
        self.heard = HeardPanel(self)
        self.transport = Transport(self.actions_by_id, self)
        self.timeline = Timeline(self.axis, self)
        self.status = StatusBar(self.controller.jobs, self)
        self.setStatusBar(self.status)
        self.setCentralWidget(self.viewer)
        self.editing = Editing(self, self.controller, self.actions_by_id, settings, dialogs)
        self.exporter = Exporter(
            self, self.controller, settings, dialogs, exports or default_places()
        )
        self._docks = Docks(
            self,
            menus["view"],
            sounds=self.sounds,
            picture=self.picture,
            edits=self.editing.panel,
            heard=self.heard,
            timeline=(self.transport, self.timeline),
            exports=self.exporter.panel,
            history=HistoryPanel(self.session, self),
        )
        self.comparing = Comparing(self.controller, self.viewer, self.actions_by_id["compare"])
        self.edit_lanes = EditLanes(self.editing.stack, self.timeline)
        self.scenes = Scenes(self.editing.stack, self.axis, self)
        self.projects = ProjectFiles(
            self,
            self.session,
            self.controller.jobs,
            settings,
            dialogs,
            state,
            self._recordings,
            lambda: self.viewer.image,
            self.controller.pack_name,
            self.exporter.at_quitting,
        )
        self.fine = FineWork(
            self,
            self.controller,
            self.editing.stack,
            self.projects.work,
            self.actions_by_id,
            settings,
            dialogs,
            self.projects.media_folder,
            state / "directions",
        )
        StartPicture(
            self.session, self.projects.work, self.picture.show_start_picture, self.picture
        )
        self.packs = PackChoice(
            self,
            self.viewer,
            self.controller,
            loader,
            settings,
            dialogs,
            self.actions_by_id["load_again"],
            self.actions_by_id["pack"],
        )
        self.opener = FileOpener(
            self,
            self.controller,
            self.projects,
            self.fine.start_from,
            self.packs.bring,
            settings,
            dialogs,
        )
        self.recent_projects = RecentProjects(
            menus["file"],
            self.actions_by_id["open"],
            self.session,
            settings,
            self.projects.open,
            self,
        )
        self.pictures = PictureSaver(
            self, self.controller, settings, dialogs, self.actions_by_id["save_picture"]
        )
        self.live = Live(
            self,
            self.controller,
            settings,
            dialogs,
            self._recordings,
            backend=live_backend,
        )
        self._full_screen = FullScreen(self, self.viewer, self._docks.all)
        commands = Commands(
            self,
            controller=self.controller,
            playback=self.playback,
            microphone=self.microphone,
            live=self.live,
            picture=self.picture,
            full_screen=self._full_screen,
            exporter=self.exporter,
            packs=self.packs,
            pictures=self.pictures,
            preferences=self.preferences,
            dialogs=dialogs,
            viewer=self.viewer,
        )
        self.control = TimelineControl(
            controller=self.controller,
            timeline=self.timeline,
            transport=self.transport,
            playback=self.playback,
            preferences=self.preferences,
            actions=self.actions_by_id,
            parent=self,
        )
        connect_actions(
            self.actions_by_id,
            commands.handlers()
            | self.control.handlers()
            | self.editing.handlers()
            | self.scenes.handlers()
            | self.projects.handlers()
            | self.comparing.handlers()
            | self.fine.handlers()
            | self.opener.handlers()
            | self._docks.handlers(),
        )
        TextGuard(self)
        self.setAcceptDrops(True)
        self._asked_for: Path | None = None
        self._go_live: Callable[[], None] | None = None
        self._starting = Starting(self.controller, self.viewer, self._start_work, self)
        self._closed = self._agreed = self._keep = False
        self.presenter = Presenter(
            self,
            controller=self.controller,
            actions=self.actions_by_id,
            axis=self.axis,
            heard=self.heard,
            picture=self.picture,
            playback=self.playback,
            settings=settings,
            sounds=self.sounds,
            status=self.status,
            timeline=self.timeline,
            transport=self.transport,
            viewer=self.viewer,
        )
        self._connect(commands)
        self._restore()

    def begin(
        self, path: Path | None = None, *, live: bool = False, live_sound: Path | None = None
    ) -> None:
        """Start the engine once the window has been painted; then open `path`, or go live.

        Without a path the first start shows a sample, already generated. `live_sound` is heard
        live as if it were the microphone.
        """
        self._asked_for = path
        self._go_live = (lambda: self.live.open(live_sound)) if live else None
        self._starting.begin()

    def open_sound(self, path: Path, *, generate: bool = False) -> None:
        """Open a sound or the sound of a video."""
        self.controller.open_sound(path, generate=generate)

    def _start_work(self) -> None:
        self.microphone.offer_leftovers()
        self.exporter.queue.open()
        self.microphone.devices.look()
        # On a stage no question may lie over live: the next ordinary start asks it.
        self.projects.begin(ask=self._go_live is None)
        first = self.settings.get(FIRST_START)
        self.settings.set(FIRST_START, False)
        sample = first_sample()
        if self._asked_for is not None:
            self.opener.open(self._asked_for)
        elif first and sample is not None and self._go_live is None:
            self.open_sound(sample, generate=True)
        if self._go_live is not None:
            self._go_live()

    def _connect(self, commands: Commands) -> None:
        sources = (
            self.controller,
            self.playback,
            self.microphone,
            self.exporter.queue,
            self.pictures,
            self.projects,
            self.live,
            self.packs.importing,
        )
        for source in sources:
            source.failed.connect(self.errors.report)
        self.exporter.said.connect(self.status.say)
        self.exporter.offered.connect(self.status.say)
        self.microphone.said.connect(self.status.say)
        self.pictures.said.connect(self.status.say)
        self.packs.importing.said.connect(self.status.say)
        self.packs.offered.connect(self.status.say)
        self.exporter.added.connect(self._docks.show_exports)
        self.presenter.title_changed.connect(self._show_title)
        self.session.state_changed.connect(self._show_title)
        self.control.told.connect(self.status.say)
        self.scenes.told.connect(self.status.say)
        self.live.said.connect(self.status.say)
        self.live.running_changed.connect(self.microphone.lend)
        self.live.running_changed.connect(self._live_changed)
        self.live.scene_wanted.connect(self.actions_by_id["new_seed"].trigger)
        self.live.words_wanted.connect(self.editing.stack.add_words)
        self.live.removal_wanted.connect(self.editing.stack.remove)
        self.preferences.changed.connect(self.microphone.follow_settings)
        self.preferences.device_changed.connect(self.packs.again)
        self.microphone.devices_found.connect(self._devices_found)
        self.heard.sought.connect(self.axis.seek)
        self.microphone.recorded.connect(self._recorded)
        self.microphone.kept.connect(self._kept)
        self.microphone.why_silent_changed.connect(self.transport.set_why_silent)
        self.sounds.open_requested.connect(self.open_sound)
        self.picture.seed_changed.connect(commands.set_seed)
        self.picture.seed_wanted.connect(commands.set_seed)
        self.picture.rate_changed.connect(commands.set_rate)
        self.viewer.files_dropped.connect(self.opener.open_all)
        self.opener.told.connect(self.status.say)
        self.projects.told.connect(self.status.say)
        self.fine.told.connect(self.status.say)
        self.projects.closing.connect(self._close_saved)
        self.viewer.double_clicked.connect(self._full_screen.toggle)

    def _restore(self) -> None:
        settings = self.settings
        restore_layout(self, settings)
        rate = settings.get(FRAME_RATE)
        rate = rate if rate in FRAME_RATES else DEFAULT_RATE
        self.session.begin(Project(fps=rate), {})
        samples = sample_sounds()
        self.sounds.set_sounds(settings.recent(samples), samples)

    def _devices_found(self, found: FoundDevices) -> None:
        self.live.set_microphones(found.microphones)
        self.preferences.outputs = found.outputs
        self.playback.devices_changed()
        self.control.apply_settings()

    def _show_title(self) -> None:
        sound = self.controller.sound
        name = self.session.title or (sound.path.name if sound is not None else "")
        name = self.tr("{0} (read only)").format(name) if self.session.read_only else name
        title = f"{name} - soundedit" if name else "soundedit"
        modified = self.session.worth_asking
        self.setWindowTitle(f"{title}[*]" if modified else title)
        self.setWindowModified(modified)

    def _live_changed(self, running: bool) -> None:
        why = self.tr("when live is closed") if running else ""
        self.status.jobs.set_waiting_for(why)

    def _kept(self, path: Path) -> None:
        self.sounds.set_sounds(self.settings.recent(), sample_sounds())
        self.status.say(self.tr("{0} was kept; see Recent").format(path.name))

    def _recorded(self, path: Path) -> None:
        if not self._closed:
            self.open_sound(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.viewer.dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.viewer.dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.viewer.dropEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._full_screen.active:
            self._full_screen.toggle()
            return
        super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        # Qt counts panels that lie behind others as visible.
        first = None
        while super().focusNextPrevChild(next):
            widget = self.focusWidget()
            if widget is None or widget is first or not self._docks.behind(widget):
                return True
            first = first or widget
        return False

    def end(self) -> None:
        """Close without a question; unsaved work is offered by the next start."""
        self._keep = True
        self.close()

    def _close_saved(self) -> None:
        self._agreed = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not (self._closed or self._agreed or self._keep or self.projects.may_close()):
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self._starting.stop()
            self._full_screen.leave()
            save_layout(self, self.settings)
            # The window goes at once; waiting for a step of the engine is not the person's matter.
            self.hide()
            self.errors.close()
            self.live.close(keep=self._keep)
            self.microphone.close()
            self.playback.close()
            self.exporter.close()
            self.packs.importing.close()
            self.controller.close()
            self.editing.close()
            self.fine.close()
            self.projects.close(keep=self._keep)
            self.session.close()
            self.microphone.mark_known()
            self.settings.save()
        super().closeEvent(event)
