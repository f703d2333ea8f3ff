"""Occasions of videos come from tables of ratings, participants.csv, truth.csv, other studies and users."""

from pathlib import Path

from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.exchange.csv_export import export_videos
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table, undo_import
from skillviewer.data.study.exchange.study_import import import_into_study
from tests.facts import missing

TABLE = "Clip,Trainee,Date,Judge,Global\na,T1,2024-03-01,Ann,3\na,T1,2024-03-01,Bob,4\nb,T1,2024-06-01,Ann,5\n"
TWICE = "c,T2,2024-03-01,Ann,2\nc,T2,2024-04-01,Bob,3\n"


def occasions(study: Study) -> dict[str, str]:
    return {video.name: video.occasion for video in study.videos.all()}


def test_a_table_of_ratings_states_occasions_unless_a_video_has_several(tmp_path: Path) -> None:
    table = tmp_path / "ratings.csv"
    table.write_text(TABLE + TWICE)
    with Study.create(tmp_path / "s.skillstudy") as study:
        study.videos.add([NewVideo(None, name, occasion="pre" if name == "b" else "") for name in "abc"])
        done = add_ratings(study, open_study_table(study, table))
        assert occasions(study) == {"a": "2024-03-01", "b": "pre", "c": ""}
        assert done.parsed_ratings.import_report.notices == (
            "ratings.csv: videos that were rated on several occasions get no occasion of their own: c.",
        )
        assert not missing(done.import_result.problems, "“b”", "2024-06-01")
        assert {v.name: v.occasion for v in study.dataset().videos} == occasions(study)
        undo_import(study, done)
        assert occasions(study) == {"a": "", "b": "pre", "c": ""}


def test_occasions_go_out_and_come_in_with_participants(tmp_path: Path) -> None:
    with Study.create(tmp_path / "s.skillstudy") as study, Study.create(tmp_path / "t.skillstudy") as other:
        study.videos.add([NewVideo(None, "a", "T1", occasion="pre"), NewVideo(None, "b", "T1")])
        other.videos.add([NewVideo(None, name) for name in "ab"])
        study.videos.change("b", occasion="post")
        export_videos(study, tmp_path / "people.csv")
        assert (tmp_path / "people.csv").read_text() == "video,participant,occasion\na,T1,pre\nb,T1,post\n"
        import_into_study(other, tmp_path / "people.csv")
        assert occasions(other) == {"a": "pre", "b": "post"}
    with Study.create(tmp_path / "u.skillstudy") as third:
        third.videos.add([NewVideo(None, "a")])
        import_into_study(third, tmp_path / "s.skillstudy")
        assert occasions(third) == {"a": "pre", "b": "post"}


def test_data_sets_know_occasions(tmp_path: Path) -> None:
    rated, paired = tmp_path / "rated", tmp_path / "paired"
    for folder in (rated, paired):
        folder.mkdir()
        for name in "abc":
            (folder / f"{name}.mp4").write_bytes(name.encode())
    (rated / "ratings.csv").write_text(TABLE + TWICE)
    (rated / "participants.csv").write_text("video,participant,date\nb.mp4,T1,2020-01-01\nc,T2,post\n")
    (paired / "pairs.csv").write_text("better,worse\na,b\nb,c\n")
    (paired / "truth.csv").write_text("video,participant,occasion,skill\na,T1,post,3\nb,T1,pre,2\nc,T1,pre,1\n")
    found = {video.name: video.occasion for video in open_dataset(rated).videos}
    assert found == {"a": "2024-03-01", "b": "2024-06-01", "c": "post"}, "the table comes first"
    dataset = open_dataset(paired)
    assert [video.occasion for video in dataset.videos] == ["post", "pre", "pre"]
    assert [measure.name for measure in dataset.truth] == ["skill"]
    with Study.create(tmp_path / "s.skillstudy") as study:
        import_into_study(study, paired)
        assert occasions(study) == {"a": "post", "b": "pre", "c": "pre"}
