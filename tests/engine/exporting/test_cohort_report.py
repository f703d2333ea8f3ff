"""What a study knows enters the reports of it: the cohort by one model and one task, votes, notes, a reference."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.analysis.cohort import SimilarityMeasure
from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import ExportError
from skillviewer.core.hashing import CARD
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.study import NewVideo, Opinion, Study, StudySettings, Vote
from skillviewer.data.trained_pairs import PAIRS_FILE, TrainedPair, TrainedVideo, write_pairs
from skillviewer.engine.exporting import cohort_report as report_module
from skillviewer.engine.exporting import report_choices
from skillviewer.engine.exporting.cohort_report import CohortChoices, write_cohort_report
from skillviewer.engine.exporting.model_context import with_model_test
from skillviewer.engine.exporting.report_choices import labels_of, model_in_use
from skillviewer.engine.exporting.study_context import context_of
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS
from skillviewer.export.reports.rater_summary import format_raters
from skillviewer.export.reports.report_options import ReportNote, StudyContext
from skillviewer.export.reports.why_content import provenance_facts
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.model_card import HeldOut, PairAccuracy, load_card
from tests.checkpoints import tiny_checkpoint
from tests.export.analyses import analysis
from tests.export.reports.test_report import words
from tests.facts import missing
from tests.videos import write_barcode_video

DIGEST = "e" * 64


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Four videos of one task, three assessed (by score: c, b, a), and one of another task."""
    path = tmp_path / "study.skillstudy"
    files = [write_barcode_video(tmp_path / f"{name}.mp4", 20 + at).path for at, name in enumerate("abcdx")]
    with Study.create(path, StudySettings(title="Grasping", task="grasp")) as made:
        made.videos.add([NewVideo(f, participant=f"Child {f.stem.upper()}") for f in files[:4]])
        made.videos.add([NewVideo(files[4], task="knot")])
        made.models.add(DIGEST, "tiny", tmp_path)
        for at, file in enumerate(files):
            if file.stem != "d":
                with VideoReader(file) as reader:
                    made.models.save_analysis(analysis(reader.info, passes=2, shift=at))
        made.votes.cast(Vote.from_judgement(Judgement("b", "a", Verdict.LEFT, "Rater One")))
        made.annotations.write_note("It slips.", author="Dr X", video="a", time_s=0.5)
        made.annotations.save_moment("a", 0.1, 0.4, author="Dr X", opinion=Opinion.AGREE, model_digest=DIGEST)
        made.annotations.save_moment("a", 0.1, 0.4, author="Dr X", label="of a person")
    return path


def test_a_report_is_of_a_model_of_the_criterion_that_is_looked_at(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flow").mkdir()
    monkeypatch.setattr(report_choices, "criterion_of", lambda folder: "Flow" if folder.name == "flow" else "Global")
    with Study.open(study) as made:
        made.models.add("f" * 64, "flow", tmp_path / "flow")
        for criterion in ("Flow", "Global", "Care"):
            made.votes.cast(Vote("b", "a", Verdict.LEFT, "Rater One", criterion=criterion))
            made.select_criterion(criterion)
            found = model_in_use(made)
            assert (found.name if found is not None else None) == {"Flow": "flow", "Global": "tiny"}.get(criterion)
        monkeypatch.setattr(report_choices, "criterion_of", lambda _folder: "skill")
        found = model_in_use(made)
        assert found is not None, "it states no criterion"


def test_the_context_is_that_of_the_task_and_the_model(study: Path) -> None:
    with VideoReader(study.parent / "a.mp4") as reader, Study.open(study, read_only=True) as opened:
        known = context_of(opened, analysis(reader.info, passes=2))
    assert (known.name, known.participant, known.task, known.model_version) == ("a", "Child A", "grasp", "v1")
    assert known.cohort == "the task “grasp”"
    assert [(m.name, m.score) for m in known.others] == [("b", 1.5625), ("c", 2.5625)]
    assert known.reference is not None
    assert (known.reference.title, known.near_by) == ("c", SimilarityMeasure.SCORE)
    assert known.notes == (ReportNote("It slips.", "Dr X", 0.5),)
    assert known.opinions == (Annotation(Tier.OPINIONS, 0.1, 0.4, "agree", "Dr X"),)
    assert [j.rater for j in known.judgements] == ["Rater One"]


def test_a_reference_is_of_the_best_quarter_of_all_and_not_of_those_at_hand(study: Path) -> None:
    (study.parent / "c.mp4").unlink()
    with VideoReader(study.parent / "a.mp4") as reader, Study.open(study, read_only=True) as opened:
        known = context_of(opened, analysis(reader.info, passes=2))
    assert [m.name for m in known.others] == ["b", "c"]
    assert known.reference is None, "b is the best at hand, and yet none of the best quarter"


def test_votes_of_another_task_say_nothing_of_a_video(study: Path) -> None:
    with Study.open(study) as made:
        made.videos.add([NewVideo(None, name, task="knot") for name in ("y", "z")])
        for left, right in (("x", "y"), ("y", "z"), ("x", "z")):
            made.votes.cast(Vote.from_judgement(Judgement(left, right, Verdict.LEFT, "Rater Two")))
    with VideoReader(study.parent / "a.mp4") as reader, Study.open(study, read_only=True) as opened:
        known = context_of(opened, analysis(reader.info, passes=2))
    assert [j.rater for j in known.judgements] == ["Rater One"]
    assert "rank 2 of the 2 videos linked by votes" in format_raters(known.judgements, "a")


def test_of_two_parts_of_one_file_each_has_a_context_of_its_own(study: Path) -> None:
    parts = {"early": FrameRange(0, 10), "late": FrameRange(10, 20)}
    with Study.open(study) as made, VideoReader(study.parent / "d.mp4") as reader:
        path = study.parent / "d.mp4"
        made.videos.add(
            [NewVideo(path, name, f"Child {name}", clip_range=clip_range) for name, clip_range in parts.items()]
        )
        made.annotations.write_note("Too late.", author="Dr X", video="late")
        said = {name: analysis(reader.info, passes=2, clip_range=clip_range) for name, clip_range in parts.items()}
        for one in said.values():
            made.models.save_analysis(one)
    for name, one in said.items():
        with Study.open(study, read_only=True) as opened:
            known = context_of(opened, one)
        assert (known.name, known.participant) == (name, f"Child {name}")
        assert [m.name for m in known.others] == ["a", "b", "c", *({"early", "late"} - {name})]
        assert [n.text for n in known.notes] == (["Too late."] if name == "late" else [])
    told = dict(provenance_facts(said["late"], "v1", date(2024, 5, 6)))
    assert told["Part of the file"].endswith("frames 11 to 20")
    assert told["Passes, segments"].endswith("frames of 10")
    assert "Part of the file" not in dict(provenance_facts(analysis(said["late"].video), "v1", date(2024, 5, 6)))


def test_a_video_that_is_not_in_the_study_has_no_context(study: Path, tmp_path: Path) -> None:
    other = write_barcode_video(tmp_path / "other.mp4", 40).path
    with VideoReader(other) as reader, Study.open(study, read_only=True) as opened:
        assert context_of(opened, analysis(reader.info)) == StudyContext()


def test_the_cohort_report_says_who_is_missing(study: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"2 tasks.*choose"):
        write_cohort_report(study, tmp_path / "all.pdf")
    warnings = write_cohort_report(study, tmp_path / "all.pdf", CohortChoices(task="grasp", names=True))
    assert warnings == ("1 of 4 videos have not been assessed by this model and are not in the report.",)
    found = words(tmp_path / "all.pdf")
    assert not missing(found, "3 videos", "v1", "+0.56", "+2.56", "median +1.56")
    assert "Grasping" in found
    assert "Child A" in found
    assert "Rater One" in found
    assert DIGEST in found


def trained_model(study: Path, folder: Path, pairs: str) -> None:
    """Give the model of a study a card with its test, and pairs such as "ba" (b better than a) that it learnt from."""
    tiny_checkpoint(folder)
    card = msgspec.structs.replace(
        load_card(folder),
        held_out=HeldOut(
            accuracy=0.9,
            low=0.8,
            high=0.95,
            n_pairs=300,
            rule="folds",
            both_new=PairAccuracy(accuracy=0.75, low=0.494, high=0.902, n_pairs=68),
        ),
        ceilings=(("duration only", 0.5), ("one rater", 0.973)),
        verdict="Nothing beats the baselines: ridge orders 81.2 %.",
    )
    (folder / CARD).write_bytes(msgspec.json.encode(card))
    with Study.open(study) as made:
        files = {video.name: TrainedVideo(video.digest[:8], Path(), video.digest) for video in made.videos.all()}
        made.models.add(DIGEST, "tiny", folder)
    trained_pairs = [TrainedPair(files[pair[0]], files[pair[1]], "trained") for pair in pairs.split()]
    write_pairs(folder / PAIRS_FILE, trained_pairs)


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_the_cohort_report_states_the_test_of_the_model_before_the_pairs_it_was_trained_on(
    study: Path, tmp_path: Path, suffix: str
) -> None:
    trained_model(study, tmp_path / "model", "ab ca")
    write_cohort_report(study, tmp_path / f"all{suffix}", CohortChoices(task="grasp"))
    found = words(tmp_path / f"all{suffix}")
    tested = found.index("75.0 % (49.4 to 90.2) of 68 pairs of new people")
    assert (
        tested < found.index("Nothing beats the baselines") < found.index("1 of 1 agreed pairs that it was trained on")
    )
    assert "It is not known whether the model was trained" not in found
    assert "trained on all 3 videos" in found


def test_the_context_of_a_report_has_the_test_of_the_model_and_the_ratings_given(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    trained_model(study, folder, "ba")
    ratings = tuple(VideoRating("a", rater, "Global", value) for rater, value in (("Ann", 3), ("Bo", 2), ("Cy", 3)))
    with Study.open(study) as made:
        made.ratings.add(RatingSet(ratings, (RatingScale("Global", 1, 5),)), "ratings.csv")
    learnt = {}
    for name in "ac":
        with VideoReader(study.parent / f"{name}.mp4") as reader, Study.open(study, read_only=True) as opened:
            found = analysis(reader.info, passes=2)
            context = with_model_test(context_of(opened, found, "Global"), found, folder, {})
        learnt[name] = context.was_trained_on
        assert context.given_rating == ("The raters gave 2.67 of 5 (3 raters)." if name == "a" else "")
        assert not missing(context.model_test, "75.0 % (49.4 to 90.2)", "Nothing beats")
    assert learnt == {"a": True, "c": False}
    unknown = with_model_test(StudyContext(), found, tmp_path / "missing", {})
    assert (unknown.model_test, unknown.was_trained_on) == ("", False)


def test_agreed_pairs_are_counted_by_what_the_model_was_trained_on(study: Path, tmp_path: Path) -> None:
    with Study.open(study) as made:
        made.votes.cast(Vote.from_judgement(Judgement("c", "b", Verdict.LEFT, "Rater One")))
    trained_model(study, tmp_path / "model", "ba")
    write_cohort_report(study, tmp_path / "all.html", CohortChoices(task="grasp"))
    found = words(tmp_path / "all.html")
    assert not missing(found, "1 of 1 agreed pairs that it was trained on", "trained on 2 of 3 videos")
    assert not missing(found, "1 of 1 agreed pairs with a video that it was trained on")
    trained_model(study, tmp_path / "other", "dx")
    write_cohort_report(study, tmp_path / "other.html", CohortChoices(task="grasp"))
    found = words(tmp_path / "other.html")
    assert not missing(found, "2 of 2 agreed pairs of videos that it was not trained on", "trained on none")


def test_without_known_training_pairs_the_cohort_report_says_so(study: Path, tmp_path: Path) -> None:
    write_cohort_report(study, tmp_path / "all.html", CohortChoices(task="grasp"))
    found = words(tmp_path / "all.html")
    assert not missing(
        found, "was not measured", "1 of 1 agreed pairs", "It is not known whether the model was trained"
    )


def test_all_criteria_stand_in_one_table(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "f" * 64
    flow_folder = tmp_path / "flowing"
    flow_folder.mkdir()
    with Study.open(study) as made, VideoReader(study.parent / "b.mp4") as reader:
        made.models.add(other, "flowing", flow_folder)
        found = analysis(reader.info, passes=2)
        made.models.save_analysis(replace(found, provenance=replace(found.provenance, model_digest=other)))
    of_flow = ScoreCalibration("Flow", "grasp", refusal="Too few people.")
    cards = {
        tmp_path: SimpleNamespace(criterion="skill", raters_scale=None, held_out=None),
        flow_folder: SimpleNamespace(criterion="Flow", raters_scale=of_flow),
    }
    monkeypatch.setattr(report_module, "find_card", cards.__getitem__)
    write_cohort_report(study, tmp_path / "all.html", CohortChoices(task="grasp", model="tiny"))
    assert "All criteria video skill Flow c +2.56 – b +1.56 +0.56 a +0.56 –" in words(tmp_path / "all.html")


def test_people_are_not_named_unless_asked_for(study: Path, tmp_path: Path) -> None:
    write_cohort_report(study, tmp_path / "all.html", CohortChoices(task="grasp"))
    found = words(tmp_path / "all.html")
    assert "Child" not in found
    assert "Rater One" not in found
    assert "P1" in found
    assert "R1" in found


def test_people_are_numbered_in_the_given_order() -> None:
    people = ["Zoe", "", "Ann", "Zoe", "Max"]
    assert labels_of(people, "P", names=False) == {"Zoe": "P1", "Ann": "P2", "Max": "P3"}
    assert labels_of(people, "P", names=True) == {"Zoe": "Zoe", "Ann": "Ann", "Max": "Max"}


def test_unknown_tasks_and_models_are_told(study: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="“sew”"):
        write_cohort_report(study, tmp_path / "all.pdf", CohortChoices(task="sew"))
    with pytest.raises(ExportError, match=r"no model “big”\. Its models: tiny v1"):
        write_cohort_report(study, tmp_path / "all.pdf", CohortChoices(task="knot", model="big"))
    assert not (tmp_path / "all.pdf").exists()


def test_the_preview_is_the_report_and_says_what_cannot_be_made(study: Path) -> None:
    found = {one.name: one for one in STUDY_EXPORTERS}
    preview = found["cohort"].preview
    assert preview is not None
    seen = preview(study, CohortChoices(task="grasp"))
    assert seen.picture is not None
    assert (seen.picture < 100).any()
    with pytest.raises(ExportError, match="nothing"):
        preview(study, CohortChoices(task="nothing"))


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_the_ratings_of_one_rater_are_a_part_on_the_raters(study: Path, tmp_path: Path, suffix: str) -> None:
    with Study.open(study) as made:
        (vote,) = made.votes.all()
        made.votes.withdraw(vote.id)
        ratings = tuple(VideoRating(name, "Ann", "Global", value) for name, value in (("a", 1), ("b", 3), ("c", 5)))
        made.ratings.add(RatingSet(ratings, (RatingScale("Global", 1, 5),)), "ratings.csv")
    write_cohort_report(study, tmp_path / f"all{suffix}", CohortChoices(task="grasp"))
    found = words(tmp_path / f"all{suffix}")
    assert not missing(found, "The raters", "One rater rated 3 videos", "3 of 3 agreed pairs")
    assert "No rater has judged" not in found
    assert "Ann" not in found
