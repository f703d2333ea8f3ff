"""The page of change over time: one participant by occasion, or all before against after."""

import re
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, QUrl, Slot
from PySide6.QtGui import QImage, QPainter, QTextDocument
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QComboBox, QDialog, QTextBrowser, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import Study
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.layout import add_all, horizontal, text_label, vertical

LEAST, USUAL = QSize(480, 320), QSize(820, 560)
_DRAWING = re.compile("<svg.*?</svg>", re.DOTALL)


class ChangePage(QDialog):
    """The report of change over time, for a participant of choice. The dialog does not block the window."""

    def __init__(self, program: Program, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Change over time"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._program, self.who, self.page = program, QComboBox(self), QTextBrowser(self)
        self.who.setAccessibleName(self.tr("Participant"))
        self.who.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.page.setAccessibleName(self.windowTitle())
        self.page.setPlaceholderText(self.tr("Reading…"))
        head = add_all(horizontal(spacing=8), text_label(self.tr("Participant"), self), self.who, 1)
        add_all(vertical(self, (16, 12, 16, 12), 8), head, (self.page, 1))
        entry = program.videos.get(program.state.current)
        self._task = entry.task if entry is not None else ""
        self._ask(entry.participant if entry is not None else "")
        self.who.activated.connect(lambda: self._ask(self.who.currentData()))
        program.studies.changed.connect(self._on_changed)
        program.studies.closed.connect(self.close)
        self.setMinimumSize(LEAST)
        self.resize(USUAL.boundedTo(parent.size()))

    def _ask(self, chosen: str | None) -> None:
        people = sorted({e.participant for e in self._program.videos if e.participant and e.occasion})
        everyone = [("", self.tr("All, before against after"))]
        chosen = chosen if chosen in people else ""
        offer(self.who, [*everyone, *((name, printable(name)) for name in people)], chosen)
        ask = partial(_report, participant=chosen, task=self._task)
        self._program.studies.read(ask).then(succeeded=self._show, failed=self._fail)

    @Slot()
    def _on_changed(self, *_: object) -> None:
        self._ask(self.who.currentData())

    @Slot(object)
    def _show(self, page: str) -> None:
        """Show the body of the web page, with its drawings as pictures in the colour of the text."""
        ratio, colour = self.devicePixelRatioF(), self.palette().text().color().name()
        for at, drawing in enumerate(_DRAWING.findall(page)):
            plain = re.sub("<clipPath.*?</clipPath>", "", drawing, flags=re.DOTALL)  # Qt would paint it
            renderer = QSvgRenderer(re.sub(r"rgb\([^)]*\)", colour, plain).encode())
            image = QImage(renderer.defaultSize() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            renderer.render(painter, QRectF(image.rect()))
            painter.end()
            image.setDevicePixelRatio(ratio)
            self.page.document().addResource(QTextDocument.ResourceType.ImageResource, QUrl(f"bar{at}"), image)
            page = page.replace(drawing, f"<img src=bar{at}>", 1)
        self.page.setHtml(page.partition("</header>")[2].replace("<table", "<table cellpadding=4"))

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        self.page.setPlainText(str(error))


def _report(study: Study, participant: str, task: str) -> str:
    from skillviewer.engine.exporting.change_report import ChangeChoices, change_report
    from skillviewer.export.reports.html import change_html

    return change_html(change_report(study, ChangeChoices(participant=participant, task=task)))
