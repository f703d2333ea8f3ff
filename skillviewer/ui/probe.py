"""Whether a window can be opened on this computer, told without opening one."""


def window_problem() -> str | None:
    """Return what keeps the window from working, in words, or None.

    Raises:
        ImportError: Qt's own libraries do not load.
    """
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    created = None
    if QGuiApplication.instance() is None:
        created = QGuiApplication(["skillviewer", "-platform", "offscreen"])
    families = QFontDatabase.families()
    del created
    if not families:
        return "no font is installed, so every letter would be a box: on Debian apt-get install fonts-dejavu-core"
    return None
