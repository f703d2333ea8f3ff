"""Drafts: studies that the program makes for videos opened without a study."""

import os
from datetime import datetime
from pathlib import Path

from skillviewer.core.errors import StudyError, os_reason
from skillviewer.core.paths import drafts_dir
from skillviewer.data.study import SUFFIX, Study, StudySettings


def new_draft() -> Study:
    """Make a draft.

    Raises:
        StudyError: The folder of drafts cannot be written.
    """
    make_study_folder(drafts_dir())
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    name = f"Untitled {stamp} {os.getpid()}"
    path = drafts_dir() / f"{name}{SUFFIX}"
    number = 1
    while path.exists():  # another draft was made in the same second
        number += 1
        path = drafts_dir() / f"{name}-{number}{SUFFIX}"
    return Study.create(path, StudySettings(title="Untitled"))


def make_study_folder(folder: Path) -> None:
    """Make the folder for drafts or for the sample study.

    Raises:
        StudyError: The folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be made ({os_reason(error)}): start with SKILLVIEWER_HOME set to a "
            "folder that can be written."
        ) from error
