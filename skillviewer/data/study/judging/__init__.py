"""Judging outside of the window: packs of pairs for a browser, and their votes."""
