"""Times in a study file: ISO 8601 in UTC, to the microsecond."""

from datetime import UTC, datetime

from skillviewer.core.errors import StudyError

_FIRST, _LAST = 1900, 9000


def now() -> str:
    """Return the present time as it is stored."""
    return stored(datetime.now(UTC))


def stored(time: datetime) -> str:
    """Return a time as it is stored; a time without a zone is taken to be local."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read(text: str) -> datetime:
    """Return a stored time; one without a zone is in UTC.

    Raises:
        StudyError: It is none, or of another age.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise StudyError(f"The study holds a time that is none: “{text[:40]}”. Open one of its backups.") from error
    if not _FIRST <= time.year <= _LAST:
        raise StudyError(f"The study holds a time of the year {time.year}. Open one of its backups.")
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
