"""``skillviewer verify``: make an export again, and name the first place where the file differs."""

import json
from pathlib import Path
from typing import Any

import click

from skillviewer.cli.failures import message_of, report_failure, say
from skillviewer.cli.options.values import DEVICE, PATH, SOURCE
from skillviewer.cli.output import echo
from skillviewer.cli.progress import progress_bar
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken


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
    help="Let numbers differ behind so many digits: for another device.  [default: none may differ]",
)
@click.option("--moved", is_flag=True, help="The videos lie in other folders than the file says.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file and line.")
def verify(files: tuple[Path, ...], **chosen: Any) -> int:  # noqa: ANN401 - click's parameters
    """Check exported FILES: tables, results, maps, clips, stills, sheets, curves and reports (docs/export.md).

    Each is made again: models assess the videos anew, and every byte is compared; of files that differ, every number,
    word and picture. The first difference is named, and the command ends with 1.
    """
    from skillviewer.cli.options.export_sources import gathered
    from skillviewer.engine.exporting.verify import Verifier
    from skillviewer.engine.inference.model_cache import ModelCache
    from skillviewer.nets.library import find_models, model_folder

    token, as_json = CancelToken(), chosen["as_json"]
    paths = (*chosen["studies"], *chosen["videos"])
    found, problems = gathered(paths, (), (), None, token) if paths else ([], [])
    say(problems)
    named = [source.model for sources in found for source in sources if source.model is not None]
    verifier = Verifier(
        [source for sources in found for source in sources],
        [*map(model_folder, chosen["models"]), *dict.fromkeys(named), *(entry.folder for entry in find_models())],
        next(iter(chosen["studies"]), None),
        open_model_cache=lambda cache: ModelCache(chosen["device"], cache),
        digits=chosen["digits"],
        moved=chosen["moved"],
    )
    failed = 0
    for file in files:
        try:
            with progress_bar(unit="") as report:
                result = verifier.verify(file, token, report)
        except SkillViewerError as error:
            failed += 1
            problem = message_of(error)
            message = problem if str(file) in problem else f"{file}: {problem}"
            report_failure(message, str(file), as_json=as_json)
            continue
        failed += bool(result.difference)
        outcome = f"all {result.n_compared} words, numbers, pictures agree"
        if result.identical:
            outcome = "every byte agrees"
        elif result.difference:
            outcome = f"DIFFERS: {result.difference}"
        if as_json:
            record = {"path": str(file), "export": result.exporter or None, "agrees": not result.difference}
            echo(json.dumps(record | {"difference": result.difference or None, "identical": result.identical}))
        else:
            echo(f"{file}  {outcome}")
    return 1 if failed else 0
