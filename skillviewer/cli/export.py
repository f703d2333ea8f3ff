"""``skillviewer export``: clips, figures, tables, reports and whole studies, made from the tables of exporters."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import message_of, report_failure, say
from skillviewer.cli.options.export_options import chosen_options, click_options
from skillviewer.cli.options.values import PATH, SOURCE
from skillviewer.cli.options.worker_options import chosen_workers, worker_options
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
    from skillviewer.engine.exporting.requests import ExportedFile, ExportRequest, ExportSource
    from skillviewer.engine.exporting.study_exporters import StudyExporter
    from skillviewer.export.exporters import Exporter


class ExportGroup(click.Group):
    """A group whose commands are made from the exporters of one word."""

    def __init__(self, word: str = "", **about: Any) -> None:  # noqa: ANN401 - passed on to click
        super().__init__(**about)
        self._word = word

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, in the order of the tables; those of one group under its word."""
        return list(self._table())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Make and return a command."""
        return self._of_videos().get(cmd_name) or self._table().get(cmd_name)

    def _of_videos(self) -> dict[str, click.Command]:
        from skillviewer.export.exporters import EXPORTERS

        commands: dict[str, click.Command] = {}
        for exporter in EXPORTERS:
            self._put(commands, exporter.name, exporter.group, _of_videos(exporter))
        return commands

    def _table(self) -> dict[str, click.Command]:
        from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS  # takes half a second
        from skillviewer.export.exporters import ONNX_COMMAND

        commands = self._of_videos()
        for whole in STUDY_EXPORTERS:
            self._put(commands, whole.name, whole.group, _of_study(whole))
        self._put(commands, ONNX_COMMAND, "", _onnx)
        return commands

    def _put(self, commands: dict[str, click.Command], name: str, group: str, command: click.Command) -> None:
        if group == self._word:
            commands[name] = command
        elif not self._word and group not in commands:
            commands[group] = ExportGroup(group, name=group, help=f"Write a {group}: {_GROUPS.get(group, group)}.")


_GROUPS = {"table": "scores, curves, maps, evidence, judgements and more, as CSV, JSON or NPZ", "report": "PDF or HTML"}

export = ExportGroup(
    name="export",
    help="Write annotated clips, figures, tables, reports, or a whole study (docs/export.md).\n\n"
    "What is written is read back before it is called done. A file that is there is replaced only with --force, and "
    "what an export is made of never.",
)


# of videos


def _of_videos(exporter: "Exporter") -> click.Command:
    suffixes = ", ".join(exporter.suffixes)
    parameters: list[click.Parameter] = [
        click.Argument(["sources"], metavar="SOURCES...", nargs=-1, required=True, type=SOURCE),
        click.Option(
            ["-o", "--output"], required=True, type=PATH, help=f"File ({suffixes}), or a folder for one file a video."
        ),
        click.Option(
            ["--format", "file_suffix"], type=click.Choice(exporter.suffixes), help="Kind of the files of a folder."
        ),
        click.Option(
            ["--video", "video_names"], multiple=True, help="Only the video of this name in the study; repeatable."
        ),
        click.Option(
            ["--model", "model_names"],
            multiple=True,
            help="Checkpoint: a name or a folder; repeat it to compare models.",
        ),
        click.Option(
            ["--criterion"], help="Criterion that the model learnt: by default the study's newest such model."
        ),
        click.Option(
            ["--passes"],
            type=click.IntRange(1, 64),
            help="How often each video is scored, each time on other frames; else as often as was kept, or "
            f"{USUAL_PASSES}.",
        ),
        click.Option(["--device"], default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps."),
        *click_options(exporter.options),
        click.Option(["--resume"], is_flag=True, help="Leave the files that an earlier run of this command finished."),
        click.Option(["--force"], is_flag=True, help="Replace files that are there."),
        click.Option(["--json", "as_json"], is_flag=True, help="One JSON object a file and line."),
    ]

    def run(**parameters: Any) -> int:  # noqa: ANN401 - click's parameters
        options = chosen_options(exporter.options, parameters)
        return _export_videos(exporter, options, parameters)

    about = (
        f"{exporter.about}\n\nSOURCES are studies, videos, folders of videos, or analyses that “skillviewer score "
        "--out” wrote. Videos not assessed yet are assessed first. Frames count from 0."
    )
    command = click.Command(exporter.name, callback=run, params=parameters, help=about, short_help=exporter.title)
    return worker_options(command)


def _export_videos(exporter: "Exporter", options: object, parameters: dict[str, Any]) -> int:
    from skillviewer.cli.options.export_sources import gathered
    from skillviewer.engine.exporting.export_units import is_done, write_units
    from skillviewer.engine.exporting.service import ExportService
    from skillviewer.engine.runtime.workers import Workers

    workers = chosen_workers(parameters)
    if _into_one(exporter, parameters["output"]) and workers != Workers():
        raise click.UsageError(
            f"Several processes write several files: give a folder instead of {parameters['output']}."
        )
    token = CancelToken()
    as_json = parameters["as_json"]
    paths = parameters["sources"]
    try:
        groups, problems = gathered(
            paths,
            parameters["video_names"],
            parameters["model_names"],
            parameters["passes"],
            token,
            parameters["criterion"],
        )
    except SkillViewerError as error:
        report_failure(message_of(error), "", as_json=as_json)
        return 1
    for problem in problems:
        report_failure(problem, "", as_json=as_json)
    if problems and _into_one(exporter, parameters["output"]):
        echo(f"skillviewer: {parameters['output']} is not written: into one file goes all or nothing.", err=True)
        return 1
    requests = _requests(
        exporter, groups, parameters["output"], parameters["file_suffix"], options, overwrite=parameters["force"]
    )
    protected_paths = (*paths, *(source.video for sources in groups for source in sources))
    requests = [replace(request, protected_paths=protected_paths) for request in requests]
    every = workers.share(requests)
    requests = [r for r in every if not (parameters["resume"] and path_exists(r.path) and is_done(r))]
    if parameters["resume"]:
        echo(f"{len(every) - len(requests)} of {len(every)} files are there already", err=True)
    failed = len(problems)

    def tell(request: "ExportRequest", write: "Callable[[Report], ExportedFile]") -> None:
        nonlocal failed
        facts = {"export": exporter.name, "videos": [s.title or s.video.stem for s in request.sources]}
        failed += not _written(write, request.path, facts, as_json=as_json)

    device = "cuda" if workers.devices else parameters["device"]
    single = workers.shard == Workers().shard
    if not workers.is_local:
        write_units(
            requests, workers, device, token, lambda request, requests: tell(request, lambda _: requests.value())
        )
        return 1 if failed else 0
    with ExportService(partial(open_model_cache, device, partial(echo, err=True)), update_study=single) as service:
        for request in requests:
            tell(request, partial(service.write, request, token))
    return 1 if failed else 0


def _requests(
    exporter: "Exporter",
    sources_of_videos: "Sequence[tuple[ExportSource, ...]]",
    output: Path,
    suffix: str | None,
    options: object,
    *,
    overwrite: bool,
) -> "list[ExportRequest]":
    """Return the files that are to be written: one, or in a folder one a video, or a model where it holds no more."""
    from skillviewer.core.paths import reserve_name, safe_name
    from skillviewer.engine.exporting.requests import ExportRequest

    folder = is_folder(output)
    if _into_one(exporter, output):
        if suffix not in {None, output.suffix.lower()}:
            raise click.UsageError(f"{output} does not end in {suffix}: leave out --format, or give a folder.")
        everything = tuple(source for sources in sources_of_videos for source in sources)
        return [ExportRequest(exporter, everything, output, options, overwrite)] if everything else []
    if output.suffix and not folder:
        raise click.UsageError(
            f"“{exporter.title}” cannot be written to {output}: give a name that ends in "
            f"{' or '.join(exporter.suffixes)}, or a folder."
        )
    end = suffix or exporter.suffixes[0]
    names_used = set[str]()
    requests = []
    for sources in sources_of_videos:
        for in_one_file in [sources] if exporter.takes_several else [(source,) for source in sources]:
            name = reserve_name(safe_name(_name(in_one_file)), names_used)
            requests.append(ExportRequest(exporter, in_one_file, output / f"{name}{end}", options, overwrite))
    return requests


def _name(sources: "Sequence[ExportSource]") -> str:
    """Return the name of a file of one video: the video's, with the model's where other models get files too."""
    from skillviewer.cli.options.export_sources import model_suffix

    first = sources[0]
    name = first.title or first.video.stem
    if len(sources) > 1 and first.model is not None:
        return name.removesuffix(model_suffix(first.model))
    return name


def _into_one(exporter: "Exporter", output: Path) -> bool:
    return output.suffix.lower() in exporter.suffixes and not is_folder(output)


# of a study


def _of_study(exporter: "StudyExporter") -> click.Command:
    suffixes = ", ".join(exporter.suffixes)
    parameters: list[click.Parameter] = [
        click.Argument(["study"], metavar="STUDY", type=PATH),
        click.Option(["-o", "--output"], required=True, type=PATH, help=f"File ({suffixes})."),
        *click_options(exporter.options),
        click.Option(["--force"], is_flag=True, help="Replace files that are there."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the written files as one JSON object."),
    ]

    def run(**parameters: Any) -> int:  # noqa: ANN401 - click's parameters
        from skillviewer.engine.exporting.requests import StudyExportRequest
        from skillviewer.engine.exporting.service import ExportService

        options = chosen_options(exporter.options, parameters)
        output = parameters["output"]
        request = StudyExportRequest(exporter, parameters["study"], output, options, parameters["force"])
        facts = {"export": exporter.name, "study": str(parameters["study"])}
        with ExportService(open_model_cache, update_study=True) as service:
            write = partial(service.write_study, request, CancelToken())
            return 0 if _written(write, output, facts, as_json=parameters["as_json"], unit="file") else 1

    return click.Command(exporter.name, callback=run, params=parameters, help=exporter.about, short_help=exporter.title)


# of a model


@click.command("onnx", short_help="A model for other runtimes")
@click.argument("model")
@click.option("-o", "--output", required=True, type=PATH, help="New folder.")
@click.option("--example", type=PATH, help="Video whose inputs and scores are written too, and compared.")
@click.option("--json", "as_json", is_flag=True, help="Print the written files as one JSON object.")
def _onnx(model: str, output: Path, example: Path | None, as_json: bool) -> int:
    """Write a MODEL, a name or a folder, as ONNX files: both backbones, and the head as one step (docs/export.md)."""
    from skillviewer.engine.exporting.onnx_files import export_onnx
    from skillviewer.nets.library import model_folder

    facts = {"export": "onnx", "model": model}
    is_written = _written(lambda _: export_onnx(model_folder(model), output, example), output, facts, as_json=as_json)
    return 0 if is_written else 1


# what is said


def _written(
    write: "Callable[[Report], ExportedFile]",
    path: Path,
    facts: "Mapping[str, object]",
    *,
    as_json: bool,
    unit: str = "",
) -> bool:
    """Write a file, and say what it holds; return False after a failure, which is said, too."""
    try:
        with progress_bar(unit=unit) as report:
            written = write(report)
    except SkillViewerError as error:
        report_failure(message_of(error), str(path), as_json=as_json)
        return False
    say(written.warnings)
    if as_json:
        echo(json.dumps({"path": str(written.path), **facts, "found": written.facts, "remarks": written.warnings}))
    else:
        echo(f"{written.path}  {', '.join(written.facts)}")
    return True
