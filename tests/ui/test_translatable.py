"""What a person reads can be translated: no words are given to a widget but through ``tr``."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import skillviewer.ui

FOLDER = Path(skillviewer.ui.__file__).parent

SETTERS = {
    "setText", "setToolTip", "setStatusTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName",
    "setAccessibleDescription", "setTitle", "setSuffix", "setPrefix", "setHorizontalHeaderLabels", "setInformativeText",
    "addTab", "addItem", "addItems", "addAction", "addMenu", "addButton", "addRow", "insertItem", "setTabText",
    "setSpecialValueText", "note", "setHeaderLabels", "drawText", "setLabelText",
}  # fmt: skip
"""Methods that show words."""
MAKERS = {
    "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "QMenu", "QDockWidget", "QToolButton",
    "text_label", "push_button", "scroll_area",
    "QTableWidgetItem", "QListWidgetItem", "QTreeWidgetItem", "Message", "Column",
}  # fmt: skip
"""Classes that are made with words."""
NAMES = {"SkillViewer", "Inferno", "Cividis", "H.264", "MP4", "WebM", "GIF", "PNG", "PDF", "SVG", "CSV", "JSON", "NPZ"}
"""Names, which are the same in every language."""
UNITS = {"px", "dpi", "fps", "Hz", "ms", "GB", "MB", "kB"}


def words_in(node: ast.expr) -> Iterator[str]:
    """Yield literal words of an argument that is shown; what goes through a call may be translated there."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from words_in(part)
        case ast.BinOp(left=left, right=right):
            yield from words_in(left)
            yield from words_in(right)
        case ast.IfExp(body=body, orelse=orelse):
            yield from words_in(body)
            yield from words_in(orelse)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from words_in(item)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format" | "join")):
            yield text


def is_words(text: str) -> bool:
    """Return whether a literal says something: two letters in a row that are no unit and no name."""
    rest = text
    for name in NAMES:
        rest = rest.replace(name, "")
    letters = [c if c.isalpha() else " " for c in rest]
    return any(len(word) > 1 and word not in UNITS for word in "".join(letters).split())


def untranslated(source: str) -> list[tuple[int, str]]:
    """Return line and text of words that are given to a widget as they are."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in SETTERS or name in MAKERS:
            for argument in node.args:
                found += [(node.lineno, text) for text in words_in(argument) if is_words(text)]
    return found


@pytest.mark.parametrize(
    "code",
    [
        'label.setText("Open a file")', 'QLabel("Score", self)', 'box.addItem(f"{n} passes")',
        'bar.setToolTip("on" if on else "switched off")', 'messages.note("{} was saved".format(name))',
        'table.setHorizontalHeaderLabels(["Name", "Score"])',
    ],
)  # fmt: skip
def test_planted_words_are_found(code: str) -> None:
    assert untranslated(code)


@pytest.mark.parametrize(
    "code",
    [
        'label.setText(self.tr("Open a file"))', 'QLabel("", self)', 'box.addItem(f"{n} %")',
        'label.setText(" · ".join(x))',
        'QLabel(QCoreApplication.translate("parts", title), self)', 'window.setWindowTitle("SkillViewer")',
    ],
)  # fmt: skip
def test_words_through_tr_are_not(code: str) -> None:
    assert untranslated(code) == []


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_every_word_goes_through_tr(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == []


def test_words_and_values_are_put_together_after_translation() -> None:
    """An f-string inside ``tr`` is another text for every value: no translation would ever be found."""
    wrong = []
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tr":
                literal = node.args and all(isinstance(a, ast.Constant) for a in node.args)
                if not literal:
                    wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []
