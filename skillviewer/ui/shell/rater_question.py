"""The questions before everything kept about a rater is deleted: which rater, and whether to go on."""

from functools import partial

from PySide6.QtWidgets import QWidget

from skillviewer.core.text import printable
from skillviewer.data.study import RaterEntries
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.dialogs import Dialogs


def ask_rater(app_context: AppContext, dialogs: Dialogs, parent: QWidget) -> None:
    """Ask for a rater of the open study, and delete everything kept about the rater after a question."""
    task = app_context.studies.read(lambda study: study.raters.all())
    task.then(succeeded=partial(_choose, app_context, dialogs, parent), failed=app_context.messages.fail)


def _choose(app_context: AppContext, dialogs: Dialogs, parent: QWidget, raters: tuple[RaterEntries, ...]) -> None:
    if not raters:
        app_context.messages.note("This study has no raters.")
        return
    names = [printable(entries.name) for entries in raters]
    row = dialogs.pick(parent, "Delete a rater", "Delete everything kept about the rater", names)
    if row is None:
        return
    question = (
        f"Delete everything kept about “{names[row]}” for good: {raters[row].text}, and the backups that hold the "
        "rater? Exports, packs and trained models stay. This cannot be undone."
    )
    if dialogs.confirm(parent, question, "Delete"):
        app_context.forget_rater(raters[row].name)
