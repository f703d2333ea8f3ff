"""``skillviewer doctor``: check of this computer, with advice for everything that is missing."""

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
from skillviewer.core.errors import os_reason
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
_MIN_FREE_GB = 5.0
_MARKS = {True: "ok", False: "MISSING", None: "-"}

CheckResult = tuple[bool | None, str, str]
"""State of a check (True, False, or None if something optional is missing), its name, and the finding or the advice."""


def _versions() -> Iterator[CheckResult]:
    yield sys.version_info >= (3, 11), "Python", platform.python_version()
    for name in LIBRARIES:
        try:
            yield True, name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield False, name, f"missing: pip install {name}"


def _devices() -> Iterator[CheckResult]:
    from skillviewer.engine.runtime.device import choose_device, device_title, n_threads

    device = choose_device("auto")
    yield True, "device", f"{device_title(device)}, {n_threads()} threads, {usable_cores()} of {os.cpu_count()} cores"
    if device.type == "cpu":
        yield None, "GPU", "none that torch can use: everything works, an analysis takes longer"


def _codecs() -> Iterator[CheckResult]:
    from skillviewer.media.writing.writer import can_decode, can_encode

    missing = [name for name in _DECODERS if not can_decode(name)]
    text = "missing: " + ", ".join(missing) if missing else ", ".join(_DECODERS)
    yield not missing, "decoders", text
    for name, file_format in _ENCODERS:
        available = can_encode(name)
        text = name if available else f"{name} is missing from the installed av: reinstall av"
        yield available, f"{file_format} encoder", text


def _folders() -> Iterator[CheckResult]:
    for purpose, folder in (
        ("cache", cache_dir()),
        ("data", data_dir()),
        ("settings", config_dir()),
        ("log", log_dir()),
    ):
        existing = folder
        while not os.path.lexists(existing) and existing != existing.parent:
            existing = existing.parent
        writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
        free_gb = shutil.disk_usage(existing).free / 1e9
        text = f"{folder} ({free_gb:.0f} GB free)"
        if not writable:
            text += ": cannot be written; set SKILLVIEWER_HOME to a folder that can"
        elif free_gb <= _MIN_FREE_GB:
            text += f": {_MIN_FREE_GB:.0f} GB are wanted; make room, or set SKILLVIEWER_HOME to a folder with more"
        yield writable and free_gb > _MIN_FREE_GB, f"{purpose} folder", text


def _models() -> Iterator[CheckResult]:
    from skillviewer.engine.features.weight_store import weight_files
    from skillviewer.nets.model_library import find_models

    names = [entry.name for entry in find_models()]
    if names:
        yield True, "checkpoints", ", ".join(names)
    else:
        yield False, "checkpoints", f"none in {models_dir()}"
    for name, path in weight_files():
        if path:
            yield True, f"weights {name}", str(path)
        else:
            advice = f"optional, and not on this computer; skillviewer weights fetch {name} fetches them"
            yield None, f"weights {name}", advice
    sample = resources_dir() / "sample_study"
    yield sample.is_dir(), "sample study", str(sample)
    try:
        yield True, "guides", f"{docs_dir()}; in the window: Help, Guides"
    except FileNotFoundError as error:
        yield False, "guides", f"{error}: install the program again"


def _plugins() -> Iterator[CheckResult]:
    from skillviewer.core.evaluation.metrics import METRICS
    from skillviewer.data.formats.formats import DATASET_FORMATS
    from skillviewer.export.exporters import EXPORTERS
    from skillviewer.nets.backbones.backbones import BACKBONES
    from skillviewer.nets.models import ATTENTION_MODELS

    ON_PROBLEM.clear()  # this section prints the problems of plug-ins
    registries = {
        registry.group: registry for registry in (DATASET_FORMATS, EXPORTERS, BACKBONES, ATTENTION_MODELS, METRICS)
    }
    for group, registry in registries.items():
        for plugin in registry.plugins:
            text = f"{group} of {plugin.package}"
            if plugin.problem:
                text = plugin.problem
            yield not plugin.problem, f"plug-in {plugin.name}", text
    if switched_off():
        yield None, "plug-ins", f"switched off by {SWITCH}"
    for entry_point in plugin_points():
        if entry_point.group.removeprefix(PREFIX) not in registries:
            groups = ", ".join(PREFIX + group for group in registries)
            yield False, f"plug-in {entry_point.name}", f"its group {entry_point.group} is not one of {groups}"


def _window() -> Iterator[CheckResult]:
    if sys.platform.startswith("linux"):
        yield _check_display()
    try:
        from skillviewer.ui.threads.display import window_problem
    except ImportError as error:
        yield False, "window", f"Qt does not load ({error}); on Debian: bash packaging/system-libraries.sh"
        return
    problem = window_problem()
    if problem is None:
        yield True, "window", "Qt loads and finds a font"
    else:
        yield False, "window", problem


def _check_display() -> CheckResult:
    """Return the result for the display of Linux; a missing display is no failure."""
    display = os.environ.get("WAYLAND_DISPLAY")
    if not display:
        display = os.environ.get("DISPLAY")
    if not display:
        return True, "display", "none: the window needs one, the command line does not"
    problem = display_problem(os.environ)
    if problem is not None:
        return False, "display", problem
    return True, "display", display


def _trial_run() -> Iterator[CheckResult]:
    """Open the window on the sample study, assess a video and export a clip, all in a scratch folder."""
    if "QT_QPA_PLATFORM" not in os.environ and display_problem(os.environ) is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    previous_home = os.environ.get(HOME_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="skillviewer") as scratch_folder:
        os.environ[HOME_VARIABLE] = str(Path(scratch_folder) / "home")
        try:
            from skillviewer.ui.self_check import check_window

            exports = Path(scratch_folder) / "exports"
            exports.mkdir()
            yield from check_window(exports)
        finally:
            if previous_home is None:
                del os.environ[HOME_VARIABLE]
            else:
                os.environ[HOME_VARIABLE] = previous_home


def _run_section(section: Callable[[], Iterator[CheckResult]]) -> Iterator[CheckResult]:
    """Yield the results of a section; an OSError fails the section, and the other sections still run."""
    try:
        yield from section()
    except OSError as error:
        yield False, section.__name__.strip("_"), f"{error.filename}: {os_reason(error)}"


@click.command()
@click.option(
    "--try", "try_window", is_flag=True, help="Also open the window, assess a sample video and export a clip."
)
@click.option("--report", type=FILE, help="Write versions, the last crash and log lines, without names, to a file.")
@click.option("--force", is_flag=True, help="Replace the report.")
def doctor(try_window: bool, report: Path | None, force: bool) -> int:
    """Check this computer for what the program needs, and print how to get what is missing.

    With --report, a file is written as well: attach it when you report a crash. It names no video and no participant.
    """
    if report is not None:
        with atomic_export(report, overwrite=force) as temp_path:
            temp_path.write_text(crash_report(log_dir()), encoding="utf-8")
    echo(f"SkillViewer {__version__} on {platform.platform()}")
    sections = [_versions, _devices, _codecs, _folders, _models, _plugins, _window]
    if try_window:
        sections.append(_trial_run)
    all_passed = True
    for section in sections:
        for passed, name, text in _run_section(section):
            if passed is False:
                all_passed = False
            echo(f"  {_MARKS[passed]:<7} {name:<32} {text}")
    if not all_passed:
        echo("Something is missing: see the lines above.")
        return 1
    echo("Everything that is needed is there.")
    return 0
