"""Judging outside of this window: packs of pairs for a browser, and the votes that come back."""

from PySide6.QtWidgets import QWidget

from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack, write_pack
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.widgets.dialogs import Dialogs


def pack_pairs(program: Program, over: QWidget, dialogs: Dialogs, *, blur_faces: bool) -> None:
    """Ask for raters and a folder, and pack the pairs that they lack to the study's aim, in a worker thread."""
    title = over.tr("Pack pairs for a browser")
    if blur_faces:  # the title repeats the choice, which was made in the menu
        title = over.tr("Pack pairs for a browser, faces blurred")
    question = over.tr("Who will judge? Separate several names by commas. Each name gets pairs of its own.")
    names = dialogs.word(over, title, question, (), "")
    folder = dialogs.save(over, title, over.tr("Folders (*)"), over.tr("pairs to judge")) if names else None
    if not names or folder is None:
        return
    raters = [name.strip() for name in names.split(",") if name.strip()]

    def write(drawn: DrawnPack) -> None:
        task = program.copies.submit(
            lambda _, token, report: " ".join(write_pack(drawn, blur_faces=blur_faces, token=token, report=report))
        )
        task.then(succeeded=program.messages.note, failed=program.messages.fail)
        program.jobs.follow(title, task)

    program.studies.act(lambda study: draw_pack(study, folder, raters)).succeeded.connect(write)


def take_votes(program: Program, over: QWidget, dialogs: Dialogs) -> None:
    """Ask for a file that the page of a pack saved, and import its votes."""
    path = dialogs.file(over, over.tr("Import votes from a browser"), over.tr("Votes (*.json);;All files (*)"))
    if path is not None:
        brought = program.studies.act(lambda study: import_votes(study, path), VOTES)
        brought.succeeded.connect(program.messages.note)
