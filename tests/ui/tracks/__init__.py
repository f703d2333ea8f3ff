"""Tests of tracks in the window."""
