"""The loaded model, which the model worker thread owns."""

from collections.abc import Callable
from pathlib import Path

from skillviewer.core.errors import CheckpointError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.nets.model_library import checkpoint_digest
from skillviewer.ui.session.backend import Assessor
from skillviewer.ui.session.loaded_model import LoadedModel


def _digest_or_none(folder: Path) -> str | None:
    """Return the digest of the checkpoint in a folder, or None if there is no checkpoint."""
    try:
        return checkpoint_digest(folder)
    except CheckpointError:
        return None


class ModelHolder:
    """Owner of the loaded model, which stays loaded until another model is loaded."""

    def __init__(self, open_model: Callable[[Path], Assessor]) -> None:
        self._open_model = open_model
        self._assessor: Assessor | None = None
        self._folder: Path | None = None

    def load(self, folder: Path, token: CancelToken, report: Report) -> LoadedModel:
        """Load a checkpoint unless it is loaded already. The previous model is released after the load succeeds."""
        token.check()
        digest = _digest_or_none(folder)
        report(Progress("loading", value=digest))
        is_loaded = self._assessor is not None and folder == self._folder and digest == self._assessor.digest
        if not is_loaded:
            self._replace(folder)
        return self._describe(folder)

    def reload_if_changed(self, folder: Path, token: CancelToken, report: Report) -> LoadedModel | None:
        """Load the checkpoint again if its files have changed; return None if they have not, or are gone."""
        digest = _digest_or_none(folder)
        if digest is None or digest == self.assessor.digest:
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
