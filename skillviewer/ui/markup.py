"""Words of others in labels and tooltips: Qt takes what looks like markup for markup, which draws and fetches."""

from html import escape

from PySide6.QtGui import Qt


def as_tip(text: str) -> str:
    """Return a text as a tooltip that shows it letter by letter."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if Qt.mightBeRichText(text) else text
