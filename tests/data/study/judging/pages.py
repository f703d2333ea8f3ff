"""The page of a pack in a real browser, used by a rater."""

import json
from pathlib import Path
from typing import Any

from tests.browsers import kill, open_browser


class JudgingPage:
    """A rater at the page of a pack.

    Args:
        pack: Folder of the pack.
        folder: Where the browser keeps its storage and its downloads.
    """

    def __init__(self, pack: Path, folder: Path, **look: Any) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True, exist_ok=True)
        self._address = (pack / "index.html").resolve().as_uri()
        self.browser = open_browser(folder / "profile", self.downloads, **look)
        self.open()

    def open(self) -> None:
        """Open the page in the present tab."""
        self.browser.get(self._address)

    def ask(self, script: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.browser.execute_script(f"return {script}")

    def wait(self, condition: str, timeout_s: float = 30.0) -> None:
        """Wait until a JavaScript expression is true."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, timeout_s, poll_frequency=0.02).until(lambda _: self.ask(f"Boolean({condition})"))

    def find(self, selector: str) -> Any:
        """Return an element."""
        return self.browser.find_element("css selector", selector)

    def begin(self, code: str = "") -> None:
        """Give the code, and wait for a pair or for the last page."""
        if code:
            self.find("#code").send_keys(code)
        self.find("#enter button").click()
        self.wait_for_pair()

    def wait_for_pair(self) -> None:
        """Wait until a vote counts, or no pair is on the page."""
        self.wait("!$('end').hidden || (shown && shown.seenAt !== null && now() - shown.seenAt > 0.26)")

    def press(self, key: str) -> None:
        """Press a key on the page."""
        self.find("body").send_keys(key)

    def vote(self, key: str) -> None:
        """Vote by key, and wait until the page has stored it and shows the next pair."""
        self.wait_for_pair()
        before = self.ask("store.votes.length")
        self.press(key)
        self.wait(f"store.votes.length > {before} && !busy")

    def votes(self) -> list[dict[str, Any]]:
        """Return the votes of the page."""
        return list(self.ask("store.votes"))

    def save(self) -> Path:
        """Save the votes, and return the file."""
        before = set(self.downloads.glob("*.json"))
        button = next(b for b in self.browser.find_elements("css selector", ".save") if b.is_displayed())
        button.click()
        from selenium.webdriver.support.ui import WebDriverWait

        def new(_: object) -> Path | None:
            return next(iter(set(self.downloads.glob("*.json")) - before), None)

        return Path(WebDriverWait(self.browser, 30, poll_frequency=0.05).until(new))

    def new_tab(self) -> None:
        """Close the tab without a warning, and go on in a new one."""
        old = self.browser.current_window_handle
        self.browser.switch_to.new_window("tab")
        new = self.browser.current_window_handle
        self.browser.switch_to.window(old)
        self.browser.close()
        self.browser.switch_to.window(new)
        self.open()

    def complaints(self) -> list[str]:
        """Return the errors in the console of the browser."""
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]

    def kill(self) -> None:
        """End the browser at once, without a chance to write."""
        kill(self.browser)

    def close(self) -> None:
        """Close the browser."""
        self.browser.quit()


def saved_votes(file: Path) -> list[dict[str, Any]]:
    """Return the votes of a saved file."""
    return list(json.loads(file.read_bytes())["votes"])
