"""Binding of the window's actions to the code that carries them out."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu

from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.crash_report import crash_report
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.paths import log_dir
from skillviewer.core.text import counted
from skillviewer.data.study import SUFFIX
from skillviewer.ui.actions.actions import Handlers
from skillviewer.ui.actions.table import PLAYER_SCREENS, PREFIX_OF_SCREENS
from skillviewer.ui.player.transport import Transport
from skillviewer.ui.session.sample_study import sample_source
from skillviewer.ui.shell.about import About
from skillviewer.ui.shell.change_page import ChangePage
from skillviewer.ui.shell.command_palette import CommandPalette
from skillviewer.ui.shell.destination_question import ask_destination
from skillviewer.ui.shell.go_to import GoTo
from skillviewer.ui.shell.hold_to_hide_map import HoldToHideMap
from skillviewer.ui.shell.import_dialogs import (
    choose_ratings,
    choose_timeline,
    choose_tracks,
    show_import_dialog,
    show_tracks_dialog,
)
from skillviewer.ui.shell.main_window import LOGO_PX, MainWindow
from skillviewer.ui.shell.models_page import ModelsPage
from skillviewer.ui.shell.page_spec import START
from skillviewer.ui.shell.rater_question import ask_rater
from skillviewer.ui.shell.shortcut_sheet import ShortcutSheet
from skillviewer.ui.threads.throttle import single_shot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from skillviewer.ui.preferences.dialog import Preferences


OPEN_VIDEO_ACTIONS = (
    "zoom_in", "zoom_out", "zoom_fit", "curve_fit", "play", "previous_sample", "next_sample", "previous_frame",
    "next_frame", "back_second", "on_second", "back_ten", "on_ten", "first_frame", "last_frame", "go_to", "mark_in",
    "mark_out", "clear_marks", "loop", "sound",
)  # fmt: skip
"""Actions that need an open video."""
LISTED_VIDEO_ACTIONS = ("previous_video", "next_video", "find_video")
"""Actions that need a video in the list."""
LIST_MENU_ACTIONS = ("change_page", "name_person", "name_occasion", "locate_videos", "remove_video")
"""Actions of the context menu of the list of videos."""
NOT_BLIND_ACTIONS = (
    *LIST_MENU_ACTIONS,
    "add_camera",
    "import_timeline",
    "import_tracks",
    "forget_video",
    "split_off",
    "go_to",
    "assess",
)
"""Actions on the current video, which are disabled while names of videos are hidden."""


def _open_log_folder() -> None:
    url = QUrl.fromLocalFile(str(log_dir()))
    QDesktopServices.openUrl(url)


class ActionController(QObject):
    """Binds the actions of a window, and enables those that are possible now."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._app_context = window.app_context
        self._handlers: dict[str, Handlers] = {}
        self._guided_screen = START  # name of the screen whose guide was opened last
        self._refresh_soon = single_shot(self, 0, self.refresh)
        self._bind_files()
        self._bind_edit()
        self._bind_screens()
        self._bind_view()
        self._bind_player()
        self._bind_model()
        self._connect()
        self._on_map_style(self._app_context.state.map_style)
        self._on_jobs()
        self.refresh()

    def _connect(self) -> None:
        window = self._window
        app_context = self._app_context
        videos = app_context.videos
        models = app_context.models
        for signal in (
            app_context.studies.opened,
            app_context.studies.closed,
            app_context.playback.video_changed,
            videos.added,
            videos.cleared,
            models.entries_changed,
            models.requested_changed,
            app_context.state.current_changed,
            window.blind_changed,
            window.screens.shown,
        ):
            signal.connect(self.refresh)
        for signal in (videos.changed, videos.removed):
            # One refresh for all changes at once. The row must not be passed on: start(row) would wait.
            signal.connect(lambda _row: self._refresh_soon.start())
        app_context.state.map_style_changed.connect(self._on_map_style)
        app_context.playback.loop_changed.connect(window.actions_["loop"].setChecked)
        window.panel.chosen.connect(app_context.state.set_current)
        window.panel.entered.connect(lambda: self._run_in_player("focus"))
        window.panel.in_sight.connect(app_context.path_importer.prefer)
        window.panel.videos_view.verticalScrollBar().valueChanged.connect(
            lambda _value: app_context.index_worker.pause()
        )
        window.actions_.attach_player(window.panel.videos_view, lists=True)
        app_context.jobs.changed.connect(self._on_jobs)

    def _bind_files(self) -> None:
        window = self._window
        app_context = self._app_context
        actions = self._window.actions_
        actions.bind("open_videos", lambda: app_context.open(window.dialogs.videos(window)))
        open_title = "Open a folder of videos"
        actions.bind("open_folder", partial(self._ask_folder, open_title, lambda folder: app_context.open([folder])))
        actions.bind("open_sample", app_context.studies.open_sample)
        actions.bind("reset_sample", self._reset_sample)
        app_context.path_importer.destination_asked.connect(
            partial(ask_destination, app_context, window.dialogs, window)
        )
        actions.bind("new_study", self._new_study)
        actions.bind("save_study", self._save_study)
        actions.bind("import_ratings", partial(choose_ratings, app_context, window))
        actions.bind("import_timeline", partial(choose_timeline, app_context, window))
        app_context.table_opened.connect(partial(show_import_dialog, app_context, window))
        actions.bind("import_tracks", partial(choose_tracks, app_context, window))
        app_context.tracks_opened.connect(partial(show_tracks_dialog, app_context, window))
        locate_title = "Choose the folder to search for missing videos"
        actions.bind("locate_videos", partial(self._ask_folder, locate_title, app_context.studies.locate))
        actions.bind("name_person", self._set_video_fact)
        actions.bind("add_camera", self._add_camera)
        actions.bind("name_occasion", lambda: self._set_video_fact("occasion"))
        actions.bind("remove_video", app_context.remove_current)
        actions.bind("forget_video", self._forget_video)
        actions.bind("forget_rater", partial(ask_rater, app_context, window.dialogs, window))
        actions.bind("close_study", app_context.studies.close)
        actions.bind("quit", window.close)
        actions["open_sample"].setEnabled(sample_source() is not None)
        actions["reset_sample"].setEnabled(sample_source() is not None)

    def _bind_edit(self) -> None:
        actions = self._window.actions_
        undo = self._app_context.undo
        actions.bind("undo", undo.undo)
        actions.bind("redo", undo.redo)
        actions.bind("settings", self._show_settings)
        actions.bind("change_keys", self._change_keys)
        undo.changed.connect(self._on_undo)
        self._on_undo()

    def _bind_screens(self) -> None:
        """Bind the actions of screens, and of panels, to their handlers. A screen has handlers once it is made."""
        window = self._window
        actions = self._window.actions_
        screen_names = {screen.name for screen in window.screen_specs}
        for screen in window.screen_specs:
            if not screen.standalone:
                actions.bind(f"{PREFIX_OF_SCREENS}{screen.name}", partial(window.screens.show, screen.name))
        for spec in actions.specs:
            if spec.screen in screen_names:
                run = partial(self._on_screen_action, spec.screen, spec.name)
                if spec.checkable:
                    actions.bind_switch(spec.name, run)
                else:
                    actions.bind(spec.name, run)
        window.screens.made.connect(self._on_screen_made)
        window.screens.shown.connect(self._enable)
        self._bind_panels()

    def _bind_panels(self) -> None:
        actions = self._window.actions_
        for panel in self._window.panel_specs:
            handlers = self._handlers_of(self._window.panel_named(panel.name))
            for name, run in handlers.commands.items():
                actions.bind(name, run)
            for name, switch in handlers.switches.items():
                actions.bind_switch(name, switch)
            self._add_handlers(panel.name, handlers)

    def _handlers_of(self, widget: "QWidget") -> Handlers:
        """Return the handlers of a screen or panel; empty if it has no method ``handlers(dialogs)``."""
        make_handlers = getattr(widget, "handlers", None)
        if make_handlers is None:
            return Handlers()
        return cast("Handlers", make_handlers(self._window.dialogs))

    def _add_handlers(self, page: str, handlers: Handlers) -> None:
        self._handlers[page] = handlers
        for signal in handlers.change_signals:
            signal.connect(self._enable)
        self._enable()

    def _on_screen_made(self, screen: str) -> None:
        handlers = self._handlers_of(self._window.screens.get_page(screen))
        action_names = {spec.name for spec in self._window.actions_.specs if spec.screen == screen}
        if action_names != {*handlers.commands, *handlers.switches}:
            raise ValueError(f"actions of the screen {screen!r} differ from its handlers: {sorted(action_names)}")
        self._add_handlers(screen, handlers)

    def _enable(self, *_: object) -> None:
        for handlers in self._handlers.values():
            for name, is_possible in handlers.conditions.items():
                self._window.actions_[name].setEnabled(is_possible())

    def _on_screen_action(self, screen: str, name: str, on: bool | None = None) -> None:
        """Show a screen and run one of its actions; ``on`` is the new state of a switch."""
        is_current = self._window.screens.current_name == screen
        if not is_current:
            self._window.screens.show(screen)
        handlers = self._handlers[screen]
        if on is not None:
            handlers.switches[name](on)
        elif is_current or name not in handlers.only_show_screen:
            handlers.commands[name]()

    def _open_palette(self) -> None:
        palette = CommandPalette(self._window.menuBar(), self._window)
        palette.open_over()

    def _open_list_menu(self, position: QPoint) -> None:
        viewport = self._window.panel.videos_view.viewport()
        self.list_menu.popup(viewport.mapToGlobal(position))

    def _bind_view(self) -> None:
        window = self._window
        actions = self._window.actions_
        actions.bind("palette", self._open_palette)
        actions.bind("find_video", window.find_video)
        actions.bind("change_page", self._show_change)
        self.list_menu = QMenu(window)
        view = window.panel.videos_view
        self.list_menu.addActions([actions[name] for name in LIST_MENU_ACTIONS])
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_list_menu)
        actions.bind_switch("show_tracks", self._app_context.tracks.set_visible)
        actions["show_tracks"].setChecked(self._app_context.tracks.are_visible)
        actions.bind("overlay", HoldToHideMap(self._app_context.state, actions["overlay"], self).on_pressed)
        actions.bind("next_look", self._app_context.state.next_overlay)
        for name in ("zoom_in", "zoom_out", "zoom_fit", "curve_fit"):
            actions.bind(name, partial(self._run_in_player, name))
        actions.bind("full_screen", self._full_screen)
        actions.bind("shortcuts", lambda: ShortcutSheet(actions, actions["change_keys"], window).open_over(top=0.05))
        actions.bind("guides", self._show_guides)
        actions.bind("open_log", _open_log_folder)
        actions.bind("save_report", self._save_report)
        window.start_page.report_asked.connect(self._save_report)
        actions.bind("about", self._about)

    def _save_report(self) -> None:
        """Ask for a file, and write a report on the last crash. The report contains no names, and nothing is sent."""
        path = self._window.dialogs.save(self._window, "Save a report", "Texts (*.txt)", "skillviewer-report.txt")
        if path is None:
            return

        def write(_backend: object, _token: object, _report: object) -> None:
            with atomic_export(path, overwrite=True) as temp_path:
                temp_path.write_text(crash_report(log_dir()), encoding="utf-8")

        task = self._app_context.index_worker.submit(write)
        task.failed.connect(self._app_context.messages.fail)
        task.succeeded.connect(self._on_report_saved)

    def _on_report_saved(self, _nothing: object) -> None:
        self._app_context.messages.note("The report is saved. It names no video and no person; nothing was sent.")

    def _bind_player(self) -> None:
        playback = self._app_context.playback
        actions = self._window.actions_
        panel = self._window.panel
        actions.bind("play", playback.toggle)
        actions.bind("previous_sample", lambda: playback.to_sample(-1))
        actions.bind("next_sample", lambda: playback.to_sample(1))
        actions.bind("previous_frame", lambda: playback.step(-1))
        actions.bind("next_frame", lambda: playback.step(1))
        actions.bind("back_second", lambda: playback.skip(-1.0))
        actions.bind("on_second", lambda: playback.skip(1.0))
        actions.bind("back_ten", lambda: playback.skip(-10.0))
        actions.bind("on_ten", lambda: playback.skip(10.0))
        actions.bind("first_frame", playback.to_first_frame)
        actions.bind("last_frame", playback.to_last_frame)
        actions.bind("go_to", self._go_to)
        actions.bind("previous_video", lambda: panel.step(-1))
        actions.bind("next_video", lambda: panel.step(1))
        actions.bind("slower", playback.slower)
        actions.bind("faster", playback.faster)
        actions.bind("normal_speed", lambda: playback.set_speed(1.0))
        actions.bind("mark_in", playback.mark_in)
        actions.bind("mark_out", playback.mark_out)
        actions.bind("clear_marks", playback.clear_marks)
        actions.bind("split_off", self._app_context.split_off)
        playback.marks_changed.connect(self.refresh)
        actions.bind_switch("loop", playback.set_loop)
        actions.bind_switch("sound", self._app_context.play_sound)
        actions["sound"].setChecked(self._app_context.sound.on)

    def _bind_model(self) -> None:
        app_context = self._app_context
        actions = self._window.actions_
        actions.bind("assess", self._assess)
        actions.bind("assess_all", app_context.assessments.ask_all)
        actions.bind("stop", self._stop)
        self._window.status_bar.stop_asked.connect(self._stop)
        actions.bind_switch("automatic", self._set_automatic)
        actions["automatic"].setChecked(app_context.assessments.automatic)
        actions.bind_switch("unfamiliar_scores", app_context.show_unfamiliar)
        actions["unfamiliar_scores"].setChecked(app_context.videos.shows_unfamiliar)
        actions.bind("choose_model", self._show_models)
        actions.bind("next_model", lambda: app_context.models.step(1))
        actions.bind("previous_model", lambda: app_context.models.step(-1))
        actions.bind("open_model", partial(self._ask_folder, "Open a model folder", app_context.models.choose))

    def refresh(self, *_: object) -> None:
        """Enable the actions that are possible now, and disable the others."""
        app_context = self._app_context
        studies = app_context.studies
        actions = self._window.actions_
        has_open_video = app_context.playback.video is not None
        has_listed_video = len(app_context.videos) > 0
        has_study = studies.current_study is not None
        has_model = app_context.models.requested_folder is not None
        has_marks = app_context.playback.marks != (None, None)
        can_change_video = studies.writable and app_context.state.current_clip is not None
        screen_actions = [
            f"{PREFIX_OF_SCREENS}{screen.name}" for screen in self._window.screen_specs if not screen.standalone
        ]
        actions.set_enabled(has_open_video, *OPEN_VIDEO_ACTIONS)
        actions.set_enabled(has_listed_video, *LISTED_VIDEO_ACTIONS)
        has_contents = has_study or has_listed_video
        actions.set_enabled(has_contents, *screen_actions, "close_study")
        actions.set_enabled(has_study, "save_study", "change_page")
        actions.set_enabled(studies.writable, "locate_videos")
        # not while a rater judges, whose sitting would end
        actions.set_enabled(studies.writable and not self._window.blind, "forget_rater")
        actions.set_enabled(
            can_change_video, "name_person", "name_occasion", "remove_video", "forget_video", "import_timeline"
        )
        actions.set_enabled(app_context.cameras.can_add, "add_camera")
        actions.set_enabled(can_change_video and has_marks, "split_off")
        actions.set_enabled(has_model and has_open_video, "assess")
        actions.set_enabled(has_model and has_listed_video, "assess_all")
        actions.set_enabled(len(app_context.models.entries) > 1, "next_model", "previous_model")
        if not self._window.has_list:
            actions.set_enabled(False, "find_video")
        if self._window.blind:
            actions.set_enabled(False, *NOT_BLIND_ACTIONS)

    def _reset_sample(self) -> None:
        """Reset the sample study if the user confirms it."""
        question = "Reset the sample study? Votes, ratings, notes and added videos in it are deleted."
        if self._window.dialogs.confirm(self._window, question, "Reset"):
            self._app_context.studies.reset_sample()

    def _forget_video(self) -> None:
        """Delete everything stored about the video on screen if the user confirms it."""
        window = self._window
        question = (
            "Delete everything kept about this video for good: its scores, maps, notes, ratings, faces, all votes on "
            "it, and the backups that hold it? The video file, exports and trained models stay. This cannot be undone."
        )
        if window.dialogs.confirm(window, question, "Delete"):
            self._app_context.forget_current()

    def _stop(self) -> None:
        """Stop all jobs, after a question if work would be lost."""
        window = self._window
        jobs = self._app_context.jobs
        losing_titles = [job.title for job in jobs.running if job.loses and not job.stopping]
        if losing_titles:
            question = f"Stop all running work? The work done so far would be lost: {', '.join(losing_titles)}."
            if not window.dialogs.confirm(window, question, "Stop"):
                return
        jobs.stop_all()

    def _on_jobs(self) -> None:
        self._window.actions_.set_enabled(bool(self._app_context.jobs.running), "stop")

    def _on_map_style(self, map_style: MapStyle) -> None:
        self._window.actions_["overlay"].setChecked(map_style.overlay is not Overlay.OFF)

    @property
    def _player_screen(self) -> str:
        """Name of the shown screen if it has a player, else of the Inspect screen."""
        current = self._window.screens.current_name
        return current if current in PLAYER_SCREENS else "inspect"

    def _run_in_player(self, name: str) -> None:
        screen = self._player_screen
        self._window.screens.get_page(screen)  # makes the screen and its handlers
        self._handlers[screen].player_commands[name]()

    def _ask_folder(self, title: str, on_chosen: Callable[[Path], object]) -> None:
        folder = self._window.dialogs.folder(self._window, title)
        if folder is not None:
            on_chosen(folder)

    def _set_video_fact(self, fact: str = "participant") -> None:
        app_context = self._app_context
        entry = app_context.videos.get(app_context.state.current_clip)
        if entry is None:
            return
        if fact == "participant":
            title = "Set participant"
            question = (
                f"Participant in {entry.name}. In a test, all videos of one participant are kept out of the training."
            )
        else:
            title = "Set occasion"
            question = f"Occasion of {entry.name}: pre, post, a date (2024-05-31)."
        known_values = sorted({getattr(other, fact) for other in app_context.videos} - {None, ""})
        present_value = getattr(entry, fact)
        if present_value is None:
            present_value = ""
        value = self._window.dialogs.word(self._window, title, question, words=known_values, current=present_value)
        if value is not None:
            app_context.set_video_fact(value, fact)

    def _new_study(self) -> None:
        kinds = f"Studies (*{SUFFIX})"
        path = self._window.dialogs.save(self._window, "New study", kinds)
        if path is not None:
            self._app_context.studies.create(path)

    def _save_study(self) -> None:
        study = self._app_context.studies.current_study
        if study is None:
            return
        name = "" if study.draft else study.path.name
        kinds = f"Studies (*{SUFFIX})"
        path = self._window.dialogs.save(self._window, "Save study as", kinds, name)
        if path is not None:
            self._app_context.studies.save_as(path)

    def _on_undo(self) -> None:
        undo = self._app_context.undo
        actions = self._window.actions_
        for name, title, change in (("undo", "&Undo", undo.undo_text), ("redo", "&Redo", undo.redo_text)):
            actions[name].setEnabled(change is not None)
            change_text = change.replace("&", "&&") if change is not None else ""  # one & would underline a letter
            actions[name].setText(f"{title} {change_text}".rstrip())

    def _show_settings(self) -> "Preferences":
        from skillviewer.ui.preferences.dialog import Preferences

        window = self._window
        preferences = window.findChild(Preferences)
        if preferences is None:
            preferences = Preferences(self._app_context, window.actions_, window.dialogs, window)
        preferences.show()
        preferences.activateWindow()
        return preferences

    def _show_change(self) -> None:
        change_page = self._window.findChild(ChangePage)
        if change_page is None:
            change_page = ChangePage(self._app_context, self._window)
        change_page.show()

    def _show_models(self) -> None:
        window = self._window
        models_page = window.findChild(ModelsPage)
        if models_page is None:
            models_page = ModelsPage(self._app_context, window.actions_, window)
        models_page.show()
        models_page.activateWindow()

    def _show_guides(self) -> None:
        from skillviewer.ui.shell.guides import NAMES, Guides, load_guides

        guides_window = self._window.findChild(Guides)
        if guides_window is None:
            try:
                guides_window = Guides(load_guides(), self._app_context.themes, self._window)
            except SkillViewerError as error:
                self._app_context.messages.fail(error)
                return
        screen = self._window.screens.current_name
        if screen != self._guided_screen:  # for the same screen, the guides stay where they were closed
            self._guided_screen = screen
            specs = self._window.screen_specs
            guides_window.show_guide(next((spec.guide for spec in specs if spec.name == screen), NAMES[0]))
        guides_window.show()
        guides_window.activateWindow()

    def _change_keys(self) -> None:
        preferences = self._show_settings()
        preferences.show_page(preferences.shortcuts_page)

    def _assess(self) -> None:
        """Assess the video on screen again, after a question if the new analysis would have fewer passes."""
        app_context = self._app_context
        current = app_context.state.current_clip
        entry = app_context.videos.get(current)
        if current is None or entry is None:
            return
        passes = app_context.state.passes
        if entry.analysis is not None and entry.analysis.n_passes > passes:
            loss_text = ", and there is no interval then" if passes == 1 else ""
            question = (
                f"This video was assessed in {entry.analysis.n_passes} passes. "
                f"Assess it again in {counted(passes, 'pass', 'passes')}? That replaces the result{loss_text}."
            )
            if not self._window.dialogs.confirm(self._window, question, "Assess again"):
                return
        app_context.assessments.ask([current], again=True)

    def _add_camera(self) -> None:
        paths = self._window.dialogs.videos(self._window)
        if paths:
            self._app_context.cameras.add(paths[0])

    def _set_automatic(self, on: bool) -> None:
        self._app_context.assessments.set_automatic(on)
        self._app_context.settings.automatic = on

    def _go_to(self) -> None:
        playback = self._app_context.playback
        if playback.video is None:
            return
        dialog = GoTo(playback.video, playback.frames, playback.frame, self._window)
        dialog.chosen.connect(playback.seek)
        transport = self._window.screens.get_page(self._player_screen).findChild(Transport)
        assert transport is not None
        dialog.open_above(transport)

    def _about(self) -> None:
        theme = self._app_context.themes.theme
        ratio = self._window.devicePixelRatioF()
        logo = self._app_context.icons.pixmap("skillviewer", theme.text, LOGO_PX, ratio)
        About(logo, self._window).open_over()

    def _full_screen(self) -> None:
        self._window.set_theatre(not self._window.theatre)
