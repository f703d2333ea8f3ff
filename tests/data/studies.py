"""Studies and files to test with; no pixels: a study tells its videos by their bytes."""

from pathlib import Path

from skillviewer.data.study import NewVideo, Study


def write_file(path: Path, content: str = "") -> Path:
    """Write a file that stands for a video; its bytes are its name if nothing else is said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((content or f"video {path.name}").encode())
    return path


def make_study(folder: Path, *names: str) -> Path:
    """Make a study with videos beside it, in ``videos/``, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    with Study.create(folder / "study") as study:
        study.videos.add([NewVideo(write_file(folder / "videos" / f"{name}.mp4")) for name in names])
        return study.path
