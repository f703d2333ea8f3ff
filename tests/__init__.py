"""Tests; the folders mirror skillviewer/."""
