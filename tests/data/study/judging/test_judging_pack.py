"""Packs of pairs: what is in the folder, what is not, and which pairs are drawn."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import av
import networkx as nx
import numpy as np
import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import Cancelled, ExportError, StudyError
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.progress import CancelToken
from skillviewer.core.ranking.pair_selection import Plan, SelectionReason, choose, pairs_in_advance
from skillviewer.core.ranking.votes import ShownPair
from skillviewer.core.text import format_size
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.data.study.judging.pack import draw_pack
from skillviewer.data.study.judging.pack_folder import PACK_SETTING_PREFIX, write_pack
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import has_sound
from tests.data.study.judging.packs import NAMES, PART, PEOPLE, make_study, packed
from tests.facts import missing
from tests.videos import read_barcode, write_barcode_video


def all_bytes(folder: Path) -> bytes:
    """Return names and bytes of everything below a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return b"\0".join(str(file.relative_to(folder)).encode() + file.read_bytes() for file in files)


def page_data(folder: Path) -> dict[str, object]:
    """Return what the page knows."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="pack">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_fewer_pairs_than_asked_for_are_explained(tmp_path: Path) -> None:
    drawn, said = packed(make_study(tmp_path / "s", repeat_share=0.0), tmp_path / "pack", "Ann", n_pairs=40)
    assert [len(pairs) for pairs in drawn.key.pairs.values()] == [6]
    assert not missing(said[1], "6 pairs", "40 asked", "6 different")


def test_a_pack_has_clips_and_tells_nothing_of_who_and_how_good(tmp_path: Path) -> None:
    path = make_study(tmp_path / "private", statement="Which is <b>calmer</b></script>?")
    with Study.open(path) as study:
        study.videos.change(NAMES[0], notes="limps")
        study.votes.cast(Vote(NAMES[0], NAMES[1], Verdict.LEFT, "Zacharias", reason="steadier"))
    drawn, said = packed(path, tmp_path / "out" / "pack", "Ann", "Bartholomew")
    content = all_bytes(drawn.folder)
    words = [*NAMES, *PEOPLE, "Bartholomew", "Zacharias", "Secret title", "limps", "steadier", "zebra", "private"]
    words += ["study.skillstudy", "Lavf", "x264"]
    assert [word for word in words if word.encode().lower() in content.lower()] == []
    assert sorted(file.name for file in (drawn.folder / "clips").iterdir()) == sorted(f"{c}.mp4" for c in drawn.clips)
    n_bytes = sum(file.stat().st_size for file in drawn.folder.rglob("*") if file.is_file())
    assert said[0] == f"{drawn.folder}: 4 videos, {format_size(n_bytes)}. Give away the whole folder."
    ann = next(code for code, name in drawn.key.raters.items() if name == "Ann")
    assert said[1] == f"Ann: {len(drawn.key.pairs[ann])} pairs, code {ann}."
    data = page_data(drawn.folder)
    assert not [reason for reason in SelectionReason if reason in json.dumps(data)]
    assert data["question"] == "Which is <b>calmer</b></script>?"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["pack"]


def test_clips_are_the_attempts_frame_by_frame_in_a_form_for_every_browser(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s")
    drawn, _ = packed(path, tmp_path / "pack")
    clips = page_data(drawn.folder)["clips"]
    assert isinstance(clips, dict)
    seen = {}
    for code, video in drawn.clips.items():
        file = drawn.folder / "clips" / f"{code}.mp4"
        with VideoReader(file) as reader, VideoReader(video.path) as source:
            frames = video.clip_range.frames(source.info) if video.clip_range is not None else range(source.n_frames)
            assert [read_barcode(reader.frame(i)) for i in range(reader.n_frames)] == list(frames)
            expected_s = source.info.times_s[frames.start : frames.stop] - source.info.times_s[frames.start]
            np.testing.assert_allclose(reader.info.times_s, expected_s, atol=1e-4)
            assert clips[code]["seconds"] == pytest.approx(reader.info.duration_s)
            assert drawn.key.videos[code][1] == pytest.approx(source.info.times_s[frames.start])
        assert not has_sound(file)
        with av.open(str(file)) as container:
            context = container.streams.video[0].codec_context
            assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
            assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        content = file.read_bytes()
        assert content.index(b"moov") < content.index(b"mdat"), "it plays before it is read whole"
        seen[video.name] = clips[code]
    assert seen[NAMES[3]]["frames"] == PART.stop_frame - PART.start_frame
    assert {name: clip["sync"] for name, clip in seen.items()} == {**dict.fromkeys(NAMES, 0.0), NAMES[1]: 0.25}


def test_faces_are_blurred_on_request(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s")
    box = FaceBox(0.3, 0.3, 0.7, 0.7)
    with Study.open(path) as study:
        for known in study.videos.all():
            assert known.path is not None
            with VideoReader(known.path) as reader:
                n = reader.n_frames
            FaceStore().put(Faces(known.digest, n, method="YuNet").with_drawn(box, 0, 0, n))
        drawn = draw_pack(study, tmp_path / "pack", ["Ann"])
    said = write_pack(drawn, blur_faces=True)
    assert any("Faces are blurred in 4 of 4 videos" in sentence for sentence in said)
    assert not any("score" in sentence.lower() for sentence in said)
    for code, video in drawn.clips.items():
        with VideoReader(drawn.folder / "clips" / f"{code}.mp4") as clip, VideoReader(video.path) as source:
            first = PART.start_frame if video.clip_range is not None else 0
            before, after = source.frame(first).astype(int), clip.frame(0).astype(int)
            height, width, _ = before.shape
            middle = (slice(2 * height // 5, 3 * height // 5), slice(2 * width // 5, 3 * width // 5))
            assert np.ptp(after[middle]) < 0.7 * np.ptp(before[2 * height // 5 - 24 : 3 * height // 5 + 24, middle[1]])
            assert np.abs(after - before)[: height // 8, : width // 8].mean() < 8, "nothing else is blurred"


def test_a_pack_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_study(tmp_path / "s")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with Study.open(path) as study:
        with pytest.raises(ExportError, match="is there already and not empty"):
            draw_pack(study, tmp_path / "full", ["Ann"])
        with pytest.raises(StudyError, match="give the name"):
            draw_pack(study, tmp_path / "pack", ["Ann", " "])
        drawn = draw_pack(study, tmp_path / "pack", ["Ann"])
        with monkeypatch.context() as patch:
            usage = shutil.disk_usage(tmp_path)
            patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
            with pytest.raises(ExportError, match=r"4 videos.*left"):
                draw_pack(study, tmp_path / "pack", ["Ann"])
    token = CancelToken()
    with pytest.raises(Cancelled):
        write_pack(drawn, token=token, report=lambda progress: token.cancel() if progress.done == 2 else None)
    first = next(iter(drawn.clips.values()))
    first.path.write_bytes((tmp_path / "s" / f"{NAMES[2]}.mp4").read_bytes() + b"\0")
    with pytest.raises(ExportError, match="has changed since the study was read"):
        write_pack(drawn)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["full", "s"]


def test_pairs_drawn_ahead_follow_the_rules_of_the_window() -> None:
    videos = dict.fromkeys("abcdefghij", "knot")
    plan = Plan(test_share=0.2, repeat_share=0.1, repeat_after=5, seed=3)
    wanted = {"Ann": 40, "Bob": 30, "Cy": 0}
    drawn = pairs_in_advance(videos, [], wanted, plan, {})
    assert {rater: len(pairs) for rater, pairs in drawn.items()} == wanted
    for pairs in (drawn["Ann"], drawn["Bob"]):
        reasons = Counter(pair.reason for pair in pairs)
        assert reasons[SelectionReason.TEST] == len(pairs) // 5
        assert reasons[SelectionReason.REPEAT] == len(pairs) // 10
        first: dict[frozenset[str], tuple[int, str]] = {}
        for at, pair in enumerate(pairs):
            names = frozenset((pair.left, pair.right))
            if pair.reason is SelectionReason.REPEAT:
                before, left = first[names]
                assert at - before > plan.repeat_after
                assert pair.left != left, "a repeat has its sides swapped"
            else:
                assert names not in first
                first[names] = at, pair.left
        on_left = Counter(pair.left for pair in pairs)
        on_right = Counter(pair.right for pair in pairs)
        assert max(abs(on_left[name] - on_right[name]) for name in videos) <= 3
    chain = [frozenset((p.left, p.right)) for ps in drawn.values() for p in ps if p.reason is SelectionReason.CHAIN]
    tests = {frozenset((p.left, p.right)) for ps in drawn.values() for p in ps if p.reason is SelectionReason.TEST}
    assert len(chain) == len(set(chain)) < len(videos), "the raters share one chain"
    assert nx.is_connected(nx.Graph([tuple(pair) for pair in (*chain, *tests)])), "and all videos are joined early"
    # independent: turn by turn, as the window chooses, where every answer is "no difference"
    asked: list[ShownPair] = []
    for rater in [rater for turn in range(3) for rater in ("Ann", "Bob")]:
        chosen = choose(videos, asked, rater, plan)
        assert chosen is not None
        asked.append(ShownPair(chosen.left, chosen.right, rater, Verdict.NEITHER, chosen.reason))
    assert [(a.left, a.right) for a in asked if a.rater == "Bob"] == [(p.left, p.right) for p in drawn["Bob"][:3]]
    back = {"Ann": [frozenset("ab")]}
    assert pairs_in_advance(videos, [], {"Ann": 2}, plan, back)["Ann"][0].reason is SelectionReason.AGAIN
    assert len(pairs_in_advance(dict.fromkeys("abc", "knot"), [], {"Ann": 99}, Plan(repeat_share=0), {})["Ann"]) == 3


def test_raters_get_what_they_lack_to_the_aim(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s", comparisons_per_video=2.0)
    with Study.open(path) as study:
        study.votes.cast(Vote(NAMES[0], NAMES[1], Verdict.LEFT, "Ann"))
        drawn = draw_pack(study, tmp_path / "pack", ["ann ", "Bob"])
        by_name = {name: drawn.key.pairs[code] for code, name in drawn.key.raters.items()}
        assert {name: len(pairs) for name, pairs in by_name.items()} == {"Ann": 1, "Bob": 2}
        assert study.load_json(PACK_SETTING_PREFIX + drawn.id)
        assert not study.load_json(PACK_SETTING_PREFIX + "0" * 32)
        for pair in [(NAMES[0], NAMES[2]), (NAMES[1], NAMES[3]), (NAMES[0], NAMES[3])]:
            study.votes.cast(Vote(*pair, Verdict.LEFT, "Ann"))
        with pytest.raises(StudyError, match="There is no pair left for Ann"):
            draw_pack(study, tmp_path / "pack", ["Ann"])


def test_a_draft_whose_pairs_were_packed_is_not_thrown_away(tmp_path: Path) -> None:
    for name, n in (("a", 5), ("b", 6)):
        write_barcode_video(tmp_path / f"{name}.mp4", n)
    with Study.create(tmp_path / "draft") as study:
        study.videos.add([NewVideo(tmp_path / f"{name}.mp4") for name in "ab"])
        assert not study.has_entries()
        draw_pack(study, tmp_path / "pack", ["Ann"])
        assert study.has_entries()


def test_an_archive_with_other_names_leaves_the_key_out(tmp_path: Path) -> None:
    path = make_study(tmp_path / "s")
    drawn, _ = packed(path, tmp_path / "pack", "Bartholomew")
    pack(path, tmp_path / "a.skillarchive", ArchiveOptions(pseudonyms=True, videos=False))
    pack(path, tmp_path / "b.skillarchive", ArchiveOptions(videos=False))
    kept = []
    for name in ("a", "b"):
        study = unpack(tmp_path / f"{name}.skillarchive", tmp_path / name)
        with Study.open(study, read_only=True) as opened:
            kept.append(bool(opened.load_json(PACK_SETTING_PREFIX + drawn.id)))
        assert (b"Bartholomew" in study.read_bytes()) is (name == "b")
    assert kept == [False, True]
