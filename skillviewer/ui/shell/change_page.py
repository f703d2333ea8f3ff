"""Page with the change of a participant or a group over time."""

import re
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, QUrl
from PySide6.QtGui import QImage, QPainter, QTextDocument
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QComboBox, QDialog, QTextBrowser, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import Study
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal, vertical

MIN_SIZE = QSize(480, 320)
USUAL_SIZE = QSize(820, 560)


_DRAWING = re.compile("<svg.*?</svg>", re.DOTALL)


class ChangePage(QDialog):
    """The report of change over time of a chosen participant, or of all. The dialog does not block the window."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Change over time")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._app_context = app_context
        self.participant_box = QComboBox(self)
        self.page = QTextBrowser(self)
        self.participant_box.setAccessibleName("Participant")
        self.participant_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.page.setAccessibleName(self.windowTitle())
        self.page.setPlaceholderText("Reading…")
        head = add_all(horizontal(spacing=8), text_label("Participant", self), self.participant_box, 1)
        add_all(vertical(self, (16, 12, 16, 12), 8), head, (self.page, 1))
        entry = app_context.videos.get(app_context.state.current)
        self._task = entry.task if entry is not None else ""
        self._ask(entry.participant if entry is not None else "")
        self.participant_box.activated.connect(lambda: self._ask(self.participant_box.currentData()))
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.closed.connect(self.close)
        self.setMinimumSize(MIN_SIZE)
        self.resize(USUAL_SIZE.boundedTo(parent.size()))

    def _ask(self, participant: str | None) -> None:
        participants = sorted({e.participant for e in self._app_context.videos if e.participant and e.occasion})
        everyone = [("", "All, before against after")]
        participant = participant if participant in participants else ""
        offer(self.participant_box, [*everyone, *((name, printable(name)) for name in participants)], participant)
        ask = partial(_report, participant=participant, task=self._task)
        self._app_context.studies.read(ask).then(succeeded=self._show, failed=self._fail)

    def _on_changed(self, *_: object) -> None:
        self._ask(self.participant_box.currentData())

    def _show(self, page: str) -> None:
        """Show the body of the web page. Its drawings become pictures in the colour of the text."""
        ratio = self.devicePixelRatioF()
        colour = self.palette().text().color().name()
        for number, drawing in enumerate(_DRAWING.findall(page)):
            without_clips = re.sub("<clipPath.*?</clipPath>", "", drawing, flags=re.DOTALL)  # Qt would paint it
            renderer = QSvgRenderer(re.sub(r"rgb\([^)]*\)", colour, without_clips).encode())
            image = QImage(renderer.defaultSize() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            renderer.render(painter, QRectF(image.rect()))
            painter.end()
            image.setDevicePixelRatio(ratio)
            self.page.document().addResource(QTextDocument.ResourceType.ImageResource, QUrl(f"bar{number}"), image)
            page = page.replace(drawing, f"<img src=bar{number}>", 1)
        self.page.setHtml(page.partition("</header>")[2].replace("<table", "<table cellpadding=4"))

    def _fail(self, error: BaseException) -> None:
        self.page.setPlainText(error_text(error))


def _report(study: Study, participant: str, task: str) -> str:
    from skillviewer.engine.exporting.change_report import ChangeChoices, change_report
    from skillviewer.export.reports.html import change_html

    return change_html(change_report(study, ChangeChoices(participant=participant, task=task)))
