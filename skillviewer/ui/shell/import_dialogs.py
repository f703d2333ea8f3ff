"""Choice of a file to import, and the dialog in which it is imported."""

from pathlib import Path

from skillviewer.data.timelines.timeline_formats import ONLY_TIMELINES
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.main_window import MainWindow

TABLE_FILTER = "Tables (*.csv *.tsv *.txt *.xlsx *.xlsm *.json);;All files (*)"
TIMELINE_FILTER = "Timelines (*.eaf *.boris *.TextGrid *.vtt *.srt *.csv *.tsv);;All files (*)"
TRACK_FILTER = "Tracks (*.csv *.txt *.json *.h5 *.xml *.kva);;All files (*)"


def choose_ratings(app_context: AppContext, window: MainWindow) -> None:
    """Ask for a table of ratings, and show its import dialog."""
    path = window.dialogs.file(window, "Import ratings", TABLE_FILTER)
    if path is not None:
        show_import_dialog(app_context, window, path, None)


def choose_timeline(app_context: AppContext, window: MainWindow) -> None:
    """Ask for a timeline of the video on screen, and show its import dialog."""
    path = window.dialogs.file(window, "Import timeline", TIMELINE_FILTER)
    if path is not None:
        _show_timeline_dialog(app_context, window, path)


def choose_tracks(app_context: AppContext, window: MainWindow) -> None:
    """Ask for a file of tracks of the video on screen, and show its import dialog."""
    path = window.dialogs.file(window, "Import tracks", TRACK_FILTER)
    if path is not None:
        show_tracks_dialog(app_context, window, path)


def show_import_dialog(app_context: AppContext, window: MainWindow, path: Path, folder: Path | None) -> None:
    """Show the import dialog of a table of ratings or of a timeline; ``folder`` contains the videos of a table."""
    from skillviewer.ui.importing.ratings_import_dialog import RatingsImportDialog

    if path.suffix.lower() in ONLY_TIMELINES:
        _show_timeline_dialog(app_context, window, path)
        return
    dialog = RatingsImportDialog(app_context, window.dialogs, path, folder, parent=window)
    dialog.training_asked.connect(lambda: window.screens.show("finetune"))
    dialog.show()


def _show_timeline_dialog(app_context: AppContext, window: MainWindow, path: Path) -> None:
    from skillviewer.ui.importing.timeline_import_dialog import TimelineImportDialog

    name = app_context.annotations.video
    video = app_context.playback.video
    if not name or video is None or window.blind:
        app_context.messages.note(f"Show the video of {path.name} first, then open it again.")
        return
    TimelineImportDialog(app_context, path, video=name, video_info=video, parent=window).show()


def show_tracks_dialog(app_context: AppContext, window: MainWindow, path: Path) -> None:
    """Show the dialog in which a file of tracks is placed on the video on screen."""
    from skillviewer.ui.importing.tracks_import_dialog import TracksImportDialog

    if app_context.state.current_clip is None or window.blind:
        app_context.messages.note(f"Show the video of {path.name} first, then open it again.")
        return
    TracksImportDialog(app_context, path, window).show()
