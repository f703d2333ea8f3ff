"""The settings of a study: what everybody who opens it shares."""

import json
from dataclasses import asdict, dataclass

import msgspec

from skillviewer.core.errors import DatasetError, SettingsError
from skillviewer.core.ratings.rating_rule import rating_rule_named
from skillviewer.data.study.file import StudyFile


@dataclass(frozen=True, slots=True)
class StudySettings:
    """Settings of a study.

    Attributes:
        title: What the study is called, or "" for the name of its file.
        task: The task that its videos show.
        statement: The question that raters answer.
        allow_neither: Whether raters may say that there is no difference.
        speed: The one speed at which pairs play; 1 is real time.
        random_share: Share of pairs that are chosen at random and set aside as the honest test set, 0 to 1.
        repeat_share: Share of pairs that a rater is asked again, 0 to 1.
        comparisons_per_video: How many comparisons a video are aimed at.
        rule: How votes become pairs (see ``core.ranking.consensus.RULES``).
        participant_pattern: Regular expression that finds the participant in the name of a video, or "".
        model: Digest of the model in use, or "".
        rating_rule: How ratings become pairs (see ``core.ratings.rating_rule.RATING_RULES``).
        criterion: The item of the ratings that counts, or "" for the first.
        blind: Whether the Why page of a video stays shut until one has judged the video oneself.
    """

    title: str = ""
    task: str = ""
    statement: str = "Which shows better skill?"
    allow_neither: bool = True
    speed: float = 1.0
    random_share: float = 0.15
    repeat_share: float = 0.05
    comparisons_per_video: float = 10.0
    rule: str = "default"
    participant_pattern: str = ""
    model: str = ""
    blind: bool = False
    rating_rule: str = "detectable"
    criterion: str = ""

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0.05 <= self.speed <= 4:
            raise SettingsError(f"Pairs cannot play at {self.speed:g} times real time: choose from 0.05 to 4.")
        for name, share in (("random", self.random_share), ("repeated", self.repeat_share)):
            if not 0 <= share <= 1:
                raise SettingsError(f"The share of {name} pairs is {share:g}: choose from 0 to 1.")
        if self.comparisons_per_video <= 0:
            raise SettingsError(f"{self.comparisons_per_video:g} comparisons a video are too few.")
        try:
            rating_rule_named(self.rating_rule)
            if self.rule != "default":
                from skillviewer.core.ranking.consensus import rule_named  # scipy takes a second

                rule_named(self.rule)
        except DatasetError as error:
            raise SettingsError(str(error)) from error


def read_settings(file: StudyFile) -> StudySettings:
    """Return the settings of a study; what was never set, or comes from another version, has its default.

    Raises:
        SettingsError: They cannot be read.
        StudyError: The study cannot be read.
    """
    names = StudySettings.__dataclass_fields__
    rows = file.rows("SELECT name, value FROM setting")
    try:
        found = {row["name"]: json.loads(row["value"]) for row in rows}
        return msgspec.convert({name: value for name, value in found.items() if name in names}, StudySettings)
    except (msgspec.ValidationError, json.JSONDecodeError) as error:
        raise SettingsError(f"The settings of {file.path} cannot be read: {error}.") from error


def write_settings(file: StudyFile, settings: StudySettings) -> None:
    """Write settings of a study.

    Raises:
        StudyError: The study cannot be written.
    """
    with file.act() as db:
        for name, value in asdict(settings).items():
            db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))
