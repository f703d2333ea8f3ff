"""``skillviewer forget``: delete everything that is kept about a video, or that studies keep about a rater."""

from contextlib import suppress
from pathlib import Path

import click

from skillviewer.cli.options.values import PATH
from skillviewer.cli.output import echo
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import config_dir, drafts_dir
from skillviewer.core.progress import CancelToken
from skillviewer.core.ranking.rater_names import name_pattern
from skillviewer.core.text import counted


@click.command()
@click.argument("videos", metavar="[VIDEOS...]", nargs=-1)
@click.option("--rater", metavar="NAME", help="Rater to erase from every --study, in place of videos.")
@click.option("--study", "studies", multiple=True, type=PATH, help="Study to erase them from; repeatable.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(videos: tuple[str, ...], rater: str | None, studies: tuple[Path, ...], yes: bool) -> None:
    """Delete everything kept about VIDEOS (files, or names in a --study) or about a --rater for good: there is no undo.

    Of a video are deleted its scores, maps, features, small copies, faces, tracks, and mentions in logs and sessions.
    Every --study, and every study without a name, also loses the video with its notes, moments, ratings and all votes
    on it, and the backups that hold it. The video file itself, exports, archives and trained models stay
    (docs/data-protection.md).

    Of a rater every --study loses all votes, ratings, moments and notes, and the backups that hold them. Exports,
    archives, packs and trained models stay.
    """
    if (rater is None) == (not videos):
        raise click.UsageError("Give VIDEOS, or a rater by --rater.")
    if rater is None:
        _forget_videos(videos, studies, yes=yes)
    elif studies:
        _forget_rater(rater, studies, yes=yes)
    else:
        raise click.UsageError("Name the study of the rater by --study.")


def _forget_rater(name: str, studies: tuple[Path, ...], *, yes: bool) -> None:
    from skillviewer.data.study import Study
    from skillviewer.engine.features.forget import forget_rater

    entries = []
    for path in studies:
        with Study.open(path, read_only=True) as study:
            entries.append(study.raters.get(name))
    if not yes:
        studies_text = "; ".join(f"{path}: {of_study.text}" for path, of_study in zip(studies, entries, strict=True))
        click.confirm(
            f"Delete everything kept about {entries[0].name} ({studies_text})? This cannot be undone", abort=True
        )
    for path in studies:
        with Study.open(path) as study:
            erased = study.erase_rater(name)
            mentions = study.raters.find_mentions(name)
        echo(f"{path}: {erased.text} erased", err=True)
        _report_mentions(path, mentions)
    forget_rater(name)
    _report_user_name(name)


def _report_user_name(name: str) -> None:
    """Say so if the settings of the window, which only the window changes, hold the name."""
    settings_file = config_dir() / "window.ini"
    with suppress(OSError):
        if name_pattern(name).search(settings_file.read_text(encoding="utf-8", errors="replace")):
            echo(f"{settings_file}: the name still stands in the window's settings, as “Your name”", err=True)


def _report_mentions(path: Path, mentions: tuple[str, ...]) -> None:
    if mentions:
        echo(f"{path}: the name still stands in {', '.join(mentions)}, and in the new backup", err=True)


def _forget_videos(videos: tuple[str, ...], studies: tuple[Path, ...], *, yes: bool) -> None:
    from skillviewer.data.study import SUFFIX, Study
    from skillviewer.data.study.identity import digest_of
    from skillviewer.engine.features.forget import forget_video

    name_by_digest: dict[str, str] = {}
    never_seen: dict[Path, list[str]] = {}
    unknown = set(videos)
    for path in studies:
        with Study.open(path, read_only=True) as study:
            study_videos = [video for video in study.videos.all() if video.name in videos]
            cameras = [camera for video in study_videos for camera in study.videos.cameras_of(video.digest)]
        name_by_digest |= {
            video.digest: Path(video.recorded_path).name for video in (*study_videos, *cameras) if video.digest
        }
        never_seen[path] = [video.name for video in study_videos if not video.digest]
        unknown -= {video.name for video in study_videos}
    for names_given in videos:
        if names_given not in unknown:
            continue
        file = Path(names_given)
        if not file.is_file():
            raise StudyError(f"There is no file {names_given}, and no video “{names_given}” in a --study.")
        name_by_digest[digest_of(file, CancelToken())] = file.name
    if not yes:
        all_names = ", ".join([*name_by_digest.values(), *(name for names in never_seen.values() for name in names)])
        click.confirm(f"Delete everything kept about {all_names}? This cannot be undone", abort=True)
    for path in (*studies, *sorted(drafts_dir().glob(f"*{SUFFIX}"))):
        with Study.open(path) as study:
            names = study.erase(name_by_digest, never_seen.get(path, ()))
            mentions = study.videos.find_mentions({*names, *name_by_digest.values()}) if names else ()
        echo(f"{path}: {counted(len(names), 'video')} erased", err=True)
        _report_mentions(path, mentions)
    n_files = sum(forget_video(digest, name) for digest, name in name_by_digest.items())
    echo(f"{counted(n_files, 'file')} deleted; recent files are cleared in the window (File, Open recent)", err=True)
