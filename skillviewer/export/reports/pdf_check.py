"""Check of a written PDF: its number of pages, and its sentences."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.errors import ExportError
from skillviewer.export.reports.pdf import REGULAR, code_points_of


def check_pdf(file: Path, path: Path, sentences: Sequence[str], n_pages: int | None = None) -> None:
    """Check that a written PDF has its pages, and that the sentences are found in its text.

    Args:
        file: The file.
        path: Final path of the file, for messages.
        sentences: Sentences that must be in the text, at any line breaks.
        n_pages: Expected number of pages, or None for any.

    Raises:
        ExportError: The file is damaged, or pages or a sentence are missing.
    """
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError

    try:
        pages = PdfReader(file).pages
        page_text = "".join(page.extract_text() for page in pages)
    except (PdfReadError, OSError) as error:
        raise ExportError(f"{path} was not written: the pages cannot be read back: {error}.") from error
    if n_pages is not None and len(pages) != n_pages:
        raise ExportError(f"{path} was not written: it has {len(pages)} pages instead of {n_pages}.")
    for sentence in sentences:
        is_right_to_left = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in sentence)
        sentence_text = _comparable_text(sentence, is_right_to_left=is_right_to_left)
        if sentence_text not in _comparable_text(page_text, is_right_to_left=is_right_to_left):
            raise ExportError(f"{path} was not written: a search in it does not find “{sentence}”.")


def _comparable_text(text: str, *, is_right_to_left: bool) -> str:
    """Return the characters of a text that survive in a PDF: those of Inter, without white space.

    Other characters may be drawn in another font or as �. Words from right to left are read back in reverse, with
    punctuation at other positions, so ``is_right_to_left`` leaves out punctuation too.
    """
    excluded = "\N{REPLACEMENT CHARACTER}“”.,()" if is_right_to_left else "\N{REPLACEMENT CHARACTER}"
    code_points = code_points_of(REGULAR)
    return "".join(
        character
        for character in text
        if ord(character) in code_points and character not in excluded and not character.isspace()
    )
