"""The page of change over time: one participant by occasion, or all before against after."""

from functools import partial
from html import escape

from PySide6.QtCore import QPointF, QSize, Qt, QUrl, Slot
from PySide6.QtGui import QImage, QPainter, QPen, QTextDocument
from PySide6.QtWidgets import QComboBox, QDialog, QTextBrowser, QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import Study
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.layout import add_all, horizontal, text_label, vertical

LEAST, USUAL, BAR = QSize(480, 320), QSize(820, 560), QSize(240, 16)


class ChangePage(QDialog):
    """Ratings by occasion, their change, and what is not known. The dialog does not block the window."""

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
        self._entry = program.videos.get(program.state.current)
        self._offer(self._entry.participant if self._entry is not None else None)
        self.who.activated.connect(self._ask)
        program.studies.changed.connect(self._ask)
        program.studies.closed.connect(self.close)
        self.setMinimumSize(LEAST)
        self.resize(USUAL.boundedTo(parent.size()))
        self._ask()

    def _offer(self, chosen: str | None) -> None:
        people = sorted({e.participant for e in self._program.videos if e.participant and e.occasion})
        everyone = [("", self.tr("All, before against after"))]
        offer(self.who, [*everyone, *((name, printable(name)) for name in people)], chosen if chosen in people else "")

    @Slot()
    def _ask(self, *_: object) -> None:
        self._offer(self.who.currentData())
        task = self._entry.task if self._entry is not None else ""
        ask = partial(_report, participant=self.who.currentData() or "", task=task)
        self._program.studies.read(ask).then(succeeded=self._show, failed=self._fail)

    @Slot(object)
    def _show(self, report: object) -> None:
        from skillviewer.export.reports.change import ChangeReport

        assert isinstance(report, ChangeReport)
        lines = []
        for section in report.sections:
            lines += [f"<h3>{escape(section.title)}</h3><p><b>{escape(section.sentence)}</b></p><table cellpadding=4>"]
            lines += ["<tr>", *(f"<td>{escape(word)}</td>" for word in section.head), "</tr>"]
            for (cells, _), ends in zip(section.rows, section.places(), strict=True):
                name = f"bar{len(lines)}"
                self.page.document().addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), self._bar(ends))
                lines += ["<tr>", *(f"<td>{escape(cell)}</td>" for cell in cells), f"<td><img src={name}></td></tr>"]
            lines.append("</table>")
        lines += [f"<h3>{self.tr('What is not known')}</h3>", *(f"<p>{escape(line)}</p>" for line in report.unknown)]
        lines.append(f"<p>{self.tr('Export › Change over time writes this as a report.')}</p>")
        self.page.setHtml("".join(lines))

    def _bar(self, places: tuple[float, ...]) -> QImage:
        """Draw the dashed line, a rating and the ends of its interval, at fractions of the width."""
        ratio, text = self.devicePixelRatioF(), self.palette().text().color()
        image = QImage(BAR * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, *of = (QPointF(8 + place * (BAR.width() - 16), BAR.height() / 2) for place in places)
        painter.setPen(QPen(text, 1, Qt.PenStyle.DashLine))
        painter.drawLine(line - QPointF(0, 8), line + QPointF(0, 8))
        painter.setPen(QPen(text, 1.5))
        if len(of) == 3:
            painter.drawLine(of[1], of[2])
        painter.setBrush(text)
        for middle in of[:1]:
            painter.drawEllipse(middle, 3.5, 3.5)
        painter.end()
        return image

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        self.page.setPlainText(str(error))


def _report(study: Study, participant: str, task: str) -> object:
    from skillviewer.engine.exporting.change_report import ChangeChoices, change_report

    return change_report(study, ChangeChoices(participant, task=task))
