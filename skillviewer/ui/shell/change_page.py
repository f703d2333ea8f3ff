"""Dialog with the change of a participant or a group over time."""

import re
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, QUrl
from PySide6.QtGui import QImage, QPainter, QPalette, QTextDocument
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QComboBox, QDialog, QTextBrowser, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import Study
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, horizontal, vertical

MIN_SIZE = QSize(480, 320)
DEFAULT_SIZE = QSize(820, 560)
_DRAWING = re.compile("<svg.*?</svg>", re.DOTALL)


class ChangePage(QDialog):
    """The report of change over time of a participant, or of all. The dialog does not block the window."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Change over time")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._app_context = app_context
        self.participant_box = QComboBox(self)
        self.text_browser = QTextBrowser(self)
        self.participant_box.setAccessibleName("Participant")
        self.participant_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.text_browser.setAccessibleName(self.windowTitle())
        self.text_browser.setPlaceholderText("Reading…")
        head = add_all(horizontal(spacing=8), text_label("Participant", self), self.participant_box, GrowingSpace())
        add_all(vertical(self, margins=(16, 12, 16, 12), spacing=8), head, growing(self.text_browser))
        entry = app_context.videos.get(app_context.state.current_clip)
        self._task = entry.task if entry is not None else ""
        participant = entry.participant if entry is not None else ""
        self._load(participant)
        self.participant_box.activated.connect(self._reload)
        app_context.studies.changed.connect(self._reload)
        app_context.studies.closed.connect(self.close)
        self.setMinimumSize(MIN_SIZE)
        self.resize(DEFAULT_SIZE.boundedTo(parent.size()))

    def _load(self, participant: str | None) -> None:
        """List the participants, and load the report of a participant, or of all if the participant is unknown."""
        videos = self._app_context.videos
        participants = sorted({entry.participant for entry in videos if entry.participant and entry.occasion})
        if participant not in participants:
            participant = ""
        everyone = ("", "All, before against after")
        choices = [everyone, *((name, printable(name)) for name in participants)]
        offer(self.participant_box, choices, participant)
        read_report = partial(_report, participant=participant, task=self._task)
        self._app_context.studies.read(read_report).then(succeeded=self._show, failed=self._fail)

    def _reload(self, *_: object) -> None:
        self._load(self.participant_box.currentData())

    def _show(self, page: str) -> None:
        """Show the body of the web page, with its drawings as images in the colour of the text."""
        for number, drawing in enumerate(_DRAWING.findall(page)):
            url = f"bar{number}"
            image_type = QTextDocument.ResourceType.ImageResource
            self.text_browser.document().addResource(image_type, QUrl(url), self._image(drawing))
            page = page.replace(drawing, f"<img src={url}>", 1)
        _, _, body = page.partition("</header>")
        self.text_browser.setHtml(body.replace("<table", "<table cellpadding=4"))

    def _image(self, drawing: str) -> QImage:
        ratio = self.devicePixelRatioF()
        text_colour = self.palette().color(QPalette.ColorRole.Text)
        without_clips = re.sub("<clipPath.*?</clipPath>", "", drawing, flags=re.DOTALL)  # Qt would paint the clip paths
        renderer = QSvgRenderer(re.sub(r"rgb\([^)]*\)", text_colour.name(), without_clips).encode())
        image = QImage(renderer.defaultSize() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter, QRectF(image.rect()))
        painter.end()
        image.setDevicePixelRatio(ratio)
        return image

    def _fail(self, error: BaseException) -> None:
        self.text_browser.setPlainText(error_text(error))


def _report(study: Study, participant: str, task: str) -> str:
    from skillviewer.engine.exporting.change_report import ChangeChoices, change_report
    from skillviewer.export.reports.html_reports import change_html

    return change_html(change_report(study, ChangeChoices(participant=participant, task=task, names=True)))
