"""What the actions of the Compare screen do."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from skillviewer.ui.comparing.screen import CompareScreen
    from skillviewer.ui.shell.main_window import MainWindow


def bind(window: "MainWindow") -> None:
    """Tie the actions of the screen to what they do; its widget is asked for only when one is used."""
    actions = window.actions_

    def screen() -> "CompareScreen":
        return cast("CompareScreen", window.screen_named("compare"))

    def choose() -> None:
        screen().header.models.showMenu()

    def show_difference(on: bool) -> None:
        screen().header.difference.setChecked(on)

    def assess_all() -> None:
        screen().models.assess_all()

    actions.bind("compare_models", choose)
    actions.bind_switch("compare_difference", show_difference)
    actions.bind("compare_all", assess_all)
    actions.bind("save_comparison", lambda: screen().save_table(window.dialogs))
    actions.bind("save_comparison_figure", lambda: screen().save_figure(window.dialogs))
    actions.bind("save_agreement", lambda: screen().save_agreement(window.dialogs, ranks=False))
    actions.bind("save_ranks", lambda: screen().save_agreement(window.dialogs, ranks=True))
