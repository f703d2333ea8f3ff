"""Votes lost and doubled in a browser whose tab is closed and which is killed, and the drift of two videos in play.

    python -m benchmarks.browser_judging [--votes N] [--kill-every N] [--ratings]

Packs a study of small clips for one rater, and judges all of its pairs in headless Chromium, from the folder itself.
Every so many votes the tab is closed, or the browser is killed right after a vote, and opened again. Some votes are
undone and given again. At the end the saved file is imported twice. Prints votes given, kept, lost and doubled; the
delay of the next pair in ms, and the time between two videos that play together, in ms. With ``--ratings`` single
videos are rated by a rubric of two items, a third of them twice. Needs Chromium with its driver.
"""

import argparse
import json
import math
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.clips import write_textured_clip
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.judging.browser_ratings import import_forms
from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import draw_pack
from skillviewer.data.study.judging.pack_folder import write_pack
from tests.data.study.judging.packs import rating_pack
from tests.data.study.judging.pages import JudgingPage, saved_votes

N_VIDEOS = 34
"""Videos of the study: enough for 500 different pairs."""


def _drift_ms(page: JudgingPage) -> list[float]:
    """Return samples of the time between the two videos of a pair while both play, in ms."""
    page.wait_for_pair()
    page.type(" ")
    page.wait("shown.videos.every((video) => !video.paused && video.currentTime > 0.3)")
    found = []
    until = time.monotonic() + 1.0
    while time.monotonic() < until and page.ask("shown.videos.every((video) => !video.paused)"):
        found.append(1000 * float(page.ask("shown.videos[0].currentTime - shown.videos[1].currentTime")))
    return found


class Interruptions:
    """Kills the browser of a page or closes its tab, and counts both.

    Args:
        folder: Folder of the pack and of the browser's own files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.n_killed = 0
        self.n_closed = 0

    def __str__(self) -> str:
        return f"{self.n_killed} browsers killed, {self.n_closed} tabs closed"

    def open(self) -> JudgingPage:
        """Start a browser and begin to judge."""
        page = JudgingPage(self._folder / "pack", self._folder / "browser")
        page.begin()
        return page

    def next(self, page: JudgingPage, *, kill: bool) -> JudgingPage:
        """Kill the browser, or else open a second tab and close the first; return the page that goes on."""
        if kill:
            page.kill()
            self.n_killed += 1
            return self.open()
        old, new = page.tab(), page.new_tab()
        page.switch(old)
        page.close_tab()
        page.switch(new)
        page.reopen()
        self.n_closed += 1
        page.begin()
        return page


def undo(page: JudgingPage, n_given: int) -> None:
    """Take back the last of the answers given."""
    page.click("#undo")
    page.wait(f"store.standing.length === {n_given - 1} && !busy")


def rate(n_ratings: int, kill_every: int) -> tuple[int, int, int, int]:
    """Rate single videos in a browser that is killed and whose tab is closed, and print what was kept.

    Returns:
        Numbers of ratings lost, doubled and wrong in the saved file, and of those that stand in the study.
    """
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"{at:03d}.mp4" for at in range(math.ceil(n_ratings / 1.5))]
        for at, file in enumerate(files):
            write_textured_clip(file, 6 + at % 20, (160 + 2 * (at // 20), 90))  # no two are alike
        with Study.create(folder / "study") as study:
            study.videos.add([NewVideo(file) for file in files])
        drawn = rating_pack(study.path, folder / "pack", n_videos=n_ratings)
        print(*write_pack(drawn), sep="\n")
        expected: list[tuple[int, tuple[tuple[str, float], ...]]] = []
        n_undone = 0
        interruptions = Interruptions(folder)
        page = interruptions.open()
        while len(expected) < n_ratings:
            flow, care = chance.choice("12345n"), chance.choice("012n")
            page.rate(flow + care)
            answers = [(item, float(key)) for item, key in (("flow", flow), ("care", care)) if key != "n"]
            expected.append((len(expected), tuple(answers)))
            n = len(expected)
            if n % kill_every == 0:
                page = interruptions.next(page, kill=n % (2 * kill_every) != 0)
            elif page.ask("shown === null") and n < n_ratings:  # a pause is suggested
                page.click("#go-on")
            if chance.random() < 0.03 and n < n_ratings and page.ask("shown !== null"):
                undo(page, n)
                expected.pop()
                n_undone += 1
        file = page.save()
        page.close()
        saved = [one for one in json.loads(file.read_bytes())["ratings"] if one["withdrawn_at"] is None]
        kept = [(one["turn"], tuple((item, float(rating)) for item, rating in one["answers"])) for one in saved]
        with Study.open(folder / "study.skillstudy") as study:
            first, second = import_forms(study, file), import_forms(study, file)
            forms = [form for form in study.forms.all() if form.is_valid]
            n_first = sum(form.purpose is FormPurpose.FIRST for form in forms)
            n_rated = len({rating.video for rating in study.ratings.all().ratings})
    n_lost, n_doubled = len(set(expected) - set(kept)), len(kept) - len(set(kept))
    n_wrong = len(set(kept) - set(expected))
    print(
        f"{n_ratings} ratings given, {n_undone} undone before; {interruptions}\n"
        f"in the file: {n_lost} lost, {n_doubled} doubled, {n_wrong} wrong\n"
        f"in the study: {len(forms)} standing, {n_first} of them the first of their video; {n_rated} videos with "
        f"ratings; “{first}”, then “{second}”"
    )
    return n_lost, n_doubled, n_wrong, len(forms)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=500)
    parser.add_argument("--kill-every", type=int, default=25)
    parser.add_argument("--ratings", action="store_true", help="rate single videos")
    given = parser.parse_args()
    if given.ratings:
        rate(given.votes, given.kill_every)
        return
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"{at:02d}.mp4" for at in range(N_VIDEOS)]
        for at, file in enumerate(files):
            write_textured_clip(file, 60 + at, (320, 180))
        with Study.create(folder / "study") as study:
            study.videos.add([NewVideo(file) for file in files])
            drawn = draw_pack(study, folder / "pack", ["Ann"], given.votes)
        print(*write_pack(drawn), sep="\n")
        expected: list[tuple[int, int | None]] = []
        n_undone = 0
        delays_ms, drift_ms = [], []
        interruptions = Interruptions(folder)
        page = interruptions.open()
        while len(expected) < given.votes:
            if len(expected) % 50 == 10:
                drift_ms += _drift_ms(page)
            key = chance.choice("120x")
            since = time.monotonic()
            page.vote(key)
            expected.append((len(expected), {"1": 1, "2": -1, "0": 0, "x": None}[key]))
            n = len(expected)
            if n % given.kill_every == 0:
                page = interruptions.next(page, kill=n % (2 * given.kill_every) != 0)
            elif page.ask("shown === null"):  # a pause is suggested
                if n < given.votes:
                    page.click("#go-on")
            else:
                page.wait_for_pair()
                delays_ms.append(1000 * (time.monotonic() - since) - 260)
            if chance.random() < 0.03 and n < given.votes and page.ask("shown !== null"):
                undo(page, n)
                expected.pop()
                n_undone += 1
        file = page.save()
        page.close()
        standing = [(v["pair"], v["verdict"]) for v in saved_votes(file) if v["withdrawn_at"] is None]
        with Study.open(folder / "study.skillstudy") as study:
            first, second = import_votes(study, file), import_votes(study, file)
            kept = [vote for vote in study.votes.all() if vote.is_valid]
        print(
            f"{given.votes} votes given, {n_undone} undone before; {interruptions}\n"
            f"in the file: {len(set(expected) - set(standing))} lost, {len(standing) - len(set(standing))} doubled, "
            f"{len(set(standing) - set(expected))} wrong\n"
            f"in the study: {len(kept)} standing; “{first}”, then “{second}”\n"
            f"next pair: median {np.median(delays_ms):.0f} ms, 95 % within {np.percentile(delays_ms, 95):.0f} ms\n"
            f"drift of two videos in {len(drift_ms)} samples: median {np.median(np.abs(drift_ms)):.0f} ms, "
            f"largest {np.abs(drift_ms).max():.0f} ms"
        )


if __name__ == "__main__":
    main()
