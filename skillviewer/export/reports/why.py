"""Contents of the "why" report of one video as values: sentences, moments, pictures. Layout: ``why_pdf``, ``html``."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.cohort import CohortPosition, SimilarityMeasure
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import clipped_limit, display_limit, resolve
from skillviewer.core.analysis.score_text import EVEN_WORDS, HIDDEN, score_digits, score_so_far, unfamiliar_sentence
from skillviewer.core.arrays import RGBImage
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import Moment, none_stands_out
from skillviewer.core.explanation.why import format_fifths, score_findings
from skillviewer.core.faces.blurring_text import NO_GUARANTEE, ON_PAGE, SAID_BEFORE
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.text import clock, printable, signed
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.video.clips import same_interval
from skillviewer.export.analysed_video import AnalysedVideo, open_readers
from skillviewer.export.pictures.contact_sheet import evenly_spread
from skillviewer.export.rendering.colour_bar import bar_colours, bar_scale, format_ticks
from skillviewer.export.reports.limits import limits
from skillviewer.export.reports.rater_summary import format_raters
from skillviewer.export.reports.report_options import ReportOptions, StudyContext
from skillviewer.media.overlay.overlay import paint

DISCLAIMER = "An aid to judgement, not a certificate."
NO_VERDICT = "Measures of motion say where and how a hand moves, not whether it moves well."
PRINT_DPI = 300.0
A_ROW = 5
"""Key frames side by side; a video that is wider than high has two rows."""


@dataclass(frozen=True, slots=True)
class FramePicture:
    """A picture with its map, as it is shown."""

    jpeg: bytes
    aspect: float  # width by height
    time: str  # its time in words
    score: float  # mean score after the last step by then; NaN before the first
    frame: int  # the frame, from 0


@dataclass(frozen=True, slots=True)
class ExplainedMoment:
    """A moment with its description."""

    moment: Moment
    frame_picture: FramePicture
    opinions: tuple[Annotation, ...]
    names: bool
    digits: int = 2

    @property
    def opinion(self) -> str:
        """The opinion of all who gave one; "" without any, or if they differ."""
        opinion_texts = {opinion.text for opinion in self.opinions}
        return opinion_texts.pop() if len(opinion_texts) == 1 else ""

    @property
    def divided(self) -> str:
        """The differing opinions with their authors, else ""."""
        if self.opinion or not self.opinions:
            return ""
        with_authors = self.names and all(opinion.author for opinion in self.opinions)
        opinion_texts = [f"{o.author}: {o.text}" if with_authors else o.text for o in self.opinions]
        return f"Opinions differ ({', '.join(map(printable, opinion_texts))})."

    @property
    def time(self) -> str:
        """Start and end in words."""
        return f"{clock(self.moment.start_s)}–{clock(self.moment.stop_s)}"

    @property
    def text(self) -> str:
        """A description of it."""
        return self.moment.sentence(self.digits)


@dataclass(frozen=True, slots=True)
class Bar:
    """The colour bar: colours from low to high, ticks as (share of the width, number), title."""

    colours: tuple[tuple[int, int, int], ...]
    ticks: tuple[tuple[float, str], ...]
    title: str


@dataclass(frozen=True, slots=True)
class WhyContent:
    """Everything on the page."""

    analysis: Analysis
    evidence: Evidence | None
    position: CohortPosition
    options: ReportOptions
    title: str
    subtitle: str
    digits: int
    key_frames: tuple[FramePicture, ...]
    bar: Bar | None
    moments: tuple[ExplainedMoment, ...]
    own_picture: FramePicture
    reference: tuple[str, str, FramePicture] | None
    facts: tuple[tuple[str, str], ...]
    blurred: bool = False
    no_moments: str = ""  # a sentence instead of the moments where none stands out, or ""

    @property
    def disclaimer(self) -> str:
        """Caution at the foot of every page."""
        return f"{DISCLAIMER} {NO_GUARANTEE}" if self.blurred else DISCLAIMER

    @property
    def sentence(self) -> str:
        """Position of the score among the comparable videos; of a video that the model does not know, that first."""
        unknown = unfamiliar_sentence([self.analysis])
        return unknown if self.hides_scores else f"{unknown} {self.position.sentence(self.digits)}".lstrip()

    @property
    def hides_scores(self) -> bool:
        """True if the model does not know such videos, so that its scores are not written."""
        return self.analysis.unfamiliar and not self.options.unfamiliar_scores

    def format_score(self, score: float) -> str:
        """Return a score of the video; a dash before the first, a sign where the model does not know such videos."""
        if self.hides_scores:
            return HIDDEN
        return "–" if math.isnan(score) else signed(score, self.digits)

    @property
    def rating(self) -> str:
        """The score on the raters' scale and the origin of that, or the refusal; "" if the model knows no ratings."""
        scaled = self.analysis.scaled
        return "" if scaled is None else f"{scaled.sentence} {scaled.note}".rstrip()

    @property
    def faithful(self) -> bool:
        """True if the attention is known to be better than random; else its pictures are greyed."""
        return self.evidence is not None and self.evidence.faithful is True

    @property
    def faithfulness(self) -> str:
        """The sentence on faithfulness."""
        if self.evidence is None:
            if self.analysis.map_kind is MapKind.NONE:
                return "This model has no map, so there is no attention whose faithfulness could be tested."
            return (
                "Whether the attention is faithful was not tested for this video: the maps show where the model "
                "looked, not why it scored so."
            )
        return self.evidence.faithfulness_sentence

    @property
    def even(self) -> str:
        """Warning about evenly spread maps, or ""."""
        return EVEN_WORDS if self.analysis.spread_evenly else ""

    @property
    def fifths(self) -> str:
        """Sentence on how much of the score each fifth of the video decides, or "" without evidence."""
        return format_fifths(self.analysis, self.evidence) if self.evidence is not None else ""

    @property
    def remainder(self) -> str:
        """Sum of the contributions and remainder, in words."""
        evidence = self.evidence
        if evidence is None:
            return "Contributions of the segments were not computed for this report."
        if self.hides_scores:
            return "Contributions are measured by replacing each segment with the mean of the video."
        score_text = signed(self.analysis.score, self.digits)
        new_text = signed(evidence.score, self.digits)
        other = ""
        if score_text != new_text:  # features of a copy with blurred faces are other ones
            how_text = "as it is now, with blurred faces" if SAID_BEFORE in self.analysis.video.note else "anew"
            other = f" The video was looked at {how_text}, hence {new_text} here and not {score_text}."
        return (
            f"Score {new_text} = {signed(evidence.baseline, self.digits)} (empty video) "
            f"{signed(float(evidence.contributions.sum()), self.digits)} (sum of the segments) "
            f"{signed(evidence.remainder, self.digits)} (remainder: what the segments do together). Measured by "
            f"replacing each segment with the mean of the video, not read from the attention.{other}"
        )

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the numbers, and of the blurring of faces."""
        context = self.options.known
        sentences = limits(self.analysis, context.other_models, context.versions, self.digits)
        sentences = (*([context.model_warning] if context.model_warning else []), *sentences)
        return (*sentences, ON_PAGE) if self.blurred else sentences

    @property
    def motion(self) -> tuple[str, ...]:
        """Sentences on the motion of tracked hands and points, with what they do not say; () without tracks."""
        sentences = self.options.known.motion
        return (*sentences, NO_VERDICT) if sentences else ()

    @property
    def raters(self) -> str:
        """Summary of the judgements of the video."""
        return format_raters(self.options.known.judgements, self.options.known.name or self.title)


def encoded(picture: RGBImage) -> bytes:
    """Return a picture as JPEG without metadata."""
    from PIL import Image

    target = BytesIO()
    Image.fromarray(picture).save(target, format="JPEG", quality=92, subsampling=0)
    return target.getvalue()


def _nearest_shown(analysis: Analysis, share: float) -> int:
    samples = analysis.samples[0]
    return int(samples[min(int(share * len(samples)), len(samples) - 1)])


def gather(
    video: AnalysedVideo, options: ReportOptions, token: CancelToken = NEVER, report: Report = silent
) -> WhyContent:
    """Gather everything of a page; the videos are decoded for this once.

    The token is checked after every picture, and each is reported.

    Raises:
        ExportError: Evidence or reference do not belong to the video.
        VideoError: A video cannot be read.
    """
    from skillviewer.core.errors import ExportError

    analysis = video.analysis
    info = video.analysis.video
    context, evidence = options.known, video.evidence
    if evidence is not None and not evidence.belongs_to(analysis):
        raise ExportError(
            f"The evidence is of another analysis than that of {analysis.video.path.name}: compute it again."
        )
    title = printable(video.title or analysis.video.path.stem)
    findings = score_findings(analysis, evidence, [member.score for member in context.others], context.cohort)
    moments = findings.moments
    key = evenly_spread(analysis, A_ROW if info.width_px <= info.height_px else 2 * A_ROW).tolist()
    fullest = max(moments, key=lambda m: abs(m.amount)).key_frame if moments else key[-1]
    videos = [video]
    frames = [sorted({*key, fullest, *(m.key_frame for m in moments)})]
    if context.reference is not None:
        other = context.reference.analysis
        if other.provenance.model_digest != analysis.provenance.model_digest:
            raise ExportError(
                f"The reference {other.video.path.name} was assessed by another model: assess it by the same."
            )
        videos.append(context.reference)
        share = (fullest - analysis.frames.start) / len(analysis.frames)
        frames.append([_nearest_shown(other, share)])
    frame_pictures = _frame_pictures(videos, frames, options.look, token, report)
    own_picture = frame_pictures[0]
    return WhyContent(
        analysis=analysis,
        evidence=evidence,
        position=findings.position,
        options=options,
        title=title,
        subtitle=" · ".join(printable(x) for x in (context.task, context.participant if options.names else "") if x),
        digits=score_digits([analysis]),
        key_frames=tuple(own_picture[frame] for frame in key),
        bar=_colour_bar(analysis, key[-1], options.look),
        moments=tuple(
            ExplainedMoment(
                m, own_picture[m.key_frame], _about(m, context.opinions), options.names, score_digits([analysis])
            )
            for m in moments
        ),
        own_picture=own_picture[fullest],
        reference=_reference(context, analysis, frame_pictures),
        facts=facts(analysis, context.model_version, made_on(options.made_on)),
        blurred=any(pictures.faces is not None for pictures in videos),
        no_moments="" if moments else none_stands_out(analysis, findings.n_smaller, score_digits([analysis])),
    )


def _frame_pictures(
    videos: Sequence[AnalysedVideo],
    frames_by_video: Sequence[Sequence[int]],
    map_style: MapStyle,
    token: CancelToken,
    report: Report,
) -> list[dict[int, FramePicture]]:
    map_styles = [map_style, *(_on_scale_of(videos[0].analysis, e.analysis, map_style) for e in videos[1:])]
    frame_pictures: list[dict[int, FramePicture]] = []
    total = sum(len(frames) for frames in frames_by_video)
    n_done = 0
    with open_readers(videos) as readers:
        for video, reader, frames, own_map_style in zip(videos, readers, frames_by_video, map_styles, strict=True):
            info = video.analysis.video
            # at most 85 mm wide on paper
            width = min(info.width_px, round(85 / 25.4 * PRINT_DPI))
            size = (width, max(1, round(width * info.height_px / info.width_px)))
            frame_pictures.append({})
            for decoded in reader.stream(frames):
                picture = paint(resolve(video.analysis, decoded.index, own_map_style), video.picture(decoded, size))
                frame_pictures[-1][decoded.index] = FramePicture(
                    jpeg=encoded(picture),
                    aspect=info.width_px / info.height_px,
                    time=clock(float(info.times_s[decoded.index])),
                    score=score_so_far(video.analysis, decoded.index)[1],
                    frame=decoded.index,
                )
                n_done += 1
                report(Progress("drawing the report", n_done, total))
                token.check()
    return frame_pictures


def _on_scale_of(first: Analysis, other: Analysis, map_style: MapStyle) -> MapStyle:
    """Return the look of a second video, such that its maps have the scale of the first where they are of one kind."""
    limit_of = {ColourLimits.VIDEO: display_limit, ColourLimits.CLIPPED: clipped_limit}.get(map_style.scale)
    if limit_of is None or first.map_kind is not other.map_kind:
        return map_style
    return replace(map_style, scale=ColourLimits.COMMON, common_limit=limit_of(first) or 1.0)


def _colour_bar(analysis: Analysis, frame: int, map_style: MapStyle) -> Bar | None:
    if analysis.map_kind is MapKind.NONE:
        return None
    scene = resolve(analysis, frame, map_style)
    scale = bar_scale(scene)
    colours = bar_colours(scene)[::4]
    ticks = tuple((scale.share(v), text) for v, text in zip(scale.ticks, format_ticks(scale), strict=True))
    return Bar(tuple((int(r), int(g), int(b)) for r, g, b in colours), ticks, scale.title)


def _about(moment: Moment, opinions: Sequence[Annotation]) -> tuple[Annotation, ...]:
    """Return the opinions on a moment; an opinion on another interval does not count, even if the two overlap."""
    return tuple(o for o in opinions if same_interval(o.start_s, o.stop_s, moment.start_s, moment.stop_s))


def _reference(
    context: StudyContext, analysis: Analysis, frame_pictures: Sequence[dict[int, FramePicture]]
) -> tuple[str, str, FramePicture] | None:
    if context.reference is None:
        return None
    other = context.reference.analysis
    name = printable(context.reference.title or other.video.path.stem)
    reason = {
        SimilarityMeasure.LOOKS: "the well-scored video that looks most alike",
        SimilarityMeasure.SCORE: "the nearest well-scored video",
    }
    text = "chosen by hand" if context.near_by is None else reason[context.near_by]
    return (
        name,
        f"score {signed(other.score, score_digits([analysis]))}; {text}",
        next(iter(frame_pictures[1].values())),
    )


def made_on(day: date | None) -> date:
    """Return the date of a report."""
    return day if day is not None else datetime.now().astimezone().date()


def part_facts(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    """Return which part of the file an analysis is of, as (name, value); nothing for the whole."""
    if analysis.clip_range is None:
        return ()
    frames = analysis.frames
    times = (clock(analysis.start_s), clock(analysis.stop_s))
    return (("Part of the file", f"{times[0]} to {times[1]}, frames {frames.start + 1} to {frames.stop}"),)


def facts(analysis: Analysis, version: str, day: date) -> tuple[tuple[str, str], ...]:
    """Return the facts that are needed to compute the numbers again, as (name, value)."""
    source = analysis.provenance
    model = f"{source.model} {version}".strip()
    return (
        ("Model", f"{model} ({source.attention_model}, {source.backbone}, flow {source.flow})"),
        ("Model SHA-256", source.model_digest),
        ("Video SHA-256", analysis.video.digest),
        *part_facts(analysis),
        ("Passes, segments", f"{analysis.n_passes} × {analysis.n_segments} frames of {len(analysis.frames)}"),
        ("Computed by", f"{source.program}, {source.device}, {source.precision}"),
        ("Date of report", day.isoformat()),
    )
