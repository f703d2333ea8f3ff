"""The page of a pack in a real browser, used by a rater."""

import json
import time
from pathlib import Path
from typing import Any

from tests.browsers import Browser


class JudgingPage(Browser):
    """A rater at the page of a pack.

    Args:
        pack: Folder of the pack.
        folder: Where the browser keeps its storage and its downloads.
    """

    def __init__(self, pack: Path, folder: Path, **look: Any) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True, exist_ok=True)
        self._page = (pack / "index.html").resolve().as_uri()
        super().__init__(folder / "profile", self.downloads, **look)
        self.reopen()

    def reopen(self) -> None:
        """Open the page in the present tab."""
        self.open(self._page)

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.run(f"return {expression}")

    def begin(self, code: str = "") -> None:
        """Give the code, and wait for a pair or for the last page."""
        if code:
            self.type(code, "#code")
        self.click("#enter button")
        self.wait_for_pair()

    def wait_for_pair(self) -> None:
        """Wait until a vote counts, or no pair is on the page."""
        self.wait("!$('end').hidden || (shown && shown.seenAt !== null && now() - shown.seenAt > 0.26)")

    def vote(self, key: str) -> None:
        """Vote by key, and wait until the page has stored it and shows the next pair."""
        self.wait_for_pair()
        before = self.ask("store.votes.length")
        self.type(key)
        self.wait(f"store.votes.length > {before} && !busy")

    def rate(self, keys: str) -> None:
        """Rate the video by a key for each item, and wait until the page has stored it and shows the next one."""
        self.wait_for_pair()
        before = self.ask("store.votes.length")
        self.type(keys)
        self.type("\ue007")
        self.wait(f"store.votes.length > {before} && !busy")

    def votes(self) -> list[dict[str, Any]]:
        """Return the votes of the page."""
        return list(self.ask("store.votes"))

    def save(self) -> Path:
        """Save the votes, and return the file."""
        before = set(self.downloads.glob("*.json"))
        self.click("#end .save" if self.ask("$('judge').hidden") else "#judge .save")
        until = time.monotonic() + 120
        while not (new := set(self.downloads.glob("*.json")) - before):
            assert time.monotonic() < until, "nothing was saved"
            time.sleep(0.05)
        return new.pop()


def saved_votes(file: Path) -> list[dict[str, Any]]:
    """Return the votes of a saved file."""
    return list(json.loads(file.read_bytes())["votes"])
