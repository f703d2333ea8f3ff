"""The models that Compare offers: shipped, trained and versions of the study."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.data.study import Study
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.studies import MODELS


def _versions(study: Study) -> tuple[tuple[str, str], ...]:
    """Return (folder, name) of the models of a study whose checkpoints are there."""
    models = study.models.all()
    several = {m.name for m in models if m.version > 1}
    return tuple(
        (str(m.path), f"{m.name} v{m.version}" if m.name in several else m.name) for m in models if m.path is not None
    )


class Candidates(QObject):
    """The models that can be chosen."""

    changed = Signal()

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._of_study: tuple[tuple[str, str], ...] = ()
        self._opened: dict[str, str] = {}
        app_context.models.entries_changed.connect(self.changed)
        app_context.studies.opened.connect(self._ask)
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.closed.connect(self._on_closed)
        if app_context.studies.current is not None:
            self._ask()

    @property
    def all(self) -> tuple[tuple[str, str], ...]:
        """Key and name of each model, the uniform baseline last."""
        names_by_folder = dict(self._of_study)
        for entry in self._app_context.models.entries:
            names_by_folder.setdefault(str(entry.folder), entry.name)
        model = self._app_context.state.model
        if model is not None:
            names_by_folder.setdefault(str(model.folder), model.name)
        return (*({**names_by_folder, **self._opened}).items(), (UNIFORM, "Uniform"))

    def name(self, key: str) -> str:
        return dict(self.all).get(key, Path(key).name)

    def take(self, folder: Path) -> str:
        """Offer a checkpoint in another folder; return its key."""
        self._opened[str(folder)] = folder.name
        self.changed.emit()
        return str(folder)

    def first_choice(self) -> list[tuple[str, str]]:
        """Return the models compared before any choice: the loaded one, and up to three more."""
        chosen_model = self._app_context.models.requested
        folders = [key for key, _ in self.all if key != UNIFORM]
        folders.sort(key=lambda key: chosen_model is None or key != str(chosen_model))
        keys = folders[:4] if len(folders) > 1 else [*folders, UNIFORM]
        return [(key, self.name(key)) for key in keys] if folders else []

    def _ask(self, *_: object) -> None:
        self._app_context.studies.read(_versions).then(succeeded=self._on_versions)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if MODELS in changes:
            self._ask()

    def _on_versions(self, versions: tuple[tuple[str, str], ...]) -> None:
        self._of_study = versions
        self.changed.emit()

    def _on_closed(self) -> None:
        self._of_study = ()
        self.changed.emit()
