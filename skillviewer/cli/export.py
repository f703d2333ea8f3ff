"""``skillviewer export``: a command for every exporter of clips, figures, tables, reports and whole studies."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import message_of, print_notices, report_failure
from skillviewer.cli.options.export_options import click_options, parse_options
from skillviewer.cli.options.values import PATH, SOURCE
from skillviewer.cli.options.worker_options import worker_options, workers_from
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.atomic_write import path_exists
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.paths import is_folder
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.preprocessing import USUAL_PASSES
from skillviewer.engine.inference.model_cache_protocol import open_model_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from skillviewer.core.progress import Report
    from skillviewer.engine.exporting.export_results import ExportedFile
    from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
    from skillviewer.engine.exporting.study_exporters import StudyExporter
    from skillviewer.engine.runtime.processes import JobResult
    from skillviewer.engine.runtime.workers import Workers
    from skillviewer.export.exporters import Exporter


class ExportGroup(click.Group):
    """Group of the commands of exporters.

    Args:
        exporter_group: Group of the exporters, such as "table"; "" for exporters without a group, and a subgroup for
            every group.
        **attributes: Arguments of ``click.Group``.
    """

    def __init__(self, exporter_group: str = "", **attributes: Any) -> None:  # noqa: ANN401 - passed on to click
        super().__init__(**attributes)
        self._exporter_group = exporter_group

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of commands and subgroups, in the order of the tables."""
        return list(self._all_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Make and return a command."""
        return self._video_commands().get(cmd_name) or self._all_commands().get(cmd_name)

    def _video_commands(self) -> dict[str, click.Command]:
        from skillviewer.export.exporters import EXPORTERS

        commands: dict[str, click.Command] = {}
        for exporter in EXPORTERS:
            self._add(commands, exporter.name, exporter.group, _video_command(exporter))
        return commands

    def _all_commands(self) -> dict[str, click.Command]:
        from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS  # the import takes half a second
        from skillviewer.export.exporters import ONNX_COMMAND

        commands = self._video_commands()
        for exporter in STUDY_EXPORTERS:
            self._add(commands, exporter.name, exporter.group, _study_command(exporter))
        self._add(commands, ONNX_COMMAND, "", _onnx)
        return commands

    def _add(self, commands: dict[str, click.Command], name: str, group: str, command: click.Command) -> None:
        """Add a command of this group, or the subgroup that has the command."""
        if group == self._exporter_group:
            commands[name] = command
        elif not self._exporter_group and group not in commands:
            help_text = f"Write a {group}: {_GROUP_HELP.get(group, group)}."
            commands[group] = ExportGroup(group, name=group, help=help_text)


_GROUP_HELP = {
    "table": "scores, curves, maps, evidence, judgements and more, as CSV, JSON or NPZ",
    "report": "PDF or HTML",
}

export = ExportGroup(
    name="export",
    help="Write annotated clips, figures, tables, reports, or a whole study (docs/export.md).\n\n"
    "Every file is read back after it is written. An existing file is replaced only with --force, and a source of the "
    "export never.",
)


# exports of videos


def _video_command(exporter: "Exporter") -> click.Command:
    suffixes = ", ".join(exporter.suffixes)
    parameters: list[click.Parameter] = [
        click.Argument(["sources"], metavar="SOURCES...", nargs=-1, required=True, type=SOURCE),
        click.Option(
            ["-o", "--output"],
            required=True,
            type=PATH,
            help=f"File ({suffixes}), or a folder that gets a file for every video.",
        ),
        click.Option(
            ["--format", "file_suffix"], type=click.Choice(exporter.suffixes), help="Format of the files in a folder."
        ),
        click.Option(
            ["--video", "video_names"], multiple=True, help="Only the video of this name in the study; repeatable."
        ),
        click.Option(
            ["--model", "model_names"],
            multiple=True,
            help="Checkpoint: a name or a folder; repeat it to compare models.",
        ),
        click.Option(["--criterion"], help="Use the study's newest model that learnt this criterion."),
        click.Option(
            ["--passes"],
            type=click.IntRange(1, 64),
            help="Number of times that each video is scored, each time on other frames.  [default: as in the saved "
            f"analysis, else {USUAL_PASSES}]",
        ),
        click.Option(["--device"], default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps."),
        *click_options(exporter.options),
        click.Option(["--resume"], is_flag=True, help="Keep the files that an earlier run of this command finished."),
        click.Option(["--force"], is_flag=True, help="Replace existing files."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print a JSON object on a line for every file."),
    ]

    def run(**parameters: Any) -> int:  # noqa: ANN401 - click's parameters
        options = parse_options(exporter.options, parameters)
        return _export_videos(exporter, options, parameters)

    help_text = (
        f"{exporter.about}\n\nSOURCES are studies, videos, folders of videos, or analyses that “skillviewer score "
        "--out” wrote. Videos not assessed yet are assessed first. Frames count from 0."
    )
    command = click.Command(exporter.name, callback=run, params=parameters, help=help_text, short_help=exporter.title)
    return worker_options(command)


def _export_videos(exporter: "Exporter", options: object, parameters: dict[str, Any]) -> int:
    """Write the files of an export of videos, and return the exit code."""
    from skillviewer.cli.options.export_sources import gather_sources
    from skillviewer.engine.exporting.export_units import is_done
    from skillviewer.engine.runtime.workers import Workers

    output = parameters["output"]
    is_single_file = _is_single_file(exporter, output)
    workers = workers_from(parameters)
    if is_single_file and workers != Workers():
        raise click.UsageError(f"Several processes write several files: give a folder instead of {output}.")
    token = CancelToken()
    as_json = parameters["as_json"]
    paths = parameters["sources"]
    try:
        source_groups, problems = gather_sources(
            paths,
            parameters["video_names"],
            models=parameters["model_names"],
            passes=parameters["passes"],
            token=token,
            criterion=parameters["criterion"],
        )
    except SkillViewerError as error:
        report_failure(message_of(error), "", as_json=as_json)
        return 1
    for problem in problems:
        report_failure(problem, "", as_json=as_json)
    if problems and is_single_file:
        echo(f"skillviewer: {output} is not written: a single file needs all of its sources.", err=True)
        return 1
    requests = _requests(
        exporter,
        source_groups,
        output,
        suffix=parameters["file_suffix"],
        options=options,
        overwrite=parameters["force"],
    )
    protected_paths = (*paths, *(source.video for sources in source_groups for source in sources))
    requests = [replace(request, protected_paths=protected_paths) for request in requests]
    requests = list(workers.share(requests))
    if parameters["resume"]:
        n_requests = len(requests)
        requests = [request for request in requests if not (path_exists(request.path) and is_done(request))]
        echo(f"{n_requests - len(requests)} of {n_requests} files are there already", err=True)
    device = "cuda" if workers.devices else parameters["device"]
    all_written = _write_requests(requests, workers, device, token, as_json=as_json)
    if problems or not all_written:
        return 1
    return 0


def _write_requests(
    requests: "Sequence[ExportRequest]", workers: "Workers", device: str, token: CancelToken, *, as_json: bool
) -> bool:
    """Write the files, and print the contents or the failure of each; return True if all were written."""
    from skillviewer.engine.exporting.export_units import write_units
    from skillviewer.engine.exporting.service import ExportService
    from skillviewer.engine.runtime.workers import Workers

    all_written = True

    def write_and_print(request: "ExportRequest", write: "Callable[[Report], ExportedFile]") -> None:
        nonlocal all_written
        titles = [source.display_title for source in request.sources]
        fields = {"export": request.exporter.name, "videos": titles}
        if not _write_and_print(write, request.path, fields, as_json=as_json):
            all_written = False

    def on_finished(request: "ExportRequest", outcome: "JobResult[ExportedFile]") -> None:
        write_and_print(request, lambda _report: outcome.value())

    if not workers.is_local:
        write_units(requests, workers, device, token, on_finished)
        return all_written
    open_models = partial(open_model_cache, device, partial(echo, err=True))
    is_whole_job = workers.shard == Workers().shard  # several jobs must not write to a study at the same time
    with ExportService(open_models, update_study=is_whole_job) as service:
        for request in requests:
            write_and_print(request, partial(service.write, request, token))
    return all_written


def _requests(
    exporter: "Exporter",
    source_groups: "Sequence[tuple[ExportSource, ...]]",
    output: Path,
    suffix: str | None,
    options: object,
    *,
    overwrite: bool,
) -> "list[ExportRequest]":
    """Return a request for every file.

    A single file gets all sources. In a folder, each video gets a file or, if a file can show only one model, each
    video and model.
    """
    from skillviewer.core.paths import reserve_name, safe_name
    from skillviewer.engine.exporting.requests import ExportRequest

    if _is_single_file(exporter, output):
        if suffix not in {None, output.suffix.lower()}:
            raise click.UsageError(f"{output} does not end in {suffix}: leave out --format, or give a folder.")
        all_sources = tuple(source for sources in source_groups for source in sources)
        if not all_sources:
            return []
        return [ExportRequest(exporter, all_sources, path=output, options=options, overwrite=overwrite)]
    if output.suffix and not is_folder(output):
        raise click.UsageError(
            f"“{exporter.title}” cannot be written to {output}: give a name that ends in "
            f"{' or '.join(exporter.suffixes)}, or a folder."
        )
    if not exporter.takes_several:
        source_groups = [(source,) for sources in source_groups for source in sources]
    if not suffix:
        suffix = exporter.suffixes[0]
    used_names: set[str] = set()
    requests = []
    for sources in source_groups:
        name = reserve_name(safe_name(_file_stem(sources)), used_names)
        requests.append(
            ExportRequest(exporter, sources, path=output / f"{name}{suffix}", options=options, overwrite=overwrite)
        )
    return requests


def _file_stem(sources: "Sequence[ExportSource]") -> str:
    """Return the name for a file of one video: its title, which names the model if every model gets its own file."""
    from skillviewer.cli.options.export_sources import model_suffix

    first = sources[0]
    title = first.display_title
    if len(sources) > 1 and first.model is not None:
        return title.removesuffix(model_suffix(first.model))
    return title


def _is_single_file(exporter: "Exporter", output: Path) -> bool:
    return output.suffix.lower() in exporter.suffixes and not is_folder(output)


# exports of a study


def _study_command(exporter: "StudyExporter") -> click.Command:
    suffixes = ", ".join(exporter.suffixes)
    parameters: list[click.Parameter] = [
        click.Argument(["study"], metavar="STUDY", type=PATH),
        click.Option(["-o", "--output"], required=True, type=PATH, help=f"File ({suffixes})."),
        *click_options(exporter.options),
        click.Option(["--force"], is_flag=True, help="Replace existing files."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the written files as one JSON object."),
    ]

    def run(**parameters: Any) -> int:  # noqa: ANN401 - click's parameters
        from skillviewer.engine.exporting.requests import StudyExportRequest
        from skillviewer.engine.exporting.service import ExportService

        options = parse_options(exporter.options, parameters)
        output = parameters["output"]
        request = StudyExportRequest(
            exporter, parameters["study"], path=output, options=options, overwrite=parameters["force"]
        )
        fields = {"export": exporter.name, "study": str(parameters["study"])}
        with ExportService(open_model_cache, update_study=True) as service:
            write = partial(service.write_study, request, CancelToken())
            is_written = _write_and_print(write, output, fields, as_json=parameters["as_json"], unit="file")
        return 0 if is_written else 1

    return click.Command(exporter.name, callback=run, params=parameters, help=exporter.about, short_help=exporter.title)


# export of a model


@click.command("onnx", short_help="A model for other runtimes")
@click.argument("model")
@click.option("-o", "--output", required=True, type=PATH, help="New folder.")
@click.option("--example", type=PATH, help="Video whose inputs and scores are also written, and compared.")
@click.option("--json", "as_json", is_flag=True, help="Print the written files as one JSON object.")
def _onnx(model: str, output: Path, example: Path | None, as_json: bool) -> int:
    """Write a MODEL, a name or a folder, as ONNX files: both backbones, and the head as one step (docs/export.md)."""
    from skillviewer.engine.exporting.onnx_files import export_onnx
    from skillviewer.nets.model_library import model_folder

    def write(_report: "Report") -> "ExportedFile":
        return export_onnx(model_folder(model), output, example)

    is_written = _write_and_print(write, output, {"export": "onnx", "model": model}, as_json=as_json)
    return 0 if is_written else 1


# output of all exports


def _write_and_print(
    write: "Callable[[Report], ExportedFile]",
    path: Path,
    fields: "Mapping[str, object]",
    *,
    as_json: bool,
    unit: str = "",
) -> bool:
    """Write a file, and print its contents or the failure.

    Args:
        write: Writes the file.
        path: Path of the file.
        fields: Further fields of the JSON object.
        as_json: Whether to print a JSON object.
        unit: Unit of the progress.

    Returns:
        True if the file was written.
    """
    try:
        with progress_bar(unit=unit) as report:
            exported_file = write(report)
    except SkillViewerError as error:
        report_failure(message_of(error), str(path), as_json=as_json)
        return False
    print_notices(exported_file.warnings)
    if as_json:
        echo(
            json.dumps(
                {
                    "path": str(exported_file.path),
                    **fields,
                    "found": exported_file.facts,
                    "remarks": exported_file.warnings,
                }
            )
        )
    else:
        echo(f"{exported_file.path}  {', '.join(exported_file.facts)}")
    return True
