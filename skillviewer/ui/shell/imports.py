"""Import of a file that is no video: the page for a table of ratings, or for a timeline."""

from pathlib import Path

from skillviewer.data.timelines.timelines import ONLY_TIMELINES
from skillviewer.ui.session.program import Program
from skillviewer.ui.shell.main_window import MainWindow


def choose_file(program: Program, window: MainWindow, *, timeline: bool) -> None:
    """Ask for a table of ratings, or for a timeline of the video on screen, and show its page."""
    kinds = window.tr("Tables (*.csv *.tsv *.txt *.xlsx *.xlsm *.json);;All files (*)")
    timelines = window.tr("Timelines (*.eaf *.boris *.TextGrid *.vtt *.srt *.csv *.tsv);;All files (*)")
    title = window.tr("Import timeline") if timeline else window.tr("Import ratings")
    path = window.dialogs.file(window, title, timelines if timeline else kinds)
    if path is not None:
        show_page(program, window, path, None, timeline=timeline)


def show_page(program: Program, window: MainWindow, path: Path, folder: Path | None, *, timeline: bool = False) -> None:
    """Show the page on which a dropped or chosen file is imported; ``folder`` holds the videos of a table."""
    from skillviewer.ui.importing.ratings_page import RatingsPage, TimelinePage

    name, file = program.remarks.video, program.playback.video
    if not timeline and path.suffix.lower() not in ONLY_TIMELINES:
        RatingsPage(program, window.dialogs, path, folder, window).show()
    elif not name or file is None or window.blind:
        program.messages.note(window.tr("Show the video of {} first, then open it again.").format(path.name))
    else:
        TimelinePage(program, path, name, file, window).show()
