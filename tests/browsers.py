"""Headless Chromium for tests of pages, driven as a user would; tests skip with the reason where there is none."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def open_browser(profile: Path, downloads: Path, *, size: tuple[int, int] = (1280, 720), dark: bool = False) -> Any:
    """Return a driver of a browser whose storage lies in ``profile``; it goes on there when opened again."""
    driver = shutil.which("chromedriver")
    if CHROMIUM is None or driver is None:
        pytest.skip("no Chromium with its driver (apt: chromium chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium (extra “dev”)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *(f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"),
    ):
        options.add_argument(option)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    made.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})
    return made


def kill(browser: Any) -> None:
    """End a browser as a power failure would: no part of it can write anything more."""
    main = browser.service.process.pid
    family = {main}
    for _ in range(4):  # a browser starts processes of its own, which start others
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                number, parent = int(entry.parent.name), int(entry.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent in family:
                family.add(number)
    for number in family:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue
    browser.service.process.wait(10)
