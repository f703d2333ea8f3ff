"""Votes lost and doubled in a browser whose tab is closed and which is killed, and the drift of two videos in play.

    python -m benchmarks.browser_judging [--votes N] [--kill-every N]

Packs a study of small clips for one rater, and judges all of its pairs in headless Chromium, from the folder itself.
Every so many votes the tab is closed, or the browser is killed right after a vote, and opened again. Some votes are
undone and given again. At the end the saved file is imported twice. Prints votes given, kept, lost and doubled; the
delay of the next pair in ms, and the time between two videos that play together, in ms. Needs Chromium with its
driver.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.clips import write_textured_clip
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.judging.browser_votes import import_votes
from skillviewer.data.study.judging.pack import draw_pack, write_pack
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=500)
    parser.add_argument("--kill-every", type=int, default=25)
    given = parser.parse_args()
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
        n_killed = n_closed = n_undone = 0
        delays_ms, drift_ms = [], []
        page = JudgingPage(folder / "pack", folder / "browser")
        page.begin()
        while len(expected) < given.votes:
            if len(expected) % 50 == 10:
                drift_ms += _drift_ms(page)
            key = chance.choice("120x")
            since = time.monotonic()
            page.vote(key)
            expected.append((len(expected), {"1": 1, "2": -1, "0": 0, "x": None}[key]))
            n = len(expected)
            if n % given.kill_every == 0:
                if n % (2 * given.kill_every):
                    page.kill()
                    n_killed += 1
                    page = JudgingPage(folder / "pack", folder / "browser")
                else:
                    old, new = page.tab(), page.new_tab()
                    page.switch(old)
                    page.close_tab()
                    page.switch(new)
                    page.reopen()
                    n_closed += 1
                page.begin()
            elif page.ask("shown === null"):  # a pause is suggested
                if n < given.votes:
                    page.click("#go-on")
            else:
                page.wait_for_pair()
                delays_ms.append(1000 * (time.monotonic() - since) - 260)
            if chance.random() < 0.03 and n < given.votes and page.ask("shown !== null"):
                page.click("#undo")
                page.wait(f"store.standing.length === {n - 1} && !busy")
                expected.pop()
                n_undone += 1
        file = page.save()
        page.close()
        standing = [(v["pair"], v["verdict"]) for v in saved_votes(file) if v["withdrawn_at"] is None]
        with Study.open(folder / "study.skillstudy") as study:
            first, second = import_votes(study, file), import_votes(study, file)
            kept = [vote for vote in study.votes.all() if vote.is_valid]
        print(
            f"{given.votes} votes given, {n_undone} undone before; {n_killed} browsers killed, {n_closed} tabs closed\n"
            f"in the file: {len(set(expected) - set(standing))} lost, {len(standing) - len(set(standing))} doubled, "
            f"{len(set(standing) - set(expected))} wrong\n"
            f"in the study: {len(kept)} standing; “{first}”, then “{second}”\n"
            f"next pair: median {np.median(delays_ms):.0f} ms, 95 % within {np.percentile(delays_ms, 95):.0f} ms\n"
            f"drift of two videos in {len(drift_ms)} samples: median {np.median(np.abs(drift_ms)):.0f} ms, "
            f"largest {np.abs(drift_ms).max():.0f} ms"
        )


if __name__ == "__main__":
    main()
