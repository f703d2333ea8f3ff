"""Choice of the task and the model of a report on a study, and the names of people in it."""

from collections.abc import Iterable

from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.errors import ExportError
from skillviewer.data.study import ModelState, ModelVersion, Study
from skillviewer.nets.model_library import criterion_of


def choose_task(study: Study, tasks: set[str], requested: str) -> str:
    """Return the requested task, or the only task of the videos; "" is the task of the study.

    Raises:
        ExportError: There is no such task, or there are several and none is requested.
    """
    if requested:
        if requested in tasks:
            return requested
        if requested == study.settings.task and "" in tasks:
            return ""
        names = ", ".join(sorted(task for task in tasks if task))
        if not names:
            names = study.settings.task or "none"
        raise ExportError(f"The study has no videos of the task “{requested}”. Its tasks: {names}.")
    if len(tasks) > 1:
        task_of_study = study.settings.task or "(none)"
        names = ", ".join(sorted(task or task_of_study for task in tasks))
        raise ExportError(
            f"The study has videos of {len(tasks)} tasks ({names}), whose scores cannot be compared: choose one."
        )
    return next(iter(tasks), "")


def latest_of(study: Study, criterion: str) -> ModelVersion | None:
    """Return the newest model of a study with a criterion, or None; discarded and missing models are skipped."""
    candidates = [
        model
        for model in study.models.all()
        if model.state is not ModelState.DISCARDED
        and model.path is not None
        and criterion_of(model.path).casefold() == criterion.casefold()
    ]
    return max(candidates, key=lambda model: model.added_at, default=None)


def model_in_use(study: Study) -> ModelVersion | None:
    """Return the default model of a study; if that has another criterion, the newest model with the current one."""
    model = study.models.default_model(study.settings.model)
    criterion = SKILL
    if model is not None and model.path is not None:
        criterion = criterion_of(model.path)
    if criterion.casefold() in {SKILL, study.criterion.casefold()}:
        return model
    return latest_of(study, study.criterion)


def model_of(study: Study, requested: str, criterion: str = "") -> ModelVersion:
    """Return the requested model; else the newest model with a criterion; else the model in use.

    Raises:
        ExportError: There is no such model.
    """
    if requested:
        models = [model for model in study.models.all() if model.state is not ModelState.DISCARDED]
        matches = [
            model for model in models if requested in {model.name, f"{model.name} v{model.number}", model.digest}
        ]
        if not matches:
            names = ", ".join(f"{model.name} v{model.number}" for model in models) if models else "none"
            raise ExportError(f"The study has no model “{requested}”. Its models: {names}.")
        return max(matches, key=lambda model: model.number)
    if criterion:
        newest = latest_of(study, criterion)
        if newest is None:
            raise ExportError(
                f"The study has no model of the criterion “{criterion}”: score its videos with one, or choose a model."
            )
        return newest
    model = model_in_use(study)
    if model is not None:
        return model
    if study.models.default_model(study.settings.model) is not None:
        return model_of(study, "", study.criterion)  # raises: the default model has another criterion
    raise ExportError(
        "No video of the study has been assessed. Assess them first: in the window, or by skillviewer export table "
        "scores STUDY -o scores.csv."
    )


def labels_of(people: Iterable[str], letter: str, *, names: bool) -> dict[str, str]:
    """Return the names to print for people: their own with ``names``, else a letter and a number.

    Args:
        people: Names in the order in which to number them; repeated and empty ones are skipped. The order must come
            from what the report shows, such as ranks: then the numbers tell nothing else, and ``skillviewer verify``
            finds the same ones without any name in the file.
        letter: Letter before the number.
        names: Whether to print the names themselves.
    """
    unique_names = dict.fromkeys(name for name in people if name)
    if names:
        return {name: name for name in unique_names}
    return {name: f"{letter}{number}" for number, name in enumerate(unique_names, start=1)}
