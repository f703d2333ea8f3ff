"""``skillviewer verify``: check of exported files, by making each again and comparing the two."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import message_of, print_notices, report_failure
from skillviewer.cli.options.values import DEVICE, PATH, SOURCE
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken

if TYPE_CHECKING:
    from skillviewer.engine.exporting.requests import ExportSource
    from skillviewer.engine.exporting.verify import Verification


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
    help="Number of significant digits that must agree; state fewer if the device is another one.  [default: all]",
)
@click.option("--moved", is_flag=True, help="Accept videos in other folders than the file names.")
@click.option("--json", "as_json", is_flag=True, help="Print one line with a JSON object for each file.")
def verify(files: tuple[Path, ...], **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Check exported FILES: tables, results, maps, clips, stills, sheets, curves and reports (docs/export.md).

    Each file is made again, with new assessments by the models, and compared byte by byte. If bytes differ, numbers,
    words and pictures are compared. The first difference between them is printed, and the exit code is 1.
    """
    from skillviewer.cli.options.export_sources import gather_sources
    from skillviewer.engine.exporting.verify import Verifier
    from skillviewer.engine.inference.model_cache import ModelCache
    from skillviewer.nets.model_library import find_models, model_folder

    token = CancelToken()
    as_json = parameters["as_json"]
    paths = (*parameters["studies"], *parameters["videos"])
    sources: list[ExportSource] = []
    if paths:
        source_groups, problems = gather_sources(paths, names=(), models=(), passes=None, token=token)
        sources = [source for group in source_groups for source in group]
        print_notices(problems)
    stated_models = [model_folder(name) for name in parameters["models"]]
    models_of_sources = dict.fromkeys(source.model for source in sources if source.model is not None)
    library_models = [entry.folder for entry in find_models()]
    verifier = Verifier(
        sources,
        [*stated_models, *models_of_sources, *library_models],
        next(iter(parameters["studies"]), None),
        open_model_cache=lambda cache: ModelCache(parameters["device"], cache),
        digits=parameters["digits"],
        videos_moved=parameters["moved"],
    )
    all_agree = True
    for file in files:
        try:
            with progress_bar(unit="") as report:
                result = verifier.verify(file, token, report)
        except SkillViewerError as error:
            all_agree = False
            problem = message_of(error)
            message = problem if str(file) in problem else f"{file}: {problem}"
            report_failure(message, str(file), as_json=as_json)
            continue
        if result.difference:
            all_agree = False
        _print_result(file, result, as_json=as_json)
    return 0 if all_agree else 1


def _print_result(file: Path, result: "Verification", *, as_json: bool) -> None:
    if as_json:
        record = {
            "path": str(file),
            "export": result.exporter or None,
            "agrees": not result.difference,
            "difference": result.difference or None,
            "identical": result.identical,
        }
        echo(json.dumps(record))
        return
    if result.identical:
        text = "every byte agrees"
    elif result.difference:
        text = f"DIFFERS: {result.difference}"
    else:
        text = f"all {result.n_compared} words, numbers, pictures agree"
    echo(f"{file}  {text}")
