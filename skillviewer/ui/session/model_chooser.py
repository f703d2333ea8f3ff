"""Choice of the checkpoint that the window works with."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import Progress
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.model_holder import ModelHolder
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:
    from skillviewer.nets.model_library import ModelEntry


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
        self.requested_folder: Path | None = None  # folder of the chosen checkpoint, which may still be loading
        self._previous_folder: Path | None = None  # folder of the model that was loaded before the choice
        self._task: Task | None = None

    def refresh(self) -> None:
        self.entries = self._backend.find_models()
        self.entries_changed.emit()

    def choose(self, folder: Path) -> None:
        """Load the checkpoint in a folder. A loaded checkpoint is loaded again only if its files have changed."""
        if folder == self.requested_folder:
            if self._task is None and self._state.model is not None:
                task = self._worker.submit(
                    lambda holder, token, report: holder.reload_if_changed(folder, token, report)
                )
                task.then(succeeded=self._on_loaded, failed=self._messages.fail)
            return
        if self._task is not None:
            self._task.cancel()
        if self._state.model is not None:
            self._previous_folder = self._state.model.folder
        self.requested_folder = folder
        self.requested_changed.emit(folder)
        self._state.set_model(None)
        self._task = self._worker.submit(lambda holder, token, report: holder.load(folder, token, report))
        self._task.then(
            progressed=self._on_loading, succeeded=self._on_loaded, failed=self._on_failed, finished=self._on_finished
        )
        self._jobs.follow(f"Loading model {folder.name}", self._task, confirm_stop=False)

    def choose_default(self, name: str | None) -> None:
        """Load the checkpoint that the settings name.

        Args:
            name: Name of a checkpoint in the list, or path of a folder; None for the first checkpoint of the list.
        """
        if name is None:
            if self.entries:
                self.choose(self.entries[0].folder)
            return
        for entry in self.entries:
            if entry.name == name:
                self.choose(entry.folder)
                return
        self.choose(Path(name))

    def step(self, direction: int) -> None:
        """Load the next (1) or previous (-1) checkpoint of the list."""
        folders = [entry.folder for entry in self.entries]
        if not folders:
            return
        index = 0
        if self.requested_folder in folders:
            index = (folders.index(self.requested_folder) + direction) % len(folders)
        self.choose(folders[index])

    def _on_loading(self, progress: Progress) -> None:
        """Announce the digest of the checkpoint before it is loaded, so that its stored analyses are shown already."""
        if isinstance(progress.value, str) and self.sender() is self._task:
            self._state.set_digest(progress.value)

    def _on_loaded(self, model: LoadedModel | None) -> None:
        if model is not None and model.folder == self.requested_folder:
            self._state.set_model(model)

    def _on_failed(self, error: Exception) -> None:
        self.requested_folder = None
        previous_folder = self._previous_folder
        self._previous_folder = None
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
