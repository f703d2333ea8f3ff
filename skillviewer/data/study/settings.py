"""Settings of a study, shared by all its users."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass

import msgspec

from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.errors import DatasetError, SettingsError
from skillviewer.core.ratings.rating_rule import rating_rule_named
from skillviewer.core.timelines.labels import parse_labels
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import read_json

_MAX_COMPARISONS_PER_VIDEO = 1e6
MAX_REACTION_MS = 5000


@dataclass(frozen=True, slots=True)
class StudySettings:
    """Settings of a study."""

    title: str = ""  # title of the study, or "" for the name of its file
    task: str = ""  # the task shown in its videos
    statement: str = "Which shows better skill?"  # the question that raters answer
    allow_neither: bool = True  # whether raters may vote for no difference
    speed: float = 1.0  # playback speed of all pairs; 1 is real time
    random_share: float = 0.15  # share of test pairs, which are drawn at random and reserved for testing, 0 to 1
    repeat_share: float = 0.05  # share of repeated pairs for each rater, 0 to 1
    comparisons_per_video: float = 10.0  # target number of comparisons per video
    rule: str = "default"  # rule that turns votes into pairs (see ``core.ranking.consensus.RULES``)
    participant_pattern: str = ""  # regular expression that finds the participant in the name of a video, or ""
    model: str = ""  # digest of the model in use, or ""
    blind: bool = False  # whether the Why page of a video is hidden until the user has judged the video
    # rule that turns ratings into pairs (see ``core.ratings.rating_rule.RATING_RULES``)
    rating_rule: str = "detectable"
    labels: str = ""  # labels of moments with their keys, as ``core.timelines.labels.labels_from`` reads them
    reaction_ms: int = 0  # reaction time of the user, subtracted from the times of keys while a video plays
    criterion: str = ""  # criterion to look at, or "" for the first rated item ("skill" without ratings)

    def __post_init__(self) -> None:
        if not 0.05 <= self.speed <= 4:
            raise SettingsError(f"Pairs cannot play at {self.speed:g} times real time: choose from 0.05 to 4.")
        for name, share in (("random", self.random_share), ("repeated", self.repeat_share)):
            if not 0 <= share <= 1:
                raise SettingsError(f"The share of {name} pairs is {share:g}: choose from 0 to 1.")
        if self.comparisons_per_video <= 0:
            raise SettingsError(f"{self.comparisons_per_video:g} comparisons a video are too few.")
        if self.comparisons_per_video > _MAX_COMPARISONS_PER_VIDEO:
            raise SettingsError(f"{self.comparisons_per_video:g} comparisons a video are too many.")
        parse_labels(self.labels)
        if not 0 <= self.reaction_ms <= MAX_REACTION_MS:
            raise SettingsError(f"A reaction takes 0 to {MAX_REACTION_MS} ms, not {self.reaction_ms} ms.")
        try:
            rating_rule_named(self.rating_rule)
            if self.rule != "default":
                from skillviewer.core.ranking.consensus import rule_named  # scipy takes a second

                rule_named(self.rule)
        except DatasetError as error:
            raise SettingsError(str(error)) from error


def read_settings(file: StudyFile) -> StudySettings:
    """Return the settings of a study, with defaults for missing settings; unknown settings are ignored.

    Raises:
        SettingsError: The settings cannot be read.
        StudyError: The study cannot be read.
    """
    names = StudySettings.__dataclass_fields__
    rows = file.query("SELECT name, value FROM setting")
    try:
        values_by_name = {row["name"]: read_json(row["value"], object) for row in rows if row["name"] in names}
        return msgspec.convert(values_by_name, StudySettings)
    except ValueError as error:
        raise SettingsError(f"The settings of {file.path} cannot be read: {error}.") from error


def usual_criterion(file: StudyFile) -> str:
    """Return the criterion of votes without a criterion: the first rated item, or "skill" without ratings."""
    rows = file.query("SELECT item FROM rating_scale ORDER BY id LIMIT 1")
    return str(rows[0]["item"]) if rows else SKILL


def effective_criterion(file: StudyFile) -> str:
    """Return the current criterion: the selected one, or else the one in the settings, or else the usual one."""
    return file.criterion or read_settings(file).criterion or usual_criterion(file)


def write_settings(file: StudyFile, settings: StudySettings) -> None:
    """Write the settings of a study and log the changes, or raise a StudyError."""
    old_values = asdict(StudySettings())
    with file.transaction() as db:
        for name, text in db.execute("SELECT name, value FROM setting"):
            with suppress(ValueError):  # a damaged setting counts as not set
                old_values[name] = read_json(text, object)
        for name, value in asdict(settings).items():
            if value != old_values[name]:
                file.log("setting changed", name, f"{old_values[name]} → {value}")
            db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))
