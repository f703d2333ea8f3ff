"""State of tracks behind the window: loading, searches for hands, following of clicks, edits; no widgets."""
