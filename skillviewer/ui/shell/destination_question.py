"""Question whether opened videos join the open study, since videos of one study are compared with each other."""

from PySide6.QtWidgets import QWidget

from skillviewer.core.text import counted, printable
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.classified_paths import ClassifiedPaths
from skillviewer.ui.session.video_destination import VideoDestination
from skillviewer.ui.widgets.dialogs import Dialogs

ANSWERS = {VideoDestination.OPEN_STUDY: "Add to this study", VideoDestination.NEW_STUDY: "New study"}
REMEMBER = "Do the same in this window from now on"


def ask_destination(app_context: AppContext, dialogs: Dialogs, parent: QWidget, paths: ClassifiedPaths) -> None:
    """Ask which study the videos join, and open them. Without an answer, nothing is opened."""
    study = app_context.studies.current_study
    if study is None:  # the study was closed meanwhile
        app_context.path_importer.accept(paths)
        return
    videos = counted(len(paths.videos), "video")
    text = (
        f"“{printable(study.title)}” is open. Add {videos} to it, or begin a new study? Videos of one study and task "
        "are ranked together."
    )
    answer_index, is_remembered = dialogs.choose(parent, text, tuple(ANSWERS.values()), REMEMBER)
    if answer_index is None:
        return
    destination = tuple(ANSWERS)[answer_index]
    if is_remembered:
        app_context.destination = destination
    app_context.take_videos(paths, destination)
