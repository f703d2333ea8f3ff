"""Judging outside of this window: packs of pairs for a browser, and the votes that come back."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack, write_pack
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.widgets.dialogs import Dialogs


class BrowserJudging(QObject):
    """Asks for raters and a folder, and packs in a worker thread.

    Args:
        parent: Owner, and parent of the dialogs.
    """

    def __init__(self, program: Program, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self._over = program, parent

    def pack(self, dialogs: Dialogs, *, blur_faces: bool) -> None:
        """Pack the pairs that raters lack to the study's aim, drawn now, in a new folder."""
        studies, title = self._program.studies, self.tr("Pack pairs for a browser")
        if blur_faces:  # the title repeats the choice, which was made in the menu
            title = self.tr("Pack pairs for a browser, faces blurred")
        question = self.tr("Who will judge? Separate several names by commas. Each name gets pairs of its own.")
        names = dialogs.word(self._over, title, question, (), "")
        folder = dialogs.save(self._over, title, self.tr("Folders (*)"), self.tr("pairs to judge")) if names else None
        if names and folder is not None:
            raters = [name.strip() for name in names.split(",") if name.strip()]
            drawn = studies.act(lambda study: draw_pack(study, folder, raters))
            drawn.succeeded.connect(lambda pack: self._write(pack, title, blur_faces=blur_faces))

    def _write(self, drawn: DrawnPack, title: str, *, blur_faces: bool) -> None:
        program = self._program
        task = program.copies.submit(
            lambda _backend, token, report: " ".join(
                write_pack(drawn, blur_faces=blur_faces, token=token, report=report)
            )
        )
        task.then(succeeded=program.messages.note, failed=program.messages.fail)
        program.jobs.follow(title, task)

    def bring_in(self, dialogs: Dialogs) -> None:
        """Import the votes of a file that the page of a pack saved."""
        kinds = self.tr("Votes (*.json);;All files (*)")
        path = dialogs.file(self._over, self.tr("Import votes from a browser"), kinds)
        if path is not None:
            brought = self._program.studies.act(lambda study: import_votes(study, path), VOTES)
            brought.succeeded.connect(self._program.messages.note)
