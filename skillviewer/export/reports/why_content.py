"""Contents of the report on why a video has its score: sentences, moments and pictures.

``why_pdf`` and ``html_reports`` lay them out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.cohort import CohortPosition, SimilarityMeasure
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import clipped_limit, display_limit, resolve
from skillviewer.core.analysis.score_text import (
    HIDDEN,
    LEARNT_TEXT,
    SPREAD_EVENLY_TEXT,
    score_decimals,
    score_so_far,
    unfamiliar_sentence,
)
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import Moment, no_clear_moment_text
from skillviewer.core.explanation.why import format_fifths, score_findings
from skillviewer.core.faces.blurring_text import NO_GUARANTEE, ON_PAGE, SCORED_BEFORE_BLURRING
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.text import clock, printable, signed
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.video.clips import same_interval
from skillviewer.export.analysed_video import AnalysedVideo, open_readers
from skillviewer.export.pictures.contact_sheet import evenly_spread
from skillviewer.export.rendering.colour_bar import bar_colours, bar_scale, format_ticks
from skillviewer.export.rendering.matplotlib_figure import MM_PER_INCH
from skillviewer.export.reports.limits import describe_limits
from skillviewer.export.reports.rater_summary import format_raters
from skillviewer.export.reports.report_options import ReportOptions, StudyContext
from skillviewer.media.overlay.painter import paint

DISCLAIMER = "An aid to judgement, not a certificate."
NO_VERDICT = "Measures of motion say where and how a hand moves, not whether it moves well."
PRINT_DPI = 300.0
MAX_PICTURE_MM = 85.0
"""Greatest width of a picture on paper."""
KEY_FRAMES_PER_ROW = 5
"""Number of key frames side by side; a video that is wider than high has two rows."""


@dataclass(frozen=True, slots=True)
class FramePicture:
    """A frame with its map, as an encoded picture."""

    jpeg: bytes
    aspect: float  # width divided by height
    time: str  # presentation time as text
    score: float  # mean score up to this frame; NaN before the first step
    frame: int  # frame, from 0


@dataclass(frozen=True, slots=True)
class ExplainedMoment:
    """A moment with its picture and the opinions of users."""

    moment: Moment
    frame_picture: FramePicture
    opinions: tuple[Annotation, ...]
    names_authors: bool  # whether the authors of opinions are named
    digits: int = 2  # decimals of scores

    @property
    def opinion(self) -> str:
        """Opinion on which all users agree; "" if there is none."""
        texts = {opinion.text for opinion in self.opinions}
        return texts.pop() if len(texts) == 1 else ""

    @property
    def disagreement_text(self) -> str:
        """Sentence with the opinions if they differ, else ""."""
        if self.opinion or not self.opinions:
            return ""
        if self.names_authors and all(opinion.author for opinion in self.opinions):
            texts = [f"{opinion.author}: {opinion.text}" for opinion in self.opinions]
        else:
            texts = [opinion.text for opinion in self.opinions]
        opinions_text = ", ".join(printable(text) for text in texts)
        return f"Opinions differ ({opinions_text})."

    @property
    def time(self) -> str:
        """Start and end as text."""
        return f"{clock(self.moment.start_s)}–{clock(self.moment.stop_s)}"

    @property
    def text(self) -> str:
        """Description of the moment."""
        return self.moment.sentence(self.digits)


@dataclass(frozen=True, slots=True)
class ReportColourBar:
    """Colour bar of the maps in the report."""

    colours: tuple[tuple[int, int, int], ...]  # RGB, from low to high
    ticks: tuple[tuple[float, str], ...]  # position on the bar, 0 to 1, and label
    title: str


@dataclass(frozen=True, slots=True)
class WhyContent:
    """Contents of the report of one video."""

    analysis: Analysis
    evidence: Evidence | None
    position: CohortPosition
    options: ReportOptions
    title: str
    subtitle: str
    digits: int  # decimals of scores
    key_frames: tuple[FramePicture, ...]
    bar: ReportColourBar | None
    moments: tuple[ExplainedMoment, ...]
    own_picture: FramePicture  # picture of this video next to the reference video
    reference: tuple[str, str, FramePicture] | None  # name, description and picture of the reference video
    facts: tuple[tuple[str, str], ...]  # (name, value) of the provenance
    faces_are_blurred: bool = False  # whether faces are blurred
    no_moments: str = ""  # sentence that replaces the moments if none stands out, or ""

    @property
    def disclaimer(self) -> str:
        """Disclaimer at the bottom of every page."""
        return f"{DISCLAIMER} {NO_GUARANTEE}" if self.faces_are_blurred else DISCLAIMER

    @property
    def sentence(self) -> str:
        """Sentence on the position of the score in the cohort, after a warning if the video is unfamiliar."""
        warning = unfamiliar_sentence([self.analysis])
        if self.hides_scores:
            return warning
        return f"{warning} {self.position.sentence(self.digits)}".lstrip()

    @property
    def headline(self) -> str:
        """Rating on the raters' scale where the model has one, else the sentence on the score."""
        calibrated_score = self.analysis.scaled
        if calibrated_score is not None and self._has_rating:
            return calibrated_score.sentence
        return self.sentence

    @property
    def details(self) -> tuple[str, ...]:
        """Sentences below the headline: on the score, the raters, and the accuracy of the model."""
        calibrated_score = self.analysis.scaled
        study_context = self.options.study_context
        sentences = [self.sentence] if self._has_rating else [self.rating]
        sentences.append(study_context.given_rating)
        if study_context.was_trained_on:
            sentences.append(LEARNT_TEXT)
        sentences.append(study_context.model_test)
        if calibrated_score is not None and self._has_rating:
            sentences.append(calibrated_score.note)
        return tuple(sentence for sentence in sentences if sentence)

    @property
    def _has_rating(self) -> bool:
        calibrated_score = self.analysis.scaled
        return calibrated_score is not None and bool(calibrated_score.words) and not self.hides_scores

    @property
    def hides_scores(self) -> bool:
        """True if scores are hidden because the video is unfamiliar to the model."""
        return self.analysis.unfamiliar and not self.options.unfamiliar_scores

    def format_score(self, score: float) -> str:
        """Return a score of the video as text: a dash for NaN, and a question mark if scores are hidden."""
        if self.hides_scores:
            return HIDDEN
        return "–" if math.isnan(score) else signed(score, self.digits)

    @property
    def rating(self) -> str:
        """Score on the raters' scale with its origin, or the reason for no rating; "" without such a scale."""
        calibrated_score = self.analysis.scaled
        return "" if calibrated_score is None else f"{calibrated_score.sentence} {calibrated_score.note}".rstrip()

    @property
    def faithful(self) -> bool:
        """True if a test showed that the attention is more faithful than random; else the sentence is greyed."""
        return self.evidence is not None and self.evidence.faithful is True

    @property
    def faithfulness(self) -> str:
        """Sentence on the faithfulness of the attention."""
        if self.evidence is not None:
            return self.evidence.faithfulness_sentence
        if self.analysis.map_kind is MapKind.NONE:
            return "This model has no map, so there is no attention whose faithfulness could be tested."
        return (
            "Whether the attention is faithful was not tested for this video: the maps show where the model looked, "
            "not why it scored so."
        )

    @property
    def even_map_note(self) -> str:
        """Warning about evenly spread maps, or ""."""
        return SPREAD_EVENLY_TEXT if self.analysis.spread_evenly else ""

    @property
    def fifths_text(self) -> str:
        """Sentence on the share of the score that each fifth of the video decides; "" without evidence."""
        return format_fifths(self.analysis, self.evidence) if self.evidence is not None else ""

    @property
    def remainder_text(self) -> str:
        """Sentences on the sum of the contributions, and the remainder."""
        evidence = self.evidence
        if evidence is None:
            return "Contributions of the segments were not computed for this report."
        if self.hides_scores:
            return "Contributions are measured by replacing each segment with the mean of the video."
        score_text = signed(self.analysis.score, self.digits)
        new_score_text = signed(evidence.score, self.digits)
        baseline_text = signed(evidence.baseline, self.digits)
        sum_text = signed(float(evidence.contributions.sum()), self.digits)
        remainder_text = signed(evidence.remainder, self.digits)
        text = (
            f"Score {new_score_text} = {baseline_text} (empty video) {sum_text} (sum of the segments) {remainder_text} "
            "(remainder: what the segments do together). Measured by replacing each segment with the mean of the "
            "video, not read from the attention."
        )
        if score_text == new_score_text:
            return text
        # the features of a copy with blurred faces differ from those of the original
        was_blurred = SCORED_BEFORE_BLURRING in self.analysis.video.note
        how_text = "as it is now, with blurred faces" if was_blurred else "anew"
        return f"{text} The video was looked at {how_text}, hence {new_score_text} here and not {score_text}."

    @property
    def limits(self) -> tuple[str, ...]:
        """Sentences on the limits of the numbers, and of the blurring of faces."""
        context = self.options.study_context
        warnings = (context.model_warning,) if context.model_warning else ()
        sentences = describe_limits(self.analysis, context.other_models, context.versions, self.digits)
        notes_on_blurring = (ON_PAGE,) if self.faces_are_blurred else ()
        return (*warnings, *sentences, *notes_on_blurring)

    @property
    def motion(self) -> tuple[str, ...]:
        """Sentences on the motion of tracked hands and points, with their limits; () without tracks."""
        sentences = self.options.study_context.motion
        return (*sentences, NO_VERDICT) if sentences else ()

    @property
    def raters(self) -> str:
        """Summary of the judgements of the video; "" if there are none."""
        return format_raters(self.options.study_context.judgements, self.options.study_context.name or self.title)


def encode_jpeg(picture: RGBImage) -> bytes:
    """Return a picture as JPEG without metadata."""
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


def gather_why(
    video: AnalysedVideo, options: ReportOptions, token: CancelToken = NEVER, report: Report = silent
) -> WhyContent:
    """Gather the contents of the report of one video; every video is decoded once.

    Progress is reported, and the token checked, after every picture.

    Raises:
        ExportError: The evidence belongs to another analysis, or the reference video was assessed by another model.
        VideoError: A video cannot be read.
    """
    analysis = video.analysis
    evidence = video.evidence
    context = options.study_context
    if evidence is not None and not evidence.belongs_to(analysis):
        raise ExportError(
            f"The evidence is of another analysis than that of {analysis.video.path.name}: compute it again."
        )
    cohort_scores = [member.score for member in context.others]
    findings = score_findings(analysis, evidence, cohort_scores, context.cohort)
    moments = findings.moments
    is_wide = analysis.video.width_px > analysis.video.height_px
    n_key_frames = 2 * KEY_FRAMES_PER_ROW if is_wide else KEY_FRAMES_PER_ROW
    key_frames = evenly_spread(analysis, n_key_frames).tolist()
    main_frame = key_frames[-1]
    if moments:
        largest_moment = max(moments, key=lambda moment: abs(moment.amount))
        main_frame = largest_moment.key_frame
    moment_frames = [moment.key_frame for moment in moments]
    frames = sorted({*key_frames, main_frame, *moment_frames})
    videos = [video]
    frames_by_video = [frames]
    if context.reference is not None:
        videos.append(context.reference)
        frames_by_video.append([_matching_frame(context.reference.analysis, analysis, main_frame)])
    pictures_by_video = _draw_frames(videos, frames_by_video, map_style=options.look, token=token, report=report)
    pictures = pictures_by_video[0]
    digits = score_decimals([analysis])
    explained_moments = [
        ExplainedMoment(
            moment=moment,
            frame_picture=pictures[moment.key_frame],
            opinions=_opinions_on(moment, context.opinions),
            names_authors=options.names,
            digits=digits,
        )
        for moment in moments
    ]
    no_moments = "" if moments else no_clear_moment_text(analysis, findings.n_smaller, digits)
    return WhyContent(
        analysis=analysis,
        evidence=evidence,
        position=findings.position,
        options=options,
        title=printable(video.display_title),
        subtitle=_make_subtitle(context, options),
        digits=digits,
        key_frames=tuple(pictures[frame] for frame in key_frames),
        bar=_make_colour_bar(analysis, key_frames[-1], options.look),
        moments=tuple(explained_moments),
        own_picture=pictures[main_frame],
        reference=_describe_reference(context, digits, pictures_by_video),
        facts=provenance_facts(analysis, context.model_version, date_or_today(options.made_on)),
        faces_are_blurred=any(shown_video.faces is not None for shown_video in videos),
        no_moments=no_moments,
    )


def _make_subtitle(context: StudyContext, options: ReportOptions) -> str:
    texts = [context.task]
    if options.names:
        texts.append(context.participant)
    return " · ".join(printable(text) for text in texts if text)


def _matching_frame(reference: Analysis, analysis: Analysis, frame: int) -> int:
    """Return the sampled frame of the reference video at the same share of its length as a frame of this video."""
    if reference.provenance.model_digest != analysis.provenance.model_digest:
        raise ExportError(
            f"The reference {reference.video.path.name} was assessed by another model: assess it by the same."
        )
    share = (frame - analysis.frames.start) / len(analysis.frames)
    samples = reference.samples[0]
    step = min(int(share * len(samples)), len(samples) - 1)
    return int(samples[step])


def _draw_frames(
    videos: Sequence[AnalysedVideo],
    frames_by_video: Sequence[Sequence[int]],
    map_style: MapStyle,
    token: CancelToken,
    report: Report,
) -> list[dict[int, FramePicture]]:
    """Return the pictures of each video by frame."""
    first = videos[0].analysis
    map_styles = [map_style]
    map_styles += [_style_on_scale_of(first, video.analysis, map_style) for video in videos[1:]]
    pictures_by_video: list[dict[int, FramePicture]] = []
    n_total = sum(len(frames) for frames in frames_by_video)
    n_drawn = 0
    with open_readers(videos) as readers:
        for index, (video, reader) in enumerate(zip(videos, readers, strict=True)):
            info = video.analysis.video
            max_width_px = round(MAX_PICTURE_MM / MM_PER_INCH * PRINT_DPI)
            width_px = min(info.width_px, max_width_px)
            height_px = max(1, round(width_px * info.height_px / info.width_px))
            pictures: dict[int, FramePicture] = {}
            for decoded_frame in reader.stream(frames_by_video[index]):
                frame = decoded_frame.index
                scene = resolve(video.analysis, frame, map_styles[index])
                _, score = score_so_far(video.analysis, frame)
                painted_picture = paint(scene, video.picture(decoded_frame, (width_px, height_px)))
                pictures[frame] = FramePicture(
                    jpeg=encode_jpeg(painted_picture),
                    aspect=info.width_px / info.height_px,
                    time=clock(float(info.times_s[frame])),
                    score=score,
                    frame=frame,
                )
                n_drawn += 1
                report(Progress("drawing the report", n_drawn, n_total))
                token.check()
            pictures_by_video.append(pictures)
    return pictures_by_video


def _style_on_scale_of(first: Analysis, other: Analysis, map_style: MapStyle) -> MapStyle:
    """Return the map style of another video, on the scale of the first video if their maps are of one kind."""
    if first.map_kind is not other.map_kind:
        return map_style
    if map_style.scale is ColourLimits.VIDEO:
        limit = display_limit(first)
    elif map_style.scale is ColourLimits.CLIPPED:
        limit = clipped_limit(first)
    else:
        return map_style
    return replace(map_style, scale=ColourLimits.COMMON, common_limit=limit or 1.0)


def _make_colour_bar(analysis: Analysis, frame: int, map_style: MapStyle) -> ReportColourBar | None:
    if analysis.map_kind is MapKind.NONE:
        return None
    scene = resolve(analysis, frame, map_style)
    scale = bar_scale(scene)
    colours = [(int(red), int(green), int(blue)) for red, green, blue in bar_colours(scene)[::4]]
    positions = [scale.position(value) for value in scale.ticks]
    ticks = tuple(zip(positions, format_ticks(scale), strict=True))
    return ReportColourBar(tuple(colours), ticks, scale.title)


def _opinions_on(moment: Moment, opinions: Sequence[Annotation]) -> tuple[Annotation, ...]:
    """Return the opinions on the interval of a moment; opinions on overlapping intervals are not included."""

    def is_on_moment(opinion: Annotation) -> bool:
        return same_interval(opinion.start_s, opinion.stop_s, moment.start_s, moment.stop_s)

    return tuple(opinion for opinion in opinions if is_on_moment(opinion))


def _describe_reference(
    context: StudyContext, digits: int, pictures_by_video: Sequence[dict[int, FramePicture]]
) -> tuple[str, str, FramePicture] | None:
    """Return name, description and picture of the reference video, or None if there is none."""
    if context.reference is None:
        return None
    analysis = context.reference.analysis
    reasons = {
        None: "chosen by hand",
        SimilarityMeasure.LOOKS: "the well-scored video that looks most alike",
        SimilarityMeasure.SCORE: "the nearest well-scored video",
    }
    name = printable(context.reference.display_title)
    description = f"score {signed(analysis.score, digits)}; {reasons[context.near_by]}"
    (picture,) = pictures_by_video[1].values()
    return (name, description, picture)


def date_or_today(day: date | None) -> date:
    """Return a date, or today's date for None."""
    return day if day is not None else datetime.now().astimezone().date()


def _part_facts(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    """Return the analysed part of the file as (name, value); () for a whole file."""
    if analysis.clip_range is None:
        return ()
    times = f"{clock(analysis.start_s)} to {clock(analysis.stop_s)}"
    frames = f"frames {analysis.frames.start + 1} to {analysis.frames.stop}"
    return (("Part of the file", f"{times}, {frames}"),)


def provenance_facts(analysis: Analysis, version: str, day: date) -> tuple[tuple[str, str], ...]:
    """Return the facts that are needed to compute the numbers again, as (name, value)."""
    provenance = analysis.provenance
    model = f"{provenance.model} {version}".strip()
    return (
        ("Model", f"{model} ({provenance.attention_model}, {provenance.backbone}, flow {provenance.flow})"),
        ("Model SHA-256", provenance.model_digest),
        ("Video SHA-256", analysis.video.digest),
        *_part_facts(analysis),
        ("Passes, segments", f"{analysis.n_passes} × {analysis.n_segments} frames of {len(analysis.frames)}"),
        ("Computed by", f"{provenance.program}, {provenance.device}, {provenance.precision}"),
        ("Date of report", day.isoformat()),
    )
