"""Whether a window can be opened on this computer, told without opening one."""

from skillviewer.core.paths import resources_dir


def window_problem() -> str | None:
    """Return what keeps the window from working, in words, or None.

    Raises:
        ImportError: Qt's own libraries do not load.
    """
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    created = None
    if QGuiApplication.instance() is None:
        created = QGuiApplication(["skillviewer", "-platform", "offscreen"])
    lettered = bool(QFontDatabase.families()) or any((resources_dir() / "style" / "fonts").glob("*.[ot]tf"))
    if created is not None:
        created.shutdown()  # a window may still be opened in this process
    if not lettered:
        return "there is no font, so every letter would be a box: on Debian apt-get install fonts-dejavu-core"
    return None
