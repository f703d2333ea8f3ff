"""``skillviewer verify``: make an export again, and report the first difference from the file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import message_of, report_failure, say
from skillviewer.cli.options.values import DEVICE, PATH, SOURCE
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken

if TYPE_CHECKING:
    from skillviewer.engine.exporting.requests import ExportSource


@click.command()
@click.argument("files", metavar="FILES...", nargs=-1, required=True, type=SOURCE)
@click.option("--study", "studies", multiple=True, type=PATH, help="Study with the videos; repeatable.")
@click.option("--video", "videos", multiple=True, type=PATH, help="Video, or folder of videos; repeatable.")
@click.option("--model", "models", multiple=True, help="Checkpoint, if not one of skillviewer models; repeatable.")
@DEVICE
@click.option(
    "--digits",
    type=click.IntRange(1, 17),
    default=17,
    help="Number of significant digits that must agree: fewer for another device.  [default: all]",
)
@click.option("--moved", is_flag=True, help="Accept videos in other folders than those that the file names.")
@click.option("--json", "as_json", is_flag=True, help="Print one line with a JSON object for each file.")
def verify(files: tuple[Path, ...], **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Check exported FILES: tables, results, maps, clips, stills, sheets, curves and reports (docs/export.md).

    Each file is made again, with new assessments by the models, and compared byte by byte. If bytes differ, every
    number, word and picture is compared: the first difference is printed, and the command ends with 1.
    """
    from skillviewer.cli.options.export_sources import gathered
    from skillviewer.engine.exporting.verify import Verifier
    from skillviewer.engine.inference.model_cache import ModelCache
    from skillviewer.nets.library import find_models, model_folder

    token = CancelToken()
    as_json = parameters["as_json"]
    paths = (*parameters["studies"], *parameters["videos"])
    sources: list[ExportSource] = []
    if paths:
        sources_by_video, problems = gathered(paths, names=(), models=(), passes=None, token=token)
        sources = [source for group in sources_by_video for source in group]
        say(problems)
    models_of_sources = dict.fromkeys(source.model for source in sources if source.model is not None)
    verifier = Verifier(
        sources,
        [*map(model_folder, parameters["models"]), *models_of_sources, *(entry.folder for entry in find_models())],
        next(iter(parameters["studies"]), None),
        open_model_cache=lambda cache: ModelCache(parameters["device"], cache),
        digits=parameters["digits"],
        videos_moved=parameters["moved"],
    )
    n_failed = 0
    for file in files:
        try:
            with progress_bar(unit="") as report:
                result = verifier.verify(file, token, report)
        except SkillViewerError as error:
            n_failed += 1
            problem = message_of(error)
            message = problem if str(file) in problem else f"{file}: {problem}"
            report_failure(message, str(file), as_json=as_json)
            continue
        outcome = f"all {result.n_compared} words, numbers, pictures agree"
        if result.identical:
            outcome = "every byte agrees"
        elif result.difference:
            outcome = f"DIFFERS: {result.difference}"
        if result.difference:
            n_failed += 1
        if as_json:
            record = {
                "path": str(file),
                "export": result.exporter or None,
                "agrees": not result.difference,
                "difference": result.difference or None,
                "identical": result.identical,
            }
            echo(json.dumps(record))
        else:
            echo(f"{file}  {outcome}")
    return 1 if n_failed else 0
