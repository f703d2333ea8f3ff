"""Import of a file that is no video: the page for a table of ratings, or for a timeline."""

from pathlib import Path

from skillviewer.data.timelines.timelines import ONLY_TIMELINES
from skillviewer.ui.session.program import Program
from skillviewer.ui.shell.main_window import MainWindow
from skillviewer.ui.threads.messages import Message


def choose_ratings(program: Program, window: MainWindow) -> None:
    """Ask for a table of ratings, and show its page."""
    kinds = window.tr("Tables (*.csv *.tsv *.txt *.xlsx *.xlsm *.json);;All files (*)")
    path = window.dialogs.file(window, window.tr("Import ratings"), kinds)
    if path is not None:
        show_page(program, window, path, None)


def choose_timeline(program: Program, window: MainWindow) -> None:
    """Ask for a timeline of the video on screen, and show its page."""
    kinds = window.tr("Timelines (*.eaf *.boris *.TextGrid *.vtt *.srt *.csv *.tsv);;All files (*)")
    path = window.dialogs.file(window, window.tr("Import timeline"), kinds)
    if path is not None:
        show_timeline(program, window, path)


def show_page(program: Program, window: MainWindow, path: Path, folder: Path | None) -> None:
    """Show the page on which a dropped or chosen file is imported; ``folder`` holds the videos of a table."""
    if path.suffix.lower() in ONLY_TIMELINES:
        show_timeline(program, window, path)
        return
    from skillviewer.ui.importing.ratings_page import RatingsPage

    RatingsPage(program, window.dialogs, path, folder, window).show()


def show_timeline(program: Program, window: MainWindow, path: Path) -> None:
    """Show the page of a timeline of the video on screen."""
    from skillviewer.ui.importing.timeline_page import TimelinePage

    name, file = program.remarks.video, program.playback.video
    if not name or file is None or window.blind:
        program.messages.post(Message(window.tr("Show the video of {} first, then open it again.").format(path.name)))
        return
    TimelinePage(program, path, name, file, window).show()
