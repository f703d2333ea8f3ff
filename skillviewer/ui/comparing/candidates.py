"""Models that the Compare screen offers."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.data.study import Study
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import MODELS


def _versions(study: Study) -> tuple[tuple[str, str], ...]:
    """Return (folder, name) of the models of a study whose checkpoints exist."""
    models = study.models.all()
    names_with_versions = {model.name for model in models if model.number > 1}
    versions = []
    for model in models:
        if model.path is not None:
            name = f"{model.name} v{model.number}" if model.name in names_with_versions else model.name
            versions.append((str(model.path), name))
    return tuple(versions)


class Candidates(QObject):
    """The models that can be compared: on this computer, of the study, and in opened folders."""

    changed = Signal()

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._study_versions: tuple[tuple[str, str], ...] = ()
        self._names_by_folder: dict[str, str] = {}  # names of checkpoints in opened folders, by folder
        app_context.models.entries_changed.connect(self.changed)
        app_context.studies.opened.connect(self._load_versions)
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.closed.connect(self._on_closed)
        if app_context.studies.current_study is not None:
            self._load_versions()

    @property
    def keys_and_names(self) -> tuple[tuple[str, str], ...]:
        """Key and name of each model, the uniform baseline last."""
        names_by_folder = dict(self._study_versions)
        for entry in self._app_context.models.entries:
            names_by_folder.setdefault(str(entry.folder), entry.name)
        model = self._app_context.state.model
        if model is not None:
            names_by_folder.setdefault(str(model.folder), model.name)
        names_by_folder.update(self._names_by_folder)
        return (*names_by_folder.items(), (UNIFORM, "Uniform"))

    def name(self, key: str) -> str:
        return dict(self.keys_and_names).get(key, Path(key).name)

    def add_folder(self, folder: Path) -> str:
        """Offer a checkpoint in another folder, and return its key."""
        self._names_by_folder[str(folder)] = folder.name
        self.changed.emit()
        return str(folder)

    def initial_models(self) -> list[tuple[str, str]]:
        """Return (key, name) of the models that are compared at first: the loaded model, and up to three others.

        A single model is compared with the uniform baseline.
        """
        chosen_folder = self._app_context.models.requested_folder
        keys = [key for key, _ in self.keys_and_names if key != UNIFORM]
        if not keys:
            return []
        if chosen_folder is not None and str(chosen_folder) in keys:
            keys.remove(str(chosen_folder))
            keys.insert(0, str(chosen_folder))
        keys = keys[:4] if len(keys) > 1 else [*keys, UNIFORM]
        return [(key, self.name(key)) for key in keys]

    def _load_versions(self, *_: object) -> None:
        self._app_context.studies.read(_versions).then(succeeded=self._on_versions)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if MODELS in changes:
            self._load_versions()

    def _on_versions(self, versions: tuple[tuple[str, str], ...]) -> None:
        self._study_versions = versions
        self.changed.emit()

    def _on_closed(self) -> None:
        self._study_versions = ()
        self.changed.emit()
