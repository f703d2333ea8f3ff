"""Make the analyses that ship with the sample study, so that it is usable as soon as it is opened.

    python packaging/sample_analyses.py

They equal the analyses computed by the window, with enough passes for an interval. Run the script again when the
checkpoint, the sample videos or anything else that affects an analysis has changed (a test detects this).
"""

from dataclasses import replace
from pathlib import Path

from skillviewer.core.paths import resources_dir
from skillviewer.data.analysis_file import SUFFIX, save_analysis
from skillviewer.engine.inference.engine import Engine
from skillviewer.nets.model_library import DEFAULT_MODEL
from skillviewer.ui.session.sample_study import SAMPLE_ANALYSES

PASSES = 4  # enough for an interval


def main() -> None:
    """Assess every video of the sample study, and write the analyses to the folder of the videos."""
    source = resources_dir() / "sample_study"
    folder = source / SAMPLE_ANALYSES
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    with Engine.open(DEFAULT_MODEL) as engine:
        for path in sorted((source / "videos").glob("*.mp4")):
            analysis = engine.assess(path, PASSES)
            bare = analysis.with_video(replace(analysis.video, path=Path(path.name)))
            save_analysis(bare, folder / f"{path.stem}{SUFFIX}")
            print(f"{path.name}: {analysis.score:+.3f} {analysis.interval}", flush=True)


if __name__ == "__main__":
    main()
