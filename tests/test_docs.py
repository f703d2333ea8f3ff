"""The examples of docs/scripting.md run as they stand, in order."""

import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def test_scripting_examples_run() -> None:
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(examples) == 4
    names: dict[str, object] = {}
    for example in examples:
        exec(example, names)
    picture, first, flow = (names[name] for name in ("picture", "first", "flow"))
    assert isinstance(picture, np.ndarray)
    assert isinstance(first, np.ndarray)
    assert isinstance(flow, np.ndarray)
    assert picture.shape == first.shape
    assert flow.shape == (*first.shape[:2], 2)
