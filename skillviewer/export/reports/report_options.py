"""Options of the report of one video, and its context from the study."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from skillviewer.core.analysis.cohort import CohortMember, SimilarityMeasure
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.other_models import OtherModel
from skillviewer.core.dataset.pairs import Judgement
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.options import UNFAMILIAR_HELP, UNFAMILIAR_TITLE, option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE
from skillviewer.export.reports.pdf import Paper


@dataclass(frozen=True, slots=True)
class ReportNote:
    """A note on the video that is printed in the report."""

    text: str
    author: str = ""  # author, or "" if people are not named
    time_s: float | None = None  # time in the video that the note is about, or None


@dataclass(frozen=True, slots=True)
class StudyContext:
    """Context of a video in its study; the report says what is missing."""

    name: str = ""  # name of the video in ``others`` and ``judgements``; "" for its title
    participant: str = ""  # name of the participant in the study, or ""
    task: str = ""
    cohort: str = "this task"  # words for the cohort, as in "videos of this task"
    others: tuple[CohortMember, ...] = ()  # the cohort, with scores by the same model
    reference: AnalysedVideo | None = None  # reference video that is shown with this one, or None
    # similarity by which the program chose the reference video; None if the user chose it
    near_by: SimilarityMeasure | None = None
    judgements: tuple[Judgement, ...] = ()  # judgements of all videos of the task
    opinions: tuple[Annotation, ...] = ()  # opinions of users on moments of the model, with texts such as “agree”
    notes: tuple[ReportNote, ...] = ()  # notes on the video; as many as fit are printed
    other_models: tuple[OtherModel, ...] = ()  # ranks of the video by other models
    versions: tuple[tuple[int, float], ...] = ()  # (version, score) of each other version of the model
    model_version: str = ""  # version of the model, or ""
    model_warning: str = ""  # warning in the card of the model, or ""
    model_test: str = ""  # sentences on the accuracy of the model on held-out people and its verdict, or ""
    was_trained_on: bool = False  # whether the model is known to have been trained on the video
    given_rating: str = ""  # sentence on the mean rating of the raters, or ""
    motion: tuple[str, ...] = ()  # sentences on the motion of tracked hands and points


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Options of the report of one video.

    Attributes:
        paper: Size of the pages; a web page has none.
        look: Style of the maps. The default has contours, which stay visible in black-and-white prints.
        names: Whether participants and authors of notes are named.
        unfamiliar_scores: Whether to show the score of a video that is unfamiliar to the model.
        blur_faces: Whether faces are blurred in every picture.
        known: Context of the video in its study.
        made_on: Date of the report; None for today.
    """

    paper: Paper = option_field("a4", "Paper", "A web page has no size", choices=(("A4", "a4"), ("Letter", "letter")))
    look: MapStyle = option_field(MapStyle(overlay=Overlay.BOTH), "Map")
    names: bool = option_field(default=False, title="Name people", help="The participant, and who wrote the notes")
    unfamiliar_scores: bool = option_field(default=False, title=UNFAMILIAR_TITLE, help=UNFAMILIAR_HELP)
    blur_faces: bool = option_field(default=False, title=BLUR_TITLE, help=BLUR_HELP)
    study_context: StudyContext = field(default_factory=StudyContext)
    made_on: date | None = None

    @property
    def further_videos(self) -> tuple[AnalysedVideo, ...]:
        """The reference video, if there is one."""
        return (self.study_context.reference,) if self.study_context.reference is not None else ()

    def with_further_videos(self, videos: Sequence[AnalysedVideo]) -> "ReportOptions":
        """Return a copy of the options with another reference video."""
        (reference,) = videos
        return replace(self, study_context=replace(self.study_context, reference=reference))
