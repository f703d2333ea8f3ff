"""Choice of a checkpoint, and the loaded model."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import CheckpointError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.nets.model_library import ModelEntry, digest
from skillviewer.ui.session.backend import Assessor, Backend
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import Task, WorkerThread


def _digest(folder: Path) -> str | None:
    """Return the digest of the checkpoint in a folder, or None if there is none."""
    try:
        return digest(folder)
    except CheckpointError:
        return None


class ModelHolder:
    """The loaded model, as the resource of the model worker thread. It is kept until another model is loaded."""

    def __init__(self, open_model: Callable[[Path], Assessor]) -> None:
        self._open_model = open_model
        self._assessor: Assessor | None = None
        self._folder: Path | None = None

    def load(self, folder: Path, token: CancelToken, report: Report) -> LoadedModel:
        """Load a checkpoint unless it is loaded already. The previous model is released after the load succeeds."""
        token.check()
        digest = _digest(folder)
        report(Progress("loading", value=digest))
        is_loaded = self._assessor is not None and folder == self._folder and digest == self._assessor.digest
        if not is_loaded:
            self._replace(folder)
        return self._describe(folder)

    def reload_if_changed(self, folder: Path, token: CancelToken, report: Report) -> LoadedModel | None:
        """Load the checkpoint again if its files have changed; return None if they have not, or are gone."""
        if _digest(folder) in {None, self.assessor.digest}:
            return None
        token.check()
        report(Progress("loading"))
        self._replace(folder)
        return self._describe(folder)

    def _replace(self, folder: Path) -> None:
        assessor = self._open_model(folder)
        self.close()
        self._assessor = assessor
        self._folder = folder

    def _describe(self, folder: Path) -> LoadedModel:
        assessor = self.assessor
        memory = assessor.memory_text()
        return LoadedModel(assessor.name, folder, assessor.device_name, memory, assessor.digest, assessor.warning)

    @property
    def assessor(self) -> Assessor:
        if self._assessor is None:
            raise RuntimeError("no model is loaded")
        return self._assessor

    def close(self) -> None:
        assessor = self._assessor
        self._assessor = None
        if assessor is not None:
            assessor.close()


class ModelChooser(QObject):
    """Loads the checkpoint that the user chooses; the latest choice wins."""

    entries_changed = Signal()
    requested_changed = Signal(object)  # folder of the chosen checkpoint, or None

    def __init__(
        self, backend: Backend, worker: WorkerThread[ModelHolder], state: ViewerState, jobs: Jobs, messages: Messages
    ) -> None:
        super().__init__(worker)
        self._backend = backend
        self._worker = worker
        self._state = state
        self._jobs = jobs
        self._messages = messages
        self.entries: tuple[ModelEntry, ...] = ()  # the checkpoints on this computer
        self.requested: Path | None = None  # folder of the chosen checkpoint, which may still be loading
        self._previous: Path | None = None  # folder of the model that was loaded before the choice
        self._task: Task | None = None

    def refresh(self) -> None:
        self.entries = self._backend.find_models()
        self.entries_changed.emit()

    def choose(self, folder: Path) -> None:
        """Load the checkpoint in a folder. A loaded one is loaded again only if its files have changed."""
        if folder == self.requested:
            if self._task is None and self._state.model is not None:
                task = self._worker.submit(
                    lambda holder, token, report: holder.reload_if_changed(folder, token, report)
                )
                task.then(succeeded=self._on_loaded, failed=self._messages.fail)
            return
        if self._task is not None:
            self._task.cancel()
        if self._state.model is not None:
            self._previous = self._state.model.folder
        self.requested = folder
        self.requested_changed.emit(folder)
        self._state.set_model(None)
        self._task = self._worker.submit(lambda holder, token, report: holder.load(folder, token, report))
        self._task.then(
            progressed=self._on_loading, succeeded=self._on_loaded, failed=self._on_failed, finished=self._on_finished
        )
        self._jobs.follow(f"Loading model {folder.name}", self._task, confirm_stop=False)

    def choose_default(self, name: str | None) -> None:
        """Load the checkpoint with this name or folder; None for the first of the list."""
        folder = next((e.folder for e in self.entries if name is None or e.name == name), None)
        if folder is not None:
            self.choose(folder)
        elif name is not None:
            self.choose(Path(name))

    def step(self, direction: int) -> None:
        """Load the next (1) or previous (-1) checkpoint of the list."""
        folders = [entry.folder for entry in self.entries]
        if not folders:
            return
        index = 0
        if self.requested in folders:
            index = (folders.index(self.requested) + direction) % len(folders)
        self.choose(folders[index])

    def _on_loading(self, progress: Progress) -> None:
        """Show the stored analyses of the checkpoint while it is loaded, which takes seconds."""
        if isinstance(progress.value, str) and self.sender() is self._task:
            self._state.set_digest(progress.value)

    def _on_loaded(self, model: LoadedModel | None) -> None:
        if model is not None and model.folder == self.requested:
            self._state.set_model(model)

    def _on_failed(self, error: Exception) -> None:
        self.requested = None
        previous_folder = self._previous
        self._previous = None
        self._state.set_digest("")
        self._messages.fail(error)
        if previous_folder is not None:
            self.choose(previous_folder)  # its model was not released
        else:
            self.requested_changed.emit(None)

    def _on_finished(self) -> None:
        if self.sender() is self._task:
            self._task = None
            self.entries_changed.emit()
