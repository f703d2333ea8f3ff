"""Data that does not ship and that some tests look for: ``SKILLVIEWER_TEST_DATA``, else beside the checkout."""

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
TEST_DATA = Path(os.environ.get("SKILLVIEWER_TEST_DATA") or _BESIDE)
