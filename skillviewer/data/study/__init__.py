"""The study: one SQLite file with everything of an investigation except videos and data that can be computed again."""

from skillviewer.data.study.annotations import Note, Opinion, SavedMoment
from skillviewer.data.study.models import ModelState, ModelVersion, Score, analysis_path, cached_analysis
from skillviewer.data.study.raters import RaterEntries
from skillviewer.data.study.schema import SUFFIX
from skillviewer.data.study.settings import StudySettings
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import AddedVideos, FileState, NewVideo, RelinkResult, StudyVideo
from skillviewer.data.study.votes import Vote

__all__ = [
    "SUFFIX", "AddedVideos", "FileState", "ModelState", "ModelVersion", "NewVideo", "Note", "Opinion", "RaterEntries",
    "RelinkResult", "SavedMoment", "Score", "Study", "StudySettings", "StudyVideo", "Vote", "analysis_path",
    "cached_analysis",
]  # fmt: skip
