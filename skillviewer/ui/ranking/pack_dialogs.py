"""Dialogs that pack pairs or videos for judging in a browser, and import the answers."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from skillviewer.data.study.judging.browser_ratings import import_answers
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack
from skillviewer.data.study.judging.pack_folder import DrawnTurns, write_pack
from skillviewer.data.study.judging.rating_pack import DrawnRatingPack, draw_rating_pack
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.widgets.dialogs import Dialogs


def pack_pairs(app_context: AppContext, parent: QWidget, dialogs: Dialogs, *, blur_faces: bool) -> None:
    """Ask for raters and a folder, and pack the pairs that the raters lack to the study's target."""
    title = "Pack pairs for a browser"
    if blur_faces:  # the title repeats the choice, which was made in the menu
        title = "Pack pairs for a browser, faces blurred"
    question = "Who will judge? Separate several names by commas. Each name gets pairs of its own."
    destination = _ask_destination(parent, dialogs, title, question, folder_name="pairs to judge")
    if destination is None:
        return
    raters, folder = destination

    def write(drawn: DrawnPack) -> None:
        _write_pack(app_context, drawn, title, blur_faces=blur_faces)

    app_context.studies.submit_write(lambda study: draw_pack(study, folder, raters)).succeeded.connect(write)


def pack_videos(app_context: AppContext, parent: QWidget, dialogs: Dialogs, *, blur_faces: bool) -> None:
    """Ask for raters and a folder, and pack the videos that the raters have not rated yet."""
    title = "Pack videos to rate for a browser"
    if blur_faces:
        title = "Pack videos to rate for a browser, faces blurred"
    question = "Who will rate? Separate several names by commas. Each name gets an order of its own."
    destination = _ask_destination(parent, dialogs, title, question, folder_name="videos to rate")
    if destination is None:
        return
    raters, folder = destination

    def write(drawn: DrawnRatingPack) -> None:
        _write_pack(app_context, drawn, title, blur_faces=blur_faces)

    app_context.studies.submit_write(lambda study: draw_rating_pack(study, folder, raters)).succeeded.connect(write)


def import_browser_answers(app_context: AppContext, parent: QWidget, dialogs: Dialogs) -> None:
    """Ask for a file that the page of a pack saved, and import its votes or ratings."""
    path = dialogs.file(parent, "Import votes or ratings from a browser", "Votes and ratings (*.json);;All files (*)")
    if path is not None:
        task = app_context.studies.submit_write(lambda study: import_answers(study, path), VOTES)
        task.succeeded.connect(app_context.messages.note)


def _ask_destination(
    parent: QWidget, dialogs: Dialogs, title: str, question: str, folder_name: str
) -> tuple[list[str], Path] | None:
    """Ask for names of raters and for a folder; None if the user cancels."""
    names = dialogs.word(parent, title, question, words=(), current="")
    if not names:
        return None
    folder = dialogs.save(parent, title, "Folders (*)", folder_name)
    if folder is None:
        return None
    return [name.strip() for name in names.split(",") if name.strip()], folder


def _write_pack(app_context: AppContext, drawn: DrawnTurns, title: str, *, blur_faces: bool) -> None:
    """Write a pack in a worker thread, and show its progress."""
    task = app_context.copies_worker.submit(
        lambda _slot, token, report: " ".join(write_pack(drawn, blur_faces=blur_faces, token=token, report=report))
    )
    task.then(succeeded=app_context.messages.note, failed=app_context.messages.fail)
    app_context.jobs.follow(title, task)
