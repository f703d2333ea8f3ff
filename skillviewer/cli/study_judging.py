"""``skillviewer study pack-judging`` and ``study import-votes``: judging in a browser, without an installation."""

from pathlib import Path

import click

from skillviewer.cli.failures import open_study
from skillviewer.cli.progress import progress_bar
from skillviewer.core.progress import CancelToken

_PATH = click.Path(path_type=Path)


@click.command("pack-judging")
@click.argument("path", metavar="STUDY", type=_PATH)
@click.option("-o", "--output", required=True, metavar="FOLDER", type=_PATH, help="New folder for the page and clips.")
@click.option("--rater", "raters", multiple=True, required=True, help="Name or initials of a rater; repeatable.")
@click.option(
    "--pairs", type=click.IntRange(1, 5000), help="Pairs of each rater.  [default: those that lack to the study's aim]"
)
@click.option("--blur-faces", is_flag=True, help="Blur faces: an aid, no guarantee.")
def pack_judging(path: Path, output: Path, raters: tuple[str, ...], pairs: int | None, blur_faces: bool) -> None:
    """Pack pairs of STUDY for judging in any browser, without an installation or a network (docs/judging.md).

    FOLDER gets a page and clips under random codes, without names, scores, sound and metadata. The study keeps what the
    codes stand for; “study import-votes” takes the votes.
    """
    from skillviewer.data.study.judging.pack import draw_pack, write_pack

    with open_study(path) as opened:
        drawn = draw_pack(opened, output, raters, pairs)
    with progress_bar(unit="file") as report:
        said = write_pack(drawn, blur_faces=blur_faces, token=CancelToken(), report=report)
    click.echo("\n".join(said))


@click.command("import-votes")
@click.argument("path", metavar="STUDY", type=_PATH)
@click.argument("votes", type=_PATH)
def import_browser_votes(path: Path, votes: Path) -> None:
    """Import VOTES, a file that the page of “study pack-judging” saved, into STUDY; a second time adds nothing."""
    from skillviewer.data.study.judging.browser_votes import import_votes

    with open_study(path) as opened:
        click.echo(import_votes(opened, votes))
