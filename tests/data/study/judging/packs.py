"""Studies to pack, and files of votes as the page writes them."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skillviewer.core.ratings.rubric import Anchor, Rubric, RubricItem
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.study import NewVideo, Study, StudySettings
from skillviewer.data.study.judging.pack import DrawnPack, draw_pack
from skillviewer.data.study.judging.pack_folder import write_pack
from skillviewer.data.study.judging.rating_pack import DrawnRatingPack, draw_rating_pack
from tests.videos import write_barcode_video

NAMES = ("zebra_P01", "quagga_P02", "okapi_P03", "tapir_P04")
PEOPLE = ("Aurelia", "Balthasar", "Chrysanthe", "Demetrius")
PART = FrameRange(7, 19)
"""The attempt of the last video, which is a part of its file."""


def make_study(folder: Path, n_frames: int = 24, **settings: object) -> Path:
    """Make a study of four videos at 30 Hz; one is a part of its file, and one has a sync point."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.mp4" for name in NAMES]
    for at, file in enumerate(files):
        write_barcode_video(file, n_frames + at, width=160 + 16 * at, kind="audio" if at == 0 else "mp4")
    with Study.create(folder / "study", StudySettings(title="Secret title", **settings)) as study:  # type: ignore[arg-type]
        clip_ranges = (None, None, None, PART)
        study.videos.add(
            [
                NewVideo(file, participant=person, clip_range=clip_range)
                for file, person, clip_range in zip(files, PEOPLE, clip_ranges, strict=True)
            ]
        )
        study.videos.change(NAMES[1], sync_s=0.25)
        return study.path


def packed(study: Path, folder: Path, *raters: str, n_pairs: int | None = None) -> tuple[DrawnPack, tuple[str, ...]]:
    """Draw and write a pack; return it and what is said of it."""
    with Study.open(study) as opened:
        drawn = draw_pack(opened, folder, raters or ("Ann",), n_pairs)
    return drawn, write_pack(drawn)


def codes_of(study: Path) -> list[str]:
    """Return the codes of the raters of the packs of a study, which no page tells."""
    with Study.open(study, read_only=True) as opened:
        rows = opened._file.query("SELECT value FROM setting WHERE name GLOB 'judging_pack:*' ORDER BY rowid")
    return [code for row in rows for code in json.loads(row["value"])["raters"]]


def vote(drawn: DrawnPack, pair: int, key: str, /, **changes: object) -> dict[str, Any]:
    """Return a vote of the first rater on a pair, as the page writes it."""
    left, right, _ = next(iter(drawn.key.pairs.values()))[pair]
    given = {"key": hashlib.sha256(key.encode()).hexdigest()[:32], "pair": pair, "left": left, "right": right}
    given |= {"verdict": 1, "judged_at": f"2026-03-01T10:00:{pair:02d}.500Z", "taken_s": 3.25, "watched": 0.75}
    given |= {"reason": "", "left_mark_s": None, "right_mark_s": None, "withdrawn_at": None}
    return given | changes


def votes_text(drawn: DrawnPack, votes: Sequence[dict[str, Any]], **changes: object) -> bytes:
    """Return a file of votes with a right checksum."""
    head = {"format": "skillviewer-votes", "version": 1, "pack": drawn.id, "rater": next(iter(drawn.key.raters))}
    head |= {"saved_at": "2026-03-01T11:00:00.000Z", "votes": list(votes)}
    return sealed(json.dumps(head | changes, separators=(",", ":")).encode())


def sealed(body: bytes) -> bytes:
    """Return JSON with the checksum that it ought to have."""
    return body[:-1] + b',"sha256":"' + hashlib.sha256(body).hexdigest().encode() + b'"}'


RUBRIC = Rubric(
    "two items",
    (
        RubricItem("flow", 1, 5, 1, "How fluid is it?", (Anchor(1, "stops often"), Anchor(5, "never stops"))),
        RubricItem("care", 0, 2),
    ),
    total="sum",
)


def rating_pack(study: Path, folder: Path, *raters: str, n_videos: int | None = None) -> DrawnRatingPack:
    """Set a rubric, and draw a pack of videos to rate; it is not written."""
    with Study.open(study) as opened:
        opened.forms.set_plan(RUBRIC, 0.5, seed=4)
        return draw_rating_pack(opened, folder, raters or ("Ann",), n_videos)


def rating(drawn: DrawnRatingPack, turn: int, key: str, /, **changes: object) -> dict[str, Any]:
    """Return a rating of the first rater, as the page writes it."""
    video, _ = next(iter(drawn.key.turns.values()))[turn]
    given = {"key": hashlib.sha256(key.encode()).hexdigest()[:32], "turn": turn, "video": video}
    given |= {"answers": [["flow", 3], ["care", 2]], "rated_at": f"2026-03-01T10:00:{turn:02d}.500Z"}
    given |= {"taken_s": 3.25, "watched": 0.75, "remark": "", "mark_s": None, "withdrawn_at": None}
    return given | changes


def ratings_text(drawn: DrawnRatingPack, ratings: Sequence[dict[str, Any]], **changes: object) -> bytes:
    """Return a file of ratings with a right checksum."""
    head = {"format": "skillviewer-ratings", "version": 1, "pack": drawn.id, "rater": next(iter(drawn.key.raters))}
    head |= {"saved_at": "2026-03-01T11:00:00.000Z", "ratings": list(ratings)}
    return sealed(json.dumps(head | changes, separators=(",", ":")).encode())
