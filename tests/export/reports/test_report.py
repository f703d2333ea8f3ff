"""Reports are read back as a reader would: pages, words in order, pictures, checksums; nothing is fetched."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.cohort import CohortMember, SimilarityMeasure
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.other_models import OtherModel
from skillviewer.core.analysis.score_text import SPREAD_EVENLY_TEXT
from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.moments import find_moments
from skillviewer.core.faces.blurring_text import SCORED_BEFORE_BLURRING
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.ratings.reliability import rater_agreement
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import exporter
from skillviewer.export.reports.cohort import CohortModel, CohortOptions, CohortVideo, gather_cohort
from skillviewer.export.reports.html_check import check_html
from skillviewer.export.reports.limits import describe_limits
from skillviewer.export.reports.pdf import SIZES_PT
from skillviewer.export.reports.report import export_cohort, export_report
from skillviewer.export.reports.report_options import ReportNote, ReportOptions, StudyContext
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis, even_maps, evidence
from tests.facts import missing

DAY = date(2026, 3, 4)
NAME = "Ärzte & <b>Хирургия</b> Ω"
VOTES = (
    Judgement("mine", "a", Verdict.RIGHT, "R1"),
    Judgement("a", "b", Verdict.LEFT, "R1"),
    Judgement("b", "mine", Verdict.LEFT, "R2"),
    Judgement("mine", "a", Verdict.NEITHER, "R2"),
)


def words(path: Path) -> str:
    """Return all words of a report with single spaces, as a search sees them."""
    if path.suffix == ".pdf":
        text = " ".join(page.extract_text() for page in PdfReader(path).pages)
    else:
        text = unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", path.read_text(), flags=re.DOTALL))
    return " ".join(text.split())


def video(reader: VideoReader, passes: int = 3) -> AnalysedVideo:
    found = analysis(reader.info, passes=passes)
    return AnalysedVideo(found, NAME, reader, evidence=evidence(found))


def known(reader: VideoReader) -> StudyContext:
    return StudyContext(
        name="mine",
        participant="P07",
        task="peg",
        cohort="the task “peg”",
        others=tuple(CohortMember(f"v{i}", i / 10) for i in range(24)),
        reference=AnalysedVideo(analysis(reader.info, shift=1.0), "v20", reader),
        judgements=VOTES,
        opinions=(Annotation(Tier.OPINIONS, 0.0, 2.0, "disagree"),),
        notes=(ReportNote("The lens is wet.", "Dr X", 1.25), ReportNote("Second attempt.")),
        other_models=(OtherModel("pool v2", 20, 22, 25, 0.81),),
        versions=((1, -0.5),),
        model_version="v3",
        motion=("Right hand: four pauses, the longest at 0:12.",),
    )


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_everything_of_the_why_page_can_be_searched_in_its_order(
    tmp_path: Path, reader: VideoReader, suffix: str
) -> None:
    made = video(reader)
    options = ReportOptions(study_context=known(reader), names=True, made_on=DAY)
    found = words(export_report(made, tmp_path / f"one{suffix}", options))
    # passes end at 0.5, 0.625 and 0.75
    assert "Score +0.62 (95 % interval" in found.replace("+0.63", "+0.62")
    parts = [
        "Why this score",
        NAME.split(maxsplit=1)[0],
        "peg · P07",
        "comparable videos of the task “peg”",
        "What the model looked at",
        "The score as the video goes on",
        "What each segment adds",
        "−1.00 (empty video) +1.00 (sum of the segments)",
        "Moments that moved the score most",
        "For comparison",
        "Motion of the hands",
        "four pauses, the longest at 0:12",
        "What the raters said",
        "2 raters judged it in 3 comparisons: better in 0, worse in 2, no difference in 1.",
        "00:01.250 · Dr X: The lens is wet.",
        "Second attempt.",
        "Limits",
        "3 passes that looked at different frames",
        "Other versions of the model score it −0.50 (version 1).",
        "pool v2 ranks it 20 of 25, this model 22 of 25",
        "Does the map explain the score?",
        "tiny v3",
        made.analysis.provenance.model_digest,
        made.analysis.video.digest,
        DAY.isoformat(),
        "Name and signature of the person who judged",
    ]
    if suffix == ".pdf":
        found = found.replace("- ", "-")
    at = 0
    for part in parts:
        place = found.find(part, at)
        assert place >= 0, part
        at = place
    assert not missing(found, "certificate")
    assert "Хирургия" in found


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_a_report_says_that_attention_was_spread_evenly(tmp_path: Path, reader: VideoReader, suffix: str) -> None:
    clear = video(reader)
    even = replace(clear, analysis=even_maps(clear.analysis))
    said = [
        words(export_report(one, tmp_path / f"{i}{suffix}", ReportOptions(made_on=DAY)))
        for i, one in enumerate([clear, even])
    ]
    assert [SPREAD_EVENLY_TEXT in text for text in said] == [False, True]


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_pdf_has_two_pages_of_its_paper_and_tells_nothing_beside(
    tmp_path: Path, reader: VideoReader, paper: str
) -> None:
    options = ReportOptions(paper=paper, study_context=known(reader), made_on=DAY)  # type: ignore[arg-type]
    document = PdfReader(export_report(video(reader), tmp_path / "one.pdf", options))
    assert len(document.pages) == 2
    for page in document.pages:
        size = (float(page.mediabox.width), float(page.mediabox.height))
        assert size == pytest.approx(SIZES_PT[paper], abs=0.5)  # type: ignore[index]
        fonts = page["/Resources"]["/Font"].values()  # type: ignore[index]
        embedded = [f.get_object() for f in fonts if f.get_object()["/Subtype"] == "/TrueType"]
        assert embedded
        assert all("/FontFile2" in f["/FontDescriptor"] for f in embedded)
    assert document.metadata is not None
    assert not document.metadata.author
    assert str(tmp_path) not in " ".join(str(v) for v in document.metadata.values())


def test_a_page_with_much_to_say_still_has_two_pages(tmp_path: Path, reader: VideoReader) -> None:
    full = known(reader)
    notes = tuple(
        ReportNote("It slips out of the gripper and is taken up again. " * 8, f"R{i}", i / 9) for i in range(20)
    )
    path = export_report(
        replace(video(reader), title="A long name " * 12),
        tmp_path / "one.pdf",
        ReportOptions(study_context=replace(full, notes=notes, other_models=full.other_models * 3), paper="letter"),
    )
    found = words(path)
    assert len(PdfReader(path).pages) == 2
    assert re.search(r"\d+ (more )?notes in the study\.", found)


def test_what_is_not_known_is_said(tmp_path: Path, reader: VideoReader) -> None:
    bare = replace(video(reader, passes=1), evidence=None)
    found = words(export_report(bare, tmp_path / "one.pdf"))
    assert not missing(found, "comparable videos")
    assert not missing(found, "Contributions")
    assert not missing(found, "well-scored video")
    assert not missing(found, "frames moves")
    assert not missing(found, "other models")
    assert not missing(found, "faithful")
    assert "not shown to be" in found


def test_a_model_without_maps_has_no_colour_bar(tmp_path: Path, reader: VideoReader) -> None:
    none = analysis(reader.info, kind=MapKind.NONE)
    found = words(export_report(AnalysedVideo(none, "x", reader), tmp_path / "one.html"))
    assert "× uniform" not in found
    assert "This model has no map" in found


def test_people_are_not_named_unless_asked_for(tmp_path: Path, reader: VideoReader) -> None:
    for suffix in (".pdf", ".html"):
        options = ReportOptions(study_context=known(reader))
        found = words(export_report(video(reader), tmp_path / f"one{suffix}", options))
        assert "P07" not in found
        assert "Dr X" not in found
        assert "The lens is wet." in found


def test_the_web_page_asks_for_nothing(tmp_path: Path, reader: VideoReader) -> None:
    text = export_report(video(reader), tmp_path / "one.html", ReportOptions(study_context=known(reader))).read_text()
    sources = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(["']?([^)"']*)""", text)
    assert len(sources) > 5
    assert all((a or b).startswith(("data:", "#")) for a, b in sources)
    assert "<script" not in text
    assert "<b>Хирургия" not in text  # escaped
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "task", ["手術", "שלום עולם", "العربية", "🦊 knot", "tied\nup", "anna@import-it.example", "see url(x) src='y'"]
)
def test_a_task_in_any_script_and_any_words_have_their_report(tmp_path: Path, reader: VideoReader, task: str) -> None:
    told = replace(known(reader), task=task, cohort=f"the task “{task}”", notes=(ReportNote(task, task),))
    for suffix in (".pdf", ".html"):
        path = export_report(video(reader), tmp_path / f"why{suffix}", ReportOptions(study_context=told))
        assert "videos of the task" in words(path)
        export_cohort(cohort(25), CohortModel(task, "e" * 64), tmp_path / f"all{suffix}", CohortOptions(task=task))


def test_a_report_that_lacks_a_sentence_or_would_fetch_something_is_refused_by_its_own_name(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.html"
    for inside in (
        '<img src="http://x">',
        "<style>@import 'x';</style>",
        '<p style="background: url(x)">',
        '<a href="x">',
    ):
        page = tmp_path / ".part.html"
        page.write_text(f"<html>{inside}said</html>")
        with pytest.raises(ExportError, match=r"wanted\.html.*fetch something"):
            check_html(page, wanted, ["said"])
    page.write_text('<html><p title="url(x)">sa<b>id</b> &lt;url(x)&gt;</p><img src="data:x"></html>')
    check_html(page, wanted, ["said <url(x)>"])
    with pytest.raises(ExportError, match=r"wanted\.html.*“more”"):
        check_html(page, wanted, ["said", "more"])


def test_evidence_and_reference_of_others_are_refused(tmp_path: Path, reader: VideoReader) -> None:
    other = analysis(reader.info, passes=2)
    strange = replace(video(reader), evidence=evidence(other))
    with pytest.raises(ExportError, match="evidence is of another analysis"):
        export_report(strange, tmp_path / "one.pdf")
    foreign = replace(other, provenance=replace(other.provenance, model_digest="f" * 64))
    options = ReportOptions(study_context=StudyContext(reference=AnalysedVideo(foreign, "b", reader)))
    with pytest.raises(ExportError, match="was assessed by another model"):
        export_report(video(reader), tmp_path / "one.pdf", options)
    assert list(tmp_path.iterdir()) == []


def test_faces_are_blurred_in_every_picture(tmp_path: Path, reader: VideoReader) -> None:
    """A box over the whole picture leaves no bar code that could be read."""
    faces = Faces(reader.info.digest, reader.info.n_frames).with_drawn(FaceBox(0, 0, 1, 1), 0, 0, reader.info.n_frames)
    bare = MapStyle(overlay=Overlay.OFF)  # lines of a map would be sharp, blurred or not
    options = ReportOptions(study_context=replace(known(reader), reference=None), blur_faces=True, look=bare)
    sharp = {"blurred": replace(video(reader), faces=faces), "plain": video(reader)}
    contrast = {}
    for name, one in sharp.items():
        path = exporter("why").export([one], tmp_path / f"{name}.pdf", replace(options, blur_faces=name == "blurred"))
        pictures = [image for page in PdfReader(path).pages for image in page.images]
        assert len(pictures) >= 5
        steps = [np.abs(np.diff(np.asarray(p.image.convert("L"), float), axis=1)).max() for p in pictures if p.image]
        contrast[name] = (min(steps), max(steps))
    assert contrast["blurred"][1] < contrast["plain"][0] / 2


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_every_page_with_blurred_faces_says_that_it_is_no_guarantee(
    tmp_path: Path, reader: VideoReader, suffix: str
) -> None:
    faces = Faces(reader.info.digest, reader.info.n_frames).with_drawn(FaceBox(0.4, 0.4, 0.6, 0.6), 0, 0, 9)
    one = replace(video(reader), faces=faces)
    options = ReportOptions(study_context=replace(known(reader), reference=None), made_on=DAY)
    blurred = export_report(one, tmp_path / f"blurred{suffix}", replace(options, blur_faces=True))
    found = words(blurred)
    limits = found[found.index("Limits") :]
    assert not missing(limits, "guarantee")
    assert "Blurred faces: an aid, no guarantee." in found
    if suffix == ".pdf":
        for page in PdfReader(blurred).pages:
            foot = " ".join(page.extract_text().split())
            assert not missing(foot, "guarantee")
    # the second video that is shown is blurred too
    beside = replace(known(reader), reference=replace(one, title="v20"))
    assert "no guarantee" in words(
        export_report(video(reader), tmp_path / f"b{suffix}", ReportOptions(study_context=beside))
    )
    assert "guarantee" not in words(export_report(video(reader), tmp_path / f"plain{suffix}", options))


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_contributions_that_were_measured_on_the_blurred_copy_say_why_their_score_is_another(
    tmp_path: Path, reader: VideoReader, suffix: str
) -> None:
    made = video(reader)
    assert made.evidence is not None
    assert "hence" not in words(export_report(made, tmp_path / f"same{suffix}"))
    note = f"One frame is lost. {SCORED_BEFORE_BLURRING}"
    before = replace(made.analysis, video=replace(made.analysis.video, note=note))
    now = replace(made.evidence, score=made.evidence.score - 0.25)
    found = words(export_report(replace(made, analysis=before, evidence=now), tmp_path / f"other{suffix}"))
    here, there = (f"{score:+.2f}" for score in (now.score, before.score))
    assert not missing(found, f"{here}", f"{there}")


def cohort(n: int, **changes: object) -> list[CohortVideo]:
    rows = [
        CohortVideo(f"video {i:02d}", i / 10 - 1, (i / 10 - 1.1, i / 10 - 0.85), f"P{i % 4}", digest=f"{i:02d}" * 32)
        for i in range(n)
    ]
    return [replace(row, **changes) for row in rows]  # type: ignore[arg-type]


MODEL = CohortModel("tiny v3", "e" * 64)


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_a_cohort_lists_every_video_once_in_order(tmp_path: Path, suffix: str) -> None:
    pairs = (Pair("video 03", "video 01"), Pair("video 01", "video 02"))
    votes = (
        Judgement("video 03", "video 01", Verdict.LEFT, "Anna"),
        Judgement("video 03", "video 01", Verdict.LEFT, "Bert"),
        Judgement("video 01", "video 02", Verdict.LEFT, "Anna"),
    )
    ratings = [VideoRating(f"video {i:02d}", who, "Flow", i % 5) for i in range(25) for who in ("Cleo", "Dora")]
    rated = rater_agreement(RatingSet(tuple(ratings), (RatingScale("Flow", 0, 4),)), "Flow")
    options = CohortOptions(title="A study", task="peg", judgements=votes, pairs=pairs, made_on=DAY, agreement=rated)
    found = words(export_cohort(cohort(25), MODEL, tmp_path / f"all{suffix}", options))
    assert not missing(found, "25 videos", "v3", "−1.00", "+1.40", "median +0.20")
    table = found[found.index("The videos") :]
    assert [int(n) for n in re.findall(r"video (\d\d)", table)] == list(range(24, -1, -1))
    assert "+1.40 (+1.30 to +1.55)" in table
    assert "100 (80 to 100)" in table, "23 of 24 lie below the lower end: 80 by Wilson's interval"
    assert "242424242424" in table
    assert not missing(found, "orders 1", "2 agreed", "50 %")
    assert found.count("Anna") == found.count("Bert") == 1
    assert "ICC(2,1), one rater: 1.00 (no interval), excellent." in found
    assert not missing(found, "0 severe")
    unjudged = replace(options, judgements=(), pairs=())
    alone = words(export_cohort(cohort(25), MODEL, tmp_path / f"rated{suffix}", unjudged))
    assert "The raters" in alone
    assert "ICC(2,1)" in alone
    assert "No rater has judged" not in alone
    assert "e" * 64 in found
    assert not missing(found, "certificate")


def test_a_small_cohort_has_no_percentiles_and_says_so(tmp_path: Path) -> None:
    found = words(export_cohort(cohort(20, warning="unlike"), MODEL, tmp_path / "all.pdf"))
    assert "no percentile is given" in found
    assert "20 of 20 videos (marked *) look unlike" in found
    assert "No rater has judged these videos" in found


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_a_cohort_says_which_scores_are_of_before_faces_were_blurred(tmp_path: Path, suffix: str) -> None:
    videos = cohort(25)
    videos[4] = replace(videos[4], before_blur=True)
    found = words(export_cohort(videos, MODEL, tmp_path / f"all{suffix}"))
    assert not missing(found, "25 scores")
    assert re.findall(r"video (\d\d) †", found) == ["04"]
    assert "No video was flagged as unlike" in found
    assert "blurred" not in words(export_cohort(cohort(25), MODEL, tmp_path / f"plain{suffix}"))


@pytest.mark.slow
def test_300_videos_go_over_pages_with_their_heading(tmp_path: Path) -> None:
    pages = PdfReader(export_cohort(cohort(300), MODEL, tmp_path / "all.pdf")).pages
    assert len(pages) > 5
    assert all("percentile" in page.extract_text() for page in pages[:-1])


def test_cohorts_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="No video has been assessed by tiny v3"):
        export_cohort([], MODEL, tmp_path / "all.pdf")
    with pytest.raises(ExportError, match="“video 00” is in the cohort twice"):
        export_cohort(cohort(1) * 2, MODEL, tmp_path / "all.pdf")
    assert list(tmp_path.iterdir()) == []


def test_opinions_count_of_the_same_stretch_alone_and_are_told_where_they_differ(
    tmp_path: Path, reader: VideoReader
) -> None:
    made = video(reader)
    (first, *_) = find_moments(made.analysis, made.evidence)
    at, end = first.start_s, first.stop_s

    def printed(*opinions: Annotation, names: bool = True) -> str:
        options = ReportOptions(study_context=replace(known(reader), opinions=opinions), names=names)
        return words(export_report(made, tmp_path / "one.html", options, overwrite=True))

    assert "A person says: agree." in printed(Annotation(Tier.OPINIONS, at, end, "agree", "Bob"))
    divided = (
        Annotation(Tier.OPINIONS, at, end, "agree", "Bob"),
        Annotation(Tier.OPINIONS, at, end, "disagree", "Ann"),
    )
    assert not missing(printed(*divided), "Opinions differ")
    assert "Opinions differ (agree, disagree)." in printed(*divided, names=False)
    assert "A person says" not in printed(*divided)
    older = Annotation(Tier.OPINIONS, at - 0.4 * (end - at), end - 0.3 * (end - at), "not relevant", "Bob")
    assert "A person says" not in printed(older), "that was of another stretch"


def test_the_reference_says_why_it_was_chosen(tmp_path: Path, reader: VideoReader) -> None:
    made = video(reader)
    told = {}
    for near_by in (None, SimilarityMeasure.LOOKS, SimilarityMeasure.SCORE):
        options = ReportOptions(study_context=replace(known(reader), near_by=near_by))
        told[near_by] = words(export_report(made, tmp_path / f"{near_by}.html", options))
    assert "chosen by hand" in told[None]
    assert not missing(told[SimilarityMeasure.LOOKS], "well-scored video")
    assert "the nearest well-scored video" in told[SimilarityMeasure.SCORE]


def test_what_is_not_known_of_familiarity_is_said(reader: VideoReader) -> None:
    said = analysis(reader.info, passes=2)
    assert "is not known" in describe_limits(replace(said, novelty=None, warning=""), (), (), 2)[1]
    near = describe_limits(replace(said, novelty=0.95, warning=""), (), (), 2)[1]
    assert "0.95 times" in near
    assert "not flagged" in near
    assert describe_limits(replace(said, novelty=1.5, warning="Unlike them."), (), (), 2)[1].startswith("Unlike them.")


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_reports_speak_the_raters_scale(tmp_path: Path, reader: VideoReader, suffix: str) -> None:
    rated = CalibratedScore("Flow", words="41 of 60 (35 to 48)", note="Flow: learnt from 24 people.", level=0.9)
    refused = CalibratedScore("Flow", refusal="It is unlike the others.")
    made = video(reader)
    found = words(export_report(replace(made, analysis=replace(made.analysis, scaled=rated)), tmp_path / f"a{suffix}"))
    assert not missing(found, "41", "60", "35", "48", "90 %")
    videos = [CohortVideo(f"v{i}", i / 10, scaled=scaled) for i, scaled in enumerate((rated, refused))]
    criteria = {"Flow": {"v0": "41 of 60 (35 to 48)"}, "Speed": {"v0": "+0.20", "v1": "−0.10"}}
    options = CohortOptions(criteria=criteria)
    cohort = words(export_cohort(videos, MODEL, tmp_path / f"b{suffix}", options))
    assert re.search(r"All criteria video Flow Speed v1 – −0\.10 v0 41 of 60 \(35 to 48\) \+0\.20", cohort)
    for part in ("rating", "41 of 60 (35 to 48)", "Flow: learnt from 24 people.", "It is unlike the others."):
        assert part in cohort


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_a_report_begins_with_the_rating_and_states_the_test_of_the_model(
    tmp_path: Path, reader: VideoReader, suffix: str
) -> None:
    rated = CalibratedScore("Flow", words="1.9 of 5 (1.0 to 4.1)", note="Flow: learnt from 12 people.", level=0.9)
    made = video(reader)
    made = replace(made, analysis=replace(made.analysis, scaled=rated))
    context = replace(
        known(reader),
        model_test="The model orders 75.0 % (49.4 to 90.2) of 68 pairs. Nothing beats the baselines.",
        was_trained_on=True,
        given_rating="The raters gave 2.67 of 5 (3 raters).",
    )
    found = words(export_report(made, tmp_path / f"a{suffix}", ReportOptions(study_context=context)))
    facts = ("1.9 of 5 (1.0 to 4.1)", "Score +0.6", "2.67 of 5", "learnt from this video", "75.0 %", "What the model")
    places = [found.index(fact) for fact in facts]
    assert places == sorted(places)
    assert "Nothing beats the baselines" in found
    refused = replace(made, analysis=replace(made.analysis, scaled=CalibratedScore("Flow", refusal="Too unlike.")))
    alone = words(export_report(refused, tmp_path / f"b{suffix}"))
    assert alone.index("Score +0.6") < alone.index("Too unlike.")
    assert "learnt from this video" not in alone


def test_a_cohort_tells_one_pass_from_passes_that_looked_at_the_same() -> None:
    one = [CohortVideo(f"v{i}", i / 10, passes=passes) for i, passes in enumerate((1, 4, 4))]
    text = " ".join(gather_cohort(one, MODEL, CohortOptions(), DAY).limits)
    assert not missing(text, "3 videos")
    assert not missing(text, "3 videos")
