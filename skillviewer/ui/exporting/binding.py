"""What the actions of exports do."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from skillviewer.ui.exporting.screen import ExportScreen
    from skillviewer.ui.shell.main_window import MainWindow

NAME = "export"


def bind(window: "MainWindow") -> None:
    """Tie the actions of the screen to what they do; its widget is asked for only when one is used."""
    actions = window.actions_

    def screen() -> "ExportScreen":
        return cast("ExportScreen", window.screen_named(NAME))

    def export() -> None:
        """Go to the screen, or write what is chosen there."""
        if window.screens.current == NAME:
            screen().start(window.dialogs)
        else:
            window.show_screen(NAME)

    actions.bind("export_now", export)
    actions.bind("export_browse", lambda: screen().browse(window.dialogs))
