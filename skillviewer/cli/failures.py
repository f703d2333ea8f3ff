"""What went wrong, in the words of the command line."""

from skillviewer.core.errors import NameTakenError


def said(error: Exception) -> str:
    """Return a failure as one sentence, with what one can do about it here."""
    if isinstance(error, NameTakenError):
        return f"{error.path} is there already: choose another name, or give --force to write over it."
    if isinstance(error, UnicodeEncodeError):
        shown = error.object.encode(errors="backslashreplace").decode()
        return f"“{shown}” is not UTF-8 and cannot be written: rename the file, or its folder."
    if isinstance(error, MemoryError):
        return f"There is not enough memory for that{f': {error}' if str(error) else ''}."
    return str(error)
