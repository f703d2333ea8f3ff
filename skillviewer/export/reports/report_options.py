"""Options of the report of one video, and the context that its study gives."""

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
    """A note that goes on the page."""

    text: str
    author: str = ""  # author, or "" if people are not named
    time_s: float | None = None  # the time in the video that they speak of, or None


@dataclass(frozen=True, slots=True)
class StudyContext:
    """Context of a video in its study; the report says what is missing."""

    name: str = ""  # name of the video in ``others`` and ``judgements``; "" for its title
    participant: str = ""  # the person in it, by the name that the study gives, or ""
    task: str = ""
    cohort: str = "this task"  # the comparable videos in words, as in "videos of this task"
    others: tuple[CohortMember, ...] = ()  # the comparable videos with their scores by the same model, without this one
    reference: AnalysedVideo | None = None  # the well-scored video that is shown with this one, or None
    near_by: SimilarityMeasure | None = (
        None  # distance by which the program chose the reference; None if the user chose it
    )
    judgements: tuple[Judgement, ...] = ()  # judgements of all videos of its task
    # opinions of users on moments that the model found: the text is ``agree`` or the like
    opinions: tuple[Annotation, ...] = ()
    notes: tuple[ReportNote, ...] = ()  # notes on the video; as many as fit are printed
    other_models: tuple[OtherModel, ...] = ()  # its ranks by other models
    versions: tuple[tuple[int, float], ...] = ()  # (version, score) by the other versions of the model
    model_version: str = ""  # version of the model, or ""
    model_warning: str = ""  # warning of the model's card, or ""
    motion: tuple[str, ...] = ()  # sentences on the motion of tracked hands and points


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Options of the report of one video.

    Attributes:
        paper: Size of the page; a web page has none.
        look: Look of the maps; with contours, since a heat map alone is lost where a page is printed in greys.
        names: Whether the participant, and who wrote the notes, are named.
        unfamiliar_scores: Whether scores are written though the model does not know such videos.
        blur_faces: Whether faces are blurred in every picture.
        known: Context of the video in its study.
        made_on: Date of the report; None for today.
    """

    paper: Paper = option_field("a4", "Paper", "A web page has no size", choices=(("A4", "a4"), ("Letter", "letter")))
    look: MapStyle = option_field(MapStyle(overlay=Overlay.BOTH), "Map")
    names: bool = option_field(True, "Name people", "The participant, and who wrote the notes")
    unfamiliar_scores: bool = option_field(False, UNFAMILIAR_TITLE, UNFAMILIAR_HELP)
    blur_faces: bool = option_field(False, BLUR_TITLE, BLUR_HELP)
    known: StudyContext = field(default_factory=StudyContext)
    made_on: date | None = None

    @property
    def further_videos(self) -> tuple[AnalysedVideo, ...]:
        """The reference video, if one is shown with the video of the report."""
        return (self.known.reference,) if self.known.reference is not None else ()

    def with_further_videos(self, videos: Sequence[AnalysedVideo]) -> "ReportOptions":
        """Return options with another reference video."""
        (reference,) = videos
        return replace(self, known=replace(self.known, reference=reference))
