"""``skillviewer doctor``: what this computer has, what is missing and how to get it."""

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from skillviewer.cli.options.values import FILE
from skillviewer.cli.output import echo
from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.cores import usable_cores
from skillviewer.core.crash_report import LIBRARIES, crash_report
from skillviewer.core.paths import (
    HOME_VARIABLE,
    cache_dir,
    config_dir,
    data_dir,
    docs_dir,
    log_dir,
    models_dir,
    resources_dir,
)
from skillviewer.core.plugins import ON_PROBLEM, PREFIX, SWITCH, plugin_points, switched_off
from skillviewer.core.version import __version__
from skillviewer.ui.threads.display import display_problem

_ENCODERS = (("libx264", "MP4"), ("libvpx-vp9", "WebM"), ("gif", "GIF"))
_DECODERS = ("h264", "hevc", "mpeg4", "vp9", "av1", "mjpeg", "gif")
_ROOM_WANTED_GB = 5.0
_MARKS = {True: "ok", False: "MISSING", None: "-"}

CurveLine = tuple[bool | None, str, str]
"""(sound, what, what was found or what to do); None if a thing that nothing needs is not there."""


def _versions() -> Iterator[CurveLine]:
    yield sys.version_info >= (3, 11), "Python", platform.python_version()
    for name in LIBRARIES:
        try:
            yield True, name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield False, name, f"missing: pip install {name}"


def _devices() -> Iterator[CurveLine]:
    from skillviewer.engine.runtime.device import choose_device, device_title, n_threads

    device = choose_device("auto")
    yield (True, "device", f"{device_title(device)}, {n_threads()} threads, {usable_cores()} of {os.cpu_count()} cores")
    if device.type == "cpu":
        yield None, "GPU", "none that torch can use: everything works, an analysis takes longer"


def _codecs() -> Iterator[CurveLine]:
    from skillviewer.media.writing.writer import can_decode, can_encode

    missing = [name for name in _DECODERS if not can_decode(name)]
    yield not missing, "decoders", "missing: " + ", ".join(missing) if missing else ", ".join(_DECODERS)
    for name, kind in _ENCODERS:
        available = can_encode(name)
        yield (
            available,
            f"{kind} encoder",
            name if available else f"{name} is missing from the installed av: reinstall av",
        )


def _folders() -> Iterator[CurveLine]:
    for purpose, folder in (
        ("cache", cache_dir()),
        ("data", data_dir()),
        ("settings", config_dir()),
        ("log", log_dir()),
    ):
        existing = folder
        while not os.path.lexists(existing) and existing != existing.parent:  # some have no permission
            existing = existing.parent
        writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
        free_gb = shutil.disk_usage(existing).free / 1e9
        text = f"{folder} ({free_gb:.0f} GB free)"
        if not writable:
            text += ": cannot be written; set SKILLVIEWER_HOME to a folder that can"
        elif free_gb <= _ROOM_WANTED_GB:
            text += f": {_ROOM_WANTED_GB:.0f} GB are wanted; make room, or set SKILLVIEWER_HOME to a folder with more"
        yield writable and free_gb > _ROOM_WANTED_GB, f"{purpose} folder", text


def _models() -> Iterator[CurveLine]:
    from skillviewer.engine.features.weight_store import weight_files
    from skillviewer.nets.library import find_models

    names = [entry.name for entry in find_models()]
    yield bool(names), "checkpoints", ", ".join(names) or f"none in {models_dir()}"
    for name, path in weight_files():
        yield (
            True if path else None,
            f"weights {name}",
            str(path) if path else f"not here, and only wanted by name; skillviewer weights fetch {name} gets them",
        )
    sample = resources_dir() / "sample_study"
    yield sample.is_dir(), "sample study", str(sample)
    try:
        yield True, "guides", f"{docs_dir()}; in the window: Help, Guides"
    except FileNotFoundError as error:
        yield False, "guides", f"{error}: install the program again"


def _plugins() -> Iterator[CurveLine]:
    from skillviewer.core.evaluation.metrics import METRICS
    from skillviewer.data.formats.formats import DATASET_FORMATS
    from skillviewer.export.exporters import EXPORTERS
    from skillviewer.nets.backbones.features import BACKBONES
    from skillviewer.nets.models import ATTENTION_MODELS

    ON_PROBLEM.clear()  # they are told below
    tables = {table.group: table for table in (DATASET_FORMATS, EXPORTERS, BACKBONES, ATTENTION_MODELS, METRICS)}
    for group, table in tables.items():
        for plugin in table.plugins:
            yield not plugin.problem, f"plug-in {plugin.name}", plugin.problem or f"{group} of {plugin.package}"
    if switched_off():
        yield None, "plug-ins", f"left out by {SWITCH}"
    for point in plugin_points():
        if point.group.removeprefix(PREFIX) not in tables:
            groups = ", ".join(PREFIX + group for group in tables)
            yield False, f"plug-in {point.name}", f"its group {point.group} is not one of {groups}"


def _window() -> Iterator[CurveLine]:
    if sys.platform.startswith("linux"):
        display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
        problem = display_problem(os.environ) if display else None
        yield problem is None, "display", problem or display or "none: the window needs one, the command line does not"
    try:
        from skillviewer.ui.threads.display import window_problem
    except ImportError as error:
        yield False, "window", f"Qt does not load ({error}); on Debian: bash packaging/system-libraries.sh"
        return
    problem = window_problem()
    yield problem is None, "window", problem or "Qt loads and finds a font"


def _tried() -> Iterator[CurveLine]:
    """Open the window on the sample study, assess a video and export a clip, all in a scratch folder."""
    if "QT_QPA_PLATFORM" not in os.environ and display_problem(os.environ) is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    before = os.environ.get(HOME_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="skillviewer") as folder:
        os.environ[HOME_VARIABLE] = str(Path(folder) / "home")
        try:
            from skillviewer.ui.self_check import check_window

            (Path(folder) / "exports").mkdir()
            yield from check_window(Path(folder) / "exports")
        finally:
            if before is None:
                del os.environ[HOME_VARIABLE]
            else:
                os.environ[HOME_VARIABLE] = before


def _looked_at(section: Callable[[], Iterator[CurveLine]]) -> Iterator[CurveLine]:
    """Give the lines of a section; one that cannot be looked at does not hide the others."""
    try:
        yield from section()
    except OSError as error:
        yield False, section.__name__.strip("_"), f"{error.filename}: {error.strerror or error}"


@click.command()
@click.option("--try", "tries", is_flag=True, help="Also open the window, assess a sample video and export a clip.")
@click.option("--report", type=FILE, help="Write versions, the last crash and log lines, without names, to a file.")
@click.option("--force", is_flag=True, help="Replace the report.")
def doctor(tries: bool, report: Path | None, force: bool) -> int:
    """Say what this computer has, what is missing and how to get it.

    With --report the file is written too: send it with a report of a crash. It names no video and no person.
    """
    if report is not None:
        with atomic_export(report, overwrite=force) as temporary:
            temporary.write_text(crash_report(log_dir()), encoding="utf-8")
    echo(f"SkillViewer {__version__} on {platform.platform()}")
    sound = True
    for section in (_versions, _devices, _codecs, _folders, _models, _plugins, _window, *((_tried,) if tries else ())):
        for is_good, name, text in _looked_at(section):
            sound = sound and is_good is not False
            echo(f"  {_MARKS[is_good]:<7} {name:<32} {text}")
    echo("Everything that is needed is there." if sound else "Something is missing: see the lines above.")
    return 0 if sound else 1
