"""The examples of docs/scripting.md run as they stand, in order."""

import re
from pathlib import Path

from skillviewer.core.places import resources_dir

ROOT = Path(__file__).resolve().parent.parent


def test_scripting_examples_run() -> None:
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(examples) == 4
    video = sorted((resources_dir() / "sample_study" / "videos").glob("*.mp4"))[0]
    names: dict[str, object] = {"video": video}
    for example in examples:
        exec(example, names)  # noqa: S102 - our own page
    picture, first = names["picture"], names["first"]
    assert getattr(picture, "shape", None) == getattr(first, "shape", ())
    flow = names["flow"]
    assert getattr(flow, "shape", ())[2] == 2
