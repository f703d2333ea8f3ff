"""Headless Chromium for tests of pages, driven as a user would; tests skip with the reason where there is none.

The driver speaks the W3C's WebDriver protocol (https://www.w3.org/TR/webdriver2/) over HTTP on this computer.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # key of a reference, section 12 of the protocol


class Browser:
    """A browser whose storage lies in ``profile``; opened again there, it goes on with it."""

    def __init__(
        self, profile: Path, downloads: Path, *, size: tuple[int, int] = (1280, 720), dark: bool = False
    ) -> None:
        driver = shutil.which("chromedriver")
        if CHROMIUM is None or driver is None:
            pytest.skip("no Chromium with its driver (apt: chromium chromium-driver)")
        self._driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self._driver.stdout is not None
        said = next(found for line in self._driver.stdout if (found := re.search(r"on port (\d+)\.", line)))
        self._address = f"http://127.0.0.1:{said[1]}/session"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += [f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"]
        chrome = {"binary": CHROMIUM, "args": options, "prefs": {"download.default_directory": str(downloads)}}
        wanted = {"goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._send("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._address += f"/{made['sessionId']}"
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[theme])

    def _send(self, method: str, path: str, data: object = None) -> Any:
        body = None if method != "POST" else json.dumps(data or {}).encode()
        asked = urllib.request.Request(f"{self._address}{path}", body, method=method)
        with urllib.request.urlopen(asked, timeout=600) as answer:
            return json.load(answer)["value"]

    def open(self, address: str) -> None:
        """Open a page in the present tab."""
        self._send("POST", "/url", {"url": address})

    def run(self, script: str, *given: object) -> Any:
        """Run the body of a JavaScript function, wait for a promise that it returns, and return its value."""
        return self._send("POST", "/execute/sync", {"script": script, "args": given})

    def wait(self, condition: str, timeout_s: float = 120.0) -> None:
        """Wait until a JavaScript expression is true."""
        until = time.monotonic() + timeout_s
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < until, f"never true: {condition}"
            time.sleep(0.02)

    def _act(self, selector: str, method: str, what: str, data: object = None, timeout_s: float = 120.0) -> Any:
        """Act on an element, once the page lets users act on it: a busy computer draws it late."""
        found = self._send("POST", "/element", {"using": "css selector", "value": selector})
        until = time.monotonic() + timeout_s
        while True:
            try:
                return self._send(method, f"/element/{found[_ELEMENT]}/{what}", data)
            except urllib.error.HTTPError as error:
                with error:
                    reason = json.load(error)["value"]
                if reason["error"] != "element not interactable" or time.monotonic() > until:
                    raise AssertionError(f"{selector}, {what}: {reason['message']}") from error
            time.sleep(0.02)

    def click(self, selector: str) -> None:
        """Click an element with the mouse."""
        self._act(selector, "POST", "click")

    def type(self, text: str, selector: str = "body") -> None:
        """Type into an element, or press keys on the page."""
        self._act(selector, "POST", "value", {"text": text})

    def text(self, selector: str) -> str:
        """Return the text of an element as it is seen."""
        return str(self._act(selector, "GET", "text"))

    def command(self, name: str, **given: object) -> Any:
        """Give a command of the Chrome DevTools protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": name, "params": given})

    def tab(self) -> str:
        """Return the present tab."""
        return str(self._send("GET", "/window"))

    def new_tab(self) -> str:
        """Open a tab, go to it, and return it."""
        made = str(self._send("POST", "/window/new", {"type": "tab"})["handle"])
        self.switch(made)
        return made

    def switch(self, tab: str) -> None:
        """Go to a tab."""
        self._send("POST", "/window", {"handle": tab})

    def close_tab(self) -> None:
        """Close the present tab."""
        self._send("DELETE", "/window")

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        path.write_bytes(base64.b64decode(self._send("GET", "/screenshot")))

    def complaints(self) -> list[str]:
        """Return the errors in the console."""
        return [
            entry["message"]
            for entry in self._send("POST", "/se/log", {"type": "browser"})
            if entry["level"] == "SEVERE"
        ]

    def kill(self) -> None:
        """End the browser as a power failure would: no part of it can write anything more."""
        family = {self._driver.pid}
        for _ in range(4):  # a browser starts processes, which start others
            for entry in Path("/proc").glob("[0-9]*/stat"):
                with suppress(OSError, ValueError):
                    if int(entry.read_text().rpartition(")")[2].split()[1]) in family:
                        family.add(int(entry.parent.name))
        for number in family:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._end()

    def close(self) -> None:
        """Close the browser."""
        self._send("DELETE", "")
        self._driver.terminate()
        self._end()

    def _end(self) -> None:
        self._driver.wait(10)
        assert self._driver.stdout is not None
        self._driver.stdout.close()
